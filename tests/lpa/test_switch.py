# -*- test-case-name: tests.lpa.test_switch -*-
"""
L{cardgw.lpa.switch}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ChannelError, MalformedAnswer, PeerLost, UnexpectedStatus
from cardgw.lpa.bcd import iccid_octets
from cardgw.lpa.changes import OfflineConsentNeeded, OfflineDeclined
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.notice_policy import LEAVE, NoticePolicy
from cardgw.lpa.profile_states import DISABLE_PROFILE, ENABLE_PROFILE
from cardgw.lpa.profiles import DISABLED, ENABLED, UnknownProfile
from cardgw.quirks import Quirks
from cardgw.values import Reset
from cardgw.virtual.euicc_options import Faults
from tests.lpa.card import BOUND
from tests.lpa.switching import AWAY, AWAY_AID, CARRIED, HOME, HOME_AID, PLAIN, READER, TwoProfiles

FLAG = slice(-1, None)
LIST_NOTIFICATION = 0xBF28
OFFLINE = evolve(PLAIN, accept_offline=True)
SELF = evolve(CARRIED, resets=frozenset())
"""Carried by its profile, and nobody but the card can start it anew."""


class SwitchTests(SynchronousTestCase):
    """
    Without any trouble.
    """

    def test_enable(self) -> None:
        """
        The one is enabled in place of the other, the servers hear of both, and the result tells all.
        """
        world = TwoProfiles()
        result = self.successResultOf(world.switch(AWAY, ENABLED))
        self.assertEqual(world.states, "DE")
        self.assertEqual(result.pop("notifications")["delivered"], 2)
        self.assertEqual(
            result,
            {
                "iccid": AWAY,
                "isdpAid": AWAY_AID,
                "profileState": "enabled",
                "changed": True,
                "confirmed": True,
                "replaced": HOME,
                "refresh": True,
            },
        )
        self.assertEqual(world.events, [])
        self.assertEqual(world.session.farewells[-1], "Enabled: Provider Away.")

    def test_disable(self) -> None:
        """
        Then none is enabled.
        """
        world = TwoProfiles()
        result = self.successResultOf(world.switch(HOME_AID.upper(), DISABLED))
        self.assertEqual((world.states, result["iccid"], result["replaced"]), ("DD", HOME, None))
        self.assertEqual(world.session.farewells[-1], "Disabled: Provider Home.")

    def test_already(self) -> None:
        """
        A profile that is in the wanted state is left in it, and so is the card.
        """
        for which, state in ((HOME, ENABLED), (AWAY, DISABLED)):
            world = TwoProfiles(CARRIED)
            result = self.successResultOf(world.switch(which, state))
            self.assertEqual((result["changed"], result["confirmed"], result["profileState"]), (False, True, state))
            self.assertEqual((world.requests(ENABLE_PROFILE), world.requests(DISABLE_PROFILE)), ([], []))
            self.assertEqual((world.session.resets[-1], world.session.questions), (None, []))

    def test_leftBehind(self) -> None:
        """
        Trying again after the connection was lost delivers what the first try could not.
        """
        world = TwoProfiles()
        self.successResultOf(world.switch(AWAY, ENABLED, evolve(PLAIN, policy=NoticePolicy(enable=LEAVE, disable=LEAVE))))
        self.assertEqual(world.events, ["disable", "enable"])
        result = self.successResultOf(world.switch(AWAY, ENABLED))
        self.assertEqual((result["changed"], result["notifications"]["delivered"], world.events), (False, 2, []))

    def test_unknown(self) -> None:
        """
        A profile that is not there is told before anything is done.
        """
        world = TwoProfiles()
        self.failureResultOf(world.switch("Elsewhere", ENABLED), UnknownProfile)
        self.assertEqual(world.requests(ENABLE_PROFILE), [])

    def test_stages(self) -> None:
        """
        The stages are lpac's.
        """
        world = TwoProfiles()
        self.successResultOf(world.switch(AWAY, ENABLED))
        self.assertEqual(world.stages[:2], ["es10c_get_profiles_info", "es10c_enable_profile"])
        self.assertEqual(world.session.stages[1][1], {"iccid": AWAY, "name": "Provider Away", "refresh": True})

    def test_cancelledTooLate(self) -> None:
        """
        What the card is doing is not broken off: it would be done, and nobody would know.
        """
        world = TwoProfiles()
        late = world.tarry_at(ENABLE_PROFILE)
        switching = world.switch(AWAY, ENABLED)
        switching.cancel()
        self.assertNoResult(switching)
        late.callback(None)
        self.assertTrue(self.successResultOf(switching)["changed"])

    def test_achieved(self) -> None:
        """
        What is done is written down before the servers are told.
        """
        world = TwoProfiles()
        self.successResultOf(world.switch(AWAY, ENABLED))
        (kept,) = world.session.results
        self.assertEqual((kept["iccid"], kept["changed"]), (AWAY, True))

    def test_policy(self) -> None:
        """
        Notifications are treated as the policy says.
        """
        world = TwoProfiles()
        manner = evolve(PLAIN, policy=NoticePolicy(enable=LEAVE))
        result = self.successResultOf(world.switch(AWAY, ENABLED, manner))
        self.assertEqual((result["notifications"]["delivered"], world.events), (1, ["enable"]))


class FlagTests(SynchronousTestCase):
    """
    The refresh flag, and how the card is started anew.
    """

    def flag(self, world: TwoProfiles) -> bytes:
        """
        Of the one EnableProfile that was sent.
        """
        (request,) = world.requests(ENABLE_PROFILE)
        return request[FLAG]

    def test_auto(self) -> None:
        """
        Where the channel can start the card anew, it does; elsewhere the card makes the terminal do it.
        """
        for info, flag, reset in ((BOUND, b"\xff", None), (READER, b"\0", Reset.COLD), (CARRIED, b"\0", Reset.REBOOT)):
            world = TwoProfiles(info)
            result = self.successResultOf(world.switch(AWAY, ENABLED))
            self.assertEqual((self.flag(world), world.session.resets[-1]), (flag, reset))
            self.assertEqual(result["refresh"], flag != b"\0")
            self.assertEqual(world.session.farewells[-1].endswith("restarts now."), reset is not None)

    def test_set(self) -> None:
        """
        Settings decide otherwise; without a restart the flag is set.
        """
        for manner, flag, reset in (
            (evolve(PLAIN, refresh="yes"), b"\xff", Reset.COLD),
            (evolve(PLAIN, refresh="no", restart=False), b"\0", None),
            (evolve(PLAIN, restart=False), b"\xff", None),
        ):
            world = TwoProfiles(READER)
            self.successResultOf(world.switch(AWAY, ENABLED, manner))
            self.assertEqual((self.flag(world), world.session.resets[-1]), (flag, reset))

    def test_quirk(self) -> None:
        """
        What is known of the card goes before.
        """
        for refresh, flag in ((True, b"\xff"), (False, b"\0")):
            world = TwoProfiles(READER)
            world.session.quirks = evolve(Quirks(), refresh=refresh)
            self.successResultOf(world.switch(AWAY, ENABLED, evolve(PLAIN, refresh="no" if refresh else "yes")))
            self.assertEqual(self.flag(world), flag)


class RefusedTests(SynchronousTestCase):
    """
    The card does not want to, or answers nonsense.
    """

    def test_policy(self) -> None:
        """
        PPR1 is explained.
        """
        for which, state in ((AWAY, ENABLED), (HOME, DISABLED)):
            world = TwoProfiles(rules={"ppr1"})
            problem = self.failureResultOf(world.switch(which, state), Es10Error).value
            self.assertIn("may not be disabled (policy rule PPR1)", str(problem))
            self.assertEqual((world.states, world.session.results, world.session.farewells), ("ED", [], []))

    def test_reenabling(self) -> None:
        """
        After a test profile, the one that was in use before comes first.
        """
        world = TwoProfiles()
        world.card.add_profile("89999010000000000034", "Test", "Lab", profile_class=0)
        self.successResultOf(world.switch("89999010000000000034", ENABLED))
        problem = self.failureResultOf(world.switch(AWAY, ENABLED), Es10Error).value
        self.assertEqual((problem.result, problem.hint), (4, "Enable that one."))

    def test_status(self) -> None:
        """
        An unexpected status is told with the name of the function.
        """
        world = TwoProfiles(faults=Faults(status={ENABLE_PROFILE: 0x6985}))
        self.assertIn("EnableProfile", str(self.failureResultOf(world.switch(AWAY, ENABLED), UnexpectedStatus).value))

    def test_malformed(self) -> None:
        """
        So is an answer that makes no sense.
        """
        world = TwoProfiles(faults=Faults(flip={ENABLE_PROFILE: 24}))
        self.assertIn("EnableProfile", str(self.failureResultOf(world.switch(AWAY, ENABLED), MalformedAnswer).value))

    def test_faster(self) -> None:
        """
        If the card says that the profile is in that state already, somebody was faster, and it is as good.
        """
        world = TwoProfiles()
        ours = world.wire.answer

        def answer(command: bytes) -> bytes:
            if command[5:7] == b"\xbf\x31":
                world.ask(f"BF3111A00C5A0A{iccid_octets(AWAY).hex()}810100")
            return ours(command)

        world.wire.answer = answer
        result = self.successResultOf(world.switch(AWAY, ENABLED))
        self.assertEqual((result["changed"], result["replaced"], result["notifications"]["delivered"]), (False, None, 2))


class OfflineTests(SynchronousTestCase):
    """
    The profile carries the connection to its card.
    """

    def test_nobody(self) -> None:
        """
        Where nobody can agree, the only connection is not given up, and what can be done is told.
        """
        world = TwoProfiles(CARRIED)
        problem = self.failureResultOf(world.switch(HOME, DISABLED), OfflineConsentNeeded).value
        self.assertIn("accept_offline", str(problem))
        self.assertEqual((world.states, world.requests(DISABLE_PROFILE)), ("ED", []))

    def test_declined(self) -> None:
        """
        Any answer but yes leaves it as it is.
        """
        world = TwoProfiles(CARRIED)
        world.session.answers = {"consent": "no"}
        self.failureResultOf(world.switch(HOME, DISABLED), OfflineDeclined)
        self.assertEqual(world.states, "ED")

    def test_agreed(self) -> None:
        """
        Yes, before or when asked.
        """
        for answers, manner, asked in (({"consent": "Yes"}, PLAIN, 1), ({}, OFFLINE, 0)):
            world = TwoProfiles(CARRIED)
            world.session.answers = answers
            self.successResultOf(world.switch(HOME, DISABLED, manner))
            self.assertEqual((world.states, len(world.session.questions)), ("DD", asked))

    def test_question(self) -> None:
        """
        The question says what will be, and about which profile.
        """
        world = TwoProfiles(CARRIED)
        self.failureResultOf(world.switch(HOME, DISABLED))
        (question,) = world.session.questions
        self.assertTrue(question.text.startswith("Disabling Provider Home ends this connection"))
        self.assertEqual((question.kind, question.facts["iccid"]), ("consent", HOME))

    def test_another(self) -> None:
        """
        Enabling another profile needs no consent: the card comes back over that one.
        """
        world = TwoProfiles(CARRIED)
        self.successResultOf(world.switch(AWAY, ENABLED))
        self.assertEqual(world.session.questions, [])


class LostTests(SynchronousTestCase):
    """
    The connection breaks.
    """

    def test_cutByRefresh(self) -> None:
        """
        The flag was set, and the answer never came: it is very probably done, which is what the result says.
        """
        for processed in (True, False):
            world = TwoProfiles()
            world.lose_at(ENABLE_PROFILE, processed=processed)
            result = self.successResultOf(world.switch(AWAY, ENABLED))
            self.assertEqual((result["changed"], result["confirmed"]), (True, False))
            self.assertIn("next visit", result["note"])
            self.assertNotIn("notifications", result)
            self.assertEqual(world.session.results, [result])

    def test_cutByTheNetwork(self) -> None:
        """
        So it is where the profile carries the connection, flag or no flag.
        """
        world = TwoProfiles(CARRIED)
        world.lose_at(DISABLE_PROFILE, processed=True)
        result = self.successResultOf(world.switch(HOME, DISABLED, OFFLINE))
        self.assertEqual((result["refresh"], result["confirmed"], world.states), (False, False, "DD"))

    def test_cutByAccident(self) -> None:
        """
        Elsewhere nothing speaks for it having been done.
        """
        world = TwoProfiles(READER)
        world.lose_at(ENABLE_PROFILE, processed=True)
        self.failureResultOf(world.switch(AWAY, ENABLED), PeerLost)

    def test_before(self) -> None:
        """
        If the command never reached the card, it is not done.
        """
        world = TwoProfiles(SELF, faults=Faults(cat_busy=True))
        switching = world.switch(AWAY, ENABLED)
        world.wire.close()
        world.clock.advance(2)
        self.failureResultOf(switching, ChannelError)
        self.assertEqual(world.session.results, [])

    def test_firstBlock(self) -> None:
        """
        Neither is it if only a part of the command has.
        """
        world = TwoProfiles(SELF)
        world.isdr.segment_size = 16
        world.wire.lose_at = b"\xbf\x31"
        self.failureResultOf(world.switch(AWAY, ENABLED), PeerLost)

    def test_meanwhile(self) -> None:
        """
        Once the card has confirmed it, it is done; the notifications wait for the next visit, as the result says.
        """
        world = TwoProfiles(CARRIED)
        world.lose_at(LIST_NOTIFICATION, processed=False)
        result = self.successResultOf(world.switch(AWAY, ENABLED))
        self.assertEqual((result["confirmed"], result["notifications"]), (True, None))
        self.assertIn("next visit. The card's side closed the connection", result["note"])
        self.assertEqual(world.events, ["disable", "enable"])
