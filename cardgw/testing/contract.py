# -*- test-case-name: tests.testing.test_contract -*-
"""
What the contracts have in common: they can be kept by code that answers at once, by code that is driven with a C{Clock} and a
C{StringTransport}, and by code with real sockets.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import TestCase
from zope.interface import Interface
from zope.interface.verify import verifyObject

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase as _Case
else:
    _Case = object


class ContractMixin(_Case):
    """
    Inherit a contract beside C{SynchronousTestCase}, or beside C{twisted.trial.unittest.TestCase} where the hooks need the
    reactor.  Hooks of the second kind may return C{Deferred}s.
    """

    def flush(self) -> Any:
        """
        A hook: let everything that is on its way arrive.  By default there is nothing to do.

        @return: C{None}, or a C{Deferred}.
        """

    def contract(self, test: Coroutine[Any, Any, None]) -> Deferred[None] | None:
        """
        Run a test that is written as a coroutine; a test method returns what this gives.
        """
        running = Deferred.fromCoroutine(test)
        if isinstance(self, TestCase):
            return running
        self.successResultOf(running)
        return None

    async def hook(self, hook: Any, *arguments: Any) -> Any:
        """
        Call a hook, and wait where it returns a C{Deferred}.
        """
        return await maybeDeferred(hook, *arguments)

    async def settled(self, waiting: Deferred[Any]) -> Any:
        """
        What a C{Deferred} gives once everything has arrived.
        """
        await self.hook(self.flush)
        if not isinstance(self, TestCase) and not waiting.called:
            self.fail(f"nothing came of {waiting!r}; does flush() let everything arrive?")
        return await waiting

    async def failed(self, waiting: Deferred[Any], *kinds: type[Exception]) -> Any:
        """
        The error that a C{Deferred} fails with, once everything has arrived; it must be one of C{kinds}.
        """
        with self.assertRaises(kinds) as caught:
            await self.settled(waiting)
        return caught.exception

    def verify(self, interface: type[Interface], provider: object) -> None:
        """
        Check that an object provides an interface.
        """
        self.assertTrue(verifyObject(interface, provider))
