# -*- test-case-name: tests.virtual.test_security_domain_data -*-
"""
Tests for L{cardgw.virtual.security_domain_data}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.gp.card_data import CIN, IIN, parse_cplc, parse_number
from cardgw.gp.certificate_store import KeyReference, parse_issuers, store_issuer
from cardgw.gp.commands import get_data
from cardgw.gp.key_information import parse_key_information
from cardgw.gp.resources import parse_counter, parse_resources
from cardgw.gp.store_data import DataGroup, Encryption, Structure, store_data
from cardgw.scp.blocking import ask
from tests.virtual.security_domain_rig import Administrator, Wire, make_card


class GetDataTests(SynchronousTestCase):
    """
    GET DATA, which needs nobody to authenticate.
    """

    def setUp(self) -> None:
        """
        A card.
        """
        self.card = make_card()

    def ask(self, tag: int) -> bytes:
        """
        The data.
        """
        answer = ask(Wire(self.card), get_data(tag))
        self.assertEqual(answer.status, 0x9000)
        return answer.data

    def test_all(self) -> None:
        """
        The host understands all that there is.
        """
        options = self.card.options
        self.assertEqual(parse_cplc(self.ask(0x9F7F)).encode(), options.cplc)
        self.assertEqual(parse_number(self.ask(IIN), IIN, 8), options.iin)
        self.assertEqual(parse_number(self.ask(CIN), CIN, 16), options.cin)
        self.assertEqual(self.ask(0xCF), b"\xcf\x0a" + options.diversification)
        self.assertEqual(len(parse_key_information(self.ask(0xE0))), 3)
        self.assertEqual(parse_resources(self.ask(0xFF21)).non_volatile, options.memory)
        self.assertEqual(self.ask(0x2F00), b"\x2f\x00\x00")
        self.assertEqual(self.card(bytes.fromhex("80CA123400")), bytes.fromhex("6A88"))
        self.assertEqual(self.card(bytes.fromhex("80CABF2100")), bytes.fromhex("6A80"))

    def test_counter(self) -> None:
        """
        It counts the sessions that were begun.
        """
        Administrator(self.card)
        Administrator(self.card)
        self.card.reset()
        self.assertEqual(parse_counter(self.ask(0xC1)), 2)


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
            ([Command(0x80, 0xE2, 0x90 | Encryption.ALL, 0, b"\x42\x01\x01")], 0x6A86),
            ([Command(0x80, 0xE2, 0x90, 0, bytes.fromhex("A60483021103BF2100"))], 0x6A88),
            ([Command(0x80, 0xE2, 0x90, 0, bytes.fromhex("A60383011170 00"))], 0x6A80),
        ):
            self.assertEqual([self.admin.status(each) for each in commands][-1], status, commands)


class PutKeyTests(SynchronousTestCase):
    """
    PUT KEY.
    """

    def test_refused(self) -> None:
        """
        Nothing at all, another number of keys than P2 says, a version that is not there.
        """
        admin = Administrator(make_card())
        self.assertEqual(admin.status(Command(0x80, 0xD8, 0x00, 0x81)), 0x6700)
        command, _ = admin.put(0x31, b"k" * 16)
        single = command.command()
        self.assertEqual(admin.status(Command(0x80, 0xD8, 0x00, 0x01, single.data)), 0x6A80)
        self.assertEqual(admin.put(0x32, b"k" * 16, 0x29)[1].status, 0x6A88)
        self.assertEqual(admin.put(0x31, b"k" * 16)[1].status, 0x6985)
        self.assertEqual(admin.put(0x31, b"j" * 32, 0x31)[1].status, 0x9000)
