"""
Tests of L{cardgw.scp.aside}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from attrs import evolve, frozen
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.aside import Aside, aside_of, at_once
from cardgw.scp.keys import AesKey, KeySet

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
