# -*- test-case-name: tests.virtual.test_security_domain_store -*-
"""
Tests for L{cardgw.virtual.security_domain_store}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.gp.certificate_store import KeyReference, parse_issuers, store_issuer
from cardgw.gp.commands import get_data
from cardgw.gp.install import for_install, for_personalization
from cardgw.gp.privileges import Privilege
from cardgw.gp.store_data import DataGroup, Encryption, Structure, store_data
from cardgw.scp.keys import AesKey
from cardgw.scp.primitives import pad
from cardgw.virtual.security_domain import DEFAULT_KEY
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card

DEK = AesKey(DEFAULT_KEY)
DOMAIN = bytes.fromhex("A000000151000001")


class StoreDataTests(SynchronousTestCase):
    """
    STORE DATA.
    """

    def setUp(self) -> None:
        """
        Somebody who may.
        """
        self.admin = Administrator(make_card())

    def test_stored(self) -> None:
        """
        In blocks, as data objects or in a data grouping; it is told from then on.
        """
        self.assertEqual(self.admin.run(store_data(bytes.fromhex("4203112233"), 2, Structure.BER)), [0x9000] * 3)
        self.assertEqual(self.admin.send(get_data(0x42)).data, bytes.fromhex("4203112233"))
        group = DataGroup(0x0070, bytes.fromhex("450177")).encode()
        self.assertEqual(self.admin.run(store_data(group, 200, Structure.DGI)), [0x9000])
        self.assertEqual(self.admin.send(get_data(0x45)).data, bytes.fromhex("450177"))

    def test_issuers(self) -> None:
        """
        Who certifies hosts and cards.
        """
        for on_card, tag in ((False, 0xFF33), (True, 0xFF34)):
            self.assertEqual(self.admin.status(get_data(tag)), 0x6A88)
            reference = KeyReference(0x10, 3)
            self.assertEqual(self.admin.run(store_issuer(reference, b"issuer", 200, on_card=on_card)), [0x9000])
            self.assertEqual(parse_issuers(self.admin.send(get_data(tag)).data, tag), {reference: b"issuer"})

    def test_refused(self) -> None:
        """
        Blocks out of order, other forms in between, unknown data, and keys that are not there.
        """
        for commands, status in (
            ([Command(0x80, 0xE2, 0x90, 1, b"\x42\x01\x01")], 0x6A86),
            ([Command(0x80, 0xE2, 0x10, 0, b"\x42"), Command(0x80, 0xE2, 0x90, 2, b"\x01\x01")], 0x6A86),
            ([Command(0x80, 0xE2, 0x10, 0, b"\x42"), Command(0x80, 0xE2, 0x88, 1, b"\x01\x01")], 0x6A86),
            ([Command(0x80, 0xE2, 0x90, 0)], 0x6700),
            ([Command(0x80, 0xE2, 0x90, 0, b"\x42\x02\x01")], 0x6A80),
            ([Command(0x80, 0xE2, 0x90, 0, b"\x46\x01\x01")], 0x6A80),
            ([Command(0x80, 0xE2, 0x88, 0, b"\x00\x71\x01\x01")], 0x6A88),
            ([Command(0x80, 0xE2, 0x90 | Encryption.ALL, 0, b"\x42\x01\x01")], 0x6A80),
            ([Command(0x80, 0xE2, 0x90 | Encryption.APPLICATION, 0, b"\x42\x01\x01")], 0x6A86),
            ([Command(0x80, 0xE2, 0xD0, 0, b"\x42\x01\x01")], 0x6A86),
            ([Command(0x80, 0xE2, 0x92, 0, b"\x42\x01\x01")], 0x6A86),
            ([Command(0x80, 0xE2, 0x90, 0, bytes.fromhex("A60483021103BF2100"))], 0x6A88),
            ([Command(0x80, 0xE2, 0x90, 0, bytes.fromhex("A60383011170 00"))], 0x6A80),
        ):
            self.assertEqual([self.admin.status(each) for each in commands][-1], status, commands)


class EncryptedTests(SynchronousTestCase):
    """
    What comes encrypted.
    """

    def setUp(self) -> None:
        """
        Somebody who may, and something to be personalised.
        """
        self.admin = Administrator(make_card())
        self.assertEqual(self.admin.load()[-1], 0x9000)
        self.assertEqual(self.admin.install(), 0x9000)

    def store(self, data: bytes, structure: Structure, encryption: Encryption = Encryption.ALL) -> int:
        """
        The last status.
        """
        return self.admin.run(store_data(data, 100, structure, encryption))[-1]

    def test_domain(self) -> None:
        """
        The security domain decrypts it, and takes the padding off.
        """
        number = DEK.encrypt(pad(bytes.fromhex("112233")))
        self.assertEqual(self.store(b"\x42\x10" + number, Structure.BER), 0x9000)
        whole = DEK.encrypt(pad(bytes.fromhex("4503445566")))
        self.assertEqual(self.store(DataGroup(0x0070, whole).encode(), Structure.DGI), 0x9000)
        self.assertEqual(self.admin.card.stored(), {0x42: bytes.fromhex("112233"), 0x45: bytes.fromhex("445566")})
        self.assertEqual(self.store(DEK.encrypt(pad(bytes.fromhex("450177"))), Structure.NONE), 0x9000)
        self.assertEqual(self.admin.card.stored()[0x45], b"\x77")
        self.assertEqual(self.store(DEK.encrypt(b"\x45\x0e" + b"n" * 14), Structure.NONE), 0x9000)
        self.assertEqual(self.admin.card.stored()[0x45], b"n" * 14)
        self.assertEqual(self.store(bytes(16), Structure.NONE), 0x6A80)
        self.assertEqual(self.store(b"\x42\x0f" + bytes(15), Structure.BER), 0x6A80)

    def test_application(self) -> None:
        """
        An application gets it decrypted; what is encrypted for itself alone, as it is.
        """
        for encryption, data in ((Encryption.ALL, DEK.encrypt(b"x" * 32)), (Encryption.APPLICATION, b"secret")):
            self.assertEqual(self.admin.status(for_personalization(INSTANCE).command()), 0x9000)
            self.assertEqual(self.store(DataGroup(0x0101, data).encode(), Structure.DGI, encryption), 0x9000)
        groups = DataGroup.decode_all(self.admin.card.stored(INSTANCE)[0])
        self.assertEqual([each.value for each in groups], [b"x" * 32, b"secret"])

    def test_otherDomain(self) -> None:
        """
        A security domain that is personalised through another one understands what it gets.
        """
        made = for_install(DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, Privilege.SecurityDomain)
        self.assertEqual(self.admin.status(made.command()), 0x9000)
        self.assertEqual(self.admin.status(for_personalization(DOMAIN).command()), 0x9000)
        self.assertEqual(self.store(bytes.fromhex("420155"), Structure.BER, Encryption.NONE), 0x9000)
        self.assertEqual(self.admin.card.stored(DOMAIN), {0x42: b"\x55"})
        self.assertEqual(self.admin.card.stored(), {})
