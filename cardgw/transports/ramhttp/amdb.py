# -*- test-case-name: tests.transports.ramhttp.test_amdb -*-
"""
GlobalPlatform Amendment B (1.1.3): cards that administer themselves over HTTP, as L{cardgw.transports.ramhttp.http.Dialect}.

A card's side is who its key of TLS-PSK says.  Over a connection that proves nobody, none is taken, unless settings say that what
stands in front of the gateway has the TLS.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from twisted.logger import Logger

from cardgw.apdu.command import SHORT_COMMAND, SHORT_RESPONSE
from cardgw.connections.sessions import Full, Sessions
from cardgw.errors import CardGatewayError
from cardgw.interfaces import IGateway
from cardgw.transports.ramhttp import amdb_headers as headers
from cardgw.transports.ramhttp.amdb_session import AmdbSession, Who
from cardgw.transports.ramhttp.asked import refused, request_of
from cardgw.transports.ramhttp.channel import Patience, TemplateChannel
from cardgw.transports.ramhttp.errors import ClientRestarted, quoted
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply, refusal
from cardgw.transports.ramhttp.plan import Limits
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.values import CardRequest, ChannelInfo, Feature

ID_BYTES = 16
"""Bytes of chance in the name of a session."""
_log = Logger()


class AmendmentB:
    """
    See L{cardgw.transports.ramhttp.http.Dialect}.

    @ivar base: the path of what we are asked for.
    """

    def __init__(
        self,
        settings: RamHttpSettings,
        gateway: IGateway,
        crowd: Sessions[Any],
        fate: Callable[[int], Fate],
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """
        @param crowd: all sessions, also those of other dialects.
        @param fate: what is known of a connection.
        """
        self.settings = settings
        self.gateway = gateway
        self.fate = fate
        self.base = settings.prefix.rstrip("/")
        self._crowd = crowd
        self._entropy = entropy
        self._sessions: dict[str, AmdbSession] = {}
        self._agents: dict[tuple[bytes | None, str], AmdbSession] = {}

    def takes(self, post: Post) -> bool:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.
        """
        return headers.is_ours(post.headers, post.body) or headers.place_in(post.query)[0] in self._sessions

    def find(self, post: Post) -> AmdbSession | None:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.  One that comes back without the address that it was given last is known by
        its name and its key, if it says so, or has not heard of us yet.
        """
        name, _ = headers.place_in(post.query)
        session = self._sessions.get(name)
        if session is None and not name:
            session = self._agents.get((post.psk, self._agent(post)))
            if session is not None and not (headers.is_resumed(post.headers) or session.is_beginning(post)):
                session = None
        same = session is not None and (session.who.psk, session.who.user) == (post.psk, post.user)
        return session if same else None

    def _agent(self, post: Post) -> str:
        key = None if post.psk is None else self.gateway.psk(post.psk)
        return headers.agent_of(post.headers, post.psk, "" if key is None else key.agent)

    def begin(self, post: Post) -> AmdbSession | Reply:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.
        """
        who = self._who(post)
        if isinstance(who, Reply):
            return who
        try:
            request = request_of(post.path, self.gateway.link)
        except CardGatewayError as problem:
            return refused(problem)
        before = self._agents.get((who.psk, who.agent))
        if before is not None:
            before.end(ClientRestarted())
        full = self._crowd.full(post.host, post.peer)
        if self._crowd.stopping or full is not None:
            return refusal(503, "This server is being restarted." if full is None else _FULL[full], {"Retry-After": "60"})
        return self._begun(post, who, request)

    def _who(self, post: Post) -> Who | Reply:
        if post.psk is None and not self.settings.amdb_plain:
            return self._refused(post, 403, "GlobalPlatform Amendment B needs TLS-PSK (a psk: listener).")
        agent = self._agent(post)
        if not headers.is_agent(agent):
            return self._refused(post, 400, "X-Admin-From: there is no agent of this name.")
        why = "" if post.psk is None else self._contradiction(agent, post.psk)
        if why:
            return self._refused(post, 403, f"X-Admin-From: {why}.")
        return Who(agent, post.psk, headers.identity_of(agent, post.psk), headers.version_of(post.headers), post.user)

    def _contradiction(self, agent: str, psk: bytes) -> str:
        key = self.gateway.psk(psk)
        return "its key is good no more" if key is None else headers.contradiction(agent, psk, key)

    def _refused(self, post: Post, status: int, why: str) -> Reply:
        _log.warn("{peer}: refused: {reason}", event="agent-refused", peer=post.peer, reason=quoted(why))
        return refusal(status, why)

    def _begun(self, post: Post, who: Who, request: CardRequest) -> AmdbSession:
        settings = self.settings
        session = AmdbSession(self, self._entropy(ID_BYTES).hex(), who, post)
        info = ChannelInfo(
            transport="ramhttp",
            peer=post.peer,
            offers=frozenset({Feature.SELECT}),
            request=request,
            max_command=SHORT_COMMAND,
            max_response=SHORT_RESPONSE,
            identity=who.identity,
            secure=True,
            patience=settings.amdb_linger,
        )
        size = settings.amdb_template
        limits = Limits(SHORT_COMMAND, SHORT_RESPONSE, size, size, settings.template_seconds, completes=True)
        patience = Patience(settings.apdu_timeout, settings.slow_timeout)
        self._sessions[session.id] = self._agents[who.psk, who.agent] = session
        self._crowd.add(session, session.host)
        session.arrive(TemplateChannel(info, session, limits, patience, self.gateway.reactor.seconds))
        return session

    def ended(self, session: AmdbSession) -> None:
        """
        A session is over.
        """
        del self._sessions[session.id]
        key = session.who.psk, session.who.agent
        if self._agents.get(key) is session:
            del self._agents[key]
        self._crowd.ended(session, session.host)


_FULL = {Full.ALL: "Too many cards are here.", Full.ADDRESS: "Too many cards are here from this address."}
