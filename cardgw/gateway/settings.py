# -*- test-case-name: tests.gateway.test_settings -*-
"""
The settings of the store, of jobs and of remote management: C{[store]}, C{[jobs]} and C{[management]}.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.fields import boolean, integer, option, seconds, text

_DAY = 86_400.0


@frozen
class StoreSettings:
    """
    The table C{[store]}.
    """

    url: str = option(
        text,
        "where jobs, notifications and tokens are kept: sqlite:///PATH or postgresql://USER@HOST/NAME (its password is in"
        " [secrets] as store-password); empty: a file in the directory that systemd gives to the service, else in"
        " $XDG_STATE_HOME/cardgw or ~/.local/state/cardgw; memory: nowhere, all is lost when the gateway ends",
        default="",
    )
    encrypt: bool = option(
        boolean, "keep what is secret in it encrypted: activation codes, notifications, bound profile packages", default=True
    )
    key: str = option(
        text,
        "the name of the secret (see [secrets]) that is the key for that; empty: a file beside the database, made at need",
        default="",
    )
    node: str = option(
        text, "the name of this gateway, where several share a PostgreSQL database; empty: the name of the machine", default=""
    )


@frozen
class JobSettings:
    """
    The table C{[jobs]}.
    """

    answer_timeout: float = option(seconds, "how long a job waits for an answer before it gives up", default=300.0)
    runs: int = option(
        integer(1, 100), "how often a job is begun at most whose card is lost in its midst, where it may start anew", default=3
    )
    queue_limit: int = option(integer(1, 10_000_000), "most jobs that wait for cards", default=100_000)
    keep: float = option(seconds, "how long jobs that have ended and what was delivered are remembered", default=90 * _DAY)
    tidy: str = option(
        text,
        "the operation that is queued for a card's next visit where it has copies of delivered notifications, or where a job was"
        " broken off; empty: none",
        default="notifications.send-all",
    )


@frozen
class ManagementSettings:
    """
    The table C{[management]}: cards that stay for operators, and links by which they may come.
    """

    idle_timeout: float = option(seconds, "a card on which nothing was done for so long is sent away", default=900.0)
    code_lifetime: float = option(seconds, "how long the code that its holder sees can be used", default=600.0)
    link_lifetime: float = option(seconds, "until when a card may come by a link whose maker does not say it", default=600.0)
    longest_link: float = option(seconds, "until when a card may come by a link at most", default=_DAY)
    max_links: int = option(integer(1, 1_000_000), "most links at a time", default=10_000)
