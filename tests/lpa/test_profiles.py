# -*- test-case-name: tests.lpa.test_profiles -*-
"""
L{cardgw.lpa.profiles}.
"""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode, only
from cardgw.errors import MalformedAnswer, UnexpectedStatus
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.metadata import Notification, Owner
from cardgw.lpa.profiles import (
    AmbiguousProfile,
    Profile,
    UnknownProfile,
    find_profile,
    list_profiles,
    parse_profiles,
    profiles_info,
)
from cardgw.virtual.euicc_metadata import read_metadata, write_metadata
from cardgw.virtual.euicc_options import Faults
from cardgw.virtual.euicc_profile import ALL_TAGS, Installed
from tests.lpa.card import ScriptedChannel, replay
from tests.lpa.switching import AWAY, AWAY_AID, HOME, TwoProfiles

STORED = "98990901000000000081"


def answer(*profiles: bytes) -> bytes:
    """
    ProfileInfoListResponse.
    """
    return encode(0xBF2D, encode(0xA0, *(encode(0xE3, each) for each in profiles)))


def item(tag: int, value: bytes | str) -> bytes:
    """
    One data object; bytes, or text.
    """
    return encode(tag, value.encode() if isinstance(value, str) else value)


class ParseTests(SynchronousTestCase):
    """
    ProfileInfoListResponse.
    """

    def test_all(self) -> None:
        """
        All that a card can tell.
        """
        (found,) = parse_profiles(
            answer(
                b"".join(
                    (
                        item(0x5A, bytes.fromhex(STORED)),
                        item(0x4F, b"AID"),
                        item(0x9F70, b"\1"),
                        item(0x90, "Zoë"),
                        item(0x91, "Provider"),
                        item(0x92, "Name"),
                        item(0x93, b"\1"),
                        item(0x94, b"\x89PNG"),
                        item(0x95, b"\0"),
                        encode(0xB6, encode(0x30, item(0x80, b"\4\xf0"), item(0x81, "a.test"))),
                        encode(0xB7, item(0x80, bytes.fromhex("62f210")), item(0x81, b"\1")),
                        encode(0xB8, b"\6\1\x2a"),
                        item(0x99, b"\6\x40"),
                    )
                )
            )
        )
        events = frozenset({"install", "enable", "disable", "delete"})
        self.assertEqual(
            found,
            Profile(
                HOME,
                b"AID",
                "enabled",
                "Zoë",
                "Provider",
                "Name",
                "test",
                frozenset({"ppr1"}),
                Owner(bytes.fromhex("62f210"), b"\1"),
                (Notification(events, "a.test"),),
                b"\6\1\x2a",
                "png",
                b"\x89PNG",
                bytes.fromhex(STORED),
            ),
        )

    def test_nothing(self) -> None:
        """
        A card may tell nothing of a profile, and have none.
        """
        self.assertEqual(parse_profiles(answer(b"")), (Profile(""),))
        self.assertEqual(parse_profiles(answer()), ())

    def test_odd(self) -> None:
        """
        Values without a meaning do not hide the profile: unknown numbers, bytes that are no UTF-8, control characters.
        """
        odd = b"".join(item(tag, b"\7") for tag in (0x9F70, 0x93, 0x95)) + item(0x92, b"A\xff\n\x1bB") + item(0x90, b"")
        (found,) = parse_profiles(answer(odd))
        self.assertEqual((found.state, found.icon_type, found.profile_class, found.name), ("", None, None, "A\ufffd B"))

    def test_iccids(self) -> None:
        """
        Fillers, wherever they are, count for nothing; letters are shown; what the card has is kept for commands.
        """
        for stored, digits in (
            ("989909010000000000F2", "8999901000000000002"),
            ("9899FF01000000000081", "8999100000" + "00000018"),
            ("98990901000000DA0081", "89999010000000AD0018"),
        ):
            (found,) = parse_profiles(answer(item(0x5A, bytes.fromhex(stored))))
            self.assertEqual((found.iccid, found.stored_iccid.hex().upper()), (digits, stored))

    def test_refused(self) -> None:
        """
        The card does not take the request.
        """
        problem = self.assertRaises(Es10Error, parse_profiles, bytes.fromhex("BF2D03810101"))
        self.assertEqual((problem.function, problem.result), ("GetProfilesInfo", 1))

    @given(
        st.integers(10**17, 10**20 - 1),
        st.text(max_size=21).filter(str.isprintable),
        st.text(max_size=10).filter(str.isprintable),
        st.tuples(st.sampled_from((0, 1, 2)), st.booleans()),
        st.sets(st.sampled_from(("ppr1", "ppr2"))),
    )
    def test_roundTrip(self, number: int, name: str, provider: str, state: tuple[int, bool], rules: set[str]) -> None:
        """
        What the software eUICC tells is what it was told.
        """
        kind, enabled = state
        metadata = read_metadata(write_metadata(str(number), name, provider, profile_class=kind, rules=rules))
        installed = Installed(metadata, bytes(16), enabled=enabled, nickname="Mine")
        (found,) = parse_profiles(encode(0xBF2D, encode(0xA0, installed.info(frozenset(ALL_TAGS)))))
        self.assertEqual((found.iccid, found.policy_rules, found.nickname), (str(number), rules, "Mine"))
        self.assertEqual((found.name.split(), found.provider.split()), (name.split(), provider.split()))
        self.assertEqual(found.profile_class, ("test", "provisioning", "operational")[kind])
        self.assertEqual(found.state, "enabled" if enabled else "disabled")

    @given(
        st.one_of(
            st.binary(),
            st.binary().map(lambda data: encode(0xBF2D, data)),
            st.binary().map(answer),
            st.sampled_from((0x5A, 0x9F70, 0xB6, 0xB7, 0x99)).flatmap(
                lambda tag: st.binary().map(lambda data: answer(encode(tag, data)))
            ),
        )
    )
    def test_malformed(self, octets: bytes) -> None:
        """
        Whatever comes, no other errors than these.
        """
        with contextlib.suppress(MalformedAnswer, Es10Error):
            parse_profiles(octets)


class ListTests(SynchronousTestCase):
    """
    L{list_profiles}.
    """

    def list(self, isdr: Isdr, **options: Any) -> tuple[Profile, ...]:
        """
        List them.
        """
        return self.successResultOf(Deferred.fromCoroutine(list_profiles(isdr, **options)))

    def test_card(self) -> None:
        """
        The profiles of a card.
        """
        home, away = self.list(TwoProfiles().isdr)
        self.assertEqual((home.iccid, home.state, home.title), (HOME, "enabled", "Provider Home"))
        self.assertEqual((away.iccid, away.state, away.aid.hex()), (AWAY, "disabled", AWAY_AID))

    def test_icons(self) -> None:
        """
        Icons are asked for only where somebody wants them.
        """
        self.assertNotIn(b"\x94", only(profiles_info(), 0xBF2D).value)
        self.assertIn(b"\x93\x94", only(profiles_info(icons=True), 0xBF2D).value)

    def test_noTagList(self) -> None:
        """
        A card that does not take a list of tags is asked without one.
        """
        for refusal in ("bf2d038101019000", "6a80"):
            request = f"80e29100{len(profiles_info()):02x}{profiles_info().hex()}"
            channel = ScriptedChannel(replay([(request, refusal), ("80e2910003bf2d00", "bf2d02a0009000")]))
            self.assertEqual(self.list(Isdr(channel)), ())

    def test_refuses(self) -> None:
        """
        One that refuses that too is an error that names the function.
        """
        world = TwoProfiles(faults=Faults(status={0xBF2D: 0x6985}))
        listing = Deferred.fromCoroutine(list_profiles(world.isdr))
        self.assertIn("GetProfilesInfo", str(self.failureResultOf(listing, UnexpectedStatus).value))


class FindTests(SynchronousTestCase):
    """
    L{find_profile}.
    """

    PROFILES = (
        Profile(HOME, bytes.fromhex("a0" * 16), "enabled", "Work", "Provider", "Home"),
        Profile("8999901000000000026", bytes.fromhex("a1" * 16), "disabled", "Zoë", "Provider", "Away"),
        Profile("89999010000000000034", bytes.fromhex("a2" * 16), "disabled", "zoË", "", ""),
        Profile("", bytes.fromhex("a3" * 16), "disabled", HOME),
    )

    def test_iccid(self) -> None:
        """
        By ICCID, also with spaces, and with the fillers that some programs show; a nickname that looks like one comes after.
        """
        for text in (HOME, " 8999 9010 0000 0000 0018\n"):
            self.assertIs(find_profile(self.PROFILES, text), self.PROFILES[0])
        for text in ("8999901000000000026", "8999901000000000026F", "8999901000000000026f"):
            self.assertIs(find_profile(self.PROFILES, text), self.PROFILES[1])

    def test_aid(self) -> None:
        """
        By AID, in upper or lower case.
        """
        for text in ("a3" * 16, "A3" * 16, "A3 " * 16):
            self.assertIs(find_profile(self.PROFILES, text), self.PROFILES[3])

    def test_nickname(self) -> None:
        """
        By nickname, in upper or lower case.
        """
        for text in ("Work", " WORK "):
            self.assertIs(find_profile(self.PROFILES, text), self.PROFILES[0])

    def test_ambiguous(self) -> None:
        """
        A nickname of several is an error that lists them.
        """
        problem = self.assertRaises(AmbiguousProfile, find_profile, self.PROFILES, "ZOË")
        self.assertIn("8999901000000000026 (Zoë), 89999010000000000034 (zoË)", str(problem))

    def test_unknown(self) -> None:
        """
        What is not there is an error that tells what is; nothing at all means none.
        """
        for text in ("Elsewhere", "", " ", "F", "8999901"):
            problem = self.assertRaises(UnknownProfile, find_profile, self.PROFILES, text)
            self.assertIn(f"{HOME} (Work)", str(problem))

    def test_none(self) -> None:
        """
        A card may have none.
        """
        problem = self.assertRaises(UnknownProfile, find_profile, (), "x" * 100)
        self.assertEqual(problem.detail, f'"{"x" * 64}..."; there are none')

    def test_many(self) -> None:
        """
        A long list is cut.
        """
        problem = self.assertRaises(UnknownProfile, find_profile, [Profile(str(at)) for at in range(20)], "x")
        self.assertTrue(problem.detail.endswith('"x"; there are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 4 more'))
