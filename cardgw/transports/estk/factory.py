# -*- test-case-name: tests.transports.estk.test_factory -*-
"""
Makes sessions of connections, as many as there may be.
"""

from __future__ import annotations

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory

from cardgw.connections.sessions import Full, Sessions, place
from cardgw.interfaces import IGateway
from cardgw.transports.estk.protocol import EstkProtocol
from cardgw.transports.estk.settings import EstkSettings

REFUSALS_MAX = 256
"""Cards that are being told a refusal at the same time; further ones are dropped without a word."""

FULL = "The server is busy. Please try again in a minute."
FULL_ADDRESS = "Too many cards of your network are being served. Please try again in a minute."
_REFUSALS = {Full.ALL: FULL, Full.ADDRESS: FULL_ADDRESS}


class EstkFactory(ServerFactory):
    """
    Makes a session of each connection, within the limits.

    @ivar crowd: those that are being served or wait for a request.
    """

    noisy = False

    def __init__(self, settings: EstkSettings, gateway: IGateway) -> None:
        self.settings = settings
        self.gateway = gateway
        self.crowd: Sessions[EstkProtocol] = Sessions(settings.max_sessions, settings.max_sessions_per_address)

    @property
    def sessions(self) -> set[EstkProtocol]:
        """
        Those of the crowd.
        """
        return self.crowd.here

    def buildProtocol(self, addr: IAddress | None) -> EstkProtocol | None:
        """
        See L{ServerFactory.buildProtocol}.
        """
        host, peer = place(addr)
        if self.crowd.stopping:
            return None
        if full := self.crowd.full(host, peer):
            return self._refuse(peer, _REFUSALS[full])
        session = EstkProtocol(self, peer, host)
        self.crowd.add(session, host)
        return session

    def _refuse(self, peer: str, refusal: str) -> EstkProtocol | None:
        if self.crowd.refused >= REFUSALS_MAX:
            return None
        self.crowd.refused += 1
        return EstkProtocol(self, peer, None, refusal)
