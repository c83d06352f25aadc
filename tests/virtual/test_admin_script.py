# -*- test-case-name: tests.virtual.test_admin_script -*-
"""
Tests for L{cardgw.virtual.admin_script}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardgw.virtual.admin_script import Habits, carry_out
from tests.virtual.ram_rig import RamTestCase

COMMAND, SELECT = "22050084000002", "220500A4040000"
FAILS = "22050020000100"


class ScriptTests(RamTestCase):
    """
    L{carry_out}.
    """

    def run_script(self, script: str, **habits: bool | int) -> str:
        """
        The answers to a script, both in hexadecimal.
        """
        self.card = self.slot()
        return self.over(carry_out(self.card, bytes.fromhex(script), Habits(**habits))).hex().upper()  # type: ignore[arg-type]

    def test_definite(self) -> None:
        """
        With lengths: the number of commands stands first.
        """
        self.assertEqual(self.run_script("AA0E" + COMMAND + SELECT), "AB0D800102230400009000" + "23029000")
        self.assertEqual(self.run_script("AA00"), "AB03800100")

    def test_indefinite(self) -> None:
        """
        Without: there is no number.
        """
        self.assertEqual(self.run_script("AE80" + COMMAND + SELECT + "0000"), "AF80" + "230400009000" + "23029000" + "0000")
        self.assertEqual(self.run_script("AE80" + SELECT + "0000", counts_openly=True), "AF80800101230290000000")

    def test_stops(self) -> None:
        """
        At a command that fails, unless the card goes on.
        """
        script = "AA0E" + FAILS + SELECT
        self.assertEqual(self.run_script(script), "AB0780010123026D00")
        self.assertEqual(self.run_script(script, stops=False, counts_last=True), "AB0B23026D0023029000800102")

    def test_bad(self) -> None:
        """
        What is malformed is told in a data object: an unknown tag, a wrong length, none.
        """
        for script, code, count in (
            ("AA09" + SELECT + "9900", "01", "01"),
            ("AA09" + SELECT + "2205", "02", "01"),
            ("AA08" + SELECT + "22", "03", "01"),
            ("AA0A" + SELECT + "228000", "02", "01"),
            ("99", "01", "00"),
            ("AA", "03", "00"),
            ("AA05", "02", "00"),
        ):
            answer = self.run_script(script)
            self.assertIn(f"8001{count}", answer, script)
            self.assertTrue(answer.endswith(f"9001{code}"), script)
        for script, code in (("AE80" + SELECT, "02"), ("AE02" + SELECT, "02"), ("AE", "03")):
            self.assertTrue(self.run_script(script).endswith(f"9001{code}0000"), script)

    def test_others(self) -> None:
        """
        Actions are taken note of; scripts in parts are not known here.
        """
        self.assertEqual(self.run_script("AA0D" + "810181" + "820181" + SELECT), "AB0780010323029000")
        self.assertEqual(self.run_script("AA03830101"), "AB06800100830102")

    def test_room(self) -> None:
        """
        An answer that has no room is cut, and is the last.
        """
        answer = self.run_script("AA0E" + "22050084000020" + SELECT, room=20)
        self.assertEqual(answer, "AB13800101230E" + "00" * 12 + "62F1")

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever comes gets an answer.
        """
        for script in (octets, b"\xae\x80" + octets):
            self.over(carry_out(self.slot(lambda command: b"\x90\x00"), script, Habits()))
