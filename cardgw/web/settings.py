# -*- test-case-name: tests.web.test_service -*-
"""
The table C{[web]} of the settings.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.fields import boolean, checked, each_of, integer, option, seconds, text


def host_name(value: str) -> str:
    """
    A name by which this gateway is called, in lower case.
    """
    name = value.lower().rstrip(".")
    if not name or not all(char.isalnum() or char in "-._" for char in name):
        raise ValueError("write it without a port")
    return name


@frozen
class WebSettings:
    """
    The HTTP API.
    """

    enabled: bool = option(boolean, "whether there is an HTTP API", default=True)
    listen: tuple[str, ...] = option(
        each_of(text),
        "where it listens, as Twisted endpoint strings; beyond this machine, use TLS (ssl:…) or a proxy that does",
        default=("tcp:1889:interface=127.0.0.1",),
    )
    hosts: tuple[str, ...] = option(
        each_of(checked("a host name", host_name)),
        "names by which it is called, besides localhost and IP addresses; others are refused (DNS rebinding)",
        default=(),
    )
    max_body: int = option(integer(1024, 64 * 1024 * 1024, "bytes"), "largest body of a request", default=1024 * 1024)
    max_connections: int = option(integer(1, 65535), "most connections at a time", default=1000)
    timeout: float = option(seconds, "how long a request may take to arrive, and a connection may be idle", default=60.0)
    metrics_token: str = option(
        text,
        "a token that may read /metrics and nothing else; while it is empty, this machine may read them without one",
        default="",
        secret=True,
    )
