# -*- test-case-name: tests.transports.vpcd.test_settings -*-
"""
The settings of the vpcd transport: C{[transports.vpcd]}.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.fields import choice, each_of, integer, option, seconds, text

AUTO, YES, NO = "auto", "yes", "no"


@frozen
class VpcdSettings:
    """
    See each option's help.
    """

    listen: tuple[str, ...] = option(
        each_of(text),
        "where cards dial in, as Twisted endpoint strings; the protocol knows no password, so beyond this machine let only "
        "networks in that you trust",
        default=("tcp:35963:interface=127.0.0.1",),
    )
    extended_length: str = option(
        choice(AUTO, YES, NO), "whether cards take commands of extended length; auto: those whose ATR says so", default=AUTO
    )
    idle_timeout: float = option(seconds, "a connection on which no card has shown itself by then is closed", default=60.0)
    poll: float = option(
        seconds,
        "a card at rest is asked for its ATR so often, to see whether it is still there; so is one that is awaited",
        default=5.0,
    )
    apdu_timeout: float = option(seconds, "a card that has not answered by then is lost", default=60.0)
    slow_timeout: float = option(
        seconds, "the same for commands that take cards long, such as installing a profile", default=180.0
    )
    close_timeout: float = option(
        seconds, "a card's side that has not closed its connection so long after the goodbye is dropped", default=5.0
    )
    keepalive: float = option(seconds, "silence after which TCP asks whether the card's side is still there", default=60.0)
    max_sessions: int = option(integer(1, 1_000_000), "most connections at once; further ones are closed at once", default=1_000)
    max_sessions_per_address: int = option(
        integer(1, 1_000_000), "most connections at once from one address (of IPv6, one /64)", default=100
    )
    grace: float = option(seconds, "how long sessions may go on when the gateway is stopped, before they are ended", default=30.0)
