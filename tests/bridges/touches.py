# -*- test-case-name: tests.bridges.test_touch -*-
"""
A server without a network, a card in this process, and somebody who watches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from cardgw.apdu.memory import Card, MemoryChannel
from cardgw.bridges.touch import Outcome, Prepare, touch
from cardgw.values import ChannelInfo, Reset

ATR = bytes.fromhex("3BFE1800008131FE458031815448534D31738021408107FA")
"""Of a SmartCard-HSM."""
INFO = ChannelInfo("pcsc", atr=ATR, resets=frozenset((Reset.COLD, Reset.WARM)))


def template(octets: str) -> bytes:
    """
    A request template with these elements.
    """
    inside = bytes.fromhex(octets)
    short = len(inside) < 0x80
    return (b"\xaa" if short else b"\xaa\x82") + len(inside).to_bytes(1 if short else 2, "big") + inside


class FakeLine:
    """
    A L{cardgw.bridges.touch.Line} whose answers are given by a test.

    @ivar sent: the bodies.
    @ivar again: whether each may be sent once more.
    @ivar asked: those that wait for an answer.
    @ivar closed: how often it was closed.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.again: list[bool] = []
        self.asked: list[Deferred[bytes | None]] = []
        self.cancelled = 0
        self.closed = 0

    def post(self, body: bytes, *, again: bool = True) -> Deferred[bytes | None]:
        """
        See L{cardgw.bridges.touch.Line}.
        """
        self.sent.append(body.hex().upper())
        self.again.append(again)
        asked: Deferred[bytes | None] = Deferred(self._cancel)
        self.asked.append(asked)
        return asked

    def _cancel(self, asked: Deferred[bytes | None]) -> None:
        self.cancelled += 1

    def close(self) -> Deferred[None]:
        """
        See L{cardgw.bridges.touch.Line}.
        """
        self.closed += 1
        return succeed(None)

    def say(self, *octets: str) -> None:
        """
        Answer the oldest request, and those that follow, with templates of these elements.
        """
        for each in octets:
            self.asked.pop(0).callback(template(each))

    def end(self) -> None:
        """
        Answer all requests with the end.
        """
        while self.asked:
            self.asked.pop(0).callback(None)


class FakeWatcher:
    """
    A L{cardgw.bridges.touch_watcher.Watcher} that writes down what it is told.
    """

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def connected(self, atr: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher}.
        """
        self.told.append(("connected", atr))

    def command(self, octets: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher}.
        """
        self.told.append(("command", octets))

    def answer(self, octets: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher}.
        """
        self.told.append(("answer", octets))

    def reset(self, atr: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher}.
        """
        self.told.append(("reset", atr))

    def notified(self, id: int, text: str, seconds: int | None) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher}.
        """
        self.told.append(("notified", id, text, seconds))

    def warned(self, text: str) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher}.
        """
        self.told.append(("warned", text))

    def ended(self) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher}.
        """
        self.told.append(("ended",))

    def names(self) -> list[str]:
        """
        What it was told of.
        """
        return [each[0] for each in self.told]


class Touching:
    """
    A session on a card in this process.
    """

    def __init__(self, card: Card | None = None, info: ChannelInfo = INFO, prepare: Prepare | None = None) -> None:
        self.commands: list[str] = []
        self.clock = Clock()
        self.line = FakeLine()
        self.watcher = FakeWatcher()
        self.channel = MemoryChannel(info, self._noting(card or (lambda _: b"\x90\x00")))
        self.done: Deferred[Outcome] = touch(self.channel, self.line, self.clock, self.watcher, prepare)

    def _noting(self, card: Card) -> Callable[[bytes], Any]:
        def answer(octets: bytes) -> Any:
            self.commands.append(octets.hex().upper())
            return card(octets)

        return answer

    def last(self) -> str:
        """
        The body that was sent last.
        """
        return self.line.sent[-1]
