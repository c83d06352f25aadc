"""
Operations, cards and parcels for tests of the faces.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from zope.interface import implementer

from cardgw.fields import boolean, choice, each_of, integer, octets, option, seconds, text
from cardgw.gateway.records import Card, Role
from cardgw.interfaces import IOperation, ISession
from cardgw.values import Feature, OutboxEntry, Parcel, Reset

EID = "eid:89049032123451234512345678901235"
SECRETS = {role.value: f"{role.value}-secret" for role in Role}
"""The bearer tokens, by role."""
GUEST = "guest-secret"
"""The one that is good for the first card alone."""
CODE = "ABC234"
NOW = 1_700_000_000.0


@frozen
class GreetParameters:
    """
    One of each kind.
    """

    name: str = option(text, "whom to greet", from_request=True)
    times: int = option(integer(1, 9), "how often", default=1)
    loud: bool = option(boolean, "whether to shout", default=False)
    word: str = option(choice("hello", "hi"), "the word", default="hello")
    aid: bytes = option(octets, "an AID", default=b"")
    pause: float = option(seconds, "how long to wait", default=1.0)
    numbers: tuple[int, ...] = option(each_of(integer(0, 9)), "some numbers", default=())
    pin: str = option(text, "the PIN", default="", secret=True)


@frozen
class NoParameters:
    """
    None.
    """


@implementer(IOperation)
class Greet:
    """
    An operation.
    """

    name = "card.greet"
    summary = "say hello to a card"
    help = "Says hello."
    parameters: Any = GreetParameters
    settings: Any = NoParameters
    application: bytes | None = bytes.fromhex("A0000005591010")
    requires: frozenset[Feature] = frozenset({Feature.SELECT})
    destructive = False
    repeatable = True

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.
        """
        return {}


@implementer(IOperation)
class Wipe(Greet):
    """
    A destructive one.
    """

    name = "card.wipe"
    summary = "forget everything"
    parameters: Any = NoParameters
    application: bytes | None = None
    requires: frozenset[Feature] = frozenset()
    destructive = True
    repeatable = False


def cards() -> list[Card]:
    """
    Two cards that are here.
    """
    return [
        Card("00000001", EID, "estk", "10.0.0.1:4711", NOW, request="manage", managed=True, offers=frozenset({Feature.SHOW})),
        Card("00000002", "", "pcsc", "Reader 00", NOW, atr="3B9F", resets=frozenset({Reset.COLD})),
    ]


def entry(number: int, kind: str = "notification") -> OutboxEntry:
    """
    Something in the outbox.
    """
    parcel = Parcel(kind, EID, number, "smdp.example.com", b"secret payload", {"event": "install"})
    return OutboxEntry(f"e{number}", parcel, created=NOW, next_attempt=NOW + 60)
