# -*- test-case-name: tests.operations.test_lpa_info -*-
"""
L{cardgw.operations.lpa_info}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.lpa.access import NoIsdr
from cardgw.operations.lpa_info import CardInfo, ListProfiles
from cardgw.testing import OperationTestsMixin
from cardgw.testing.session import session_for
from cardgw.virtual.euicc_options import Delivery
from tests.lpa.card import READER
from tests.lpa.switching import AWAY, HOME, TwoProfiles


class CardInfoTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{lpa.info} is an operation.
    """

    def make_operation(self) -> CardInfo:
        """
        See L{OperationTestsMixin}.
        """
        return CardInfo()

    def make_card(self) -> Any:
        """
        See L{OperationTestsMixin}.
        """
        return TwoProfiles(delivery=Delivery.WHOLE).card.transmit


class ListProfilesTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{lpa.profiles} is an operation.
    """

    def make_operation(self) -> ListProfiles:
        """
        See L{OperationTestsMixin}.
        """
        return ListProfiles()

    def make_card(self) -> Any:
        """
        See L{OperationTestsMixin}.
        """
        return TwoProfiles(delivery=Delivery.WHOLE).card.transmit


class RunTests(SynchronousTestCase):
    """
    Running them on a software eUICC.
    """

    def run_on(self, operation: Any, card: Any, **parameters: Any) -> tuple[Any, Deferred[dict[str, Any]]]:
        """
        Run one in a reader.
        """
        session = session_for(operation, GetResponse(MemoryChannel(READER, card)), parameters)
        return session, Deferred.fromCoroutine(operation.run(session))

    def test_info(self) -> None:
        """
        The result is lpac's, and the card is known from now on.
        """
        world = TwoProfiles(pinned=False)
        session, running = self.run_on(CardInfo(), world.card.transmit)
        eid = world.card.eid.hex()
        result = self.successResultOf(running)
        self.assertEqual((result["eidValue"], session.identity), (eid, f"eid:{eid}"))
        self.assertEqual(result["EUICCInfo2"]["svn"], "2.2.2")

    def test_profiles(self) -> None:
        """
        All profiles, and whose they are.
        """
        world = TwoProfiles(pinned=False)
        session, running = self.run_on(ListProfiles(), world.card.transmit)
        result = self.successResultOf(running)
        self.assertEqual([each["iccid"] for each in result["profiles"]], [HOME, AWAY])
        self.assertEqual(session.identity, "eid:" + result["eidValue"])

    def test_noEuicc(self) -> None:
        """
        Another card is refused by name.
        """
        for operation in (CardInfo(), ListProfiles()):
            _, running = self.run_on(operation, lambda command: b"\1\x90\0" if command[1] == 0x70 else b"\x6a\x82")
            self.failureResultOf(running, NoIsdr)
