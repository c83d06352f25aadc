# -*- test-case-name: tests.transports.ramhttp.test_traits -*-
"""
What the clients of the CardContact dialect can do: they do not say it themselves, so they are known by their headers.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from cardgw.apdu.atr import CONVENTIONS, MAX_LENGTH, Atr
from cardgw.apdu.command import SHORT_COMMAND, SHORT_RESPONSE
from cardgw.transports.ramhttp.plan import HEADER, Limits
from cardgw.transports.ramhttp.settings import AUTO, YES, RamHttpSettings
from cardgw.transports.ramhttp.wire import TEMPLATE_MAX, Initiation
from cardgw.values import CardRequest, ChannelInfo, Feature, Reset

COMMAND_MAX = TEMPLATE_MAX - 2 * HEADER
"""Most bytes of a command: it must fit into a template with its own header."""
RAM_CLIENT_RESPONSE = 4096
"""Most bytes of an R-APDU that ram-client has room for."""
_OPENSCDP = "openscdp-remote-admin/"


@frozen
class Traits:
    """
    One kind of client.

    @ivar name: what it is called in the log.
    @ivar completes: it fetches answers itself after 61xx, and repeats after 6Cxx.
    @ivar basic_channel: it can only use the basic logical channel: it changes the class byte, and dies of MANAGE CHANNEL.
    @ivar max_response: most bytes of an R-APDU, where the client itself has a limit.
    @ivar takes_turns: it keeps cookies as browsers do: one that is another one each time says what it has read last.
    """

    name: str
    completes: bool = False
    basic_channel: bool = False
    max_response: int | None = None
    takes_turns: bool = False


CARDGW = Traits("cardgw", completes=True)
OPENCARD = Traits("opencard", completes=True, basic_channel=True)
RAM_CLIENT = Traits("ram-client", max_response=RAM_CLIENT_RESPONSE, takes_turns=True)
OTHER = Traits("other")


def traits_of(headers: Mapping[str, str]) -> Traits:
    """
    @param headers: of the initiation, by lower-case name.
    """
    if headers.get("x-cardgw-completes", "").strip().lower() == "yes":
        return CARDGW
    if headers.get("user-agent", "").startswith("Java"):
        return OPENCARD
    protocol = headers.get("x-admin-protocol", "")
    if protocol.startswith(_OPENSCDP) or (protocol and "x-admin-from" not in headers):  # older ones say that they are cards
        return RAM_CLIENT
    return OTHER


def checked_atr(atr: bytes) -> bytes:
    """
    @raise ValueError: this cannot be an answer to reset.
    """
    if not 2 <= len(atr) <= MAX_LENGTH or atr[0] not in CONVENTIONS:
        raise ValueError(f"{atr[:MAX_LENGTH].hex().upper()} is no answer to reset")
    return atr


def channel_info(
    peer: str, initiation: Initiation, traits: Traits, settings: RamHttpSettings, request: CardRequest | None
) -> ChannelInfo:
    """
    What such a card's channel is.

    @raise ValueError: the ATR cannot be one.  Where it only contradicts itself, it says nothing.
    """
    try:
        parsed = Atr.decode(checked_atr(initiation.atr))
    except ValueError:
        checked_atr(initiation.atr)
        parsed = Atr(initiation.atr, (0,), b"")
    extended = _decided(settings.extended_length, bool(parsed.extended_length))
    channels = _decided(settings.logical_channels, parsed.channels != 1 and not traits.basic_channel)
    offers = {
        Feature.SELECT: True,
        Feature.SHOW: True,
        Feature.LOGICAL_CHANNELS: channels,
        Feature.EXTENDED_LENGTH: extended,
    }
    return ChannelInfo(
        transport="ramhttp",
        peer=peer,
        atr=initiation.atr,
        offers=frozenset(each for each, offered in offers.items() if offered),
        resets=frozenset({Reset.COLD}),
        max_command=_least(COMMAND_MAX if extended else SHORT_COMMAND, initiation.max_command),
        max_response=_least(COMMAND_MAX if extended else SHORT_RESPONSE, initiation.max_response, traits.max_response),
        request=request,
    )


def _decided(word: str, guess: bool) -> bool:
    return guess if word == AUTO else word == YES


def _least(*limits: int | None) -> int:
    return min(each for each in limits if each is not None)


def limits_of(info: ChannelInfo, traits: Traits, settings: RamHttpSettings) -> Limits:
    """
    What may go into one template.
    """
    return Limits(
        max_command=info.max_command,
        max_response=info.max_response,
        seconds=settings.template_seconds,
        completes=_decided(settings.completes, traits.completes),
    )
