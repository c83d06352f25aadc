# -*- test-case-name: tests.apdu.test_transcript_notes -*-
"""
What else a transcript says of its channel, so that whoever talks to the transcript does so as they talked to the card: as
comments of the form C{# NAME: text}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeVar

from attrs import evolve

from cardgw.apdu.transcript import Transcript, TranscriptError, channel_info
from cardgw.values import ChannelInfo, Feature, Reset

APPLICATION, OFFERS, RESETS, CARRIED = "APPLICATION", "OFFERS", "RESETS", "SELF-CARRIED"
_YES = "yes"
_Member = TypeVar("_Member", bound=Enum)


def notes_of(info: ChannelInfo) -> dict[str, str]:
    """
    The notes about a channel: nothing of them is secret.
    """
    found = {OFFERS: _names(info.offers), RESETS: _names(info.resets)}
    if info.application is not None:
        found[APPLICATION] = info.application.hex().upper()
    if info.self_carried:
        found[CARRIED] = _YES
    return found


def info_of(transcript: Transcript) -> ChannelInfo:
    """
    The channel that a transcript was made of; what it does not say is as L{channel_info} has it.

    @raise TranscriptError: a note is wrong.
    """
    info, notes = channel_info(transcript), transcript.notes
    if OFFERS in notes:
        info = evolve(info, offers=_members(Feature, OFFERS, notes))
    try:
        application = bytes.fromhex(notes.get(APPLICATION, "")) or None
    except ValueError:
        raise TranscriptError(f"{APPLICATION}: expected bytes in hexadecimal") from None
    return evolve(info, application=application, resets=_members(Reset, RESETS, notes), self_carried=notes.get(CARRIED) == _YES)


def _names(members: Iterable[Enum]) -> str:
    return " ".join(sorted(each.name.lower().replace("_", "-") for each in members))


def _members(kind: type[_Member], name: str, notes: Mapping[str, str]) -> frozenset[_Member]:
    try:
        return frozenset(kind[word.upper().replace("-", "_")] for word in notes.get(name, "").split())
    except KeyError as unknown:
        raise TranscriptError(f"{name}: there is no {unknown.args[0].lower()}") from None
