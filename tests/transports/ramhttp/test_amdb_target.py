"""
Tests of L{cardgw.transports.ramhttp.amdb_target}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.amdb_target import Target, is_select, parts

SELECT = bytes.fromhex("00A4040007A000000151000000")
GET_DATA = bytes.fromhex("80CA006600")


class TargetTests(SynchronousTestCase):
    """
    SELECT, which no script may have.
    """

    def selected(self, octets: str, target: Target | None = None) -> str:
        """
        The answer to a command.
        """
        return (target or Target()).select(bytes.fromhex(octets)).hex()

    def test_name(self) -> None:
        """
        The application of further scripts is the one with this AID; without an AID, it is that of the connection.
        """
        target = Target()
        self.assertEqual(self.selected("00A4040007A0000001510000", target), "9000")
        self.assertEqual(target.name, "//aid/A000000151/0000")
        self.assertEqual(self.selected("00A4040C07A000000151000100", target), "9000")
        self.assertEqual(target.name, "//aid/A000000151/0001")
        self.assertEqual(self.selected("00A4040000", target), "9000")
        self.assertEqual(target.name, "")

    def test_refused(self) -> None:
        """
        What cannot be said in a header is refused, and changes nothing.
        """
        target = Target("//aid/A000000151/")
        for command, status in (
            ("01A4040007A0000001510000", "6881"),
            ("40A4040007A0000001510000", "6881"),
            ("00A40000023F00", "6a81"),
            ("00A4040207A0000001510000", "6a86"),
            ("00A4040004A0000001", "6700"),
            ("00A4040007A000", "6700"),
        ):
            self.assertEqual(self.selected(command, target), status)
        self.assertEqual(target.name, "//aid/A000000151/")

    def test_isSelect(self) -> None:
        """
        SELECT is one of ISO/IEC 7816-4.
        """
        self.assertTrue(is_select(SELECT) and is_select(b"\x01\xa4"))
        self.assertFalse(is_select(b"\x80\xa4\x04\x00") or is_select(GET_DATA) or is_select(b"\x00"))

    def test_parts(self) -> None:
        """
        A SELECT goes alone, the others together.
        """
        found = list(parts([GET_DATA, GET_DATA, SELECT, SELECT, GET_DATA]))
        self.assertEqual(found, [(GET_DATA, GET_DATA), (SELECT,), (SELECT,), (GET_DATA,)])

    @given(st.lists(st.sampled_from((GET_DATA, SELECT, b"\x00"))))
    def test_order(self, commands: list[bytes]) -> None:
        """
        Nothing is lost, and the order stays.
        """
        self.assertEqual([each for part in parts(commands) for each in part], commands)
