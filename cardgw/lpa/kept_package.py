# -*- test-case-name: tests.lpa.test_kept_package -*-
"""
A bound profile package whose writing broke off is kept for one more try: an eUICC that has not been reset may still have the
session that the package belongs to, and then takes it from the beginning.  It is bound to that session of that eUICC, so nobody
else can use it; it is kept encrypted nevertheless.

It is remembered with the card.  Who the card is, is not always known when a download begins; so there is also a note under the
activation code (its digest), and only a card that comes with the same code again is asked for its EID.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any, Self

from attrs import asdict, field, frozen

from cardgw.apdu.script import Script
from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import ISession
from cardgw.lpa.activation import ActivationCode
from cardgw.lpa.conclude import About
from cardgw.lpa.identity import identify
from cardgw.lpa.isdr import Isdr

KEPT_FOR = 24 * 3600.0
"""Seconds; no server keeps a session for longer."""
PACKAGE, CARD = "package", "card"
"""What is remembered of a card, and under an activation code."""


@frozen
class KeptPackage:
    """
    What a further try needs.

    @ivar transaction_id: of the session, in hexadecimal.
    @ivar code: see L{digest}.
    @ivar package: the whole data object BF36.
    @ivar time: when it was kept, in seconds.
    """

    transaction_id: str
    code: str
    about: About
    package: bytes = field(repr=False)
    time: float

    def encode(self) -> bytes:
        """
        As it is remembered.
        """
        about = asdict(self.about) | {"trusted": sorted(each.hex() for each in self.about.trusted)}
        values = {"transaction_id": self.transaction_id, "code": self.code, "about": about, "time": self.time}
        return json.dumps(values | {"package": b64encode(self.package).decode("ascii")}).encode("ascii")

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @raise ValueError: it was written by another version of the gateway.
        """
        values: dict[str, Any] = json.loads(octets)
        try:
            about = values["about"] | {"trusted": frozenset(bytes.fromhex(each) for each in values["about"]["trusted"])}
            package = b64decode(values["package"])
            return cls(values["transaction_id"], values["code"], About(**about), package, values["time"])
        except (KeyError, TypeError) as problem:
            raise ValueError(str(problem)) from None


def digest(code: ActivationCode) -> str:
    """
    What tells an activation code from others, without telling what it is.
    """
    return sha256("$".join((code.host, code.matching_id, code.oid)).encode()).hexdigest()


def _note(code: ActivationCode) -> str:
    return f"code:{digest(code)}" if code.matching_id else ""


async def keep(session: ISession, code: ActivationCode, about: About, transaction_id: str, script: Script) -> None:
    """
    Keep a package.  Never fails but by being cancelled.

    @param script: what was to be loaded.
    """
    if not session.identity:
        return
    package = b"".join(step.command.data for step in script.steps)
    kept = KeptPackage(transaction_id, digest(code), about, package, session.clock.seconds())
    try:
        await session.remember(session.identity, PACKAGE, kept.encode(), sealed=True)
        if _note(code):
            await session.remember(_note(code), CARD, session.identity.encode())
    except CardGatewayError as problem:
        session.log.warn("the package could not be kept: {problem}", problem=problem)
    else:
        session.log.info("the package is kept for one more try with the same activation code")


async def take(session: ISession, isdr: Isdr, code: ActivationCode) -> KeptPackage | None:
    """
    The package that was kept for this card and this activation code.  It is forgotten with that; one for another activation code
    is forgotten as well, because the session it belongs to ends now.

    @return: C{None} where there is none that could be of use.
    @raise ChannelError: the card was lost.
    """
    try:
        card = await _card(session, isdr, code)
        octets = await session.recall(card, PACKAGE) if card else None
        if octets is None:
            return None
        await session.remember(card, PACKAGE, None)
        if _note(code):
            await session.remember(_note(code), CARD, None)
        kept = KeptPackage.decode(octets)
    except ChannelError:
        raise
    except (CardGatewayError, ValueError) as problem:
        session.log.info("no kept package can be used: {problem}", problem=str(problem))
        return None
    fresh = 0 <= session.clock.seconds() - kept.time <= KEPT_FOR
    return kept if fresh and kept.code == digest(code) else None


async def _card(session: ISession, isdr: Isdr, code: ActivationCode) -> str:
    """
    @return: the card's identity, where it may have a package; the card itself is asked only if the activation code says so.
    """
    if session.identity or not _note(code):
        return session.identity
    noted = await session.recall(_note(code), CARD)
    if noted is None:
        return ""
    card = await identify(session, isdr)
    return card if card.encode() == noted else ""
