# -*- test-case-name: tests.scp.test_card_pso -*-
"""
L{cardgw.scp.card_pso}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.scp.card_pso import Authority, CertificateReader, Checks
from cardgw.scp.certificate import Usage
from cardgw.scp.families import Chaining
from cardgw.scp.pso import verify_certificates
from cardgw.scp.store import KeyReference
from tests.scp.scp11_rig import AUTHORITY, DAY, NOW, X509Plan, domain, make_pki, private_key

PKI = make_pki("host")
CHECKS = domain().checks
SENT = tuple(verify_certificates(PKI.chain, AUTHORITY, Chaining.BOTH))


def leaf_only(**changes: Any) -> list[Command]:
    """
    A leaf right below the authority, with changes.
    """
    plan = evolve(X509Plan("host", "host root"), **changes)
    made = plan.issue(private_key("host leaf").public_key(), private_key("host root"))
    return list(verify_certificates([made], AUTHORITY, Chaining.BOTH))


class ReaderTests(SynchronousTestCase):
    """
    A card that is shown certificates.
    """

    def take(
        self, commands: list[Command] | tuple[Command, ...], checks: Checks = CHECKS, chaining: Chaining | None = None
    ) -> int:
        """
        @return: the last status.
        """
        self.reader = CertificateReader(checks, chaining)
        return [self.reader.take(command) for command in commands][-1]

    def test_right(self) -> None:
        """
        The leaf of a chain that the authority begins is the host's; before it has come there is none.
        """
        self.assertEqual(self.take(SENT), 0x9000)
        self.assertEqual(self.reader.host, PKI.leaf)
        self.take(SENT[:-1])
        self.assertIsNone(self.reader.host)

    def test_chaining(self) -> None:
        """
        Each way is understood where it is the one that the card has; a card without any understands all.
        """
        for way in Chaining:
            commands = list(verify_certificates(PKI.chain, AUTHORITY, way))
            self.assertEqual(self.take(commands, chaining=way), 0x9000)
            self.assertEqual(self.take(commands), 0x9000)

    def test_otherChaining(self) -> None:
        """
        Elsewhere it is refused.
        """
        for way, own in (
            (Chaining.CLA, Chaining.P1),
            (Chaining.BOTH, Chaining.P1),
            (Chaining.P1, Chaining.CLA),
            (Chaining.CLA, Chaining.NONE),
            (Chaining.CLA, Chaining.BOTH),
            (Chaining.P1, Chaining.BOTH),
        ):
            commands = list(verify_certificates(PKI.chain, AUTHORITY, way))
            self.assertNotEqual(self.take(commands, chaining=own), 0x9000)
            self.assertIsNone(self.reader.host)

    def test_unknownAuthority(self) -> None:
        """
        An authority that the card does not know.
        """
        commands = list(verify_certificates(PKI.chain, KeyReference(0x11, 3), Chaining.BOTH))
        self.assertEqual(self.take(commands), 0x6A88)

    def test_authoritySent(self) -> None:
        """
        The authority's own certificate is not wanted.
        """
        self.assertEqual(self.take([Command(0x80, 0x2A, 0x03, 0x90, PKI.root.raw, None, True)]), 0x6A80)

    def test_leafAfterLeaf(self) -> None:
        """
        A leaf is no authority; one that is shown without its authority is not believed.
        """
        below = X509Plan("other", "host").issue(private_key("x").public_key(), PKI.key)
        commands = [*SENT, Command(0x80, 0x2A, 0x03, 0x10, below.raw, None, True)]
        self.assertEqual(self.take(commands), 0x6300)
        self.assertIsNone(self.reader.host)
        self.assertEqual(self.take([Command(0x80, 0x2A, 0x03, 0x10, PKI.leaf.raw, None, True)]), 0x6300)

    def test_usage(self) -> None:
        """
        A leaf must be for key agreement, and what is announced as an authority must be one.
        """
        self.assertEqual(self.take(leaf_only()), 0x9000)
        self.assertEqual(self.take(leaf_only(usage=Usage.CERTIFICATES)), 0x6300)
        (command,) = verify_certificates([PKI.leaf], AUTHORITY, Chaining.NONE)
        self.assertEqual(self.take([*SENT[:2], evolve(command, p2=0x90)]), 0x6300)

    def test_dates(self) -> None:
        """
        A card that knows the time takes nothing that is out of date; others cannot tell.
        """
        for changes in ({"ends": NOW - DAY, "begins": NOW - 2 * DAY}, {"begins": NOW + DAY, "ends": NOW + 2 * DAY}):
            self.assertEqual(self.take(leaf_only(**changes)), 0x6300)
            self.assertEqual(self.take(leaf_only(**changes), evolve(CHECKS, clock=None)), 0x9000)

    def test_allowed(self) -> None:
        """
        Where there is a list of serial numbers, others are refused.
        """
        for serials, status in (
            (frozenset({b"\x12\x34"}), 0x9000),
            (frozenset({b"\x12\x35"}), 0x6300),
            (frozenset[bytes](), 0x6300),
        ):
            key = Authority(PKI.root.facts.key, PKI.root.facts.key_identifier, serials)
            self.assertEqual(self.take(SENT, evolve(CHECKS, authorities={AUTHORITY: key})), status)

    def test_identifier(self) -> None:
        """
        A certificate must name the authority, unless the card does not know how that is called.
        """
        for identifier, status in ((b"", 0x9000), (b"somebody", 0x6300), (PKI.root.facts.key_identifier, 0x9000)):
            key = Authority(PKI.root.facts.key, identifier)
            self.assertEqual(self.take(SENT, evolve(CHECKS, authorities={AUTHORITY: key})), status)

    def test_anew(self) -> None:
        """
        After a mistake the host begins anew.
        """
        self.assertEqual(self.take([*SENT[:2], SENT[0], SENT[1]]), 0x6300)
        self.assertEqual([self.reader.take(command) for command in SENT], [0x9000] * 4)

    def test_mixed(self) -> None:
        """
        Pieces of two certificates do not fit together, and one that does not end is not kept.
        """
        self.assertEqual(self.take([SENT[0], SENT[2]]), 0x6A86)
        self.assertEqual(self.take([SENT[0]] * 33), 0x6700)

    @given(st.binary(max_size=80), st.integers(0, 255), st.sampled_from((None, *Chaining)))
    def test_anything(self, octets: bytes, p2: int, way: Chaining | None) -> None:
        """
        Whatever comes is answered with a status, and is never a host.
        """
        status = self.take([Command(0x80, 0x2A, 0x03, p2, octets)], chaining=way)
        self.assertIn(status, (0x6A80, 0x6A88))
        self.assertIsNone(self.reader.host)

    @given(st.integers(0, len(PKI.leaf.raw) * 8 - 1))
    def test_tampered(self, bit: int) -> None:
        """
        A leaf with any bit changed is not believed.
        """
        octets = bytearray(PKI.leaf.raw)
        octets[bit // 8] ^= 1 << bit % 8
        self.assertNotEqual(self.take([*SENT[:2], Command(0x80, 0x2A, 0x03, 0x10, bytes(octets), None, True)]), 0x9000)
