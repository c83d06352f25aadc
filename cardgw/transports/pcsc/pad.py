# -*- test-case-name: tests.transports.pcsc.test_pad -*-
"""
PINs that are typed on a reader's own pad, so that no program sees them (PC/SC part 10, 2.5.2).
"""

from __future__ import annotations

import struct

from attrs import frozen

SECONDS = 60
"""How long somebody has to type."""
_STRUCTURE = struct.Struct("<BBBBBHBBHB3xI")
"""C{PIN_VERIFY_STRUCTURE}, in the order of bytes of this kind of machine."""
_KEY_PRESSED, _ONE_MESSAGE, _ENGLISH, _FIRST = 0x02, 0x01, 0x0409, 0x00
"""The PIN is whole when its key is pressed; one message, the first one, in English (USB language identifier)."""


@frozen
class VerifyOnPad:
    """
    What the reader is told (the names of the standard in brackets).

    @ivar apdu: the command without the PIN; where it has a fixed length, with what fills it up.
    @ivar form: how the digits are written, and where (bmFormatString).
    @ivar block: how long the PIN is in the command (bmPINBlockString).
    @ivar length: where its length stands (bmPINLengthFormat).
    @ivar least: fewest digits.
    @ivar most: most digits.
    """

    apdu: bytes
    form: int
    block: int = 0
    length: int = 0
    least: int = 4
    most: int = 16

    def encode(self) -> bytes:
        """
        The structure.
        """
        digits = self.least << 8 | self.most
        head = (SECONDS, SECONDS, self.form, self.block, self.length, digits)
        return _STRUCTURE.pack(*head, _KEY_PRESSED, _ONE_MESSAGE, _ENGLISH, _FIRST, len(self.apdu)) + self.apdu
