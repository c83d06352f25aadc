# -*- test-case-name: tests.virtual.test_security_domain_data -*-
"""
Tests for L{cardgw.virtual.security_domain_data}.
"""

from __future__ import annotations

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.card_data import CIN, IIN, parse_cplc, parse_number
from cardgw.gp.certificate_store import KeyReference, get_certificates
from cardgw.gp.commands import get_data
from cardgw.gp.delete import delete_key
from cardgw.gp.key_information import parse_key_information
from cardgw.gp.keys import Curve, ec_public_key
from cardgw.gp.resources import parse_counter, parse_resources
from cardgw.scp.blocking import ask
from cardgw.scp.curves import encode_point
from cardgw.scp.keys import KeySet
from cardgw.virtual.security_domain import VirtualSecurityDomain
from tests.virtual.security_domain_rig import Administrator, Wire, make_card

PUBLIC = ec.derive_private_key(7, ec.SECP256R1()).public_key()


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
        self.assertEqual(self.ask(0xC2), b"\xc2\x02\x00\x00")
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


class YubikeyTests(SynchronousTestCase):
    """
    What one family does otherwise.
    """

    def setUp(self) -> None:
        """
        Somebody who may.
        """
        self.admin = Administrator(make_card("yubikey"))

    def generate(self, identifier: int, data: str = "03F00100", replaces: int = 0) -> Response:
        """
        GENERATE EC KEY.
        """
        return self.admin.send(Command(0x80, 0xF1, replaces, identifier, bytes.fromhex(data), 256))

    def test_generate(self) -> None:
        """
        A key pair is made on the card, which tells the public key; not of any kind, not twice, and not on other cards.
        """
        made = self.generate(0x13)
        self.assertEqual((made.status, len(tlv.only(made.data, 0xB0).value)), (0x9000, 65))
        self.assertEqual(self.generate(0x13).status, 0x6985)
        self.assertNotEqual(self.generate(0x13, replaces=3).data, made.data)
        for identifier, data, status in ((0x10, "03F00100", 0x6A86), (0x11, "03F00109", 0x6A80), (0x11, "03F0", 0x6A80)):
            self.assertEqual(self.generate(identifier, data).status, status)
        self.admin = Administrator(make_card())
        self.assertEqual(self.generate(0x13).status, 0x6D00)

    def test_bare(self) -> None:
        """
        Card data and key information are told without a data object around them.
        """
        self.assertEqual(tlv.decode(self.admin.send(get_data(0x66)).data)[0].tag, 0x73)
        self.assertEqual({each.tag for each in tlv.decode(self.admin.send(get_data(0xE0)).data)}, {0xC0})

    def test_interindustry(self) -> None:
        """
        Its programs use the interindustry class; nobody else may.
        """
        self.assertEqual(self.admin.status(Command(0x00, 0xE2, 0x90, 0, b"\x42\x01\x01")), 0x9000)
        self.assertEqual(Administrator(make_card()).status(Command(0x00, 0xE2, 0x90, 0, b"\x42\x01\x01")), 0x6E00)

    def test_whole(self) -> None:
        """
        STORE DATA may be as long as chaining makes it.
        """
        data = bytes.fromhex("4282012C") + bytes(300)
        self.assertEqual(self.admin.status(Command(0x80, 0xE2, 0x90, 0, data)), 0x9000)
        strict = Administrator(make_card(extended=True))
        self.assertEqual(strict.status(Command(0x80, 0xE2, 0x90, 0, data)), 0x6700)

    def test_last(self) -> None:
        """
        The last keys are deleted only if that is said; then those of the factory are there again.
        """
        self.assertEqual(self.admin.put(0x31, b"k" * 16)[1].status, 0x9000)
        self.admin = Administrator(self.admin.card, keys=KeySet.of_aes(0x31, b"k" * 16))
        command = delete_key(version=0x31)
        self.assertEqual(self.admin.status(command), 0x6985)
        self.assertEqual(self.admin.status(evolve(command, p2=1)), 0x9000)
        self.assertEqual(self.admin.card.versions, (0xFF,))
        self.assertEqual(Administrator(make_card()).status(evolve(command, p2=1)), 0x6A86)

    def test_reset(self) -> None:
        """
        When all keys are blocked, all is as it came from the factory, with a new key for SCP11b.
        """
        card = self.admin.card
        self.assertEqual(self.admin.put_one(3, ec_public_key(encode_point(PUBLIC), Curve.P256), 0x10), 0x9000)
        self.assertEqual(self.admin.put(0x31, b"k" * 16)[1].status, 0x9000)
        self.assertEqual(self.generate(0x11, "02F00100").status, 0x9000)
        self.block(card, "802A031008" + "00" * 8)
        self.block(card, "8082021108" + "00" * 8)
        self.assertEqual(set(card.versions), {2, 3, 0x31})
        self.block(card, "8050000008" + "00" * 8)
        self.assertEqual(card.versions, (0xFF, 1))
        self.assertEqual(Administrator(card).status(get_certificates(KeyReference(0x11, 2))), 0x6A88)

    def block(self, card: VirtualSecurityDomain, command: str) -> None:
        """
        Until one key is.
        """
        answers = [card(bytes.fromhex(command))[-2:].hex() for _ in range(65)]
        self.assertEqual(answers[-1], "6983")
        self.assertNotIn("6983", answers[:-1])

    def test_extended(self) -> None:
        """
        Extended length is refused in its own way where there is none.
        """
        self.assertEqual(make_card("yubikey")(bytes.fromhex("80CA0066000100")).hex(), "6a80")
        self.assertEqual(make_card("yubikey", extended=True)(bytes.fromhex("80CA0066000100"))[-2:].hex(), "9000")
