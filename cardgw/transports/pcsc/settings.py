# -*- test-case-name: tests.transports.pcsc.test_settings -*-
"""
The settings of the pcsc transport: C{[transports.pcsc]}.
"""

from __future__ import annotations

from attrs import Factory, frozen

from cardgw.fields import checked, choice, each_of, mapping, option, seconds
from cardgw.transports.pcsc.selectors import well_formed

AUTO, YES, NO = "auto", "yes", "no"
SHARED, EXCLUSIVE = "shared", "exclusive"
T0, T1, RAW = "t0", "t1", "raw"
RESET, UNPOWER, LEAVE = "reset", "unpower", "leave"
_SELECTOR = checked("a selector of readers", well_formed)


@frozen
class PcscSettings:
    """
    See each option's help.
    """

    readers: tuple[str, ...] = option(
        each_of(_SELECTOR),
        "readers that are used; a selector is a number (the place in the list of readers sorted by name, from 0), part of a "
        "name, also as a pattern with *, ? or [, atr:3B9F* (any reader with such a card in it), or one of names",
        default=("*",),
    )
    ignore: tuple[str, ...] = option(each_of(_SELECTOR), "readers that are left to other programs", default=())
    names: dict[str, str] = option(
        mapping(_SELECTOR), 'names for readers, and the selector of each: bench-left = "ACR39U*01 00"', default=Factory(dict)
    )
    share: str = option(
        choice(SHARED, EXCLUSIVE),
        "shared: other programs may use a card while nothing is done to it; exclusive: they may not while it is here",
        default=SHARED,
    )
    protocol: str = option(
        choice(AUTO, T0, T1, RAW), "how the reader speaks to the card; auto: T=0 or T=1, as both like it best", default=AUTO
    )
    extended_length: str = option(
        choice(AUTO, YES, NO),
        "whether commands of extended length are sent; auto: to cards whose ATR says so, in readers that carry them",
        default=AUTO,
    )
    apdu_timeout: float = option(seconds, "a card that has not answered by then is lost", default=60.0)
    slow_timeout: float = option(
        seconds, "the same for commands that take cards long, such as installing a profile", default=180.0
    )
    busy_timeout: float = option(seconds, "how long is waited while another program has the card to itself", default=30.0)
    retry: float = option(seconds, "pause before pcscd is looked for again, where it cannot be reached", default=3.0)
    close: str = option(
        choice(RESET, UNPOWER, LEAVE), "what is done to a card in the end; leave: nothing, so it stays as it is", default=RESET
    )
    grace: float = option(seconds, "how long jobs may go on when the gateway is stopped, before they are ended", default=30.0)
