# -*- test-case-name: tests.testing.test_operation -*-
"""
What every L{IOperation} does.
"""

from __future__ import annotations

import json
import re
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred

from cardgw.apdu.memory import Card, MemoryChannel
from cardgw.errors import CardGatewayError, PeerLost
from cardgw.fields import options
from cardgw.interfaces import IOperation
from cardgw.testing.contract import ContractMixin
from cardgw.testing.declaration import DeclarationMixin
from cardgw.testing.session import FakeSession, session_for
from cardgw.values import ChannelInfo, Feature

NAME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+")
"""C{area.verb}, with as many areas as it takes."""
AID_LENGTHS = range(5, 17)
"""ISO/IEC 7816-5: five bytes of the provider, up to eleven of its own."""
MOST_COMMANDS = 200
"""So often at most is the card taken away in L{OperationTestsMixin.test_cardLost}."""


class OperationTestsMixin(DeclarationMixin, ContractMixin):
    """
    Tests of an L{IOperation}.  Subclasses provide L{make_operation}.  Those that provide L{make_card} too have it run; they may
    override L{make_parameters} and L{prepare}.
    """

    def make_operation(self) -> Any:
        """
        A hook.

        @return: L{IOperation}.
        """
        raise NotImplementedError("make_operation")

    def make_card(self) -> Card | None:
        """
        A hook: a new card on which the operation succeeds (see L{cardgw.apdu.memory.MemoryChannel}), or C{None}.
        """
        return None

    def make_parameters(self) -> dict[str, Any]:
        """
        A hook: the parameters with which it succeeds, as a request has them.
        """
        return {}

    def prepare(self, session: FakeSession) -> None:
        """
        A hook: give the session what this operation needs: answers, secrets, a server.
        """

    def test_interface(self) -> None:
        """
        It provides L{IOperation}, and its attributes are what lists, settings and the gateway expect.
        """
        operation = self.make_operation()
        self.verify(IOperation, operation)
        self.assertIsNotNone(NAME.fullmatch(operation.name), f"name: expected area.verb, got {operation.name!r}")
        self.check_summary(operation.summary)
        self.assertTrue(operation.help.strip(), "help: it is empty")
        self.assertIsInstance(operation.requires, frozenset)
        self.assertEqual([each for each in operation.requires if not isinstance(each, Feature)], [])
        self.assertIsInstance(operation.destructive, bool)
        self.assertIsInstance(operation.repeatable, bool)
        if operation.application is not None:
            self.assertIn(len(operation.application), AID_LENGTHS, "application: expected an AID of 5 to 16 bytes")

    def test_parameters(self) -> None:
        """
        Its parameters are declared; at most one takes the text that the card's side sends.
        """
        parameters = self.make_operation().parameters
        self.check_declared(parameters)
        self.assertLessEqual(len([each for each in options(parameters) if each.from_request]), 1)

    def test_settings(self) -> None:
        """
        Its settings are declared, and each has a default.
        """
        self.check_declared(self.make_operation().settings, defaults=True)

    def test_run(self) -> Any:
        """
        It runs, and its result can be written as JSON.
        """
        return self.contract(self._succeeds())

    async def _succeeds(self) -> None:
        card = self.make_card()
        if card is not None:
            result = await self.settled(self._start(card))
            self.assertIsInstance(result, dict)
            self.assertEqual(json.loads(json.dumps(result)), result)

    def test_cardLost(self) -> Any:
        """
        Wherever the card is lost, it ends, and not with a defect of its own.
        """
        return self.contract(self._lost())

    async def _lost(self) -> None:
        for answered in range(MOST_COMMANDS):
            card = self.make_card()
            if card is None:
                return
            lossy = _LossyCard(card, answered)
            running = self._start(lossy)
            try:
                await self.settled(running)
            except CardGatewayError as error:
                self.assertTrue(str(error))
            if not lossy.lost:
                return

    def _start(self, card: Card) -> Deferred[dict[str, Any]]:
        operation = self.make_operation()
        session = session_for(operation, MemoryChannel(self.channel_info(operation), card), self.make_parameters())
        self.prepare(session)
        return ensureDeferred(operation.run(session))

    def channel_info(self, operation: Any) -> ChannelInfo:
        """
        A hook: what the channel to the card is.  By default it offers what the operation requires, and nothing else.
        """
        return ChannelInfo("memory", application=operation.application, offers=operation.requires)


class _LossyCard:
    """
    A card that is lost after some answers.
    """

    def __init__(self, card: Card, answers: int) -> None:
        self.lost = False
        self._card = card
        self._left = answers

    def __call__(self, octets: bytes) -> Any:
        if self._left == 0:
            self.lost = True
            raise PeerLost()
        self._left -= 1
        return self._card(octets)
