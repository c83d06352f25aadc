# -*- test-case-name: tests.transports.ramhttp.test_settings -*-
"""
The settings of the transport: C{[transports.ramhttp]}.
"""

from __future__ import annotations

from typing import Any

from attrs import Factory, frozen

from cardgw.fields import Kind, checked, choice, each_of, integer, mapping, matching, option, seconds, text
from cardgw.transports.ramhttp.amdb_settings import AmdbSettings

AUTO, YES, NO = "auto", "yes", "no"
_WORDS = (AUTO, YES, NO)
POLL_MAX = 35.0
"""ram-client gives up 40 s after it has asked."""


def _poll(value: Any) -> float:
    number = float(seconds.parse(value))
    if number > POLL_MAX:
        raise ValueError
    return number


def _prefix(value: str) -> str:
    """
    A prefix, without a slash at its end.
    """
    path = value.rstrip("/")
    if (path and not path.startswith("/")) or "//" in path or any(not 0x20 < ord(each) < 0x7F or each in "?#%" for each in path):
        raise ValueError
    return path


@frozen
class RamHttpSettings(AmdbSettings):
    """
    See each option's help.
    """

    listen: tuple[str, ...] = option(
        each_of(text),
        "where card sides POST to, as Twisted endpoint strings, or psk:tcp:8443 (TLS with the pre-shared keys of [keys]), or "
        "tls:tcp:8444:certificate=FILE:key=FILE[:clients=FILE] (TLS; clients: the roots of client certificates, which are "
        "needed then)",
        default=("tcp:8080:interface=127.0.0.1",),
    )
    prefix: str = option(
        checked("the beginning of a path, such as /rt", _prefix),
        "all paths begin so; what follows is what the card's side asks for",
        default="/rt",
    )
    url: str = option(
        matching("a URL such as https://cards.example.com/rt, or nothing", r"(https?://[!-~]*[!-.0-~])?"),
        "what the prefix is called from outside, for links; empty: it is made from the first endpoint that is not only for cards",
        default="",
    )
    poll: float = option(
        Kind(f"seconds, at most {POLL_MAX:g}", _poll, schema={"type": "number", "exclusiveMinimum": 0, "maximum": POLL_MAX}),
        "how long a request is held while there is nothing to do; clients give up after 40 s",
        default=25.0,
    )
    template_seconds: float = option(
        seconds, "so many commands go out together as are expected to take this long; then progress is seen", default=5.0
    )
    apdu_timeout: float = option(seconds, "a card that has not answered a command by then is lost", default=60.0)
    slow_timeout: float = option(
        seconds, "the same for commands that take cards long, such as installing a profile", default=300.0
    )
    idle: float = option(seconds, "a client that does not come back within this time for what is next is lost", default=30.0)
    close_timeout: float = option(
        seconds, "how long a client may take to come for the last words, before its session ends without", default=10.0
    )
    tokens: tuple[str, ...] = option(
        each_of(text),
        "who may come: the names in [secrets] of tokens, for Authorization: Bearer or as the password or user of a URL; with "
        "neither tokens nor users everybody may",
        default=(),
    )
    users: dict[str, str] = option(
        mapping(text), "who may come with a password (Basic): the name in [secrets] of each user's", default=Factory(dict)
    )
    extended_length: str = option(
        choice(*_WORDS), "whether cards take commands of extended length; auto: those whose ATR says so", default=AUTO
    )
    logical_channels: str = option(
        choice(*_WORDS),
        "whether cards have logical channels; auto: unless the ATR or the client (Java's cannot) says otherwise",
        default=AUTO,
    )
    completes: str = option(
        choice(*_WORDS),
        "whether clients fetch answers themselves after 61xx and 6Cxx, so that more commands go out together; auto: those known "
        "to do so",
        default=AUTO,
    )
    max_sessions: int = option(integer(1, 1_000_000), "most cards at once", default=10_000)
    max_sessions_per_address: int = option(
        integer(1, 1_000_000), "most cards at once from one address (of IPv6, one /64)", default=100
    )
    max_connections: int = option(
        integer(1, 1_000_000), "most connections at once; further ones are closed at once", default=20_000
    )
    max_body: int = option(integer(1024, 16 * 1024 * 1024, "bytes"), "largest body of a request", default=128 * 1024)
    timeout: float = option(seconds, "how long a request may take to arrive", default=30.0)
    grace: float = option(seconds, "how long jobs may go on when the gateway is stopped, before they are ended", default=30.0)
