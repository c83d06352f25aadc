# -*- test-case-name: tests.gp.test_get_status -*-
"""
GET STATUS (GlobalPlatform Card Specification 2.3.1, 11.4): what a card has in its registry, however many answers that takes.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.iso7816 import BASIC
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK, Script
from cardgw.errors import PeerMisbehaved, UnexpectedStatus
from cardgw.gp.commands import AID, CLA, Ins, at, check_aid
from cardgw.gp.registry import (
    DOMAIN,
    IMPLICIT,
    LOAD_FILE,
    MODULE,
    PRIVILEGES,
    STATE,
    VERSION,
    Entry,
    Scope,
    parse_entries,
)
from cardgw.gp.registry_tree import Registry
from cardgw.interfaces import ICardChannel

TAG_LIST = 0x5C
TAGGED, NEXT = 0x02, 0x01
"""P2: the answer in data objects; the next occurrences (table 11-34)."""
MORE, NOTHING = 0x6310, 0x6A88
"""More is there to be asked for; there is nothing of that kind (tables 11-37 and 11-38)."""
MOST_ROUNDS, MOST_BYTES = 256, 0x40000
"""Most commands for one part of the registry, and most bytes in all their answers."""
_ANOTHER_FORM = (0x6A80, 0x6A86)
"""Cards that do not know a form of the command refuse its data, or P2."""
_APPLICATION_TAGS = (AID, STATE, PRIVILEGES, IMPLICIT, LOAD_FILE, DOMAIN)
_LOAD_FILE_TAGS = (AID, STATE, VERSION, DOMAIN)
_TAGS = {
    Scope.ISD: _APPLICATION_TAGS,
    Scope.APPLICATIONS: _APPLICATION_TAGS,
    Scope.LOAD_FILES: _LOAD_FILE_TAGS,
    Scope.LOAD_FILES_AND_MODULES: (*_LOAD_FILE_TAGS, MODULE),
}


@frozen
class Form:
    """
    How a card is asked.

    @ivar tagged: answers are data objects; records otherwise, which older cards have.
    @ivar tags: the tags that are wanted are listed; otherwise the card gives what it thinks fit.
    """

    tagged: bool = True
    tags: bool = False


FORMS = (Form(tagged=True, tags=True), Form(tagged=True), Form(tagged=False))
"""From the one that tells most to the one that the oldest cards know."""


def get_status(scope: Scope, form: Form = FORMS[1], aid: bytes = b"", *, following: bool = False) -> Command:
    """
    One GET STATUS.

    @param aid: what is asked for, or its beginning; empty for all.
    @param following: go on after an answer that ended in L{MORE}.
    @raise ParameterError: the AID is too long.
    """
    if aid:
        check_aid(aid.ljust(5, b"\0"), "search criterion")
    data = tlv.encode(AID, aid)
    if form.tags:
        data += tlv.encode(TAG_LIST, *(_octets(tag) for tag in _TAGS[scope]))
    p2 = (TAGGED if form.tagged else 0) | (NEXT if following else 0)
    return Command(CLA, Ins.GET_STATUS, scope, p2, data, SHORT_LE)


def _octets(tag: int) -> bytes:
    return tag.to_bytes(2 if tag > 0xFF else 1, "big")


async def read_status(channel: ICardChannel, scope: Scope, form: Form | None = None, number: int = BASIC) -> tuple[Entry, ...]:
    """
    One part of the registry, whole.

    @param channel: one that gets the rest after 61xx, and repeats nothing that is wrapped.
    @param form: C{None}: each of L{FORMS}, until the card knows one.
    @param number: a logical channel.
    @raise UnexpectedStatus: the card refuses.
    @raise MalformedAnswer: its answer cannot be understood.
    @raise PeerMisbehaved: it has no end.
    """
    forms = FORMS if form is None else (form,)
    for each in forms:
        answer, data = await _all(channel, scope, each, number)
        if answer.status == NOTHING and not data and each.tags and form is None:
            continue  # nothing of that kind, or no such tag
        if answer.status in OK or answer.status == NOTHING:
            return parse_entries(data, scope)
        if answer.status not in _ANOTHER_FORM or data:
            break
    raise UnexpectedStatus(answer, f"GET STATUS of {scope.name}")


async def _all(channel: ICardChannel, scope: Scope, form: Form, number: int) -> tuple[Response, bytes]:
    parts: list[bytes] = []
    for _ in range(MOST_ROUNDS):
        script = Script.of(get_status(scope, form, following=bool(parts)))
        (answer,) = await channel.exchange(at(script, number))
        if answer.status in OK or answer.status == MORE:
            parts.append(answer.data)
        if answer.status != MORE:
            return answer, b"".join(parts)
        if sum(map(len, parts)) > MOST_BYTES:
            break
    raise PeerMisbehaved(f"GET STATUS of {scope.name} does not end after {MOST_ROUNDS} commands or {MOST_BYTES} bytes")


async def read_registry(channel: ICardChannel, form: Form | None = None, number: int = BASIC) -> Registry:
    """
    The registry, as far as the security domain that is selected may see it.

    @param channel: as for L{read_status}, which see for errors, too.
    """
    entries = await read_status(channel, Scope.ISD, form, number=number)
    entries += await read_status(channel, Scope.APPLICATIONS, form, number=number)
    return Registry(entries + await read_load_files(channel, form, number))


async def read_load_files(channel: ICardChannel, form: Form | None = None, number: int = BASIC) -> tuple[Entry, ...]:
    """
    The load files, with what is in them where the card tells that.

    @param channel: as for L{read_status}, which see for errors, too.
    """
    try:
        found = await read_status(channel, Scope.LOAD_FILES_AND_MODULES, form, number=number)
    except UnexpectedStatus:
        found = ()
    return found or await read_status(channel, Scope.LOAD_FILES, form, number=number)
