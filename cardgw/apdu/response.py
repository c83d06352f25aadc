# -*- test-case-name: tests.apdu.test_response -*-
"""
Response APDUs (ISO/IEC 7816-4, 5.3).
"""

from __future__ import annotations

from typing import Self

from attrs import frozen


@frozen
class Response:
    """
    One response APDU.

    @ivar data: the response data, may be empty.
    @ivar status: SW1 and SW2 as one number, C{0x9000} for success.
    """

    data: bytes
    status: int

    @property
    def sw1(self) -> int:
        """
        The first status byte.
        """
        return self.status >> 8

    @property
    def sw2(self) -> int:
        """
        The second status byte.
        """
        return self.status & 0xFF

    def encode(self) -> bytes:
        """
        Data, SW1, SW2.
        """
        return self.data + self.status.to_bytes(2, "big")

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        Parse a response APDU.

        @raise ValueError: it is shorter than a status word.
        """
        if len(octets) < 2:
            raise ValueError(f"a response APDU has at least 2 bytes, got {len(octets)}")
        return cls(octets[:-2], octets[-2] << 8 | octets[-1])
