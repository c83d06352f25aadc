# -*- test-case-name: tests.lpa.test_profiles -*-
"""
The profiles that an eUICC has (ES10c.GetProfilesInfo, SGP.22 5.7.15), and which of them somebody means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from cardgw.apdu.tlv import Tlv, Tlvs, decode, encode, only
from cardgw.errors import LocalError, UnexpectedStatus
from cardgw.lpa.bcd import iccid_digits, swapped
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.es10 import RULES, named_bits, reading
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.metadata import CLASSES, ICON_TYPES, NAME_MAX, Notification, Owner, one_line
from cardgw.lpa.notification import EVENTS

PROFILES_INFO = 0xBF2D
ICCID, AID, STATE, NICKNAME, PROVIDER, NAME, ICON_TYPE, ICON, CLASS = 0x5A, 0x4F, 0x9F70, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95
NOTIFICATIONS, OWNER, DP_DATA, POLICY_RULES = 0xB6, 0xB7, 0xB8, 0x99
TAG_LIST = 0x5C
WANTED = (ICCID, AID, STATE, NICKNAME, PROVIDER, NAME, CLASS, OWNER, DP_DATA, POLICY_RULES)
ICONS = (ICON_TYPE, ICON)
"""Asked for only where somebody wants them: up to a kilobyte each."""
ANYTHING = encode(PROFILES_INFO)
"""The request without a tag list, for cards that do not take the other one."""
ENABLED, DISABLED = "enabled", "disabled"
STATES = {0: DISABLED, 1: ENABLED}
"""ProfileState (SGP.22 annex H)."""
_ICCID_TEXT = re.compile(r"[0-9]+F*", re.IGNORECASE)
_MOST_NAMED = 16


class UnknownProfile(LocalError):
    """
    The card has no such profile.
    """


class AmbiguousProfile(LocalError):
    """
    Several profiles on the card are called so.
    """

    hint = "Give the ICCID of the one that is meant."


@frozen
class Profile:
    """
    One profile, as far as the card tells: each field may be empty.

    @ivar iccid: digits.
    @ivar aid: of its ISD-P.
    @ivar state: C{"enabled"} or C{"disabled"}.
    @ivar nickname: given by the card's user; C{provider} and C{name} come from the SM-DP+.
    @ivar profile_class: C{"test"}, C{"provisioning"} or C{"operational"}.
    @ivar policy_rules: of L{RULES}.
    @ivar notifications: who hears of what becomes of it.
    @ivar dp_data: dpProprietaryData, as it is.
    @ivar stored_iccid: the ICCID as the card has it.
    """

    iccid: str
    aid: bytes = b""
    state: str = ""
    nickname: str = ""
    provider: str = ""
    name: str = ""
    profile_class: str | None = None
    policy_rules: frozenset[str] = frozenset()
    owner: Owner | None = None
    notifications: tuple[Notification, ...] = ()
    dp_data: bytes = field(default=b"", repr=False)
    icon_type: str | None = None
    icon: bytes = field(default=b"", repr=False)
    stored_iccid: bytes = field(default=b"", repr=False)

    @property
    def title(self) -> str:
        """
        What a person would call it.
        """
        return self.nickname or " ".join(part for part in (self.provider, self.name) if part) or self.iccid


def profiles_info(*, icons: bool = False) -> bytes:
    """
    ProfileInfoListRequest: all profiles.
    """
    tags = (*WANTED, *(ICONS if icons else ()))
    return encode(PROFILES_INFO, encode(TAG_LIST, *(tag.to_bytes(1 + (tag > 0xFF), "big") for tag in tags)))


def parse_profiles(answer: bytes) -> tuple[Profile, ...]:
    """
    ProfileInfoListResponse.  Values that have no meaning count for nothing: one odd profile must not hide the others.

    @raise Es10Error: the eUICC does not take the request.
    @raise MalformedAnswer: it is not TLV.
    """
    with reading("GetProfilesInfo"):
        fields = only(answer, PROFILES_INFO).children()
        error = fields.find(0x81)
        if error is None:
            return tuple(_profile(item.children()) for item in fields.need(0xA0).children().every(0xE3))
        code = int.from_bytes(error.value, "big")
    raise Es10Error("GetProfilesInfo", code)


def _profile(fields: Tlvs) -> Profile:
    stored = fields.value(ICCID)
    return Profile(
        _digits(stored),
        fields.value(AID),
        _choice(fields, STATE, STATES) or "",
        _text(fields, NICKNAME),
        _text(fields, PROVIDER),
        _text(fields, NAME),
        _choice(fields, CLASS, CLASSES),
        named_bits(fields.value(POLICY_RULES), RULES),
        _owner(fields.find(OWNER)),
        tuple(_notification(item.children()) for item in decode(fields.value(NOTIFICATIONS)).every(0x30)),
        fields.value(DP_DATA),
        _choice(fields, ICON_TYPE, ICON_TYPES),
        fields.value(ICON),
        stored,
    )


def _digits(stored: bytes) -> str:
    try:
        return iccid_digits(stored)
    except ValueError:
        return swapped(stored).upper()  # some operators have letters in theirs


def _text(fields: Tlvs, tag: int) -> str:
    return one_line(fields.value(tag).decode(errors="replace"))


def _choice(fields: Tlvs, tag: int, names: Mapping[int, str]) -> str | None:
    value = fields.value(tag)
    return names.get(int.from_bytes(value, "big")) if value else None


def _owner(found: Tlv | None) -> Owner | None:
    if found is None:
        return None
    items = found.children()
    return Owner(items.value(0x80), items.value(0x81), items.value(0x82))


def _notification(items: Tlvs) -> Notification:
    return Notification(named_bits(items.value(0x80), EVENTS), "".join(_text(items, 0x81).split()))


async def list_profiles(isdr: Isdr, *, icons: bool = False) -> tuple[Profile, ...]:
    """
    All profiles.  A card that refuses a list of tags is asked without one.

    @param icons: get the icons too.
    @raise CardGatewayError: the card does not tell.
    """
    try:
        return parse_profiles(await isdr.command(profiles_info(icons=icons)))
    except (Es10Error, UnexpectedStatus):
        return parse_profiles(await isdr.command(ANYTHING))


def find_profile(profiles: Sequence[Profile], text: str) -> Profile:
    """
    The profile that somebody means.

    @param text: an ICCID (spaces in it and fillers behind it count for nothing), the AID of an ISD-P in hexadecimal, or a
        nickname in upper or lower case.
    @raise UnknownProfile: there is none; the text says what there is.
    @raise AmbiguousProfile: it is the nickname of several.
    """
    number, nickname = "".join(text.split()).upper(), text.strip().casefold()
    digits = number.rstrip("F") if _ICCID_TEXT.fullmatch(number) else number
    by_iccid = [each for each in profiles if digits and each.iccid == digits]
    by_aid = [each for each in profiles if number and each.aid.hex().upper() == number]
    by_name = [each for each in profiles if nickname and each.nickname.casefold() == nickname]
    found = by_iccid or by_aid or by_name
    if not found:
        raise UnknownProfile(f"{_shortened(text)}; there are {_named(profiles)}")
    if len(found) > 1:
        raise AmbiguousProfile(f"{_shortened(text)} is {_named(found)}")
    return found[0]


def _shortened(text: str) -> str:
    return f'"{text if len(text) <= NAME_MAX else text[:NAME_MAX] + "..."}"'


def _named(profiles: Sequence[Profile]) -> str:
    listed = [_line(each) for each in profiles[:_MOST_NAMED]]
    more = len(profiles) - len(listed)
    listed += [f"{more} more"] if more else []
    return ", ".join(listed) or "none"


def _line(profile: Profile) -> str:
    title = profile.title
    named = profile.iccid or profile.aid.hex()
    return f"{named} ({title})" if title not in ("", named) else named
