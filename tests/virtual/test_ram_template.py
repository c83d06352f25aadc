# -*- test-case-name: tests.virtual.test_ram_template -*-
"""
Tests for L{cardgw.virtual.ram_template}; what real programs do is in L{tests.virtual.test_ram_matrix}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from cardgw.virtual.ram_kinds import OCF13, OCF20, RAM_CLIENT
from cardgw.virtual.ram_template import OURS, CurlRunner, JavaRunner, Notification, Stop, cancelled, reasons
from cardgw.virtual.ram_tlv import COMMAND, COMMANDS, NOTIFY, NUMBER, TEXT, tlv
from tests.virtual.ram_rig import RamTestCase

SELECT = tlv(COMMAND, bytes.fromhex("00A4040000"))


class RunnerTests(RamTestCase):
    """
    Templates that are odd.
    """

    def setUp(self) -> None:
        super().setUp()
        self.shown: list[Notification] = []

    def stops(self, runner: CurlRunner | JavaRunner, octets: bytes) -> str:
        """
        What a program says last.
        """
        running = Deferred.fromCoroutine(runner.run(self.slot(), octets, self.shown.append))
        return str(self.failureResultOf(running, Stop).value)

    def test_trailing(self) -> None:
        """
        What follows the template is not looked at.
        """
        for runner in (CurlRunner(), OURS):
            answer = self.over(runner.run(self.slot(), tlv(COMMANDS, SELECT) + b"rest", self.shown.append))
            self.assertEqual(answer.hex(), "ab0723029000800101")

    def test_cut(self) -> None:
        """
        A template that is cut short, outside and inside.
        """
        self.assertEqual(self.stops(CurlRunner(), b"\xaa\x05\x22"), "Server request invalid")
        self.assertEqual(self.stops(CurlRunner(), tlv(COMMANDS, b"\x22\x05")), "Invalid TLV encoding")
        self.assertIn("cut short", self.stops(OURS, tlv(COMMANDS, b"\x22\x05\x00")))

    def test_number(self) -> None:
        """
        ram-client reads numbers of four bytes.
        """
        self.assertEqual(self.stops(CurlRunner(), tlv(COMMANDS, tlv(NOTIFY, tlv(NUMBER, bytes(5))))), "Invalid TLV encoding")

    def test_longText(self) -> None:
        """
        It cuts texts.
        """
        notify = tlv(NOTIFY, tlv(NUMBER, b"\x01"), tlv(TEXT, b"x" * 5000))
        for runner, size in ((CurlRunner(), 4095), (OURS, 5000)):
            self.over(runner.run(self.slot(), tlv(COMMANDS, notify), self.shown.append))
            self.assertEqual(len(self.shown[-1].text), size)

    @given(st.binary(max_size=60))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever comes, a program goes on or stops.
        """
        for kind in (RAM_CLIENT, OCF13, OCF20):
            for template in (octets or b"\0", tlv(COMMANDS, octets)):
                running = Deferred.fromCoroutine(kind.runner.run(self.slot(), template, self.shown.append))
                running.addErrback(lambda failure: failure.trap(Stop))
                self.successResultOf(running)

    def test_cancelled(self) -> None:
        """
        What a program says that gives up.
        """
        self.assertEqual(cancelled().hex(), "ab17e1120c1053657373696f6e2063616e63656c6564800100")
        self.assertEqual(reasons(cancelled()), ["Session canceled"])
