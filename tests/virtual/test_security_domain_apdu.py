# -*- test-case-name: tests.virtual.test_security_domain_apdu -*-
"""
Tests for L{cardgw.virtual.security_domain_apdu}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.commands import get_data
from cardgw.gp.registry import Scope
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.security_domain import VirtualSecurityDomain
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card

CARD, UNFORTUNATE = make_card(), make_card()


class ApduTests(SynchronousTestCase):
    """
    The way of a command.
    """

    def check(self, command: str, answer: str, card: VirtualSecurityDomain = CARD) -> None:
        """
        One command.
        """
        self.assertEqual(card(bytes.fromhex(command)).hex().upper(), answer, command)

    def test_class(self) -> None:
        """
        Classes, marks and instructions that there are not.
        """
        self.check("20CA006600", "6E00")
        self.check("08CA006600", "6882")
        self.check("80120000", "6D00")
        self.check("00F28002024F00", "6E00")
        self.check("00B0000000", "6D00")
        self.check("80A4040000", "6D00")

    def test_length(self) -> None:
        """
        What is no command, and extended length where there is none.
        """
        self.check("80CA00", "6700")
        self.check("80CA0066021100FFFF", "6700")
        self.check("80CA006600000000", "6700")
        self.check("80CA0066000100", "6700")
        answer = make_card(extended=True)(bytes.fromhex("80CA0066000200"))
        self.assertEqual(answer[-2:], bytes.fromhex("9000"))

    def test_rest(self) -> None:
        """
        GET RESPONSE gets what waits, once, and nothing after another command.
        """
        card = make_card(delivery=Delivery.T0)
        answer = card(bytes.fromhex("80CA00CF00"))
        self.assertEqual(answer.hex().upper(), "610C")
        self.assertEqual(len(card(bytes.fromhex("00C000000C"))), 14)
        self.check("00C000000C", "6985", card)
        self.check("00C001000C", "6A86", card)
        card(bytes.fromhex("80CA00CF00"))
        self.check("00A4040C", "9000", card)
        self.check("00C000000C", "6985", card)

    def test_restProtected(self) -> None:
        """
        While something waits, GET RESPONSE may have the class of the command that it goes on with, and no Le; then not any more.
        """
        for command in ("80C0000000", "84C0000000", "84C00000", "00C00000"):
            card = make_card(delivery=Delivery.T0)
            card(bytes.fromhex("80CA00CF00"))
            self.assertEqual(len(card(bytes.fromhex(command))), 14)
        self.check("84C0000000", "6985", card)
        admin = Administrator(make_card(delivery=Delivery.T0))
        self.assertEqual(admin.status(get_data(0xCF)), 0x9000)

    def test_delivery(self) -> None:
        """
        A host administers it, however it hands over answers, and with segments that are cut by either bit.
        """
        for delivery in Delivery:
            for family in ("strict", "jcop"):
                admin = Administrator(make_card(family, delivery=delivery, entries=1000))
                self.assertEqual(admin.load()[-1], 0x9000)
                for number in range(8):
                    self.assertEqual(admin.install(INSTANCE + bytes((number,))), 0x9000)
                self.assertEqual(len(admin.list(Scope.APPLICATIONS)), 8)

    def test_segments(self) -> None:
        """
        A command that is longer than one can be comes in pieces; another one in between is refused.
        """
        for family in ("strict", "yubikey"):
            admin = Administrator(make_card(family), 0x33)
            self.assertEqual(admin.put(0x31, bytes(range(32)))[1].status, 0x9000)
            admin = Administrator(make_card(family), 0x33)
            self.check("94D800810800" + "00" * 7, "9000", admin.card)
            self.check("84F2800208" + "00" * 8, "6883", admin.card)

    @given(st.lists(st.binary(max_size=40), max_size=4))
    def test_anything(self, commands: list[bytes]) -> None:
        """
        Whatever comes is answered.
        """
        card = UNFORTUNATE
        for each in commands:
            self.assertGreaterEqual(len(card(each)), 2)

    @given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=40))
    def test_anythingInside(self, ins: int, p1: int, p2: int, data: bytes) -> None:
        """
        In a session without protection, too.
        """
        admin = Administrator(make_card(), 0x00)
        body = bytes((len(data),)) + data if data else b""
        self.assertGreaterEqual(len(admin.card(bytes((0x80, ins, p1, p2)) + body)), 2)
