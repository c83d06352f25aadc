# -*- test-case-name: tests.test_values -*-
"""
The values that cross the joint: what a channel is and can do, and what the card's side asked for.
"""

from __future__ import annotations

from enum import Enum

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
    @ivar request: what the card's side asked for, or C{None} where it just is here.
    """

    transport: str
    peer: str = ""
    atr: bytes | None = None
    application: bytes | None = None
    offers: frozenset[Feature] = frozenset()
    resets: frozenset[Reset] = frozenset()
    max_command: int = 261
    max_response: int = 258
    request: CardRequest | None = None
