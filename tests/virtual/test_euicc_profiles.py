# -*- test-case-name: tests.virtual.test_euicc_profiles -*-
"""
Tests for L{cardgw.virtual.euicc_profiles}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.euicc_notifications import Event
from cardgw.virtual.euicc_options import Faults, Options
from tests.virtual.rig import Rig

ONE, TWO, THREE = "89999010000000000018", "89999010000000000026", "89999010000000000034"
FIRST, SECOND, THIRD = "98990901000000000081", "98990901000000000062", "98990901000000000043"
WISHES = [((Event.ENABLE, Event.DISABLE, Event.DELETE), "a.test")]


class Base(SynchronousTestCase):
    """
    One card with two profiles, the first of them enabled.
    """

    def setUp(self) -> None:
        """
        Make it.
        """
        self.make(Options())

    def make(self, options: Options) -> None:
        """
        Another such card.
        """
        self.rig = Rig.make(options)
        self.rig.card.add_profile(ONE, "Home", "Provider", "enabled", wishes=WISHES)
        self.rig.card.add_profile(TWO, "Away", "Provider", wishes=WISHES)

    def state(self) -> str:
        """
        E or D for each profile.
        """
        return "".join(each.state[0].upper() for each in self.rig.card.profiles)

    def events(self) -> list[tuple[str, str]]:
        """
        The notifications, their ICCIDs shortened.
        """
        return [(each.event.name.lower(), each.digits[-3:]) for each in self.rig.card.notifications]

    def do(self, tag: str, iccid: str, refresh: str = "00") -> int:
        """
        Enable, disable (both with the flag) or delete; the result code.
        """
        request = f"BF330C5A0A{iccid}" if tag == "33" else f"BF{tag}11A00C5A0A{iccid}8101{refresh}"
        answer = self.rig.send(bytes.fromhex(request))
        self.assertEqual(f"bf{tag}038001", answer[:-1].hex())
        return answer[-1]


class SwitchTests(Base):
    """
    EnableProfile and DisableProfile.
    """

    def test_enable(self) -> None:
        """
        Enabling one disables the other; both servers hear of it, of the end first.
        """
        self.assertEqual((0, "DE"), (self.do("31", SECOND), self.state()))
        self.assertEqual([("disable", "018"), ("enable", "026")], self.events())

    def test_disable(self) -> None:
        """
        Then none is enabled.
        """
        self.assertEqual((0, "DD"), (self.do("32", FIRST), self.state()))
        self.assertEqual([("disable", "018")], self.events())

    def test_wrongState(self) -> None:
        """
        What is enabled cannot be enabled, what is disabled not disabled: 2, and nobody hears of anything.
        """
        self.assertEqual((2, 2, "ED", []), (self.do("31", FIRST), self.do("32", SECOND), self.state(), self.events()))

    def test_unknown(self) -> None:
        """
        Another ICCID or AID: 1.
        """
        self.assertEqual((1, 1), (self.do("31", THIRD), self.do("32", THIRD)))
        self.assertEqual("BF3103800101", self.rig.ask(f"BF3117A0124F10{'00' * 16}810100"))

    def test_byAid(self) -> None:
        """
        The AID of the ISD-P names a profile as well.
        """
        self.assertEqual("BF3103800100", self.rig.ask("BF3117A0124F10A0000005591010FFFFFFFF8900001100810100"))
        self.assertEqual("DE", self.state())

    def test_rule(self) -> None:
        """
        PPR1: the profile cannot be disabled, neither directly nor in favour of another: 3.
        """
        self.rig = Rig.make()
        self.rig.card.add_profile(ONE, "Home", "Provider", "enabled", rules={"ppr1"})
        self.rig.card.add_profile(TWO, "Away", "Provider")
        self.assertEqual((3, 3, "ED"), (self.do("32", FIRST), self.do("31", SECOND), self.state()))

    def test_test(self) -> None:
        """
        After a test profile only the profile that was in use before can be enabled again, or another test profile: 4.
        """
        self.rig.card.add_profile(THREE, "Test", "Lab", profile_class=0)
        self.assertEqual((0, "DDE"), (self.do("31", THIRD), self.state()))
        self.assertEqual((4, 0, "EDD"), (self.do("31", SECOND), self.do("31", FIRST), self.state()))
        self.assertEqual((0, "DED"), (self.do("31", SECOND), self.state()))

    def test_refresh(self) -> None:
        """
        With the refresh flag the card has a proactive command: REFRESH, UICC reset.  The answer says so, once where the phone
        fetches it.
        """
        self.assertEqual((0, 0x910B), (self.do("31", SECOND, "FF"), self.rig.sw))
        self.rig.send(bytes.fromhex("BF2000"))
        self.assertEqual(0x9000, self.rig.sw)

    def test_noRefresh(self) -> None:
        """
        A card of another kind switches without.
        """
        self.make(Options(refresh=False))
        self.assertEqual((0, 0x9000), (self.do("31", SECOND, "FF"), self.rig.sw))

    def test_busy(self) -> None:
        """
        While a proactive session goes on: catBusy, 5.
        """
        self.make(Options(faults=Faults(cat_busy=True)))
        self.assertEqual((5, 5, "ED"), (self.do("31", SECOND), self.do("32", FIRST), self.state()))
        self.assertEqual("BF3403800105", self.rig.ask("BF3404820205E0"))

    def test_busyForAWhile(self) -> None:
        """
        It may end after some tries.
        """
        self.make(Options(faults=Faults(cat_busy=2)))
        self.assertEqual((5, 5, 0, "DE"), (*(self.do("31", SECOND) for _ in range(3)), self.state()))

    def test_malformed(self) -> None:
        """
        Without a flag, with a flag of two bytes, or by another criterion: 6A80.
        """
        for request in (f"BF310EA00C5A0A{FIRST}", f"BF3112A00C5A0A{FIRST}81020000", "BF3108A003950102810100"):
            self.assertEqual("6A80", self.rig.ask(request))


class DeleteTests(Base):
    """
    DeleteProfile and eUICCMemoryReset.
    """

    def test_delete(self) -> None:
        """
        The profile is gone; its server hears of it.
        """
        self.assertEqual((0, "E"), (self.do("33", SECOND), self.state()))
        self.assertEqual([("delete", "026")], self.events())
        self.assertEqual(1, self.do("33", SECOND))

    def test_enabled(self) -> None:
        """
        An enabled one stays: 2.
        """
        self.assertEqual((2, "ED"), (self.do("33", FIRST), self.state()))

    def test_rule(self) -> None:
        """
        PPR2: it cannot be deleted: 3.
        """
        self.rig.card.add_profile(THREE, "Away", "Provider", rules={"ppr2"})
        self.assertEqual((3, "EDD"), (self.do("33", THIRD), self.state()))

    def test_malformed(self) -> None:
        """
        No criterion, or a wrong one: 6A80.
        """
        self.assertEqual(("6A80", "6A80"), (self.rig.ask("BF3300"), self.rig.ask("BF3303950102")))

    def test_reset(self) -> None:
        """
        All operational profiles go, also those that are enabled or must not be deleted, and the default SM-DP+ address.
        """
        self.make(Options(default_smdp="a.test"))
        self.rig.card.add_profile(THREE, "Test", "Lab", profile_class=0)
        answer = self.rig.send(bytes.fromhex("BF3404820205E0"))
        self.assertEqual(("bf3403800100", 0x910B), (answer.hex(), self.rig.sw))
        self.assertEqual((["Test"], ""), ([each.name for each in self.rig.card.profiles], self.rig.card.default_smdp))
        self.assertEqual([("delete", "018"), ("delete", "026")], self.events())

    def test_resetSome(self) -> None:
        """
        Only what was asked for; nothing to delete: 1.
        """
        self.make(Options(default_smdp="a.test"))
        self.assertEqual("BF3403800101", self.rig.ask("BF340482020640"))
        self.assertEqual("BF3403800100", self.rig.ask("BF340482020520"))
        self.assertEqual(("ED", ""), (self.state(), self.rig.card.default_smdp))
        self.make(Options(refresh=False))
        self.assertEqual(("BF3403800100", ""), (self.rig.ask("BF340482020780"), self.state()))


class ListTests(Base):
    """
    GetProfilesInfo and SetNickname.
    """

    AID1, AID2 = "A0000005591010FFFFFFFF8900001000", "A0000005591010FFFFFFFF8900001100"

    def info(self, aid: str, iccid: str, state: str, name: str) -> str:
        """
        ProfileInfo as the card gives it by default.
        """
        body = f"5A0A{iccid}4F10{aid}9F7001{state}910850726F766964657292{len(name):02X}{name.encode().hex()}950102"
        return f"E3{len(body) // 2:02X}{body}".upper()

    def test_all(self) -> None:
        """
        All profiles, with what is listed by default.
        """
        both = self.info(self.AID1, FIRST, "01", "Home") + self.info(self.AID2, SECOND, "00", "Away")
        self.assertEqual(f"BF2D{len(both) // 2 + 2:02X}A0{len(both) // 2:02X}{both}", self.rig.ask("BF2D00"))

    def test_tags(self) -> None:
        """
        With a tag list, only what is in it.
        """
        answer = f"BF2D26A024E3105A0A{FIRST}9F700101E3105A0A{SECOND}9F700100"
        self.assertEqual(answer, self.rig.ask("BF2D055C035A9F70"))

    def test_criteria(self) -> None:
        """
        Those with an ICCID, an AID, or of a class; perhaps none.
        """
        one = f"BF2D10A00EE30C5A0A{SECOND}"
        self.assertEqual(one, self.rig.ask(f"BF2D11A00C5A0A{SECOND}5C015A"))
        self.assertEqual(one, self.rig.ask(f"BF2D17A0124F10{self.AID2}5C015A"))
        self.assertEqual(f"BF2D1EA01CE30C5A0A{FIRST}E30C5A0A{SECOND}", self.rig.ask("BF2D08A0039501025C015A"))
        self.assertEqual("BF2D02A000", self.rig.ask("BF2D08A0039501005C015A"))

    def test_wrong(self) -> None:
        """
        Other criteria, tag lists that are cut short: incorrectInputValues, 1.
        """
        for request in ("BF2D05A003910141", "BF2D035C019F", "BF2D03800101", "BF2D02A000"):
            self.assertEqual("BF2D03810101", self.rig.ask(request))

    def test_nickname(self) -> None:
        """
        A nickname can be given, seen, and taken away.
        """
        self.assertEqual("BF2903800100", self.rig.ask(f"BF29125A0A{FIRST}90044D696E65"))
        self.assertEqual("Mine", self.rig.card.profiles[0].nickname)
        self.assertEqual(f"BF2D24A022E3125A0A{FIRST}90044D696E65E30C5A0A{SECOND}", self.rig.ask("BF2D045C025A90"))
        self.assertEqual("BF2903800100", self.rig.ask(f"BF290E5A0A{FIRST}9000"))
        self.assertEqual("", self.rig.card.profiles[0].nickname)

    def test_badNickname(self) -> None:
        """
        Unknown profile 1; no UTF-8, or more than 64 bytes: undefined error.
        """
        self.assertEqual("BF2903800101", self.rig.ask(f"BF290F5A0A{THIRD}900141"))
        self.assertEqual("BF290380017F", self.rig.ask(f"BF290F5A0A{FIRST}9001FF"))
        self.assertEqual("BF290380017F", self.rig.ask(f"BF294F5A0A{FIRST}9041{'41' * 65}"))
