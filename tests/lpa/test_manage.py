# -*- test-case-name: tests.lpa.test_manage -*-
"""
L{cardgw.lpa.manage}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost, UnexpectedStatus
from cardgw.lpa import changes
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.manage import ProfileInUse, delete, set_default_dp, set_nickname
from cardgw.lpa.notice_policy import REMOVE, NoticePolicy
from cardgw.lpa.profile_states import DELETE_PROFILE, SET_DEFAULT_DP, SET_NICKNAME
from cardgw.lpa.profiles import Profile, UnknownProfile
from cardgw.virtual.euicc_options import Faults
from tests.lpa.switching import AWAY, AWAY_AID, HOME, TwoProfiles


class DeleteTests(SynchronousTestCase):
    """
    L{delete}.
    """

    def delete(self, world: TwoProfiles, which: str, policy: NoticePolicy | None = None) -> Deferred[dict[str, Any]]:
        """
        Begin to delete.
        """
        return Deferred.fromCoroutine(delete(world.session, world.isdr, which, policy or NoticePolicy()))

    def test_deleted(self) -> None:
        """
        The profile is gone, its provider knows, and the card keeps the notification.
        """
        world = TwoProfiles()
        result = self.successResultOf(self.delete(world, AWAY))
        self.assertEqual((world.states, world.events), ("E", ["delete"]))
        self.assertEqual((result["iccid"], result["isdpAid"], result["deleted"]), (AWAY, AWAY_AID, True))
        self.assertEqual(result["notifications"]["delivered"], 1)
        self.assertEqual(world.http.calls, ["handleNotification"])
        self.assertEqual(world.session.farewells, ["Deleted: Provider Away."])

    def test_policy(self) -> None:
        """
        The policy decides.
        """
        world = TwoProfiles()
        self.successResultOf(self.delete(world, AWAY, NoticePolicy(delete=REMOVE)))
        self.assertEqual(world.events, [])

    def test_enabled(self) -> None:
        """
        A profile in use is refused before the card is asked.
        """
        world = TwoProfiles()
        problem = self.failureResultOf(self.delete(world, HOME), ProfileInUse).value
        self.assertIn(f"Provider Home ({HOME})", str(problem))
        self.assertEqual((world.states, world.requests(DELETE_PROFILE)), ("ED", []))

    def test_rule(self) -> None:
        """
        PPR2 is explained.
        """
        world = TwoProfiles(rules={"ppr2"})
        problem = self.failureResultOf(self.delete(world, AWAY), Es10Error).value
        self.assertIn("may not be deleted (policy rule PPR2)", str(problem))

    def test_lost(self) -> None:
        """
        If the answer is lost, it may be done, which the error says.
        """
        world = TwoProfiles()
        world.lose_at(DELETE_PROFILE, processed=True)
        problem = self.failureResultOf(self.delete(world, AWAY), PeerLost).value
        self.assertIn("may be done nevertheless", str(problem))
        self.assertEqual(world.states, "E")

    def test_lostBefore(self) -> None:
        """
        If the command did not get there, it does not.
        """
        world = TwoProfiles()
        world.wire.lose_after = 0
        problem = self.failureResultOf(self.delete(world, AWAY), PeerLost).value
        self.assertNotIn("nevertheless", str(problem))

    def test_unknown(self) -> None:
        """
        What is not there cannot be deleted.
        """
        self.failureResultOf(self.delete(TwoProfiles(), "Elsewhere"), UnknownProfile)


class NicknameTests(SynchronousTestCase):
    """
    L{set_nickname}.
    """

    def name(self, world: TwoProfiles, which: str, nickname: str) -> Deferred[dict[str, Any]]:
        """
        Begin to name one.
        """
        return Deferred.fromCoroutine(set_nickname(world.session, world.isdr, which, nickname))

    def test_named(self) -> None:
        """
        It has its nickname, by which it can be found, and loses it again.
        """
        world = TwoProfiles()
        result = self.successResultOf(self.name(world, AWAY, "Zoë"))
        self.assertEqual(result, {"iccid": AWAY, "isdpAid": AWAY_AID, "profileNickname": "Zoë"})
        self.assertEqual([each.nickname for each in world.card.profiles], ["", "Zoë"])
        self.assertIsNone(self.successResultOf(self.name(world, "zoë", ""))["profileNickname"])
        self.assertEqual([each.nickname for each in world.card.profiles], ["", ""])

    def test_refused(self) -> None:
        """
        The card may refuse, in two ways.
        """
        self.failureResultOf(self.name(TwoProfiles(), AWAY, "x" * 65), Es10Error)
        self.failureResultOf(self.name(TwoProfiles(faults=Faults(status={SET_NICKNAME: 0x6985})), AWAY, "x"), UnexpectedStatus)

    def test_noIccid(self) -> None:
        """
        A profile without an ICCID cannot have one.
        """
        world = TwoProfiles()
        self.patch(changes, "list_profiles", lambda *args, **options: _listed(Profile("", b"\1")))
        problem = self.failureResultOf(self.name(world, "01", "x"), UnknownProfile).value
        self.assertIn("no ICCID", str(problem))


async def _listed(*profiles: Profile) -> tuple[Profile, ...]:
    return profiles


class DefaultSmdpTests(SynchronousTestCase):
    """
    L{set_default_dp}.
    """

    def set(self, world: TwoProfiles, address: str) -> Deferred[dict[str, Any]]:
        """
        Begin to set it.
        """
        return Deferred.fromCoroutine(set_default_dp(world.session, world.isdr, address))

    def test_set(self) -> None:
        """
        The card has it, and loses it again.
        """
        world = TwoProfiles()
        self.assertEqual(self.successResultOf(self.set(world, "a.test")), {"defaultDpAddress": "a.test"})
        self.assertEqual(world.card.default_smdp, "a.test")
        self.assertEqual(self.successResultOf(self.set(world, "")), {"defaultDpAddress": None})
        self.assertEqual(world.card.default_smdp, "")

    def test_refused(self) -> None:
        """
        The card may refuse.
        """
        problem = self.failureResultOf(self.set(TwoProfiles(), "x" * 129), Es10Error).value
        self.assertEqual((problem.function, problem.result), ("SetDefaultDpAddress", 127))
        world = TwoProfiles(faults=Faults(status={SET_DEFAULT_DP: 0x6985}))
        self.failureResultOf(self.set(world, "a.test"), UnexpectedStatus)
