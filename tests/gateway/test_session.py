# -*- test-case-name: tests.gateway.test_session -*-
"""
L{cardgw.gateway.session}.
"""

from __future__ import annotations

from typing import Any, cast

from attrs import evolve
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import OperationCancelled, OperationRefused, ParameterError, PluginError, SecretError
from cardgw.fields import integer, option, text
from cardgw.gateway.events import EventHub
from cardgw.gateway.records import Job, JobState
from cardgw.gateway.run import BY_CARD, Run
from cardgw.gateway.session import Session, hidden_in, parameters_from, perform, refuse_unfit, values_from
from cardgw.interfaces import ISession
from cardgw.quirks import Quirks
from cardgw.testing import SessionTestsMixin
from cardgw.texts.catalogue import catalogue
from cardgw.values import CardRequest, Feature
from tests.gateway.fakes import Memory, NoSettings, Parameters, QuietChannel, Scripted, make_tools


class SessionTestCase(SynchronousTestCase):
    """
    A session on a channel without a card.
    """

    def setUp(self) -> None:
        self.channel, self.observer = QuietChannel(), Memory()
        log = Logger(namespace="tests")
        tools, hub = make_tools(self.observer), EventHub(epoch="e")
        job = Job("7", "test.run", requester="token:anna", state=JobState.RUNNING)
        course = Run(job, tools.clock, self.observer, hub, lambda job: succeed(None), lambda identity: None, 1.0)
        self.session = Session(self.channel, Parameters(), NoSettings(), Quirks(), log, course, tools)
        self.course = course


class SessionTests(SessionTestsMixin, SessionTestCase):
    """
    What an operation gets.
    """

    def make_session(self, *, show: bool) -> Session:
        """
        See L{SessionTestsMixin}.
        """
        self.course.job = evolve(self.course.job, requester=BY_CARD)
        if not show:
            self.session.channel = QuietChannel(offers=frozenset())
        return self.session

    def shown(self) -> list[str]:
        """
        See L{SessionTestsMixin}.
        """
        return [event.removeprefix("show ") for event in self.channel.events if event.startswith("show ")]

    def test_observed(self) -> None:
        """
        Stages and percentages reach the observers under the job's name.
        """
        self.session.stage("begin", iccid="89")
        self.session.percent(40)
        self.assertEqual(self.observer.told, [("job_stage", "7", "begin", {"iccid": "89"}), ("job_percent", "7", 40)])

    def test_language(self) -> None:
        """
        What is shown is in the language of the card holders; C{farewell} is translated when it is shown.
        """
        self.session.tools.words.catalogue = catalogue("de")
        self.successResultOf(self.session.show("Remote management has ended."))
        self.assertEqual(self.channel.events, ["show Die Fernverwaltung ist beendet."])
        self.session.farewell("Remote management has ended.")
        self.assertEqual(self.session.text, "Remote management has ended.")

    def test_secret(self) -> None:
        """
        Secrets are asked for by name.
        """
        self.assertEqual(self.session.secret("pin"), b"1234")
        self.assertRaises(SecretError, self.session.secret, "puk")

    def test_keys(self) -> None:
        """
        A key set is the same for the whole job, also if the settings were read again meanwhile.
        """
        known = {"issuer": "old"}
        self.session.tools = evolve(self.session.tools, keys=known.__getitem__)
        self.assertEqual(self.session.keys("issuer"), "old")
        known["issuer"] = "new"
        self.assertEqual(self.session.keys("issuer"), "old")
        known.clear()
        self.assertEqual(self.session.keys("issuer"), "old")
        self.assertNotIn("old", repr(self.session))

    def test_reprHasNoTools(self) -> None:
        """
        Printing a session shows no tools.
        """
        self.assertNotIn("Clock", repr(self.session))


class RefusalTests(SessionTestCase):
    """
    L{refuse_unfit}.
    """

    def test_fit(self) -> None:
        """
        A channel that is bound to the operation's application needs no SELECT.
        """
        refuse_unfit(Scripted(None), self.channel.info)

    def test_otherApplication(self) -> None:
        """
        A channel that is bound to another application is refused by name.
        """
        problem = self.assertRaises(OperationRefused, refuse_unfit, Scripted(None, application=b"\xa0\0"), self.channel.info)
        self.assertIn("test.run needs the application A000, which test does not offer", str(problem))

    def test_canSelect(self) -> None:
        """
        Where SELECT works, any application can be had.
        """
        info = evolve(self.channel.info, offers=frozenset({Feature.SELECT}))
        refuse_unfit(Scripted(None, application=b"\xa0\0"), info)

    def test_missingFeatures(self) -> None:
        """
        All that is missing is named.
        """
        wants = frozenset({Feature.LOGICAL_CHANNELS, Feature.EXTENDED_LENGTH})
        problem = self.assertRaises(OperationRefused, refuse_unfit, Scripted(None, requires=wants), self.channel.info)
        self.assertIn("extended length, logical channels", str(problem))


class ParametersTests(SynchronousTestCase):
    """
    L{parameters_from}.
    """

    def test_text(self) -> None:
        """
        What the card's side sent goes to the parameter that is declared so.
        """
        values = values_from(Scripted(None), CardRequest("download", "abc"))
        self.assertEqual(parameters_from(Scripted(None), values), Parameters(code="abc"))

    def test_hidden(self) -> None:
        """
        What is declared secret is not shown.
        """
        from attrs import frozen

        @frozen
        class Wants:
            pin: str = option(text, "a PIN", secret=True)
            count: int = option(integer(1, 9), "a count")

        self.assertEqual(hidden_in(Scripted(None, parameters=Wants)), frozenset({"pin"}))

    def test_wrong(self) -> None:
        """
        A text that the operation cannot use is a wrong parameter, not a wrong setting.
        """
        from attrs import frozen

        @frozen
        class Wants:
            count: int = option(integer(1, 9), "a count", from_request=True)

        problem = self.assertRaises(ParameterError, parameters_from, Scripted(None, parameters=Wants), {"count": "y"})
        self.assertIn("test.run count: expected a whole number from 1 to 9", str(problem))


class PerformTests(SessionTestCase):
    """
    L{perform}.
    """

    def perform(self, body: Any) -> Deferred[dict[str, Any]]:
        """
        Run an operation with this body.
        """
        return Deferred.fromCoroutine(perform(Scripted(body), self.session))

    def test_held(self) -> None:
        """
        The card is held while the operation runs, and released after.
        """

        async def body(session: ISession) -> dict[str, Any]:
            await session.show("now")
            return {"good": 1}

        self.assertEqual(self.successResultOf(self.perform(body)), {"good": 1})
        self.assertEqual(self.channel.events, ["hold", "show now", "release"])

    def test_oneAtATime(self) -> None:
        """
        A second operation on the same card waits for the first.
        """
        gate: Deferred[dict[str, Any]] = Deferred()

        async def slow(session: ISession) -> dict[str, Any]:
            return await gate

        async def quick(session: ISession) -> dict[str, Any]:
            return {}

        first, second = self.perform(slow), self.perform(quick)
        self.assertNoResult(second)
        gate.callback({})
        self.successResultOf(first)
        self.successResultOf(second)

    def test_refused(self) -> None:
        """
        An operation that does not fit is refused before its first command: the card is not even held.
        """
        operation = Scripted(None, requires=frozenset({Feature.SELECT}))
        self.failureResultOf(Deferred.fromCoroutine(perform(operation, self.session)), OperationRefused)
        self.assertEqual(self.channel.events, [])

    def test_cancelled(self) -> None:
        """
        A cancelled operation says so by name, and the card is released.
        """

        async def body(session: ISession) -> dict[str, Any]:
            return cast("dict[str, Any]", await Deferred())

        running = self.perform(body)
        running.cancel()
        self.failureResultOf(running, OperationCancelled)
        self.assertEqual(self.channel.events[-1], "release")

    def test_defect(self) -> None:
        """
        An exception that is none of ours is a defect of the operation: logged whole, told short.
        """

        async def body(session: ISession) -> dict[str, Any]:
            raise ZeroDivisionError("secret 1234")

        failure = self.failureResultOf(self.perform(body), PluginError)
        self.assertNotIn("1234", str(failure.value))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_resultIsNoDict(self) -> None:
        """
        So is a result that is no C{dict}.
        """

        async def body(session: ISession) -> dict[str, Any]:
            return cast("dict[str, Any]", "done")

        self.failureResultOf(self.perform(body), PluginError)
        (logged,) = self.flushLoggedErrors(TypeError)
        self.assertEqual(str(logged.value), "run must return a dict, and returned str")
