# -*- test-case-name: tests.test_values -*-
"""
The values that cross the joint: what a channel is and can do, and what the card's side asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from attrs import field, frozen


class Feature(Enum):
    """
    What a channel lets its callers do; what an operation requires.
    """

    SELECT = "SELECT"
    LOGICAL_CHANNELS = "logical channels"
    EXTENDED_LENGTH = "extended length"
    NATIVE_DESFIRE = "native DESFire commands"
    SHOW = "messages to the card holder"


class Reset(Enum):
    """
    Ways to start a card anew.
    """

    COLD = "cold reset"
    WARM = "warm reset"
    REBOOT = "reboot of the card; the connection is lost"


STAY = "stay"
"""In place of the operation that answers a request: none does, and the card stays for operators."""
ARRIVAL = "arrival"
"""The request with which a card comes for which nobody has asked anything: it is there, in a reader."""
ANY = "*"
"""Among the requests of a transport: whatever its cards ask for besides those that it names; settings may name any."""
LINK = "link"
"""The request with which a card comes by a link; its text is what L{cardgw.interfaces.IGateway.link} has given."""
EUICC, GLOBALPLATFORM, CONTACTLESS = "euicc", "globalplatform", "contactless"
"""
Kinds of cards: one with an ISD-R (SGP.22); one with an issuer security domain (GlobalPlatform); one before an antenna that is
neither.  A card of which nothing is known is of no kind: an empty text.
"""
ARRIVALS: Mapping[str, str] = MappingProxyType({ARRIVAL: STAY, EUICC: "", GLOBALPLATFORM: "", CONTACTLESS: ""})
"""
C{requests} of a transport whose cards just come (L{cardgw.interfaces.ITransport}).  What is said of a card's kind counts before
what is said of L{ARRIVAL}.
"""


@frozen
class Recognised:
    """
    What has been found out about a card.

    @ivar identity: see L{cardgw.identities}; empty where the card does not tell.
    @ivar kind: C{"euicc"}, C{"globalplatform"}, C{"contactless"}, or empty.
    """

    identity: str = field(default="", repr=False)
    kind: str = ""


@frozen
class CardRequest:
    """
    What the card's side asked for when it came.

    @ivar name: the transport's word for it, for example C{"download"}; settings route it to an operation.
    @ivar text: what came with it: an activation code, a path.  May be personal or secret: not for logs.
    """

    name: str
    text: str = field(default="", repr=False)


@frozen
class ChannelInfo:
    """
    What a channel is.  What it cannot do it says here; callers never guess from the transport's name.

    @ivar transport: the name of the transport.
    @ivar peer: where the card is, for people: an address, a reader's name.
    @ivar atr: the answer to reset, where known.
    @ivar application: the AID that the channel is bound to, where the card's side has selected it for good.
    @ivar offers: what works beyond plain exchange.
    @ivar resets: the kinds of reset that work.
    @ivar max_command: most bytes in one command APDU.
    @ivar max_response: most bytes in one response APDU.
    @ivar self_carried: the connection runs over the profile that is enabled on the card: it ends when that changes.
    @ivar request: what the card's side asked for, or C{None} where it just is here.
    @ivar uid: the UID of a contactless card, where the reader tells it (ISO/IEC 14443-3; PC/SC part 3, 3.2.2.1.3).
    @ivar identity: who the card is (L{cardgw.identities}), where the transport knows it; else empty.
    @ivar secure: the connection is the secure channel of a security domain, which has authenticated itself, and nobody else's
        commands come through it (GlobalPlatform Amendment B).
    @ivar patience: seconds that the card's side waits where there is nothing to do; C{None}: as long as need be.
    """

    transport: str
    peer: str = ""
    atr: bytes | None = None
    application: bytes | None = None
    offers: frozenset[Feature] = frozenset()
    resets: frozenset[Reset] = frozenset()
    max_command: int = 261
    max_response: int = 258
    self_carried: bool = False
    request: CardRequest | None = None
    uid: bytes | None = field(default=None, repr=False)
    identity: str = field(default="", repr=False)
    secure: bool = False
    patience: float | None = None


@frozen
class Psk:
    """
    A key that is shared with a card's side (TLS-PSK, RFC 4279).

    @ivar agent: the one whom its holder may say to be (C{X-Admin-From} of GlobalPlatform Amendment B); empty: anybody but
        C{others}.
    @ivar others: identities of cards that have keys of their own.
    """

    key: bytes = field(repr=False)
    agent: str = field(default="", repr=False)
    others: frozenset[str] = field(default=frozenset(), repr=False)


@frozen
class Question:
    """
    What an operation has to know before it can go on.

    @ivar kind: for programs: C{"confirmation-code"}, C{"consent"} (answered with yes or no) or C{"text"}.
    @ivar text: for people.
    @ivar facts: what the question is about and may be shown (C{provider}, C{name}, C{iccid}).
    @ivar secret: the answer must not be shown or stored in the clear.
    """

    kind: str
    text: str
    facts: Mapping[str, Any] = field(factory=dict)
    secret: bool = False


@frozen
class Parcel:
    """
    Something that must reach somebody, and where the card may still hold a copy of it.

    @ivar kind: C{"notification"} or C{"webhook"}: which L{cardgw.interfaces.ICourier} carries it.
    @ivar card: identity of the card that gave it: see L{cardgw.identities}; empty where none did.
    @ivar number: its number on that card (the sequence number of a notification), or among the events of a gateway.
    @ivar address: the host it is for, or the name of the webhook.
    @ivar payload: the thing itself.
    @ivar facts: what may be shown to people: C{event}, C{iccid}.
    @ivar trusted: CI key identifiers that the card trusts, for the server's certificate.
    @ivar remove: whether the card's copy is to be removed once the parcel is delivered; otherwise the card keeps it.
    """

    kind: str
    card: str
    number: int
    address: str
    payload: bytes = field(repr=False)
    facts: Mapping[str, Any] = field(factory=dict)
    trusted: frozenset[bytes] = frozenset()
    remove: bool = True


class ParcelState(Enum):
    """
    Where a parcel is on its way.
    """

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"
    GIVEN_UP = "given-up"


@frozen
class OutboxEntry:
    """
    A parcel in the outbox.

    @ivar id: its name there.
    @ivar on_card: whether the card still has its copy.
    @ivar attempts: how often delivery was tried.
    @ivar next_attempt: when it is tried next, in seconds since 1970; counts while it is waiting.
    @ivar reason: why the last attempt failed.
    @ivar created: when it was stored, in seconds since 1970.
    """

    id: str
    parcel: Parcel
    state: ParcelState = ParcelState.WAITING
    on_card: bool = True
    attempts: int = 0
    next_attempt: float = 0.0
    reason: str = ""
    created: float = 0.0
