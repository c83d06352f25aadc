"""
A PC/SC without readers and threads: each call returns at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cardgw.transports.pcsc.codes import NEW_READERS, Code, Disposition, Protocol, Share, State
from cardgw.transports.pcsc.driver import PcscError, ReaderState
from tests.transports.pcsc.fake_machine import FakeMachine, Handle, SoftCard


class FakeDriver(FakeMachine):
    """
    See L{cardgw.transports.pcsc.driver.Driver}.
    """

    def establish(self) -> int:
        """
        A context.
        """
        self._serving("establish")
        self.contexts.add(context := next(self.numbers))
        return context

    def release(self, context: int) -> None:
        """
        It ends, with its handles.
        """
        self._serving("release", context)
        self._known(context)
        self.contexts.discard(context)
        for handle in [number for number, each in self.handles.items() if each.context == context]:
            self._forget(handle)

    def readers(self, context: int) -> list[str]:
        """
        Their names.
        """
        self._serving("readers", context)
        self._known(context)
        return list(self.plugged)

    def changes(self, context: int, known: Sequence[tuple[str, int]], seconds: float | None) -> list[ReaderState]:
        """
        What has changed already; a timeout where nothing has.
        """
        self._serving("changes", context, tuple(known), seconds)
        self._known(context)
        if context in self.cancelled:
            self.cancelled.remove(context)
            raise PcscError(Code.SCARD_E_CANCELLED)
        states = [self._state(name, state) for name, state in known]
        if not any(each.event & State.CHANGED for each in states):
            raise PcscError(Code.SCARD_E_TIMEOUT)
        return states

    def _state(self, name: str, known: int) -> ReaderState:
        if name == NEW_READERS:
            now = len(self.plugged) << 16
            return ReaderState(name, now | (State.CHANGED if known >> 16 != len(self.plugged) else 0))
        if name not in self.plugged:
            raise PcscError(Code.SCARD_E_UNKNOWN_READER)
        reader = self.plugged[name]
        now = reader.state()
        changed = State.CHANGED if now != known & ~int(State.CHANGED) else 0
        return ReaderState(name, now | changed, reader.card.atr if reader.card and not reader.card.mute else b"")

    def cancel(self, context: int) -> None:
        """
        The next L{changes} is cancelled.
        """
        self._serving("cancel", context)
        self._known(context)
        self.cancelled.append(context)

    def connect(self, context: int, reader: str, share: int, protocols: int) -> tuple[int, int]:
        """
        A handle.
        """
        self._serving("connect", context, reader, share, protocols)
        self._known(context)
        if reader not in self.plugged:
            raise PcscError(Code.SCARD_E_UNKNOWN_READER)
        place = self.plugged[reader]
        if place.owner or (share == Share.EXCLUSIVE and any(each.reader is place for each in self.handles.values())):
            raise PcscError(Code.SCARD_E_SHARING_VIOLATION)
        card = _present(place.card)
        protocol = _chosen(card, protocols)
        self.handles[handle := next(self.numbers)] = Handle(context, reader, place, card, share, protocol)
        if share == Share.EXCLUSIVE:
            place.owner = handle
        return handle, protocol

    def reconnect(self, handle: int, share: int, protocols: int, initialization: int) -> int:
        """
        The card is begun with anew.
        """
        found = self._found("reconnect", handle, share, protocols, initialization, reset_matters=False)
        card = _present(found.card)
        if initialization:
            card.resets.append(Disposition(initialization))
            self.other_resets(found.name)
        found.reset, found.protocol = False, _chosen(card, protocols)
        return found.protocol

    def status(self, handle: int) -> tuple[int, bytes]:
        """
        Protocol and ATR.
        """
        found = self._found("status", handle)
        return found.protocol, found.card.atr

    def begin(self, handle: int) -> None:
        """
        A transaction.
        """
        found = self._found("begin", handle)
        self._unlocked(found, handle)
        found.reader.holder = handle

    def end(self, handle: int) -> None:
        """
        It ends.
        """
        found = self._found("end", handle)
        if found.reader.holder != handle:
            raise PcscError(Code.SCARD_E_NOT_TRANSACTED)
        found.reader.holder = 0

    def transmit(self, handle: int, protocol: int, octets: bytes) -> bytes:
        """
        A command, and its answer.
        """
        found = self._found("transmit", handle, protocol, octets)
        self._unlocked(found, handle)
        if protocol != found.protocol:
            raise PcscError(Code.SCARD_E_PROTO_MISMATCH)
        return found.card.transmit(octets)

    def disconnect(self, handle: int, disposition: int) -> None:
        """
        The card is left.
        """
        self._serving("disconnect", handle, disposition)
        if handle not in self.handles:
            raise PcscError(Code.SCARD_E_INVALID_HANDLE)
        found = self.handles[handle]
        self._forget(handle)
        if disposition and found.reader.card is found.card:
            found.card.resets.append(Disposition(disposition))
            self.other_resets(found.name)

    def attribute(self, handle: int, number: int) -> bytes | None:
        """
        An attribute.
        """
        return self._found("attribute", handle, number).reader.attributes.get(number)

    def control(self, handle: int, code: int, octets: bytes) -> bytes | None:
        """
        A control command, and its answer.
        """
        return self._found("control", handle, code, octets).reader.controls.get(code)

    def _serving(self, *call: Any) -> None:
        self.calls.append(call)
        if not self.running:
            raise PcscError(Code.SCARD_E_NO_SERVICE)

    def _known(self, context: int) -> None:
        if context not in self.contexts:
            raise PcscError(Code.SCARD_E_INVALID_HANDLE)

    def _found(self, call: str, handle: int, *arguments: Any, reset_matters: bool = True) -> Handle:
        self._serving(call, handle, *arguments)
        found = self.handles.get(handle)
        if found is None:
            raise PcscError(Code.SCARD_E_INVALID_HANDLE)
        if self.plugged.get(found.name) is not found.reader:
            raise PcscError(Code.SCARD_E_READER_UNAVAILABLE)
        if found.reader.card is not found.card:
            raise PcscError(Code.SCARD_W_REMOVED_CARD)
        if found.reset and reset_matters:
            raise PcscError(Code.SCARD_W_RESET_CARD)
        return found

    def _unlocked(self, found: Handle, handle: int) -> None:
        if found.reader.holder not in (0, handle):
            raise PcscError(Code.SCARD_E_SHARING_VIOLATION)

    def _forget(self, handle: int) -> None:
        reader = self.handles.pop(handle).reader
        reader.holder, reader.owner = (0 if each == handle else each for each in (reader.holder, reader.owner))


def _present(card: SoftCard | None) -> SoftCard:
    if card is None:
        raise PcscError(Code.SCARD_E_NO_SMARTCARD)
    if card.mute:
        raise PcscError(Code.SCARD_W_UNRESPONSIVE_CARD)
    return card


def _chosen(card: SoftCard, protocols: int) -> int:
    for each in (Protocol.T1, Protocol.T0, Protocol.RAW):
        if card.protocols & protocols & each:
            return each
    raise PcscError(Code.SCARD_E_PROTO_MISMATCH)
