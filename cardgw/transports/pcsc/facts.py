# -*- test-case-name: tests.transports.pcsc.test_facts -*-
"""
What is known of a card in a reader, and what its channel can do therefore.
"""

from __future__ import annotations

from attrs import field, frozen

from cardgw.apdu.atr import Atr
from cardgw.apdu.command import SHORT_COMMAND, SHORT_RESPONSE, Command
from cardgw.transports.pcsc.codes import Protocol
from cardgw.transports.pcsc.limits import EXTENDED_RESPONSE
from cardgw.transports.pcsc.settings import AUTO, YES, PcscSettings
from cardgw.values import ARRIVAL, CardRequest, ChannelInfo, Feature, Reset

GET_UID = Command(0xFF, 0xCA, expected=256)
"""To the reader, not to the card (PC/SC part 3, 3.2.2.1.3)."""
UNTOLD = 0xFFFF
"""Most bytes in an extended command where the reader does not tell: vsmartcard's has frames of this size."""


@frozen
class Facts:
    """
    What is known of a card.

    @ivar protocol: the one in use: L{Protocol}.
    @ivar longest: most bytes in one command for the reader: see L{cardgw.transports.pcsc.limits.longest_command}.
    @ivar uid: of a contactless card.
    """

    atr: bytes
    protocol: int
    longest: int | None = None
    uid: bytes | None = field(default=None, repr=False)


def is_contactless(atr: bytes) -> bool:
    """
    Whether readers make this answer to reset for contactless cards, which have none: see L{Atr.contactless}.
    """
    try:
        return Atr.decode(atr).contactless
    except ValueError:
        return False


def channel_info(peer: str, facts: Facts, settings: PcscSettings) -> ChannelInfo:
    """
    What the channel of such a card is.  Logical channels are offered unless the ATR says that there are none.

    @param peer: what people call the reader.
    """
    try:
        parsed = Atr.decode(facts.atr)
    except ValueError:
        parsed = Atr(facts.atr, (0,), b"")
    extended = _takes_extended(facts, parsed, settings)
    offers = {Feature.SELECT: True, Feature.LOGICAL_CHANNELS: parsed.channels != 1, Feature.EXTENDED_LENGTH: extended}
    return ChannelInfo(
        transport="pcsc",
        peer=peer,
        atr=facts.atr,
        offers=frozenset(each for each, offered in offers.items() if offered),
        resets=frozenset((Reset.COLD, Reset.WARM)),
        request=CardRequest(ARRIVAL),
        max_command=_longest(facts) if extended else SHORT_COMMAND,
        max_response=EXTENDED_RESPONSE if extended else SHORT_RESPONSE,
        uid=facts.uid,
    )


def _takes_extended(facts: Facts, parsed: Atr, settings: PcscSettings) -> bool:
    """
    T=0 carries short commands only (ISO/IEC 7816-3, 12.1.2).
    """
    if settings.extended_length != AUTO:
        return settings.extended_length == YES
    return bool(parsed.extended_length) and facts.longest != SHORT_COMMAND and facts.protocol != Protocol.T0


def _longest(facts: Facts) -> int:
    """
    Where settings say that the reader is wrong, it may be wrong altogether.
    """
    return facts.longest if facts.longest is not None and facts.longest > SHORT_COMMAND else UNTOLD


def encode(command: Command, protocol: int) -> bytes:
    """
    A command as readers want it.  With T=0 a command has either data or Le, and one without both has P3 (ISO/IEC 7816-3,
    12.2): the card says 61xx where there is something to get.
    """
    octets = command.encode()
    if protocol != Protocol.T0:
        return octets
    if command.data and command.expected is not None:
        return octets[: -2 if command.is_extended else -1]
    return octets if len(octets) > 4 else octets + b"\0"
