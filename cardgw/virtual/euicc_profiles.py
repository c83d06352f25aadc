# -*- test-case-name: tests.virtual.test_euicc_profiles -*-
"""
The profiles on the software eUICC, and ES10c: listing, enabling, disabling, deleting, naming them (SGP.22 5.7.15 to 5.7.21).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from attrs import define, field

from cardgw.apdu.tlv import Tlv, Tlvs, encode
from cardgw.virtual.euicc_metadata import Metadata, ProfileClass
from cardgw.virtual.euicc_notifications import Event, Notifications
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.euicc_profile import AID, CLASS, DEFAULT_TAGS, ICCID, NICKNAME, Installed
from cardgw.virtual.euicc_values import read_bits, shaped

SET_NICKNAME, PROFILES_INFO, ENABLE, DISABLE, DELETE, MEMORY_RESET = 0xBF29, 0xBF2D, 0xBF31, 0xBF32, 0xBF33, 0xBF34
TAG_LIST = 0x5C
LONG_TAG = 0x1F
"""Bits of a tag's first byte that announce more (ISO/IEC 8825-1, 8.1.2.4)."""
ISD_P = bytes.fromhex("A0000005591010FFFFFFFF89")
"""The beginning of an ISD-P's AID; a number and two zeros follow (SGP.02 2.2.3)."""
FIRST_ISD_P = 0x0010
NICKNAME_MAX = 64

OK, NOT_FOUND, WRONG_STATE, POLICY, WRONG_REENABLING, CAT_BUSY, UNDEFINED = 0, 1, 2, 3, 4, 5, 127
"""Results of EnableProfile and its like (SGP.22 annex H)."""
NOTHING_TO_DELETE = 1
INCORRECT_VALUES = 1
OPERATIONAL_BIT, TEST_BIT, ADDRESS_BIT = 0, 1, 2
"""Bits of C{resetOptions} (SGP.22 5.7.19)."""


@define
class Profiles:
    """
    All of them, in the order of their installation.

    @ivar refresh: called when the terminal has to read the card anew.
    @ivar forget_address: called to clear the default SM-DP+ address.
    """

    options: Options
    notifications: Notifications
    refresh: Callable[[], object]
    forget_address: Callable[[], object]
    installed: list[Installed] = field(factory=list)
    _made: int = 0
    _before_test: Installed | None = None
    _switched: int = 0

    def functions(self) -> dict[int, Callable[[Tlvs], bytes]]:
        """
        Tags of requests to what answers them.
        """
        return {
            PROFILES_INFO: self._list,
            SET_NICKNAME: self._name,
            ENABLE: partial(self._switch, ENABLE, self.enable),
            DISABLE: partial(self._switch, DISABLE, self.disable),
            DELETE: self._delete,
            MEMORY_RESET: self._reset,
        }

    @property
    def free(self) -> int:
        """
        Bytes left for profiles.
        """
        return self.options.memory - sum(each.size for each in self.installed)

    @property
    def enabled(self) -> Installed | None:
        """
        The one that is in use.
        """
        return next((each for each in self.installed if each.enabled), None)

    def has(self, iccid: bytes) -> bool:
        """
        Whether a profile with this ICCID (ten bytes) is there.
        """
        return any(each.metadata.iccid == iccid for each in self.installed)

    def add(self, metadata: Metadata, size: int, *, fixed: bool = False) -> Installed:
        """
        Install one, disabled.
        """
        aid = ISD_P + (FIRST_ISD_P + self._made).to_bytes(3, "big") + b"\0"
        self._made += 1
        found = Installed(metadata, aid, size, fixed=fixed)
        self.installed.append(found)
        return found

    def enable(self, target: Installed) -> int:
        """
        Put one to use in place of another (SGP.22 5.7.16).

        @return: the result code.
        """
        present = self.enabled
        if target.enabled:
            return WRONG_STATE
        if present is not None and "ppr1" in present.metadata.rules:
            return POLICY
        if present is not None and self._wrong_reenabling(present, target):
            return WRONG_REENABLING
        self._before_test = self._remembered(present, target)
        if present is not None:
            self._set(present, False)
        self._set(target, True)
        return OK

    def _remembered(self, present: Installed | None, target: Installed) -> Installed | None:
        if target.metadata.profile_class != ProfileClass.TEST:
            return None
        return present if present is not None and present.metadata.profile_class != ProfileClass.TEST else self._before_test

    def _wrong_reenabling(self, present: Installed, target: Installed) -> bool:
        """
        SGP.22 5.7.16: what was in use before a test profile must be the next, unless that is a test profile too.
        """
        if present.metadata.profile_class != ProfileClass.TEST or target.metadata.profile_class == ProfileClass.TEST:
            return False
        return self._before_test not in (None, target)

    def disable(self, target: Installed) -> int:
        """
        Take one out of use (SGP.22 5.7.17).

        @return: the result code.
        """
        if not target.enabled:
            return WRONG_STATE
        if "ppr1" in target.metadata.rules:
            return POLICY
        self._set(target, False)
        return OK

    def _set(self, target: Installed, enabled: bool) -> None:
        target.enabled = enabled
        self._tell(Event.ENABLE if enabled else Event.DISABLE, target)

    def _tell(self, event: Event, about: Installed) -> None:
        self.notifications.tell(event, about.metadata.wishes, about.metadata.iccid)

    def _list(self, request: Tlvs) -> bytes:
        try:
            shaped(request, 0xA0, TAG_LIST, optional=frozenset((0xA0, TAG_LIST)))
            criterion, tags = request.find(0xA0), request.find(TAG_LIST)
            wanted = DEFAULT_TAGS if tags is None else frozenset(_tags(tags.value))
            found = self.installed if criterion is None else self._meant(criterion)
        except ValueError:
            return encode(PROFILES_INFO, encode(0x81, bytes((INCORRECT_VALUES,))))
        return encode(PROFILES_INFO, encode(0xA0, *(each.info(wanted) for each in found)))

    def _meant(self, criterion: Tlv) -> list[Installed]:
        (which,) = criterion.children()
        if which.tag not in (AID, ICCID, CLASS):
            raise ValueError("no such search criterion")
        return [each for each in self.installed if each.matches(which)]

    def _one(self, which: Tlv) -> Installed | None:
        if which.tag not in (AID, ICCID):
            raise ValueError("a profile is named by AID or ICCID")
        return next((each for each in self.installed if each.matches(which)), None)

    def _switch(self, tag: int, change: Callable[[Installed], int], request: Tlvs) -> bytes:
        choice, flag = shaped(request, 0xA0, 0x81)
        (which,) = choice.children()
        if len(flag.value) != 1:
            raise ValueError("refreshFlag is a BOOLEAN")
        target = self._one(which)
        if target is None:
            return _result(tag, NOT_FOUND)
        if self._busy():
            return _result(tag, CAT_BUSY)
        result = change(target)
        if result == OK and flag.value != b"\0":
            self.refresh()
        return _result(tag, result)

    def _busy(self) -> bool:
        self._switched += 1
        busy = self.options.faults.cat_busy
        return busy is True or self._switched <= busy

    def _delete(self, request: Tlvs) -> bytes:
        if len(request) != 1:
            raise ValueError("one profile is deleted at a time")
        target = self._one(request[0])
        if target is None:
            return _result(DELETE, NOT_FOUND)
        if target.enabled:
            return _result(DELETE, WRONG_STATE)
        if "ppr2" in target.metadata.rules:
            return _result(DELETE, POLICY)
        self._remove(target)
        return _result(DELETE, OK)

    def _remove(self, target: Installed) -> None:
        self.installed = [each for each in self.installed if each is not target]
        self._before_test = None if self._before_test is target else self._before_test
        self._tell(Event.DELETE, target)

    def _name(self, request: Tlvs) -> bytes:
        iccid, nickname = shaped(request, ICCID, NICKNAME)
        target = self._one(iccid)
        if target is None:
            return _result(SET_NICKNAME, NOT_FOUND)
        try:
            text = nickname.value.decode()
        except UnicodeDecodeError:
            return _result(SET_NICKNAME, UNDEFINED)
        if len(nickname.value) > NICKNAME_MAX:
            return _result(SET_NICKNAME, UNDEFINED)
        target.nickname = text
        return _result(SET_NICKNAME, OK)

    def _reset(self, request: Tlvs) -> bytes:
        bits = read_bits(shaped(request, 0x82)[0].value)
        if self._busy():
            return _result(MEMORY_RESET, CAT_BUSY)
        gone = [each for each in self.installed if _is_reset(each, bits)]
        if not gone and ADDRESS_BIT not in bits:
            return _result(MEMORY_RESET, NOTHING_TO_DELETE)
        if any(each.enabled for each in gone):
            self.refresh()
        for each in gone:
            self._remove(each)
        if ADDRESS_BIT in bits:
            self.forget_address()
        return _result(MEMORY_RESET, OK)


def _is_reset(each: Installed, bits: frozenset[int]) -> bool:
    kind = each.metadata.profile_class
    return (kind == ProfileClass.OPERATIONAL and OPERATIONAL_BIT in bits) or (
        kind == ProfileClass.TEST and not each.fixed and TEST_BIT in bits
    )


def _result(tag: int, code: int) -> bytes:
    return encode(tag, encode(0x80, bytes((code,))))


def _tags(value: bytes) -> Iterator[int]:
    at = 0
    while at < len(value):
        end = at + 1
        if value[at] & LONG_TAG == LONG_TAG:
            while end < len(value) and value[end] & 0x80:
                end += 1
            end += 1
        if end > len(value):
            raise ValueError("a tag list ends in the middle of a tag")
        yield int.from_bytes(value[at:end], "big")
        at = end
