# -*- test-case-name: tests.scp.test_level -*-
"""
L{cardgw.scp.level}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.errors import LevelNotPossible
from cardgw.scp.level import LEVELS, Implementation, Level, most_data, parse_level


class LevelTests(SynchronousTestCase):
    """
    Levels.
    """

    def test_parsed(self) -> None:
        """
        There are six.
        """
        possible = []
        for value in range(256):
            try:
                possible.append(parse_level(value))
            except LevelNotPossible as error:
                self.assertIn(f"no level {value:02X}; there are 00, 01, 03, 11, 13, 33", str(error))
        self.assertEqual(possible, list(LEVELS))

    def test_most(self) -> None:
        """
        Most data in a short command, as the document has it.
        """
        for level, mac_length, most in ((0x01, 8, 247), (0x11, 16, 239), (0x03, 8, 239), (0x33, 16, 223), (0x00, 8, 255)):
            self.assertEqual(most_data(Level(level), mac_length), most)
        self.assertEqual(most_data(Level.FULL, 8, 65535), 65519)


class ImplementationTests(SynchronousTestCase):
    """
    The i byte.
    """

    def test_bits(self) -> None:
        """
        Those that are seen in the wild.
        """
        for value, s16, pseudo_random, most in (
            (0x00, False, False, 0x03),
            (0x10, False, True, 0x03),
            (0x20, False, False, 0x13),
            (0x30, False, True, 0x13),
            (0x60, False, False, 0x33),
            (0x70, False, True, 0x33),
            (0x11, True, True, 0x03),
            (0x71, True, True, 0x33),
            (0x40, False, False, 0x03),
        ):
            i = Implementation(value)
            self.assertEqual((i.s16, i.pseudo_random, i.most), (s16, pseudo_random, Level(most)))

    def test_refused(self) -> None:
        """
        The reason names level and card.
        """
        error = self.assertRaises(LevelNotPossible, Implementation(0x00).refuse, Level(0x33))
        self.assertIn("level 33 is wanted, but the card says with i=00 that it does not protect its answers", str(error))
        error = self.assertRaises(LevelNotPossible, Implementation(0x20).refuse, Level(0x33))
        self.assertIn("does not encrypt its answers", str(error))
        for level in LEVELS:
            Implementation(0x60).refuse(level)
