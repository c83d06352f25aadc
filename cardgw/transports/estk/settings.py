# -*- test-case-name: tests.transports.estk.test_settings -*-
"""
The settings of the eSTK.me transport: C{[transports.estk]}.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.fields import each_of, integer, option, seconds, text
from cardgw.transports.estk.wire import CARD_VALUE_MAX, VALUE_MAX


@frozen
class EstkSettings:
    """
    See each option's help.
    """

    listen: tuple[str, ...] = option(
        each_of(text),
        "where cards dial in: Twisted endpoint strings, such as tcp:1888:interface=192.0.2.1",
        default=("tcp:1888",),
    )
    greeting: str = option(
        text, "shown to the card holder at the start; the card waits until the holder confirms it. Empty: none", default=""
    )
    frame_limit: int = option(
        integer(258, VALUE_MAX, "bytes"),
        "most value bytes in a frame from a card; a longer one ends the session",
        default=CARD_VALUE_MAX,
    )
    idle_timeout: float = option(seconds, "a card that has asked for nothing by then is sent away", default=60.0)
    apdu_timeout: float = option(seconds, "a card that has not answered a command by then is lost", default=60.0)
    slow_timeout: float = option(
        seconds, "the same for commands that take cards long, such as installing a profile", default=180.0
    )
    box_timeout: float = option(
        seconds, "the same after a message box, which the holder has to confirm first: people need minutes", default=300.0
    )
    close_timeout: float = option(
        seconds, "a card that has not closed its connection so long after the goodbye is dropped", default=5.0
    )
    keepalive: float = option(seconds, "silence after which TCP asks whether the card's side is still there", default=60.0)
    max_sessions: int = option(integer(1, 1_000_000), "most cards at once; further ones are told to try again", default=10_000)
    max_sessions_per_address: int = option(
        integer(1, 1_000_000),
        "most cards at once from one address (of IPv6, one /64); carriers put thousands behind one",
        default=1_000,
    )
    grace: float = option(seconds, "how long sessions may go on when the gateway is stopped, before they are ended", default=30.0)
