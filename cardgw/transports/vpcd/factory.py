# -*- test-case-name: tests.transports.vpcd.test_factory -*-
"""
Makes sessions of connections, as many as there may be.
"""

from __future__ import annotations

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory

from cardgw.connections.sessions import Sessions, place
from cardgw.interfaces import IGateway
from cardgw.transports.vpcd.protocol import VpcdProtocol
from cardgw.transports.vpcd.settings import VpcdSettings


class VpcdFactory(ServerFactory):
    """
    Makes a session of each connection, within the limits.  There is nothing that a refused one could be told.

    @ivar crowd: those that are here.
    """

    noisy = False

    def __init__(self, settings: VpcdSettings, gateway: IGateway) -> None:
        self.settings = settings
        self.gateway = gateway
        self.crowd: Sessions[VpcdProtocol] = Sessions(settings.max_sessions, settings.max_sessions_per_address)

    def buildProtocol(self, addr: IAddress | None) -> VpcdProtocol | None:
        """
        See L{ServerFactory.buildProtocol}.
        """
        host, peer = place(addr)
        if self.crowd.stopping or self.crowd.full(host, peer):
            return None
        session = VpcdProtocol(self, peer, host)
        self.crowd.add(session, host)
        return session
