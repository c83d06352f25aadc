# -*- test-case-name: tests.testing.test_contract -*-
"""
Tests for L{cardgw.testing.contract}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import FailTest, SynchronousTestCase, TestCase

from cardgw.testing.contract import ContractMixin


class PromptTests(ContractMixin, SynchronousTestCase):
    """
    A contract beside C{SynchronousTestCase}.
    """

    async def _raises(self) -> None:
        raise ArithmeticError

    async def _waits(self) -> None:
        await self.settled(Deferred())

    async def _passes(self) -> None:
        self.assertEqual(await self.hook(lambda: 1), 1)
        self.assertEqual(await self.hook(lambda: succeed(2)), 2)
        self.assertIsInstance(await self.failed(fail(ValueError()), ValueError), ValueError)

    async def _wrong_error(self) -> None:
        await self.failed(succeed(None), ValueError)

    def test_passes(self) -> None:
        """
        Hooks may give a value or a C{Deferred}; the test method gives nothing.
        """
        self.assertIsNone(self.contract(self._passes()))

    def test_fails(self) -> None:
        """
        What the coroutine raises, and what it waits for in vain, fails the test.
        """
        self.assertRaises(FailTest, self.contract, self._raises())
        error = self.assertRaises(FailTest, self.contract, self._waits())
        self.assertIn("flush()", str(error))
        self.assertRaises(FailTest, self.contract, self._wrong_error())


class PatientTests(ContractMixin, TestCase):
    """
    A contract beside trial's C{TestCase}.
    """

    def test_deferred(self) -> Any:
        """
        The test method gives a C{Deferred}, for which trial waits.
        """
        waiting: Deferred[int] = Deferred()
        running = self.contract(self._expect(waiting))
        self.assertIsInstance(running, Deferred)
        self.assertNoResult(running)
        waiting.callback(3)
        return running

    async def _expect(self, waiting: Deferred[int]) -> None:
        self.assertEqual(await self.settled(waiting), 3)
