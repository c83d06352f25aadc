# -*- test-case-name: tests.cli.test_choose -*-
"""
Which card is meant: by its id, its identity (an EID also without what is before it), or the end of its identity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from cardgw.cli.app import App
from cardgw.cli.errors import NoCard
from cardgw.cli.text import digits_of, flat
from cardgw.identities import EID, FORMS, as_identity
from cardgw.lpa.eid import is_eid

_EID = re.compile(FORMS[EID])
_ID = re.compile(r"[0-9a-f]{8}")
_LEAST_TAIL = 2


@frozen
class Target:
    """
    A card.

    @ivar address: what the API calls it: the id of a card that is here, or an identity.
    @ivar card: as the API shows it; C{None} if it is not here.
    """

    address: str
    card: Mapping[str, Any] | None = None

    @property
    def named(self) -> str:
        """
        For people.
        """
        return digits_of(self.card["identity"] or self.card["id"]) if self.card else digits_of(self.address)


def choose(app: App) -> Target:
    """
    @raise NoCard: none is here that could be meant, or more than one.
    """
    cards: list[Mapping[str, Any]] = app.api.get("cards")["items"]
    text = _typed(app.flags.card)
    return _named(app, text, cards) if text else _only(app, cards)


def filter_for(app: App, text: str | None) -> str:
    """
    A card as lists are filtered by it: it need not be here.

    @raise NoCard: it is the end of an identity, and no card that is here has it, or more than one.
    """
    name = _typed(text or "")
    whole = _identity(name)
    if whole:
        return whole
    if not name or _ID.fullmatch(name):
        return name
    app.flags.card = name
    target = choose(app)
    return str((target.card or {}).get("identity") or target.address)


def _typed(text: str) -> str:
    """
    Without blanks, and the dots with which we shorten identities.
    """
    return "".join(text.split()).lstrip(".\u2026")


def _identity(name: str) -> str:
    """
    The identity that a name is; empty where it is none.
    """
    return as_identity(f"{EID}:{name}" if _EID.fullmatch(name) else name)


def _only(app: App, cards: Sequence[Mapping[str, Any]]) -> Target:
    if len(cards) == 1:
        return Target(cards[0]["id"], cards[0])
    if not cards:
        raise NoCard("no card is here", hint="A job can be queued for a card that is not here: --card and its EID, say.")
    app.say(_listed(cards))
    raise NoCard(f"{len(cards)} cards are here", hint="Say --card and which.")


def _named(app: App, text: str, cards: Sequence[Mapping[str, Any]]) -> Target:
    whole = _identity(text)
    wanted = whole or text
    for each in cards:
        if wanted in (each["id"], each["identity"]):
            return Target(wanted, each)
    if whole:
        scheme, _, digits = whole.partition(":")
        if scheme == EID and not is_eid(digits):
            app.say(f"Attention: the last two digits of {digits} do not check the others; is it typed right?")
        return Target(whole)
    end = text.upper()
    found = [each for each in cards if len(end) >= _LEAST_TAIL and (each["identity"] or "").upper().endswith(end)]
    if len(found) == 1:
        return Target(found[0]["id"], found[0])
    if found:
        app.say(_listed(found))
        raise NoCard(f"the identities of {len(found)} cards that are here end in {flat(text)}")
    hint = "See `cardgw cards`. A card that is not here has to be named by its whole identity: the 32 digits of its EID, say."
    raise NoCard(f'no card that is here is called "{flat(text)}"', hint=hint)


def _listed(cards: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(flat(f"{each['id']}  {digits_of(each['identity'])}  {each['transport']} {each['peer']}") for each in cards)
