# -*- test-case-name: tests.scp.test_class_byte -*-
"""
L{cardgw.scp.class_byte}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.iso7816 import MAX_CHANNEL, channel_number, class_byte
from cardgw.scp.class_byte import bare_class, is_marked, protected_class, signed_class
from cardgw.scp.errors import CommandNotProtectable


class ClassByteTests(SynchronousTestCase):
    """
    All logical channels.
    """

    def test_marked(self) -> None:
        """
        A class is marked, and the mark taken off again; the channel stays.
        """
        for base in (0x00, 0x80):
            for number in range(MAX_CHANNEL + 1):
                bare = class_byte(base, number)
                marked = protected_class(bare)
                self.assertEqual((channel_number(bare), channel_number(marked)), (number, number))
                self.assertEqual((is_marked(bare), is_marked(marked), bare_class(marked)), (False, True, bare))
                self.assertEqual((signed_class(bare), signed_class(marked)), (base | 0x04, base | 0x04))

    def test_odd(self) -> None:
        """
        Marks of ISO, and chaining, are no such mark, and cannot be given one.
        """
        for cla in (0x88, 0x8C, 0x94, 0xA4, 0x90, 0xF0, 0xD0, 0x08, 0x0C, 0x70):
            self.assertFalse(is_marked(cla), hex(cla))
            self.assertRaises(CommandNotProtectable, protected_class, cla)
        for cla in (0x84, 0xE5):
            self.assertRaises(CommandNotProtectable, protected_class, cla)
