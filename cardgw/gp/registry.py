# -*- test-case-name: tests.gp.test_registry -*-
"""
Entries of a card's registry, as GET STATUS tells them (GlobalPlatform Card Specification 2.3.1, 11.4.3): data objects E3, or the
records of older cards.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.commands import AID, MOST_AID
from cardgw.gp.life_cycle import Kind, state_name
from cardgw.gp.privileges import NONE, Privilege, decode_privileges

ENTRY = 0xE3
STATE, PRIVILEGES, IMPLICIT, LOAD_FILE, VERSION, MODULE, DOMAIN = 0x9F70, 0xC5, 0xCF, 0xC4, 0xCE, 0x84, 0xCC
"""Tags in an entry (table 11-36)."""
CONTACTLESS, CONTACT = 0x80, 0x40
"""Bits of an implicit selection parameter (11.1.7); the lowest five are a logical channel."""
_CHANNEL = 0x1F


class Scope(IntEnum):
    """
    Parts of the registry, as P1 of GET STATUS has them (table 11-33).
    """

    ISD = 0x80
    APPLICATIONS = 0x40
    LOAD_FILES = 0x20
    LOAD_FILES_AND_MODULES = 0x10


_KINDS = {
    Scope.ISD: Kind.ISD,
    Scope.APPLICATIONS: Kind.APP,
    Scope.LOAD_FILES: Kind.PKG,
    Scope.LOAD_FILES_AND_MODULES: Kind.PKG,
}


@frozen
class Entry:
    """
    A security domain, an application or an executable load file.

    @ivar state: see L{cardgw.gp.life_cycle}.
    @ivar load_file: the AID of the load file that an application is of; empty where the card does not tell.
    @ivar domain: the AID of the security domain that it belongs to, likewise.
    @ivar version: of a load file, likewise; two bytes in most.
    @ivar modules: AIDs of what is in a load file.
    @ivar implicit: implicit selection parameters, a byte each.
    """

    kind: Kind
    aid: bytes
    state: int
    privileges: Privilege = NONE
    load_file: bytes = b""
    domain: bytes = b""
    version: bytes = b""
    modules: tuple[bytes, ...] = ()
    implicit: tuple[int, ...] = ()

    @property
    def state_name(self) -> str:
        """
        The name of its state.
        """
        return state_name(self.kind, self.state)

    @property
    def is_domain(self) -> bool:
        """
        Whether it is a security domain.
        """
        return self.kind in {Kind.ISD, Kind.SSD}

    @classmethod
    def decode(cls, value: bytes, kind: Kind) -> Self:
        """
        @param value: of a data object E3.
        @raise ValueError: it is malformed, or has no AID or state.
        """
        found = tlv.decode(value)
        privileges = found.find(PRIVILEGES)
        return cls._made(
            kind,
            found.need(AID).value,
            _byte(found.need(STATE).value, "life cycle state"),
            NONE if privileges is None else decode_privileges(privileges.value),
            load_file=_optional(found.value(LOAD_FILE)),
            domain=_optional(found.value(DOMAIN)),
            version=found.value(VERSION),
            modules=tuple(_aid(each.value) for each in found.every(MODULE)),
            implicit=tuple(_byte(each.value, "implicit selection parameter") for each in found.every(IMPLICIT)),
        )

    @classmethod
    def _made(cls, kind: Kind, aid: bytes, state: int, privileges: Privilege, **more: object) -> Self:
        if kind is Kind.APP and privileges & Privilege.SecurityDomain:
            kind = Kind.SSD
        return cls(kind, _aid(aid), state, privileges, **more)  # type: ignore[arg-type]

    def encode(self) -> bytes:
        """
        The data object E3.
        """
        parts = [tlv.encode(AID, self.aid), tlv.encode(STATE, bytes((self.state,)))]
        if self.kind is not Kind.PKG:
            parts.append(tlv.encode(PRIVILEGES, int(self.privileges).to_bytes(3, "big")))
        parts += [tlv.encode(IMPLICIT, bytes((each,))) for each in self.implicit]
        optional = ((LOAD_FILE, self.load_file), (VERSION, self.version), (DOMAIN, self.domain))
        parts += [tlv.encode(tag, value) for tag, value in optional if value]
        parts += [tlv.encode(MODULE, each) for each in self.modules]
        return tlv.encode(ENTRY, *parts)

    @classmethod
    def decode_record(cls, octets: bytes, at: int, scope: Scope) -> tuple[Self, int]:
        """
        Read one record of the form without tags (table 11-35).

        @return: the entry, and the position after it.
        @raise ValueError: it is cut short, or an AID cannot be one.
        """
        aid, at = _record_aid(octets, at)
        state, privileges = _two(octets, at)
        at += 2
        modules = []
        if scope is Scope.LOAD_FILES_AND_MODULES:
            count, at = _count(octets, at)
            for _ in range(count):
                module, at = _record_aid(octets, at)
                modules.append(module)
        kind = _KINDS[scope]
        granted = NONE if kind is Kind.PKG else decode_privileges(bytes((privileges,)))
        return cls._made(kind, aid, state, granted, modules=tuple(modules)), at

    def encode_record(self, scope: Scope) -> bytes:
        """
        The record without tags; what it has no place for is left out.
        """
        privileges = self.privileges >> 16 & 0xFF if self.kind is not Kind.PKG else 0
        record = bytes((len(self.aid),)) + self.aid + bytes((self.state, privileges))
        if scope is not Scope.LOAD_FILES_AND_MODULES:
            return record
        return record + bytes((len(self.modules),)) + b"".join(bytes((len(each),)) + each for each in self.modules)


def parse_entries(answer: bytes, scope: Scope) -> tuple[Entry, ...]:
    """
    What GET STATUS has answered, in either form.  A record cannot begin like a data object E3, for no AID is that long.

    @param answer: data of all answers, joined.
    @raise MalformedAnswer: it cannot be understood.
    """
    try:
        return _objects(answer, scope) if answer[:1] == bytes((ENTRY,)) else _records(answer, scope)
    except ValueError as problem:
        raise MalformedAnswer(f"GET STATUS: {problem}") from None


def _objects(answer: bytes, scope: Scope) -> tuple[Entry, ...]:
    entries = []
    for each in tlv.decode(answer):
        if each.tag != ENTRY:
            raise ValueError(f"expected data objects E3, found {each.tag:X}")
        entries.append(Entry.decode(each.value, _KINDS[scope]))
    return tuple(entries)


def _records(answer: bytes, scope: Scope) -> tuple[Entry, ...]:
    entries, at = [], 0
    while at < len(answer):
        entry, at = Entry.decode_record(answer, at, scope)
        entries.append(entry)
    return tuple(entries)


def selection_text(parameter: int) -> str:
    """
    An implicit selection parameter in words: C{"Contactless(0)"}; empty where it names no interface.
    """
    names = [name for bit, name in ((CONTACTLESS, "Contactless"), (CONTACT, "Contact")) if parameter & bit]
    return ", ".join(f"{name}({parameter & _CHANNEL})" for name in names)


def _aid(aid: bytes) -> bytes:
    if not 1 <= len(aid) <= MOST_AID:
        raise ValueError(f"an AID has at most {MOST_AID} bytes, and not none, got {len(aid)}")
    return aid


def _optional(aid: bytes) -> bytes:
    return _aid(aid) if aid else b""


def _byte(value: bytes, what: str) -> int:
    if len(value) != 1:
        raise ValueError(f"{what}: expected one byte, got {len(value)}")
    return value[0]


def _count(octets: bytes, at: int) -> tuple[int, int]:
    if at >= len(octets):
        raise ValueError("a record is cut short")
    return octets[at], at + 1


def _two(octets: bytes, at: int) -> tuple[int, int]:
    if at + 2 > len(octets):
        raise ValueError("a record is cut short")
    return octets[at], octets[at + 1]


def _record_aid(octets: bytes, at: int) -> tuple[bytes, int]:
    size, at = _count(octets, at)
    if at + size > len(octets):
        raise ValueError("a record is cut short")
    return _aid(octets[at : at + size]), at + size
