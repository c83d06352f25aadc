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

_INTERINDUSTRY, _PROPRIETARY = 0x00, 0x80
"""Classes of plain commands on the basic channel.  What is protected is part of a chain, and cannot come again."""
_GET_DATA, _READ_BINARY, _READ_RECORD, _GET_STATUS = (0xCA, 0xCB), (0xB0, 0xB1), 0xB2, 0xF2
_STATUS_BYTES = 2
_NEXT, _BY_NUMBER = 0x01, 0x04
"""Bits of P2: GET STATUS goes on where the card has stopped; READ RECORD does not, but names the record."""


@define(eq=False)
class Script:
    """
    A script on its way.

    @ivar seconds: how long the card may take for it.
    @ivar answered: gives the answers.
    @ivar reply: C{None} while it has not gone out.
    @ivar whole: whether the reply went out whole; C{None} while that is not known.
    @ivar missed: the status of commands whose application is not there; empty where that was not said.
    """

    commands: tuple[bytes, ...]
    seconds: float
    answered: Deferred[tuple[bytes, ...]]
    reply: Reply | None = None
    whole: bool | None = None
    missed: bytes = b""

    @property
    def repeatable(self) -> bool:
        """
        Whether the card may be given it again although it may have it already.
        """
        return self.whole is False or all(map(reads, self.commands))

    def answers(self, post: Post) -> tuple[bytes, ...]:
        """
        The R-APDUs that the card's side tells.

        @raise PeerMisbehaved: it is no answer.
        @raise ScriptRefused: the card's side says why it did not execute the script.
        """
        said = post.headers.get(headers.STATUS, Status.OK.value)
        status = headers.status_of(said)
        if status in STATUSES:
            self.missed = STATUSES[status]
            return (self.missed,) * len(self.commands)
        if status is not Status.OK:
            raise ScriptRefused(quoted(said))
        try:
            response = decode_response(post.body)
        except WireError as error:
            raise PeerMisbehaved(f"the answer to a script: {error}") from None
        if response.problem and not response.responses:
            raise ScriptRefused(response.problem)
        found = response.responses
        if len(found) > len(self.commands) or any(len(each) < _STATUS_BYTES for each in found):
            raise PeerMisbehaved(f"{len(found)} answers to {len(self.commands)} commands, or one without a status")
        return found


def reads(command: bytes) -> bool:
    """
    Whether a command does nothing but read, and reads the same when it comes again.
    """
    cla, ins, _, p2 = command[:4]
    if ins in _GET_DATA:
        return cla in (_INTERINDUSTRY, _PROPRIETARY)
    if ins == _GET_STATUS:
        return cla == _PROPRIETARY and not p2 & _NEXT
    return cla == _INTERINDUSTRY and (ins in _READ_BINARY or (ins == _READ_RECORD and bool(p2 & _BY_NUMBER)))


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
