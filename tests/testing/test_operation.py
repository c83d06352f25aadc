# -*- test-case-name: tests.testing.test_operation -*-
"""
Tests for L{cardgw.testing.operation}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import FailTest, SynchronousTestCase
from zope.interface.exceptions import Invalid

from cardgw.apdu.memory import Card
from cardgw.interfaces import ISession
from cardgw.testing.card import KnowingCard
from cardgw.testing.operation import OperationTestsMixin
from tests.testing.greeting import FORGET, GREET, Greet


class GreetTests(OperationTestsMixin, SynchronousTestCase):
    """
    A good operation passes.
    """

    operation: type[Greet] = Greet

    def make_operation(self) -> Greet:
        """
        See L{OperationTestsMixin}.
        """
        return self.operation()

    def make_card(self) -> Card:
        """
        A card that knows the commands.
        """
        return KnowingCard({GREET.encode(): b"hello\x90\x00", FORGET.encode(): b"\x90\x00"})

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return {"name": "Ada"}


class FlawsTests(SynchronousTestCase):
    """
    An operation with a flaw does not pass.
    """

    def refused(self, test: str, *errors: type[Exception], **attributes: Any) -> str:
        """
        Run one test of the contract on a flawed operation.
        """
        case = GreetTests(test)
        case.operation = type("Flawed", (Greet,), attributes)
        return str(self.assertRaises(errors or FailTest, getattr(case, test)))

    def test_descriptions(self) -> None:
        """
        Names and texts that lists and settings cannot use are flaws.
        """
        self.assertIn("name", self.refused("test_interface", name="Greet"))
        self.assertIn("name", self.refused("test_interface", name="greet"))
        self.assertIn("full stop", self.refused("test_interface", summary="says hello."))
        self.assertIn("capital", self.refused("test_interface", summary="Says hello"))
        self.assertIn("more than one line", self.refused("test_interface", summary="says\nhello"))
        self.assertIn("help", self.refused("test_interface", help=" "))
        self.assertIn("AID", self.refused("test_interface", application=b"1234"))

    def test_interface(self) -> None:
        """
        So is a missing method or attribute.
        """
        self.refused("test_interface", Invalid, run=None)

    def test_declarations(self) -> None:
        """
        So are parameters that are no declaration, and settings without a default.
        """
        self.refused("test_parameters", parameters=dict)
        self.assertIn("no default", self.refused("test_settings", settings=Greet.parameters))

    def test_run(self) -> None:
        """
        So is a result that JSON does not have, and a defect when the card is lost.
        """

        async def run(self: Any, session: ISession) -> dict[str, Any]:
            return {"answer": (1, 2)}

        self.refused("test_run", run=run)

        async def careless(self: Any, session: ISession) -> dict[str, Any]:
            try:
                return await Greet.run(self, session)
            except Exception:
                raise KeyError("a defect") from None

        self.refused("test_cardLost", run=careless)
