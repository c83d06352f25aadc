# -*- test-case-name: tests.testing.test_session -*-
"""
Tests for L{cardgw.testing.session}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import ParameterError, SettingsError
from cardgw.testing.card import KnowingCard
from cardgw.testing.session import FakeSession, SessionTestsMixin, session_for
from cardgw.values import ChannelInfo, Feature, Question
from tests.testing.greeting import Greet


class FakeSessionTests(SessionTestsMixin, SynchronousTestCase):
    """
    L{FakeSession} keeps the contract.
    """

    def make_session(self, *, show: bool) -> FakeSession:
        """
        See L{SessionTestsMixin}.
        """
        offers = frozenset({Feature.SHOW}) if show else frozenset()
        self.channel = MemoryChannel(ChannelInfo("memory", offers=offers), KnowingCard({}))
        return FakeSession(self.channel)

    def shown(self) -> list[str]:
        """
        See L{SessionTestsMixin}.
        """
        return self.channel.shown

    def test_keeps(self) -> None:
        """
        It keeps what the operation tells, and gives what it was told to give.
        """
        session = FakeSession(answers={"confirmation-code": "1234"}, secrets={"key": b"\x01"})
        session.stage("one", provider="A provider")
        session.percent(50)
        session.farewell("Bye.")
        self.assertEqual(
            (session.stages, session.percents, session.farewells), ([("one", {"provider": "A provider"})], [50], ["Bye."])
        )
        question = Question("confirmation-code", "The code?", secret=True)
        self.assertEqual((self.successResultOf(session.ask(question)), session.secret("key")), ("1234", b"\x01"))
        self.assertEqual(session.questions, [question])
        self.assertRaises(ValueError, session.percent, 101)

    def test_secretsAreNotShown(self) -> None:
        """
        Secrets are not in its C{repr}.
        """
        self.assertNotIn("topsecret", repr(FakeSession(secrets={"key": b"topsecret"})))


class SessionForTests(SynchronousTestCase):
    """
    L{session_for}.
    """

    def test_built(self) -> None:
        """
        Parameters and settings are validated as the gateway does it.
        """
        channel = MemoryChannel(ChannelInfo("memory"), KnowingCard({}))
        session = session_for(Greet(), channel, {"name": "Ada"}, {"polite": "no"})
        self.assertEqual((session.parameters.name, session.settings.polite), ("Ada", False))
        self.assertIs(session.channel, channel)
        self.assertRaises(ParameterError, session_for, Greet(), channel, {})
        self.assertRaises(SettingsError, session_for, Greet(), channel, {"name": "Ada"}, {"polite": 7})
