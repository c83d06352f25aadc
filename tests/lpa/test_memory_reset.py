# -*- test-case-name: tests.lpa.test_memory_reset -*-
"""
L{cardgw.lpa.memory_reset}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost
from cardgw.lpa import memory_reset
from cardgw.lpa.changes import Manner, OfflineConsentNeeded
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.memory_reset import reset_memory
from cardgw.lpa.profile_states import MEMORY_RESET
from cardgw.values import Reset
from cardgw.virtual.euicc_options import Faults
from tests.lpa.switching import AWAY, AWAY_AID, CARRIED, HOME, HOME_AID, PLAIN, READER, TwoProfiles

TEST = "89999010000000000034"
BOTH = [{"iccid": HOME, "isdpAid": HOME_AID}, {"iccid": AWAY, "isdpAid": AWAY_AID}]
OFFLINE = evolve(PLAIN, accept_offline=True)
PROFILES_INFO = 0xBF2D


class ResetTests(SynchronousTestCase):
    """
    L{reset_memory}.
    """

    def reset(self, world: TwoProfiles, *options: str, manner: Manner = PLAIN) -> Deferred[dict[str, Any]]:
        """
        Begin to reset.
        """
        return Deferred.fromCoroutine(reset_memory(world.session, world.isdr, options, manner))

    def test_operational(self) -> None:
        """
        All operational profiles are gone, and the result names them; the address stays.
        """
        world = TwoProfiles(default_smdp="a.test")
        result = self.successResultOf(self.reset(world, "operational"))
        self.assertEqual((world.states, world.card.default_smdp), ("", "a.test"))
        self.assertEqual((result["deleted"], result["defaultDpAddressCleared"]), (BOTH, False))
        self.assertEqual((result["changed"], result["confirmed"], result["notifications"]["delivered"]), (True, True, 2))
        self.assertEqual(world.session.farewells[-1], "The card was reset: 2 profiles deleted.")

    def test_test(self) -> None:
        """
        Test profiles that were there from the beginning stay; the card alone knows which ones.
        """
        world = TwoProfiles()
        world.card.add_profile(TEST, "Test", "Lab", profile_class=0)
        result = self.successResultOf(self.reset(world, "operational", "test"))
        self.assertEqual(result["deleted"], BOTH)
        self.assertEqual([each.iccid for each in world.card.profiles], [TEST])

    def test_address(self) -> None:
        """
        The address alone; no profile is touched.
        """
        world = TwoProfiles(CARRIED, default_smdp="a.test")
        result = self.successResultOf(self.reset(world, "default_smdp"))
        self.assertEqual((world.states, world.card.default_smdp), ("ED", ""))
        self.assertEqual((result["deleted"], result["defaultDpAddressCleared"]), ([], True))
        self.assertEqual(world.session.resets, [None])

    def test_nothing(self) -> None:
        """
        If there is nothing to delete, that is as good.
        """
        result = self.successResultOf(self.reset(TwoProfiles(), "test"))
        self.assertEqual((result["deleted"], result["changed"], result["confirmed"]), ([], False, True))

    def test_restart(self) -> None:
        """
        If the profile in use goes, the card is started anew.
        """
        world = TwoProfiles(READER)
        self.successResultOf(self.reset(world, "operational"))
        self.assertEqual(world.session.resets, [Reset.COLD])
        self.assertTrue(world.session.farewells[-1].endswith("The card restarts now."))

    def test_cancelledTooLate(self) -> None:
        """
        What the card has deleted is deleted, even if nobody wants it any more while the card is asked what is left.
        """
        world = TwoProfiles(READER)
        late = world.tarry_at(MEMORY_RESET)
        resetting = self.reset(world, "operational")
        resetting.cancel()
        list_profiles = Deferred[None]()
        self.patch(memory_reset, "list_profiles", lambda isdr: list_profiles)
        late.callback(None)
        resetting.cancel()
        result = self.successResultOf(resetting)
        self.assertEqual((world.states, len(result["deleted"])), ("", 2))
        self.assertIn("did not tell", result["note"])

    def test_offline(self) -> None:
        """
        If that carries the connection, somebody must agree.
        """
        world = TwoProfiles(CARRIED)
        self.failureResultOf(self.reset(world, "operational"), OfflineConsentNeeded)
        self.assertEqual((world.states, world.requests(MEMORY_RESET)), ("ED", []))
        self.successResultOf(self.reset(world, "operational", manner=OFFLINE))
        self.assertEqual(world.states, "")

    def test_busy(self) -> None:
        """
        A busy card is asked again, and then it is an error.
        """
        world = TwoProfiles(faults=Faults(cat_busy=True))
        resetting = self.reset(world, "operational")
        for seconds in (2, 4, 8):
            world.clock.advance(seconds)
        self.assertIn("toolkit session", str(self.failureResultOf(resetting, Es10Error).value))

    def test_cut(self) -> None:
        """
        The card makes the terminal read it anew when the profile in use goes; the answer may be lost by that.
        """
        world = TwoProfiles()
        world.lose_at(MEMORY_RESET, processed=True)
        result = self.successResultOf(self.reset(world, "operational"))
        self.assertEqual((result["confirmed"], result["deleted"]), (False, BOTH))
        self.assertIn("next visit", result["note"])
        self.assertEqual(world.session.results, [result])

    def test_lost(self) -> None:
        """
        If another one goes, losing the card is an accident.
        """
        world = TwoProfiles(default_smdp="a.test")
        world.lose_at(MEMORY_RESET, processed=True)
        self.failureResultOf(self.reset(world, "default_smdp"), PeerLost)

    def test_notListed(self) -> None:
        """
        If the card is lost before it can tell what is left, the result says what it had.
        """
        world = TwoProfiles()
        answer = world.wire.answer

        def transmit(command: bytes) -> bytes:
            if command[5:7] == b"\xbf\x34":
                world.lose_at(PROFILES_INFO, processed=False)
            return answer(command)

        world.wire.answer = transmit
        result = self.successResultOf(self.reset(world, "operational"))
        self.assertEqual((result["confirmed"], result["deleted"], result["notifications"]), (True, BOTH, None))
        self.assertIn("did not tell what it has now", result["note"])
        self.assertIn("Not all notifications", result["note"])
