# -*- test-case-name: tests.operations.test_lpa_manage -*-
"""
L{cardgw.operations.lpa_manage}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import ParameterError
from cardgw.operations.lpa_manage import DeleteProfile, ResetMemory, SetDefaultSmdp, SetNickname, clean_address, clean_nickname
from cardgw.testing import FakeSession, OperationTestsMixin
from cardgw.testing.session import session_for
from cardgw.virtual.euicc_options import Delivery
from tests.lpa.card import READER
from tests.lpa.switching import AWAY, TwoProfiles


class _Contract(OperationTestsMixin):
    """
    What the tests of all have in common.
    """

    operation: Any
    wanted: dict[str, Any]

    def make_operation(self) -> Any:
        """
        See L{OperationTestsMixin}.
        """
        return self.operation()

    def make_card(self) -> Any:
        """
        See L{OperationTestsMixin}.
        """
        self.world = TwoProfiles(delivery=Delivery.WHOLE)
        return self.world.card.transmit

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return self.wanted

    def prepare(self, session: FakeSession) -> None:
        """
        See L{OperationTestsMixin}.
        """
        session.http = self.world.http


class DeleteProfileTests(_Contract, SynchronousTestCase):
    """
    C{lpa.delete} is an operation.
    """

    operation, wanted = DeleteProfile, {"profile": AWAY}

    def test_declared(self) -> None:
        """
        It destroys, and is not begun anew by itself.
        """
        self.assertTrue(DeleteProfile.destructive)
        self.assertFalse(DeleteProfile.repeatable)


class SetNicknameTests(_Contract, SynchronousTestCase):
    """
    C{lpa.nickname} is an operation.
    """

    operation, wanted = SetNickname, {"profile": AWAY, "nickname": "Zoë"}


class SetDefaultSmdpTests(_Contract, SynchronousTestCase):
    """
    C{lpa.default-smdp} is an operation.
    """

    operation, wanted = SetDefaultSmdp, {"address": "smdp.example.com"}


class ResetMemoryTests(_Contract, SynchronousTestCase):
    """
    C{lpa.reset} is an operation.
    """

    operation, wanted = ResetMemory, {"operational": True, "default_smdp": True}

    def test_declared(self) -> None:
        """
        It destroys, and is not begun anew by itself.
        """
        self.assertTrue(ResetMemory.destructive)
        self.assertFalse(ResetMemory.repeatable)


class RunTests(SynchronousTestCase):
    """
    Running them on a software eUICC in a reader.
    """

    def run_on(self, world: TwoProfiles, operation: Any, **parameters: Any) -> Deferred[dict[str, Any]]:
        """
        Run one.
        """
        session = session_for(operation, GetResponse(MemoryChannel(READER, world.card.transmit)), parameters)
        session.http = world.http
        return Deferred.fromCoroutine(operation.run(session))

    def test_all(self) -> None:
        """
        Name, delete, set, reset.
        """
        world = TwoProfiles(pinned=False, channels=1)
        self.successResultOf(self.run_on(world, SetNickname(), profile=AWAY, nickname="Mine"))
        self.successResultOf(self.run_on(world, DeleteProfile(), profile="mine"))
        self.assertEqual((world.states, world.events), ("E", ["delete"]))
        self.successResultOf(self.run_on(world, SetDefaultSmdp(), address="SMDP.example.com"))
        self.assertEqual(world.card.default_smdp, "smdp.example.com")
        self.successResultOf(self.run_on(world, ResetMemory(), operational=True, default_smdp=True))
        self.assertEqual((world.states, world.card.default_smdp), ("", ""))

    def test_resetNothing(self) -> None:
        """
        A reset must say what of.
        """
        world = TwoProfiles(pinned=False)
        problem = self.failureResultOf(self.run_on(world, ResetMemory()), ParameterError).value
        self.assertIn("operational, test, default_smdp", str(problem))
        self.assertEqual(world.card.apdus, 0)


class ParameterTests(SynchronousTestCase):
    """
    What can be refused before the first command.
    """

    def test_nickname(self) -> None:
        """
        64 bytes, printable; nothing is a nickname too.
        """
        for nickname in ("", "x" * 64, "ë" * 32):
            self.assertEqual(clean_nickname(nickname), nickname)
        for nickname in ("x" * 65, "ë" * 33, "a\nb", "\ud800"):
            self.assertRaises(ValueError, clean_nickname, nickname)

    def test_nicknameText(self) -> None:
        """
        The error names the limit.
        """
        parameters = {"profile": AWAY, "nickname": "x" * 65}
        problem = self.assertRaises(
            ParameterError, session_for, SetNickname(), GetResponse(MemoryChannel(READER, bytes)), parameters
        )
        self.assertIn("at most 64 bytes in UTF-8", str(problem))
        self.assertIn("65 bytes", str(problem))

    def test_address(self) -> None:
        """
        A host name, in lower case, or nothing; not a link, nor an activation code.
        """
        for text, wanted in (("", ""), (" SMDP.Example.com. ", "smdp.example.com"), ("smdp.example.com:8443",) * 2):
            self.assertEqual(clean_address(text), wanted)
        for text in (
            "https://a.b",
            "a.b/c",
            "a",
            "a..b",
            "-a.b",
            "a.b$c",
            "1$a.b$",
            "a.b#1",
            "a%2eb.c",
            "a b.c",
            "a." + "x" * 300,
        ):
            self.assertRaises(ValueError, clean_address, text)
