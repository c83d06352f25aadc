# -*- test-case-name: tests.virtual.test_euicc_profile -*-
"""
One profile on the software eUICC, and what ProfilesInfo tells of it (SGP.22 5.7.15).
"""

from __future__ import annotations

from attrs import define, frozen

from cardgw.apdu.tlv import Tlv, encode
from cardgw.virtual.euicc_metadata import Metadata

AID, ICCID, STATE, NICKNAME, CLASS = 0x4F, 0x5A, 0x9F70, 0x90, 0x95
ALL_TAGS = (ICCID, AID, STATE, NICKNAME, 0x91, 0x92, 0x93, 0x94, CLASS, 0xB6, 0xB7, 0xB8, 0x99)
"""What ProfileInfo can have, in its order (SGP.22 annex H)."""
DEFAULT_TAGS = frozenset((ICCID, AID, STATE, NICKNAME, 0x91, 0x92, 0x93, 0x94, CLASS))
"""What it has where the LPA gave no tag list (SGP.22 5.7.15)."""


@frozen
class Profile:
    """
    One profile, for people.

    @ivar iccid: digits.
    @ivar state: C{"enabled"} or C{"disabled"}.
    """

    iccid: str
    provider: str
    name: str
    nickname: str
    state: str


@define
class Installed:
    """
    One profile as it is on the eUICC.

    @ivar size: bytes of its package.
    @ivar fixed: it was there from the beginning; a reset leaves it there if it is a test profile.
    """

    metadata: Metadata
    aid: bytes
    size: int = 0
    enabled: bool = False
    nickname: str = ""
    fixed: bool = False

    def view(self) -> Profile:
        """
        The same for people.
        """
        state = "enabled" if self.enabled else "disabled"
        return Profile(self.metadata.digits, self.metadata.provider, self.metadata.name, self.nickname, state)

    def info(self, wanted: frozenset[int]) -> bytes:
        """
        ProfileInfo, the whole E3.

        @param wanted: tags.
        """
        ours = {
            AID: self.aid,
            STATE: bytes((self.enabled,)),
            NICKNAME: self.nickname.encode(),
            CLASS: bytes((self.metadata.profile_class,)),
        }
        found = []
        for tag in ALL_TAGS:
            value = ours.get(tag, self.metadata.items.value(tag))
            if tag in wanted and value:
                found.append(encode(tag, value))
        return encode(0xE3, *found)

    def matches(self, criterion: Tlv) -> bool:
        """
        Whether it is meant by an ICCID, an AID or a class.

        @raise ValueError: there is no such criterion.
        """
        ours = {ICCID: self.metadata.iccid, AID: self.aid, CLASS: bytes((self.metadata.profile_class,))}
        if criterion.tag not in ours:
            raise ValueError("no such search criterion")
        return ours[criterion.tag] == criterion.value
