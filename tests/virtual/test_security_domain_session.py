# -*- test-case-name: tests.virtual.test_security_domain_session -*-
"""
Tests for L{cardgw.virtual.security_domain_session}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardError
from cardgw.gp.certificate_store import KeyReference as Reference
from cardgw.gp.certificate_store import get_certificates, parse_certificates, store_allow_list, store_certificates
from cardgw.gp.get_status import get_status
from cardgw.gp.install import for_load
from cardgw.gp.registry import Scope
from cardgw.scp.blocking import SecureConnection, open_session
from cardgw.scp.errors import SecureSessionOver
from cardgw.scp.level import Level
from cardgw.scp.scp11 import scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.store import KeyReference
from cardgw.virtual.security_domain import VirtualSecurityDomain
from tests.gp.cap_maker import PACKAGE
from tests.scp.scp11_rig import AUTHORITY, KVN, make_pki, plan
from tests.virtual.security_domain_rig import Administrator, Wire, make_card

SESSION = bytes.fromhex("84F28002024F00")


def scp11_card(curve: str = "secp256r1", **options: Any) -> VirtualSecurityDomain:
    """
    A card that has keys for all variants.
    """
    made = make_card(**options)
    card, host = make_pki("card", curve), make_pki("host", curve)
    for variant in Variant:
        made.add_own_key(KeyReference(variant.kid, KVN), card.key, [each.raw for each in card.chain])
    made.add_authority(AUTHORITY, host.root.facts.key, host.root.facts.key_identifier)
    return made


class Scp11Tests(SynchronousTestCase):
    """
    SCP11 on the whole card.
    """

    def open(self, variant: Variant, card: VirtualSecurityDomain, curve: str = "secp256r1", **terms: Any) -> SecureConnection:
        """
        Open a session.
        """
        size = 16 if card.options.implementation & 1 else 8
        card(bytes.fromhex("00A4040C"))
        how = plan(Terms(variant, **terms), curve=curve, mac_length=size)
        return open_session(Wire(card), scp11(how))

    def test_variants(self) -> None:
        """
        With all three, at both levels; with SCP11b nobody has shown who he is, and may not administer.
        """
        for variant in Variant:
            for level in (Level.FULL, Level.C_MAC | Level.R_MAC):
                connection = self.open(variant, scp11_card(), level=level)
                expected = 0x6982 if variant is Variant.B else 0x9000
                self.assertEqual(connection.exchange(get_status(Scope.ISD)).status, expected, variant)
                self.assertEqual(connection.exchange(for_load(PACKAGE).command()).status, expected, variant)

    def test_curves(self) -> None:
        """
        On other curves, and with MACs of 16 bytes.
        """
        for curve in ("secp384r1", "brainpoolP256r1"):
            connection = self.open(Variant.A, scp11_card(curve, implementation=0x71), curve, key_length=32)
            self.assertEqual(connection.exchange(get_status(Scope.ISD)).status, 0x9000)

    def test_names(self) -> None:
        """
        With a host that names itself, what the card is goes into the keys: its numbers, or its group.
        """
        for variant in Variant:
            card = scp11_card(group=b"group")
            names = (b"group",) if variant is Variant.C else (card.options.iin, card.options.cin)
            connection = self.open(variant, card, host_id=b"host", card_ids=names)
            self.assertEqual(connection.exchange(get_certificates(Reference(0x12, KVN))).status, 0x6A88)
            self.assertRaises(CardError, self.open, variant, card, host_id=b"host", card_ids=(b"other",))

    def test_put(self) -> None:
        """
        Keys come encrypted with the key of the session.
        """
        card = scp11_card()
        admin = Administrator(card)
        admin.connection = self.open(Variant.A, card)
        command, answer = admin.put(0x31, b"k" * 16)
        command.check(answer.data)

    def test_allowed(self) -> None:
        """
        A list of serial numbers lets in no others.
        """
        card = scp11_card()
        admin = Administrator(card)
        key = Reference(AUTHORITY.kid, AUTHORITY.kvn)
        self.assertEqual(admin.run(store_allow_list(key, [b"\x77"], 200)), [0x9000])
        self.assertRaises(CardError, self.open, Variant.A, card)
        self.assertEqual(admin.run(store_allow_list(key, [b"\x12\x34"], 200)), [0x6985])  # the attempt has ended the session
        self.assertEqual(Administrator(card).run(store_allow_list(key, [b"\x12\x34"], 200)), [0x9000])
        self.open(Variant.A, card)

    def test_certificates(self) -> None:
        """
        They are told as they were stored; bare on cards of some families.
        """
        chain = [each.raw for each in make_pki("card").chain]
        reference = Reference(0x11, KVN)
        for family in ("strict", "yubikey"):
            admin = Administrator(scp11_card(family=family))
            self.assertEqual(set(admin.run(store_certificates(reference, chain[1:], 200))), {0x9000})
            answer = admin.send(get_certificates(reference))
            self.assertEqual(parse_certificates(answer.data), tuple(chain[1:]))
            self.assertEqual(answer.data[:2] == b"\xbf\x21", family == "strict")
            self.assertEqual(admin.status(get_certificates(Reference(0x12, KVN))), 0x6A88)


class AbortTests(SynchronousTestCase):
    """
    What ends a session, and how.
    """

    def test_unprotected(self) -> None:
        """
        A plain command aborts the session: no more are taken, protected ones neither, until a new one is begun.
        """
        admin = Administrator(make_card(), 0x01)
        self.assertEqual(admin.card(bytes.fromhex("80CA006600")), bytes.fromhex("6982"))
        self.assertEqual(admin.card(bytes.fromhex("80CA006600")), bytes.fromhex("6982"))
        self.assertEqual(admin.status(get_status(Scope.ISD)), 0x6982)
        self.assertEqual(Administrator(admin.card).status(get_status(Scope.ISD)), 0x9000)

    def test_wrongMac(self) -> None:
        """
        So does a wrong MAC.
        """
        admin = Administrator(make_card(), 0x33)
        self.assertEqual(admin.card(bytes.fromhex("84F280020A4F00") + bytes(8)), bytes.fromhex("6988"))
        self.assertEqual(admin.status(get_status(Scope.ISD)), 0x6982)

    def test_none(self) -> None:
        """
        Without a session there is no protected command; SELECT ends one.
        """
        card = make_card()
        self.assertEqual(card(SESSION), bytes.fromhex("6985"))
        admin = Administrator(card)
        card(bytes.fromhex("00A4040000"))
        self.assertEqual(card(bytes.fromhex("84F280020A4F00") + bytes(8)), bytes.fromhex("6985"))
        self.assertEqual(admin.status(get_status(Scope.ISD)), 0x6985)

    def test_selectThrough(self) -> None:
        """
        The host knows that SELECT ends its session.
        """
        admin = Administrator(make_card())
        admin.connection.send_and_receive(bytes.fromhex("00A4040000"))
        self.assertRaises(SecureSessionOver, admin.send, get_status(Scope.ISD))
