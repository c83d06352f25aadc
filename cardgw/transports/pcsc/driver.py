# -*- test-case-name: tests.transports.pcsc.test_driver -*-
"""
The blocking calls of PC/SC, and the only module that knows pyscard.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from ctypes import CDLL
from typing import Any, Protocol

from attrs import frozen

from cardgw.errors import SettingsError
from cardgw.transports.pcsc.codes import Code, Disposition, describe

_ALL = 0xFFFFFFFF
LIBRARY = "libpcsclite.so.1"


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


def scard_driver(load: Callable[[str], object] = CDLL) -> Driver:
    """
    The calls of pyscard.

    @param load: loads the library of PC/SC; on Linux pyscard itself says of a missing one only that there is no service.
    @raise SettingsError: pyscard is not installed, or the library is not.
    """
    try:
        from smartcard import scard

        if sys.platform == "linux":
            load(LIBRARY)
    except ModuleNotFoundError:
        raise SettingsError("[transports.pcsc]: pyscard is not installed", hint='pip install "cardgw[pcsc]"') from None
    except (ImportError, OSError) as error:
        detail = f"[transports.pcsc]: the library of PC/SC cannot be used: {error}"
        raise SettingsError(detail, hint="On Debian, apt install libpcsclite1 pcscd") from None
    return _Scard(scard)


class _Scard:
    """
    Low-level calls only: the objects of pyscard above them print in C{__del__}, and connect by themselves.
    """

    def __init__(self, scard: Any) -> None:
        self._scard = scard
        self._transmit = scard.SCardTransmit

    def establish(self) -> int:
        code, context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_SYSTEM)
        _check(code)
        return int(context)

    def release(self, context: int) -> None:
        _check(self._scard.SCardReleaseContext(context))

    def readers(self, context: int) -> list[str]:
        code, names = self._scard.SCardListReaders(context, [])
        if code & _ALL == Code.SCARD_E_NO_READERS_AVAILABLE:
            return []
        _check(code)
        return list(names)

    def changes(self, context: int, known: Sequence[tuple[str, int]], seconds: float | None) -> list[ReaderState]:
        limit = self._scard.INFINITE if seconds is None else int(seconds * 1000)
        code, states = self._scard.SCardGetStatusChange(context, limit, list(known))
        _check(code)
        return [ReaderState(name, event & _ALL, bytes(atr)) for name, event, atr in states]

    def cancel(self, context: int) -> None:
        _check(self._scard.SCardCancel(context))

    def connect(self, context: int, reader: str, share: int, protocols: int) -> tuple[int, int]:
        code, handle, protocol = self._scard.SCardConnect(context, reader, int(share), int(protocols))
        _check(code)
        return handle, protocol

    def reconnect(self, handle: int, share: int, protocols: int, initialization: int) -> int:
        code, protocol = self._scard.SCardReconnect(handle, int(share), int(protocols), int(initialization))
        _check(code)
        return int(protocol)

    def status(self, handle: int) -> tuple[int, bytes]:
        code, _, _, protocol, atr = self._scard.SCardStatus(handle)
        _check(code)
        return protocol, bytes(atr)

    def begin(self, handle: int) -> None:
        _check(self._scard.SCardBeginTransaction(handle))

    def end(self, handle: int) -> None:
        _check(self._scard.SCardEndTransaction(handle, int(Disposition.LEAVE)))

    def transmit(self, handle: int, protocol: int, octets: bytes) -> bytes:
        code, answer = self._transmit(handle, protocol, list(octets))
        if code:
            raise PcscError(code & _ALL)
        return bytes(answer)

    def disconnect(self, handle: int, disposition: int) -> None:
        _check(self._scard.SCardDisconnect(handle, int(disposition)))

    def attribute(self, handle: int, number: int) -> bytes | None:
        code, value = self._scard.SCardGetAttrib(handle, number)
        return None if code else bytes(value)

    def control(self, handle: int, code: int, octets: bytes) -> bytes | None:
        failed, answer = self._scard.SCardControl(handle, code, list(octets))
        return None if failed else bytes(answer)


def _check(code: int) -> None:
    if code:
        raise PcscError(code & _ALL)
