# -*- test-case-name: tests.transports.estk.test_channel -*-
"""
The card at the other end of a connection, as L{cardgw.interfaces.ICardChannel}.  APDUs go over the wire one at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.lockstep import LockstepChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.connections.connection import Connection
from cardgw.errors import ChannelClosed, ChannelError, NotSupported, PeerLost, PeerMisbehaved
from cardgw.transports.estk.gsm7 import boxes
from cardgw.transports.estk.settings import EstkSettings
from cardgw.transports.estk.wire import Tag, encode
from cardgw.values import CardRequest, ChannelInfo, Feature, Reset

ISD_R = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
"""The application that these cards pass APDUs to (SGP.02 2.2.3, SGP.22 2.4.3)."""

TEXT_MAX = 1000
"""Most characters of a text that are shown: about four boxes."""
SHOWN_MAX = 4096
"""Bytes of texts that may wait to be sent; with more, the next one has to wait until the card takes them."""

_LOCK = encode(Tag.LOCK_APDU)
_UNLOCK = encode(Tag.UNLOCK_APDU)
_REBOOT = encode(Tag.REBOOT)
_CLOSE = encode(Tag.CLOSE)
_APDU = int(Tag.APDU)


class _Lock(Enum):
    OPEN = 0
    WANTED = 1
    SENT = 2


def channel_info(peer: str, request: CardRequest) -> ChannelInfo:
    """
    What an eSTK.me card's channel is.

    @param peer: C{address:port}.
    """
    return ChannelInfo(
        transport="estk",
        peer=peer,
        application=ISD_R,
        offers=frozenset({Feature.SHOW}),
        resets=frozenset({Reset.REBOOT}),
        self_carried=True,
        request=request,
    )


def last_words(text: str = "", unlock: bool = False) -> bytes:
    """
    The frames that end a session.

    @param text: shown to the card holder before.
    """
    return (_UNLOCK if unlock else b"") + message(text) + _CLOSE


def message(text: str) -> bytes:
    """
    The frames of a text for the card holder.  A very long one is cut off: each box stops the card until it is confirmed, and
    some texts have words of strangers in them.
    """
    if len(text) > TEXT_MAX:
        text = text[:TEXT_MAX] + "..."
    return b"".join(encode(Tag.MESSAGE_BOX, box) for box in boxes(text))


class EstkChannel(LockstepChannel):
    """
    See L{cardgw.interfaces.ICardChannel}.

    @param words: puts the reason of an end into the language of the card holder.
    """

    def __init__(
        self, info: ChannelInfo, connection: Connection, settings: EstkSettings, words: Callable[[str], str] = str
    ) -> None:
        super().__init__(info)
        self._connection = connection
        self._settings = settings
        self._words = words
        self._lock = _Lock.OPEN
        self._ending: ChannelError | None = None
        self._limit = 0.0
        self._unread = False
        self._shown = 0

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        if self._connection.leaving:
            return fail(self._closed())
        if any(step.command.is_extended for step in script.steps):
            return fail(NotSupported(f"estk: commands of more than {self.info.max_command} bytes"))
        return super()._run(script, watch)

    def _rest(self) -> None:
        self._connection.rest()

    def _transmit(self, step: Step) -> None:
        command = step.command.encode()
        frame = bytes((_APDU, len(command) & 0xFF, len(command) >> 8)) + command
        if self._lock is _Lock.WANTED:
            self._lock = _Lock.SENT
            frame = _LOCK + frame
        self._limit = self._settings.slow_timeout if step.slow else self._settings.apdu_timeout
        if self._unread:
            self._unread = False
            self._expect_holder()
        else:
            self._connection.expect(self._limit, "the answer to a command")
        self._connection.write(frame)

    def _expect_holder(self) -> None:
        seconds = max(self._limit, self._settings.box_timeout)
        self._connection.expect(seconds, "the confirmation of a message box and the answer to a command")

    def answered(self, octets: bytes) -> None:
        """
        An APDU frame has come.

        @param octets: its value.
        """
        if not self._awaiting:
            self._close(PeerMisbehaved("an answer came without a command"))
        elif not 2 <= len(octets) <= self.info.max_response:
            self._close(PeerMisbehaved(f"an answer of {len(octets)} bytes; it has 2 to {self.info.max_response}"))
        else:
            self._came(Response(octets[:-2], octets[-2] << 8 | octets[-1]))

    def _hold(self) -> Deferred[None]:
        if self._connection.leaving:
            return fail(self._closed())
        self._lock = _Lock.WANTED
        return succeed(None)

    def _release(self) -> None:
        if self._lock is _Lock.SENT:
            self._connection.write(_UNLOCK)
        self._lock = _Lock.OPEN

    def _show(self, text: str) -> Deferred[None]:
        if self._connection.leaving:
            return fail(self._closed())
        if frames := message(text):
            self._unread = True
            self._connection.write(frames)
            self._shown += len(frames)
            if self._awaiting:
                self._expect_holder()
            elif self._shown >= SHOWN_MAX:
                return self._drained()
        return succeed(None)

    def _drained(self) -> Deferred[None]:
        self._shown = 0
        self._connection.expect(self._settings.box_timeout, "the confirmation of message boxes")
        return self._connection.drained().addBoth(self._rested)

    def _rested(self, result: Failure | None) -> Failure | None:
        if not self._awaiting:
            self._connection.rest()
        return result

    def _reset(self, kind: Reset) -> Deferred[None]:
        if self._connection.leaving:
            return fail(self._closed())
        self._connection.depart((_UNLOCK if self._lock is _Lock.SENT else b"") + _REBOOT, half_close=False)
        self._interrupt(ChannelClosed("the card is being rebooted"))
        return self.when_gone().addCallback(lambda _: None)

    def _close(self, reason: ChannelError | None) -> None:
        if self._connection.leaving:
            return
        self._ending = reason
        text = "" if reason is None or isinstance(reason, (PeerLost, ChannelClosed)) else reason.brief
        self._connection.depart(last_words(self._words(text), self._lock is _Lock.SENT))
        self._interrupt(reason or ChannelClosed())

    def _closed(self) -> ChannelError:
        reason = self._reason or self._ending
        return reason.during((), 0) if reason is not None else ChannelClosed()

    def gone(self, reason: ChannelError | None) -> ChannelError | None:
        """
        The connection is lost.

        @param reason: why, where nobody has closed it from this side.
        @return: what those who wait for the end are told.
        """
        if self._connection.leaving:
            reason = self._ending
        self._connection.lost()
        self._interrupt(reason or ChannelClosed())
        self._lost(reason)
        return reason
