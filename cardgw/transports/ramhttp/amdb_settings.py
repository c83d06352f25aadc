# -*- test-case-name: tests.transports.ramhttp.test_amdb_settings -*-
"""
The settings of GlobalPlatform Amendment B, a part of C{[transports.ramhttp]}.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.fields import Kind, boolean, integer, option, seconds


def _seconds_or_none(value: object) -> float:
    return 0.0 if value in {0, "0"} and value is not False else float(seconds.parse(value))


@frozen
class AmdbSettings:
    """
    See each option's help.
    """

    amdb_plain: bool = option(
        boolean,
        "with Amendment B: take cards that come without TLS-PSK, because what stands in front has it (stunnel)",
        default=False,
    )
    amdb_linger: float = option(
        Kind("seconds, or 0", _seconds_or_none, schema={"type": "number", "minimum": 0}),
        "with Amendment B: how long a card for which there is nothing to do is held, in case something comes",
        default=0.0,
    )
    amdb_resume: float = option(
        seconds, "with Amendment B: a card whose connection broke has so long to come back to where it was", default=120.0
    )
    amdb_template: int = option(
        integer(300, 65_535), "with Amendment B: most bytes of a script, and of what is expected in answer to it", default=2_048
    )
    amdb_definite: bool = option(
        boolean, "with Amendment B: send scripts of definite length (AA), rather than of indefinite length (AE)", default=False
    )
    amdb_chunked: bool = option(
        boolean, "with Amendment B: send scripts in chunks, rather than with Content-Length", default=False
    )
