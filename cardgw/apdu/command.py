# -*- test-case-name: tests.apdu.test_command -*-
"""
Command APDUs (ISO/IEC 7816-4, 5.2): cases 1 to 4, short and extended.
"""

from __future__ import annotations

from typing import Self

from attrs import frozen

SHORT_DATA = 255
"""Most data bytes in a short command (ISO/IEC 7816-4, 5.2)."""
SHORT_LE = 256
"""Most response bytes that a short command can ask for."""
SHORT_COMMAND, SHORT_RESPONSE = 261, 258
"""Most bytes of APDUs of short length (ISO/IEC 7816-4, 5.2)."""
EXTENDED_DATA = 65535
EXTENDED_LE = 65536


@frozen
class Command:
    """
    One command APDU.

    @ivar data: the command data, at most 65535 bytes.
    @ivar expected: Le, the number of response bytes wanted: 1 to 65536, or C{None} for no Le field (cases 1 and 3).
    @ivar extended: use the extended form even where the short one would do.
    """

    cla: int
    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = b""
    expected: int | None = None
    extended: bool = False

    def __attrs_post_init__(self) -> None:
        if (self.cla | self.ins | self.p1 | self.p2) & ~0xFF:
            raise ValueError("CLA, INS, P1 and P2 are bytes, 0 to 255")
        if len(self.data) > EXTENDED_DATA:
            raise ValueError(f"command data: at most {EXTENDED_DATA} bytes, got {len(self.data)}")
        if self.expected is not None and not 1 <= self.expected <= EXTENDED_LE:
            raise ValueError(f"Le: expected 1 to {EXTENDED_LE}, got {self.expected}")

    @property
    def is_extended(self) -> bool:
        """
        Whether L{encode} gives the extended form.
        """
        return self.extended or len(self.data) > SHORT_DATA or (self.expected or 0) > SHORT_LE

    def encode(self) -> bytes:
        """
        The bytes for the card.
        """
        head = bytes((self.cla, self.ins, self.p1, self.p2))
        if self.is_extended:
            return head + self._extended_body()
        body = bytes((len(self.data),)) + self.data if self.data else b""
        return head + body + (b"" if self.expected is None else bytes((self.expected & 0xFF,)))

    def _extended_body(self) -> bytes:
        body = b"\0" + len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        if self.expected is None:
            return body
        return body + (b"" if self.data else b"\0") + (self.expected & 0xFFFF).to_bytes(2, "big")

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        Parse a command APDU.

        @raise ValueError: it is none of the seven forms of ISO/IEC 7816-4, 5.2.
        """
        if len(octets) < 4:
            raise ValueError(f"a command APDU has at least 4 bytes, got {len(octets)}")
        head, body = octets[:4], octets[4:]
        extended = len(body) >= 3 and body[0] == 0
        data, expected = _extended(body) if extended else _short(body)
        return cls(head[0], head[1], head[2], head[3], data, expected, extended)


def _short(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or SHORT_LE
    length, rest = body[0], body[1:]
    if length == 0 or len(rest) not in (length, length + 1):
        raise ValueError(f"Lc is {length}, but {len(rest)} bytes follow")
    return rest[:length], (rest[length] or SHORT_LE) if len(rest) > length else None


def _extended(body: bytes) -> tuple[bytes, int | None]:
    length, rest = int.from_bytes(body[1:3], "big"), body[3:]
    if not rest:
        return b"", length or EXTENDED_LE
    if length == 0 or len(rest) not in (length, length + 2):
        raise ValueError(f"Lc is {length}, but {len(rest)} bytes follow")
    expected = int.from_bytes(rest[length:], "big") or EXTENDED_LE
    return rest[:length], expected if len(rest) > length else None
