"""
Tests of L{cardgw.scp.aside}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import evolve, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.scp.aside import Aside, aside_of, at_once
from cardgw.scp.channel import run_handshake
from cardgw.scp.keys import AesKey, KeySet
from cardgw.scp.session import Handshake, Session
from cardgw.values import ChannelInfo

_T = TypeVar("_T")
KEYS = KeySet.of_aes(1, bytes(16))


async def elsewhere(work: Callable[[], _T]) -> _T:
    """
    A place.
    """
    return work()


@frozen
class SlowKey:
    """
    A key with a place of its own.
    """

    aside: Aside
    length: int = 16
    block: int = 16

    def cmac(self, data: bytes) -> bytes:
        """
        Not used.
        """
        return data

    def encrypt(self, data: bytes) -> bytes:
        """
        Not used.
        """
        return data

    def kcv(self) -> bytes:
        """
        Not used.
        """
        return b""


class AsideTests(SynchronousTestCase):
    """
    Where keys are asked.
    """

    def test_here(self) -> None:
        """
        Keys in this process are asked at once, and what goes wrong is raised.
        """
        self.assertIs(aside_of(KEYS), at_once)
        self.assertIs(aside_of(AesKey(bytes(16))), at_once)
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(at_once(lambda: 1))), 1)
        self.failureResultOf(Deferred.fromCoroutine(at_once(lambda: 1 // 0)), ZeroDivisionError)

    def test_elsewhere(self) -> None:
        """
        One key with a place of its own is enough for a set of them.
        """
        slow = SlowKey(elsewhere)
        self.assertIs(aside_of(slow), elsewhere)
        self.assertIs(aside_of(evolve(KEYS, dek=slow)), elsewhere)


class HandshakeTests(SynchronousTestCase):
    """
    L{run_handshake} with keys that take their time.
    """

    def setUp(self) -> None:
        """
        A place where nothing is done until somebody does it.
        """
        self.waiting: list[tuple[Callable[[], Any], Deferred[Any]]] = []
        self.during: Callable[[], object] = bool

    def aside(self, work: Callable[[], _T]) -> Deferred[_T]:
        """
        The place.
        """
        done: Deferred[_T] = Deferred()
        self.waiting.append((work, done))
        return done

    def work(self) -> None:
        """
        Do what waits.
        """
        work, done = self.waiting.pop()
        done.callback(work())

    def handshake(self) -> Handshake:
        """
        One command.
        """
        self.during()
        yield Command(0x80, 0x50, 0, 0)
        opened: Session = NotImplemented
        return opened

    def begin(self) -> Deferred[Session]:
        """
        Let it talk to a card.
        """
        self.sent: list[bytes] = []

        def card(octets: bytes) -> bytes:
            self.sent.append(octets)
            return b"\x90\x00"

        channel = MemoryChannel(ChannelInfo("memory"), card)
        return Deferred.fromCoroutine(run_handshake(channel, self.handshake(), self.aside))

    def test_aside(self) -> None:
        """
        Each part of it is done there, and the card is talked to from here.
        """
        running = self.begin()
        self.assertEqual((len(self.waiting), self.sent), (1, []))
        self.work()
        self.assertEqual((len(self.waiting), len(self.sent)), (1, 1))
        self.work()
        self.assertIs(self.successResultOf(running), NotImplemented)

    def test_cancelled(self) -> None:
        """
        Cancelled while it waits or computes, it sends the card nothing more.
        """
        running = self.begin()
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.waiting.clear()
        self.assertEqual(self.sent, [])
        running = self.begin()
        self.during = running.cancel
        (work, _), self.waiting = self.waiting[0], []
        work()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(self.sent, [])
