# -*- test-case-name: tests.virtual.test_terminal -*-
"""
A phone with an eSTK.me card in it: the card's side of L{cardgw.transports.estk}, with the manners of bad phones and bad networks.

C{python -m cardgw.virtual.terminal --help} is the same with a software eUICC.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from cardgw.transports.estk import gsm7
from cardgw.transports.estk.wire import VALUE_MAX, Frame, Parser, Tag, encode
from cardgw.virtual.pieces import cut
from cardgw.virtual.terminal_refresh import RefreshWatch

Card: TypeAlias = Callable[[bytes], bytes]
Watch: TypeAlias = Callable[[str, dict[str, Any]], object]
BEFORE, AFTER = "before", "after"
"""When a card may vanish: of its answer."""
DEPARTURE = 0.05
"""Seconds until what was written has left, so that RST does not overtake it."""


@frozen
class Manners:
    """
    How the phone, the card and the network behave.  Numbers of frames and APDUs begin at 1.

    @ivar fragment: bytes in one write; 0 writes whole frames.
    @ivar delay: seconds that each APDU takes.
    @ivar box_delay: seconds until the holder confirms a message box; until then the card does nothing else.
    @ivar hang_up_at: the frame at whose arrival the connection is dropped; 0 drops it right after the request.
    @ivar hard: drop with RST instead of FIN.
    @ivar never_close: stay connected after the goodbye.
    @ivar silent_at: the APDU which is never answered, nor anything after it.
    @ivar garbage_at: the APDU in place of whose answer C{garbage} is sent.
    @ivar vanish_on_refresh: where EnableProfile or DisableProfile asks for a REFRESH, the card vanishes right C{"before"} or
        right C{"after"} it has answered that this is done; empty to stay.
    @ivar half_open: a card that vanishes leaves the connection as it is; otherwise it drops it, with RST and not with FIN.
    """

    fragment: int = 0
    delay: float = 0.0
    box_delay: float = 0.0
    hang_up_at: int | None = None
    hard: bool = False
    never_close: bool = False
    silent_at: int | None = None
    garbage_at: int | None = None
    garbage: bytes = b""
    vanish_on_refresh: str = ""
    half_open: bool = False


@frozen
class Outcome:
    """
    What a session was.

    @ivar boxes: the texts shown, decoded.
    @ivar locks: how often the APDU access was locked.
    @ivar goodbye: the server said goodbye.
    @ivar rebooted: the server asked for a reboot, and the card vanished.
    @ivar refreshed: the card vanished because profiles were switched.
    @ivar seconds: from the connection to its end.
    @ivar reason: how the connection ended, C{"closed"} for the ordinary ways (to vanish in time is one).
    """

    boxes: tuple[str, ...]
    apdus: int
    received: int
    sent: int
    locks: int
    unlocks: int
    goodbye: bool
    rebooted: bool
    seconds: float
    reason: str
    refreshed: bool = False


class Terminal(Protocol):
    """
    One session from the card's side.

    @param clock: C{IReactorTime}.
    @param card: gives the response APDU to a command APDU.
    @param request: the frame with which it begins, see L{request_frame}.
    @param watch: told C{"box"} (C{text}), C{"apdu"} (C{command}, C{response}) and C{"reset"} (the card starts anew), in time.
    @ivar done: C{Deferred[Outcome]}, when the connection is gone; a failure only if C{card} raised.
    """

    def __init__(
        self, clock: Any, card: Card, request: bytes, manners: Manners | None = None, watch: Watch | None = None
    ) -> None:
        self.done: Deferred[Outcome] = Deferred(lambda _: self._drop(hard=True))
        self.boxes: list[str] = []
        self.apdus = self.received = self.sent = self.locks = self.unlocks = 0
        self.goodbye = self.rebooted = self.refreshed = False
        self._clock, self._card, self._request = clock, card, request
        self._manners = manners or Manners()
        self._watch: Watch = watch or (lambda what, facts: None)
        self._parser = Parser(VALUE_MAX)
        self._frames = 0
        self._inbox: deque[Frame] = deque()
        self._outbox: deque[bytes] = deque()
        self._busy: IDelayedCall | None = None
        self._pumping: IDelayedCall | None = None
        self._refresh = RefreshWatch()
        self._deaf = self._leaving = False
        self._defect: Failure | None = None

    def connectionMade(self) -> None:
        """
        Say at once what is wanted; there is no waiting for a greeting.
        """
        self._began = self._clock.seconds()
        self._send(self._request)
        if self._manners.hang_up_at == 0:
            self._drop(self._manners.hard)

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        self.received += len(data)
        for frame in self._parser.feed(data):
            self._frames += 1
            if self._frames == self._manners.hang_up_at:
                self._drop(self._manners.hard)
            if self._deaf:
                return
            self._inbox.append(frame)
        self._work()

    def _work(self) -> None:
        while self._inbox and self._busy is None and not self._deaf:
            self._take(self._inbox.popleft())

    def _take(self, frame: Frame) -> None:
        match frame.tag:
            case Tag.APDU:
                self._command(frame.value)
            case Tag.MESSAGE_BOX:
                self._box(frame.value)
            case Tag.LOCK_APDU:
                self.locks += 1
            case Tag.UNLOCK_APDU:
                self.unlocks += 1
            case Tag.REBOOT:
                self.rebooted = True
                self._vanish()
            case Tag.CLOSE:
                self.goodbye = True
                if not self._manners.never_close:
                    self._drop()

    def _command(self, command: bytes) -> None:
        self.apdus += 1
        if self.apdus == self._manners.silent_at:
            self._deaf = True
        else:
            self._after(self._manners.delay, self._answer, command)

    def _answer(self, command: bytes) -> None:
        if self._deaf:
            return
        if self.apdus == self._manners.garbage_at:
            self._send(self._manners.garbage)
            return
        try:
            response = self._card(command)
        except Exception:
            self._defect = Failure()
            self._drop(hard=True)
            return
        self._watch("apdu", {"command": command, "response": response})
        refresh = self._manners.vanish_on_refresh
        self.refreshed = bool(refresh) and self._refresh.switched(command, response)
        if self.refreshed and refresh == BEFORE:
            self._vanish()
            return
        self._send(encode(Tag.APDU, response))
        if self.refreshed:
            self._leave()

    def _box(self, text: bytes) -> None:
        self._show(text)
        self._after(self._manners.box_delay, lambda: None)

    def _show(self, text: bytes) -> None:
        self.boxes.append(gsm7.decode(text))
        self._watch("box", {"text": self.boxes[-1]})

    def _after(self, seconds: float, what: Callable[..., object], *arguments: Any) -> None:
        if seconds:
            self._busy = self._clock.callLater(seconds, self._go_on, what, *arguments)
        else:
            what(*arguments)

    def _go_on(self, what: Callable[..., object], *arguments: Any) -> None:
        self._busy = None
        what(*arguments)
        self._work()

    def _send(self, octets: bytes) -> None:
        self.sent += len(octets)
        self._outbox.extend(cut(octets, self._manners.fragment))
        if self._pumping is None:
            self._pump()

    def _pump(self) -> None:
        """
        One write per turn of the reactor: several in one turn would leave as one segment.
        """
        self._pumping = None
        if self._outbox and self.transport is not None:
            self.transport.write(self._outbox.popleft())
        if self._outbox:
            self._pumping = self._clock.callLater(0, self._pump)
        elif self._leaving:
            self._busy = self._clock.callLater(DEPARTURE, self._vanish)

    def _leave(self) -> None:
        self._deaf = self._leaving = True
        if self._pumping is None:
            self._pump()

    def _vanish(self) -> None:
        """
        The card is started anew; nobody is told.
        """
        self._busy = None
        self._watch("reset", {})
        if self._manners.half_open:
            self._deaf = True
            self._outbox.clear()
        else:
            self._drop(hard=True)

    def _drop(self, hard: bool = False) -> None:
        self._deaf = True
        self._outbox.clear()
        transport: Any = self.transport
        if transport is not None:
            if hard:
                transport.abortConnection()
            else:
                transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        for call in (self._busy, self._pumping):
            if call is not None:
                call.cancel()
        self._busy = self._pumping = None
        self._outbox.clear()
        self._read_on()
        if self.done.called:
            return
        if self._defect is not None:
            self.done.errback(self._defect)
        else:
            ordinary = self.rebooted or self.refreshed or reason.check(ConnectionDone)
            self.done.callback(self._outcome("closed" if ordinary else reason.getErrorMessage()))

    def _read_on(self) -> None:
        """
        The phone keeps what came before the end, unless it was the one who hung up.
        """
        while self._inbox and not self._deaf:
            frame = self._inbox.popleft()
            self.goodbye = self.goodbye or frame.tag == Tag.CLOSE
            if frame.tag == Tag.MESSAGE_BOX:
                self._show(frame.value)
        self._deaf = True

    def _outcome(self, reason: str) -> Outcome:
        return Outcome(
            boxes=tuple(self.boxes),
            apdus=self.apdus,
            received=self.received,
            sent=self.sent,
            locks=self.locks,
            unlocks=self.unlocks,
            goodbye=self.goodbye,
            rebooted=self.rebooted,
            seconds=self._clock.seconds() - self._began,
            reason=reason,
            refreshed=self.refreshed,
        )


def request_frame(tag: int, text: str | bytes = "") -> bytes:
    """
    What the card asks for.

    @param tag: one of the three request tags of L{Tag}; others are for provoking servers.
    @param text: what the holder typed; bytes go over the wire as they are.
    """
    return encode(tag, text if isinstance(text, bytes) else gsm7.encode(text))


def dial(
    reactor: Any,
    endpoint: IStreamClientEndpoint,
    card: Card,
    request: bytes,
    *,
    manners: Manners | None = None,
    watch: Watch | None = None,
) -> Deferred[Outcome]:
    """
    Go through one session.  See L{Terminal} for the parameters.

    @return: C{Deferred[Outcome]}; cancelling it drops the connection.
    """
    terminal = Terminal(reactor, card, request, manners, watch)
    connecting: Deferred[Terminal] = connectProtocol(endpoint, terminal)
    return connecting.addCallback(lambda _: terminal.done)


if __name__ == "__main__":
    from cardgw.virtual.terminal_command import main

    main()
