# -*- test-case-name: tests.lpa.test_changes -*-
"""
L{cardgw.lpa.changes}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError, PeerLost
from cardgw.lpa.changes import Manner, change, conclude, may_be_done, restart_words, still_there
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notice_policy import NoticePolicy
from cardgw.lpa.profile_states import ENABLE_PROFILE, switch_request
from cardgw.lpa.profiles import ENABLED, Profile
from cardgw.quirks import Quirks
from cardgw.testing import FakeSession
from cardgw.values import ChannelInfo, Reset
from cardgw.virtual.euicc_options import Faults
from tests.lpa.card import ScriptedChannel
from tests.lpa.switching import AWAY as AWAY_ICCID
from tests.lpa.switching import PLAIN, TwoProfiles

AWAY = Profile("8999901000000000026", stored_iccid=bytes(10))
LIST_NOTIFICATION = 0xBF28
REQUEST = bytes.fromhex("BF3111A00C5A0A98990901000000000062810100")


class BusyTests(SynchronousTestCase):
    """
    L{change}: a toolkit session keeps the card busy.
    """

    def begin(self, busy: bool | int) -> tuple[TwoProfiles, Deferred[None]]:
        """
        Ask a card that is busy so many times.
        """
        world = TwoProfiles(faults=Faults(cat_busy=busy))
        stored = world.ask("BF2D035C015A").hex()[-20:]
        request = bytes.fromhex(f"BF3111A00C5A0A{stored}810100")
        return world, Deferred.fromCoroutine(change(world.session, world.isdr, ENABLE_PROFILE, request))

    def test_again(self) -> None:
        """
        It is asked again after 2, 4 and 8 seconds; each wait is a stage.
        """
        world, changing = self.begin(3)
        for seconds in (2, 4, 8):
            self.assertNoResult(changing)
            self.assertEqual(world.session.stages[-1], ("cat_busy", {"function": "EnableProfile", "seconds": seconds}))
            world.clock.advance(seconds)
        self.successResultOf(changing)
        self.assertEqual(world.states, "DE")

    def test_always(self) -> None:
        """
        Then it is an error that says what to do.
        """
        world, changing = self.begin(True)
        for seconds in (2, 4, 8):
            world.clock.advance(seconds)
        problem = self.failureResultOf(changing, Es10Error).value
        self.assertEqual(len(world.requests(ENABLE_PROFILE)), 4)
        self.assertIn("toolkit session", str(problem))
        self.assertIn("Close it on the phone", problem.hint)

    def test_cancel(self) -> None:
        """
        Waiting can be cancelled.
        """
        world, changing = self.begin(True)
        changing.cancel()
        self.failureResultOf(changing, CancelledError)
        self.assertEqual((world.clock.getDelayedCalls(), len(world.requests(ENABLE_PROFILE))), ([], 1))

    def test_otherRefusal(self) -> None:
        """
        Other refusals are final.
        """
        world = TwoProfiles()
        changing = change(world.session, world.isdr, ENABLE_PROFILE, REQUEST.replace(b"\x62", b"\x77"))
        self.failureResultOf(Deferred.fromCoroutine(changing), Es10Error)
        self.assertEqual(world.clock.getDelayedCalls(), [])


class MannerTests(SynchronousTestCase):
    """
    L{Manner}.
    """

    def test_reset(self) -> None:
        """
        A reboot where there is one, else a cold reset, else nothing.
        """
        for kinds, wanted in (
            ({Reset.REBOOT, Reset.COLD}, Reset.REBOOT),
            ({Reset.COLD, Reset.WARM}, Reset.COLD),
            ({Reset.WARM}, None),
            ((), None),
        ):
            info = ChannelInfo("memory", resets=frozenset(kinds))
            self.assertEqual(PLAIN.reset(info), wanted)
            self.assertIsNone(evolve(PLAIN, restart=False).reset(info))
            self.assertEqual(PLAIN.flag(info, Quirks()), wanted is None)

    def test_words(self) -> None:
        """
        The card holder is told of it.
        """
        self.assertEqual((restart_words(None), restart_words(Reset.COLD)), ("", " The card restarts now."))


class LossTests(SynchronousTestCase):
    """
    L{may_be_done}.
    """

    def test_blocks(self) -> None:
        """
        All blocks of the request must have left us.
        """
        isdr = Isdr(ScriptedChannel(lambda command: b"\x90\x00"), 16)
        request = switch_request(ENABLE_PROFILE, AWAY, refresh=True)
        for unanswered, wanted in ((0, False), (1, False), (2, True)):
            self.assertEqual(may_be_done(isdr, request, PeerLost().during((), unanswered)), wanted)


class ConcludeTests(SynchronousTestCase):
    """
    L{conclude}.
    """

    def test_refused(self) -> None:
        """
        If the card does not give its list of notifications, what was done is done all the same; notes add up.
        """
        world = TwoProfiles(faults=Faults(status={LIST_NOTIFICATION: 0x6F00}))
        ending = conclude(world.session, world.isdr, NoticePolicy(), {"note": "First."})
        result = self.successResultOf(Deferred.fromCoroutine(ending))
        self.assertIsNone(result["notifications"])
        self.assertTrue(result["note"].startswith("First. Not all notifications"))
        self.assertIn("ListNotification", result["note"])
        self.assertEqual(world.session.results, [{"note": "First."}])

    def test_cancelled(self) -> None:
        """
        Nor does it matter that somebody does not want it any more while the providers are told: the note says what is left.
        """
        world = TwoProfiles()
        world.http.silent.add("handleNotification")
        switching = world.switch(AWAY_ICCID, ENABLED)
        self.assertNoResult(switching)
        switching.cancel()
        result = self.successResultOf(switching)
        self.assertEqual((result["changed"], result["notifications"]), (True, None))
        self.assertIn("It was cancelled.", result["note"])

    def test_notWritten(self) -> None:
        """
        That the store does not work now keeps nobody from being told.
        """
        for reason in (CardGatewayError("disk full"), CancelledError()):
            world = TwoProfiles()
            self.patch(FakeSession, "achieved", lambda session, result, reason=reason: fail(reason))
            result = self.successResultOf(world.switch(AWAY_ICCID, ENABLED))
            self.assertEqual(result["notifications"]["delivered"], 2)

    def test_stillThere(self) -> None:
        """
        A profile is known again by ICCID and AID as the card has them.
        """
        renamed = evolve(AWAY, nickname="Mine", state="enabled")
        self.assertTrue(still_there(AWAY, (renamed,)))
        self.assertFalse(still_there(AWAY, (evolve(AWAY, aid=b"1"),)))

    def test_manner(self) -> None:
        """
        By default the channel decides about the flag, and the card is started anew.
        """
        self.assertEqual(Manner(NoticePolicy()), Manner(NoticePolicy(), "auto", True, False))
