# -*- test-case-name: tests.scp.test_pso -*-
"""
L{cardgw.scp.pso}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.errors import ParameterError
from cardgw.scp.certificate_errors import ScpChainBroken
from cardgw.scp.families import Chaining
from cardgw.scp.pso import find_authority, verify_certificates
from cardgw.scp.store import Authority, KeyReference
from tests.scp.scp11_rig import AUTHORITY, make_pki

PKI = make_pki("host")


def sent(chaining: Chaining, authority: KeyReference = AUTHORITY, **options: Any) -> list[Command]:
    """
    The commands for authority and leaf.
    """
    return list(verify_certificates(PKI.chain, authority, chaining, **options))


def heads(commands: list[Command]) -> str:
    """
    Their headers.
    """
    return " ".join(command.encode()[:4].hex() for command in commands)


class ChainingTests(SynchronousTestCase):
    """
    All four ways; both certificates are longer than one command.
    """

    def test_class(self) -> None:
        """
        YubiKey: b5 of the class byte, P1 as it is.
        """
        self.assertEqual(heads(sent(Chaining.CLA)), "902a0390 802a0390 902a0310 802a0310")

    def test_p1(self) -> None:
        """
        P1 alone.
        """
        self.assertEqual(heads(sent(Chaining.P1)), "802a8390 802a0390 802a8310 802a0310")

    def test_both(self) -> None:
        """
        Both bits.
        """
        self.assertEqual(heads(sent(Chaining.BOTH)), "902a8390 802a0390 902a8310 802a0310")

    def test_extended(self) -> None:
        """
        Not cut at all.
        """
        commands = sent(Chaining.NONE)
        self.assertEqual(heads(commands), "802a0390 802a0310")
        self.assertEqual([command.is_extended for command in commands], [True, True])

    def test_whole(self) -> None:
        """
        Whichever way, the pieces are the certificates, authority first, and no longer than a short command.
        """
        for chaining in Chaining:
            commands = sent(chaining)
            self.assertEqual(b"".join(command.data for command in commands), PKI.authority.raw + PKI.leaf.raw)
            if chaining is not Chaining.NONE:
                self.assertLessEqual(max(len(command.data) for command in commands), 255)

    def test_le(self) -> None:
        """
        There is an Le field only where it is wanted.
        """
        self.assertEqual({command.expected for command in sent(Chaining.CLA)}, {None})
        self.assertEqual({command.expected for command in sent(Chaining.CLA, expected=256)}, {256})

    def test_number(self) -> None:
        """
        On another logical channel.
        """
        self.assertEqual(heads(sent(Chaining.BOTH, number=2))[:8], "922a8390")
        self.assertEqual(heads(sent(Chaining.CLA, number=7))[:8], "d32a0390")

    def test_short(self) -> None:
        """
        A certificate that fits one command is not cut; a single one has no mark of further ones.
        """
        leaf = make_pki("host", form="gp").leaf
        for chaining in Chaining:
            commands = list(verify_certificates([leaf], AUTHORITY, chaining))
            self.assertEqual([command.encode()[:5].hex() for command in commands], [f"802a0310{len(leaf.raw):02x}"])


class ChainTests(SynchronousTestCase):
    """
    What is sent of a chain.
    """

    def test_order(self) -> None:
        """
        The leaf is sent last, however it is given; the root is not sent.
        """
        for chain in (PKI.chain, PKI.chain[::-1], (PKI.root, *PKI.chain)):
            commands = list(verify_certificates(chain, AUTHORITY, Chaining.NONE))
            self.assertEqual([command.data for command in commands], [PKI.authority.raw, PKI.leaf.raw])

    def test_broken(self) -> None:
        """
        What is no chain is not sent.
        """
        chain = (make_pki("card").authority, PKI.leaf)
        self.assertRaises(ScpChainBroken, list, verify_certificates(chain, AUTHORITY, Chaining.NONE))

    def test_versions(self) -> None:
        """
        Key versions from 80 on can be used where P1 says nothing else, and are refused where it does.
        """
        high = KeyReference(0x10, 0xFF)
        self.assertEqual(heads(sent(Chaining.CLA, high)), "902aff90 802aff90 902aff10 802aff10")
        self.assertEqual(heads(sent(Chaining.NONE, high)), "802aff90 802aff10")
        for chaining in (Chaining.P1, Chaining.BOTH):
            self.assertRaises(ParameterError, sent, chaining, high)
        self.assertRaises(ParameterError, sent, Chaining.CLA, KeyReference(0x90, 3))


class AuthorityTests(SynchronousTestCase):
    """
    Which of the card's keys.
    """

    def test_found(self) -> None:
        """
        By key identifier or by name, with the root and without; C{None} where the card knows another alone.
        """
        for form in ("x509", "gp"):
            pki = make_pki("host", form=form)
            name = pki.root.facts.key_identifier or pki.root.facts.subject
            others = [Authority(b"somebody", KeyReference(0x20, 1)), Authority(b"", KeyReference(0x21, 1))]
            for chain in (pki.chain, (pki.root, *pki.chain)):
                self.assertEqual(find_authority(chain, [*others, Authority(name, AUTHORITY)]), AUTHORITY)
            self.assertIsNone(find_authority(pki.chain, others))
