# -*- test-case-name: tests.transports.pcsc.test_driver -*-
"""
The blocking calls of PC/SC, and the only module that knows pyscard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from cardgw.transports.pcsc.codes import describe


class PcscError(Exception):
    """
    A PC/SC call failed.

    @ivar code: what it returned: 32 bits, unsigned.
    """

    def __init__(self, code: int) -> None:
        super().__init__(describe(code))
        self.code = code


@frozen
class ReaderState:
    """
    What a reader is in.

    @ivar name: its PC/SC name.
    @ivar event: all 32 bits: L{cardgw.transports.pcsc.codes.State}, and in the high 16 a counter of cards that came and went.
    @ivar atr: the answer to reset of the card in it; empty where there is none.
    """

    name: str
    event: int
    atr: bytes = b""


class Driver(Protocol):
    """
    The calls.  Each blocks, and raises L{PcscError}.  A context is used by one thread at a time, as pcsc-lite wants it; only
    L{cancel} may come from another.
    """

    def establish(self) -> int:
        """
        SCardEstablishContext.

        @return: a context.
        """

    def release(self, context: int) -> None:
        """
        SCardReleaseContext.
        """

    def readers(self, context: int) -> list[str]:
        """
        SCardListReaders; empty where there are none.
        """

    def changes(self, context: int, known: Sequence[tuple[str, int]], seconds: float | None) -> list[ReaderState]:
        """
        SCardGetStatusChange: wait until a reader is not in the state that is known of it.

        @param known: names of readers, or L{cardgw.transports.pcsc.codes.NEW_READERS}, and the state (32 bits) of each; 0 for
            one of which nothing is known.
        @param seconds: how long, or C{None} for ever.
        @return: all of them, in this order; what has changed has C{State.CHANGED}.
        @raise PcscError: SCARD_E_TIMEOUT, SCARD_E_CANCELLED among others.
        """

    def cancel(self, context: int) -> None:
        """
        SCardCancel: L{changes} that waits in another thread ends at once.
        """

    def connect(self, context: int, reader: str, share: int, protocols: int) -> tuple[int, int]:
        """
        SCardConnect.

        @return: a handle, and the protocol in use.
        """

    def reconnect(self, handle: int, share: int, protocols: int, initialization: int) -> int:
        """
        SCardReconnect.

        @param initialization: L{cardgw.transports.pcsc.codes.Disposition}.
        @return: the protocol in use.
        """

    def status(self, handle: int) -> tuple[int, bytes]:
        """
        SCardStatus.

        @return: the protocol in use, and the answer to reset.
        """

    def begin(self, handle: int) -> None:
        """
        SCardBeginTransaction: waits for other programs, for ever if need be.
        """

    def end(self, handle: int) -> None:
        """
        SCardEndTransaction; the card is left as it is.
        """

    def transmit(self, handle: int, protocol: int, octets: bytes) -> bytes:
        """
        SCardTransmit.

        @param protocol: the one in use.
        """

    def disconnect(self, handle: int, disposition: int) -> None:
        """
        SCardDisconnect.
        """

    def attribute(self, handle: int, number: int) -> bytes | None:
        """
        SCardGetAttrib; C{None} where the reader does not have it.
        """

    def control(self, handle: int, code: int, octets: bytes) -> bytes | None:
        """
        SCardControl; C{None} where the reader does not know the code.
        """
