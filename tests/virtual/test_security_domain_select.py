# -*- test-case-name: tests.virtual.test_security_domain_select -*-
"""
Tests for L{cardgw.virtual.security_domain_select}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import only
from cardgw.virtual.security_domain import VirtualSecurityDomain
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card


class SelectTests(SynchronousTestCase):
    """
    SELECT and MANAGE CHANNEL.
    """

    def check(self, card: VirtualSecurityDomain, command: str, answer: str) -> None:
        """
        One command.
        """
        self.assertEqual(card(bytes.fromhex(command)).hex().upper(), answer, command)

    def test_isd(self) -> None:
        """
        By its AID, by the beginning of it, and by nothing; it tells its AID and the longest block.
        """
        card = make_card()
        for data in (b"", card.aid, card.aid[:5]):
            answer = card(bytes((0x00, 0xA4, 0x04, 0x00, len(data))) + data) if data else card(bytes.fromhex("00A4040000"))
            self.assertEqual(answer[-2:], bytes.fromhex("9000"))
            self.assertEqual(only(answer[:-2], 0x6F).children().value(0x84), card.aid)
        self.check(card, "00A4040C", "9000")
        self.check(card, "00A4040008A000000151000001", "6A82")
        self.check(card, "00A40000023F00", "6A86")

    def test_next(self) -> None:
        """
        One after another of those whose AIDs begin so.
        """
        admin = Administrator(make_card())
        admin.load()
        for number in range(2):
            self.assertEqual(admin.install(INSTANCE + bytes((number,))), 0x9000)
        card = admin.card
        part = f"{len(INSTANCE):02X}{INSTANCE.hex()}"
        self.check(card, "00A40400" + part, "9000")
        self.check(card, "00A40402" + part, "9000")
        self.check(card, "00A40402" + part, "6A82")

    def test_channels(self) -> None:
        """
        Opened by the card's choice or by number, up to the last one, and closed once.
        """
        card = make_card(channels=2)
        self.check(card, "0070000001", "019000")
        self.check(card, "00700002", "9000")
        self.check(card, "0070000001", "6A81")
        self.check(card, "00700002", "6A81")
        self.check(card, "00700003", "6A81")
        self.check(card, "00708001", "9000")
        self.check(card, "00708001", "6881")
        self.check(card, "00708000", "6A86")
        self.check(card, "00700100", "6A86")
        self.check(card, "01A4040000", "6881")
        self.check(card, "02A4040C", "9000")

    def test_closed(self) -> None:
        """
        With the logical channel its session ends.
        """
        card = make_card()
        self.check(card, "00700005", "9000")
        Administrator(card, number=5)
        self.check(card, "00708005", "9000")
        self.check(card, "00700005", "9000")
        self.check(card, "C1F28002024F00", "6982")
        self.check(card, "E1F28002024F00", "6985")
