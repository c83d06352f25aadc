# -*- test-case-name: tests.virtual.test_euicc_answer -*-
"""
How the software eUICC hands over an answer: at once, or with GET RESPONSE (ISO/IEC 7816-4, 7.6.1, 12.1.1).
"""

from __future__ import annotations

from itertools import cycle

from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_MORE, SW_OK, SW_WRONG_LE, Refused

SHORT = 256
"""Most data bytes in a short response."""


class Outgoing:
    """
    The answer that waits on one logical channel.
    """

    def __init__(self, delivery: Delivery, chunks: tuple[int, ...] = ()) -> None:
        """
        @param chunks: the most bytes that 61xx announces, in turn; 256 each where empty.
        """
        self._delivery = delivery
        self._sizes = cycle(chunks or (SHORT,))
        self.clear()

    def clear(self) -> None:
        """
        Another command came; what was not fetched is lost.
        """
        self._data = b""
        self._announced = 0
        self._status = SW_OK

    @property
    def waits(self) -> bool:
        """
        Whether there is something to fetch.
        """
        return bool(self._data)

    def begin(self, data: bytes, status: int) -> bytes:
        """
        The response APDU to the command itself.

        @param status: the status word in the end.
        """
        self._data, self._status = data, status
        if not data or self._delivery is Delivery.WHOLE:
            return self._give(len(data))
        if self._delivery is Delivery.T1:
            return self._give(min(SHORT, len(data)))
        return self._give(0)

    def fetch(self, wanted: int) -> bytes:
        """
        The response APDU to GET RESPONSE.

        @param wanted: Le; 256 stands for all that was announced.
        @raise Refused: nothing is there, or less than that (6Cxx).
        """
        if not self._data:
            raise Refused(SW_CONDITIONS)
        if wanted != SHORT and wanted > self._announced:
            raise Refused(SW_WRONG_LE | self._announced & 0xFF)
        return self._give(min(wanted, self._announced))

    def _give(self, size: int) -> bytes:
        part, self._data = self._data[:size], self._data[size:]
        if not self._data:
            return part + self._status.to_bytes(2, "big")
        self._announced = min(next(self._sizes), SHORT, len(self._data))
        return part + (SW_MORE | self._announced & 0xFF).to_bytes(2, "big")
