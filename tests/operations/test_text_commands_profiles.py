# -*- test-case-name: tests.operations.test_text_commands_profiles -*-
"""
Tests for L{cardgw.operations.text_commands_profiles}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError
from cardgw.lpa.changes import OfflineConsentNeeded
from cardgw.lpa.profiles import DISABLED, ENABLED, AmbiguousProfile, Profile, UnknownProfile
from cardgw.operations.text_commands_profiles import choose, profile_lines, short_iccid
from cardgw.operations.text_parser import WrongForm
from cardgw.values import Reset
from tests.lpa.switching import AWAY, CARRIED, HOME, TwoProfiles
from tests.operations.text_commands import boxes, type_in

TRAVEL = Profile("8999901000000001234", b"\xa0\x01", DISABLED, "My Travel SIM", "Provider", "Plan")
WORK = Profile("8999901000000005678", b"\xa0\x02", ENABLED, "", "Employer", "Work")
OTHER = Profile("8988801000000001234", b"\xa0\x03", DISABLED, "travel", "Provider", "Plan")
ALL = (TRAVEL, WORK, OTHER)


class LinesTests(SynchronousTestCase):
    """
    L{profile_lines} and L{short_iccid}.
    """

    def test_lines(self) -> None:
        """
        Number, state, name and the ends of the ICCID.
        """
        self.assertEqual(
            profile_lines(ALL).splitlines(),
            ["1 My Travel SIM 89999...1234", "2* Employer Work 89999...5678", "3 travel 89888...1234", "* enabled"],
        )

    def test_none(self) -> None:
        """
        A card without profiles, and one without an enabled one.
        """
        self.assertEqual(profile_lines(()), "No profile is on the card.")
        self.assertEqual(profile_lines((TRAVEL,)).splitlines()[-1], "None is enabled.")

    def test_many(self) -> None:
        """
        Sixteen profiles with long names need three boxes.
        """
        many = [Profile("8999901000000001234", b"", DISABLED, "A very long nickname for a profile " * 2)] * 16
        self.assertLessEqual(len(boxes(profile_lines(many))), 3)

    def test_short(self) -> None:
        """
        An ICCID that the card does not tell is a dash.
        """
        self.assertEqual((short_iccid("8949701234567890127027"), short_iccid("")), ("89497...7027", "-"))


class ChooseTests(SynchronousTestCase):
    """
    L{choose}.
    """

    def test_choose(self) -> None:
        """
        By number, by the end of the ICCID, by all of it, by nickname, by what the list shows, by AID.
        """
        for text, profile in {
            "1": TRAVEL,
            "03": OTHER,
            "5678": WORK,
            "1000000005678": WORK,
            "89999 01000 00000 5678": WORK,
            "MY travel sim": TRAVEL,
            "employer  work": WORK,
            "travel": OTHER,
            "A002": WORK,
        }.items():
            self.assertIs(choose(ALL, text), profile, text)

    def test_unknown(self) -> None:
        """
        What is none of these is unknown: too large a number, a middle part, zero.
        """
        for text in ("4", "0", "00", "999", "9999", "0000000", "Trav", "\u0661", "-1"):
            self.assertRaises(UnknownProfile, choose, ALL, text)
        self.assertRaises(UnknownProfile, choose, (), "1")

    def test_ambiguous(self) -> None:
        """
        What may be several is refused, with their ICCIDs.
        """
        error = self.assertRaises(AmbiguousProfile, choose, ALL, "1234")
        self.assertIn("89999...1234 or 89888...1234", str(error))
        named = Profile("8977701000000009999", b"", DISABLED, "2")
        self.assertRaises(AmbiguousProfile, choose, (*ALL, named), "2")

    @given(st.text(max_size=30))
    def test_anything(self, text: str) -> None:
        """
        Whatever is typed, it is one of them or refused.
        """
        try:
            self.assertIn(choose(ALL, text), ALL)
        except CardGatewayError as error:
            self.assertTrue(error.brief)


class CommandTests(SynchronousTestCase):
    """
    Typing them.
    """

    def setUp(self) -> None:
        """
        An eSTK.me card with two profiles.
        """
        self.world = TwoProfiles(CARRIED)

    def test_profiles(self) -> None:
        """
        C{/profiles} shows the list.
        """
        result = self.successResultOf(type_in(self.world, "/Profiles"))
        self.assertEqual([each["iccid"] for each in result["profiles"]], [HOME, AWAY])
        self.assertEqual(
            boxes(self.world.session.farewells[-1]), ["1* Provider Home 89999...0018\n2 Provider Away 89999...0026\n* enabled"]
        )
        self.failureResultOf(type_in(self.world, "/profiles all"), WrongForm)

    def test_enable(self) -> None:
        """
        C{/enable} does what C{lpa.enable} does: notifications are sent, and the card is started anew with a word of farewell.
        """
        result = self.successResultOf(type_in(self.world, "/enable 2"))
        self.assertEqual((result["command"], result["iccid"], result["changed"]), ("enable", AWAY, True))
        self.assertEqual((self.world.states, self.world.events), ("DE", []))
        self.assertEqual(result["notifications"]["delivered"], 2)
        self.assertEqual(self.world.session.farewells[-1], "Enabled: Provider Away. The card restarts now.")
        self.assertEqual(self.world.session.resets[-1], Reset.REBOOT)

    def test_restartSetting(self) -> None:
        """
        The settings are those of C{lpa.enable}.
        """
        self.successResultOf(type_in(self.world, "/enable provider away", restart=False, refresh="no"))
        self.assertEqual((self.world.session.resets[-1], self.world.states), (None, "DE"))

    def test_disable(self) -> None:
        """
        Who types C{/disable} has the phone in hand and is not asked whether the connection may end.
        """
        self.successResultOf(type_in(self.world, f"/disable {HOME[-6:]}"))
        self.assertEqual((self.world.states, self.world.session.questions), ("DD", []))

    def test_disableFromAfar(self) -> None:
        """
        Somebody else is.
        """
        self.failureResultOf(type_in(self.world, "/disable 1", by_holder=False), OfflineConsentNeeded)
        self.assertEqual(self.world.states, "ED")

    def test_wrong(self) -> None:
        """
        Without a profile the right form is shown; one that is not there is told.
        """
        error = self.failureResultOf(type_in(self.world, "/enable"), WrongForm).value
        self.assertEqual(
            error.brief, "Type it like this: /enable <profile>. Its number in /profiles, its name, or the end of its ICCID."
        )
        error = self.failureResultOf(type_in(self.world, "/disable nothing"), UnknownProfile).value
        self.assertEqual(error.brief, "The card has no such profile.")
        self.assertEqual(self.world.states, "ED")
