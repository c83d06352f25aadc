# -*- test-case-name: tests.operations.test_lpa_switch -*-
"""
L{cardgw.operations.lpa_switch}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import ParameterError, SettingsError
from cardgw.lpa.changes import OfflineConsentNeeded
from cardgw.operations.lpa_switch import DisableProfile, EnableProfile
from cardgw.testing import FakeSession, OperationTestsMixin
from cardgw.testing.session import session_for
from cardgw.values import ChannelInfo, Reset
from cardgw.virtual.euicc_options import Delivery
from tests.lpa.card import READER
from tests.lpa.switching import AWAY, CARRIED, HOME, TwoProfiles


class EnableProfileTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{lpa.enable} is an operation.
    """

    def make_operation(self) -> EnableProfile:
        """
        See L{OperationTestsMixin}.
        """
        return EnableProfile()

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
        return {"profile": AWAY}

    def prepare(self, session: FakeSession) -> None:
        """
        See L{OperationTestsMixin}.
        """
        session.http = self.world.http


class DisableProfileTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{lpa.disable} is an operation.
    """

    def make_operation(self) -> DisableProfile:
        """
        See L{OperationTestsMixin}.
        """
        return DisableProfile()

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
        return {"profile": HOME}

    def prepare(self, session: FakeSession) -> None:
        """
        See L{OperationTestsMixin}.
        """
        session.http = self.world.http


class RunTests(SynchronousTestCase):
    """
    Running them on a software eUICC.
    """

    def setUp(self) -> None:
        self.world = TwoProfiles(pinned=False)

    def run_on(
        self, operation: Any, parameters: dict[str, Any], settings: dict[str, Any] | None = None, info: ChannelInfo = READER
    ) -> tuple[FakeSession, Deferred[dict[str, Any]]]:
        """
        Run one.
        """
        session = session_for(operation, GetResponse(MemoryChannel(info, self.world.card.transmit)), parameters, settings)
        session.http = self.world.http
        return session, Deferred.fromCoroutine(operation.run(session))

    def test_enable(self) -> None:
        """
        In a reader that cannot reset its card, the terminal is made to read it anew.
        """
        _, running = self.run_on(EnableProfile(), {"profile": AWAY})
        result = self.successResultOf(running)
        self.assertEqual((self.world.states, result["refresh"]), ("DE", True))

    def test_settings(self) -> None:
        """
        Flag, restart and policy are settings.
        """
        self.world = TwoProfiles()
        settings = {"refresh": "yes", "restart": False, "notifications": {"enable": "leave", "disable": "leave"}}
        session, running = self.run_on(EnableProfile(), {"profile": AWAY}, settings, CARRIED)
        self.assertEqual(self.successResultOf(running)["notifications"]["left"], 2)
        self.assertEqual(session.resets, [None])

    def test_reboot(self) -> None:
        """
        An eSTK.me card is rebooted, unless it shall not.
        """
        self.world = TwoProfiles()
        session, running = self.run_on(EnableProfile(), {"profile": AWAY}, info=CARRIED)
        self.successResultOf(running)
        self.assertEqual(session.resets, [Reset.REBOOT])

    def test_offline(self) -> None:
        """
        The consent can be given beforehand.
        """
        self.world = TwoProfiles()
        self.failureResultOf(self.run_on(DisableProfile(), {"profile": HOME}, info=CARRIED)[1], OfflineConsentNeeded)
        self.successResultOf(self.run_on(DisableProfile(), {"profile": HOME, "accept_offline": True}, info=CARRIED)[1])
        self.assertEqual(self.world.states, "DD")

    def test_wrong(self) -> None:
        """
        A profile must be named, and settings have few words.
        """
        self.assertRaises(ParameterError, self.run_on, EnableProfile(), {})
        self.assertRaises(SettingsError, self.run_on, EnableProfile(), {"profile": AWAY}, {"refresh": "perhaps"})

    def test_closed(self) -> None:
        """
        The logical channel is closed whatever happens.
        """
        self.world = TwoProfiles(pinned=False, channels=1)
        for _ in range(2):
            self.failureResultOf(self.run_on(EnableProfile(), {"profile": "Elsewhere"})[1])
        self.successResultOf(self.run_on(EnableProfile(), {"profile": AWAY})[1])
