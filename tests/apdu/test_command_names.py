"""
Tests for L{cardgw.apdu.command_names}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command_names import UNKNOWN, name


class NameTests(SynchronousTestCase):
    """
    L{name}.
    """

    def test_classes(self) -> None:
        """
        The same byte is called otherwise in the classes of the industry, on any logical channel, protected or not.
        """
        for cla, ins, expected in (
            (0x00, 0xA4, "SELECT"),
            (0x0C, 0x20, "VERIFY"),
            (0x01, 0x70, "MANAGE CHANNEL"),
            (0x00, 0xE2, "APPEND RECORD"),
            (0x80, 0xE2, "STORE DATA"),
            (0xC4, 0xE2, "STORE DATA"),
            (0x84, 0x82, "EXTERNAL AUTHENTICATE"),
            (0x80, 0xCA, "GET DATA"),
            (0x00, 0x01, UNKNOWN),
            (0x80, 0x01, UNKNOWN),
        ):
            self.assertEqual(name(cla, ins), expected)

    def test_install(self) -> None:
        """
        INSTALL says what for, also where more of it follows.
        """
        self.assertEqual(name(0x80, 0xE6, 0x02), "INSTALL [for load]")
        self.assertEqual(name(0x84, 0xE6, 0x8C), "INSTALL [for install and make selectable]")
        self.assertEqual(name(0x80, 0xE6, 0xFF), "INSTALL")
        self.assertEqual(name(0x00, 0xE6, 0x02), "TERMINATE DF")
