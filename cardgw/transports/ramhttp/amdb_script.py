# -*- test-case-name: tests.transports.ramhttp.test_amdb_session -*-
"""
A script of GlobalPlatform Amendment B on its way to a card, and what comes back.  No I/O.
"""

from __future__ import annotations

from attrs import define
from twisted.internet.defer import Deferred

from cardgw.errors import PeerMisbehaved
from cardgw.transports.ramhttp import amdb_headers as headers
from cardgw.transports.ramhttp.amdb_errors import ScriptRefused
from cardgw.transports.ramhttp.amdb_headers import Status
from cardgw.transports.ramhttp.amdb_settings import AmdbSettings
from cardgw.transports.ramhttp.amdb_target import STATUSES
from cardgw.transports.ramhttp.errors import quoted
from cardgw.transports.ramhttp.expanded import decode_response, encode_commands
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.transports.ramhttp.wire import WireError

_READING = frozenset({0xCA, 0xCB, 0xF2, 0xB0, 0xB2})
"""GET DATA, GET STATUS, READ BINARY, READ RECORD: a card may be asked twice."""


@define(eq=False)
class Script:
    """
    A script on its way.

    @ivar seconds: how long the card may take for it.
    @ivar answered: gives the answers.
    @ivar reply: C{None} while it has not gone out.
    @ivar whole: whether the reply went out whole; C{None} while that is not known.
    """

    commands: tuple[bytes, ...]
    seconds: float
    answered: Deferred[tuple[bytes, ...]]
    reply: Reply | None = None
    whole: bool | None = None

    @property
    def repeatable(self) -> bool:
        """
        Whether the card may be given it again although it may have it already.
        """
        return self.whole is False or all(each[1] in _READING for each in self.commands)

    def answers(self, post: Post) -> tuple[bytes, ...]:
        """
        The R-APDUs that the card's side tells.

        @raise PeerMisbehaved: it is no answer.
        @raise ScriptRefused: the card's side says why it did not execute the script.
        """
        said = post.headers.get(headers.STATUS, Status.OK.value)
        status = headers.status_of(said)
        if status in STATUSES:
            return (STATUSES[status],) * len(self.commands)
        if status is not Status.OK:
            raise ScriptRefused(quoted(said))
        try:
            response = decode_response(post.body)
        except WireError as error:
            raise PeerMisbehaved(f"the answer to a script: {error}") from None
        if response.problem and not response.responses:
            raise ScriptRefused(response.problem)
        return response.responses


def told(commands: tuple[bytes, ...], version: str, following: str, target: str, settings: AmdbSettings) -> Reply:
    """
    The reply that has a script.

    @param following: where it is answered.
    @param target: the application that it is for; empty for that of the connection.
    """
    found = {"X-Admin-Protocol": version, "X-Admin-Next-URI": following, "Content-Type": headers.TYPE}
    if target:
        found["X-Admin-Targeted-Application"] = target
    body = encode_commands(commands, indefinite=not settings.amdb_definite)
    return Reply(200, body, found, chunked=settings.amdb_chunked)
