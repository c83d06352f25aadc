"""
Tests of L{cardgw.transports.ramhttp.amdb_target}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.amdb_target import is_select, parts, selected

SELECT = bytes.fromhex("00A4040007A000000151000000")
GET_DATA = bytes.fromhex("80CA006600")


class TargetTests(SynchronousTestCase):
    """
    SELECT, which no script may have.
    """

    def test_name(self) -> None:
        """
        It asks for the application with this AID, or without one, for that of the connection.
        """
        for command, name in (
            ("00A4040007A0000001510000", "//aid/A000000151/0000"),
            ("00A4040C07A000000151000100", "//aid/A000000151/0001"),
            ("00A4040000", ""),
            ("00A40400", ""),
        ):
            self.assertEqual(selected(bytes.fromhex(command)), name)

    def test_refused(self) -> None:
        """
        What cannot be said in a header is refused.
        """
        for command, status in (
            ("01A4040007A0000001510000", "6881"),
            ("40A4040007A0000001510000", "6881"),
            ("00A40000023F00", "6A81"),
            ("00A4040207A0000001510000", "6A86"),
            ("00A4040004A0000001", "6700"),
            ("00A4040007A000", "6700"),
        ):
            self.assertEqual(selected(bytes.fromhex(command)), bytes.fromhex(status))

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
