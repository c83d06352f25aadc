# -*- test-case-name: tests.apdu.test_iso7816 -*-
"""
L{cardgw.apdu.iso7816}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.iso7816 import MAX_CHANNEL, channel_number, class_byte, get_response_class


class ClassByteTests(SynchronousTestCase):
    """
    The logical channel in the class byte.
    """

    def test_firstFour(self) -> None:
        """
        Channels 0 to 3 are the two lowest bits.
        """
        self.assertEqual([class_byte(0x80, number) for number in range(4)], [0x80, 0x81, 0x82, 0x83])

    def test_further(self) -> None:
        """
        Channels 4 to 19 are the four lowest bits less 4, beside bit 7.
        """
        self.assertEqual([class_byte(0x80, 4), class_byte(0x80, 19), class_byte(0x00, 5)], [0xC0, 0xCF, 0x41])

    def test_number(self) -> None:
        """
        What is put into a class byte can be read from it.
        """
        for number in range(MAX_CHANNEL + 1):
            for cla in (0x00, 0x80, 0x90):
                self.assertEqual(channel_number(class_byte(cla, number)), number)

    def test_classes(self) -> None:
        """
        GET RESPONSE goes to the command's logical channel, without chaining and secure messaging.
        """
        for cla, expected in (
            (0x00, 0x00),
            (0x80, 0x80),
            (0x81, 0x81),
            (0x83, 0x83),
            (0x84, 0x80),
            (0x8D, 0x81),
            (0x90, 0x80),
            (0x1D, 0x01),
            (0xA0, 0xA0),
            (0xC1, 0xC1),
            (0xEF, 0xCF),
            (0x52, 0x42),
        ):
            self.assertEqual(f"{get_response_class(cla):02X}", f"{expected:02X}")
