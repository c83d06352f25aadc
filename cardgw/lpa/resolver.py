# -*- test-case-name: tests.lpa.test_resolver -*-
"""
DNS and TCP with the rules of L{cardgw.lpa.guard} in between: addresses that are not allowed are dropped from the answers, and a
connection goes only to one that was checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import Factory, define
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IDelayedCall,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
)
from zope.interface import implementer

from cardgw.lpa.guard import Guard
from cardgw.lpa.server_errors import AddressRefused


@implementer(IResolutionReceiver)
@define(eq=False, repr=False)
class _Filter:
    """
    Passes on the addresses that may be contacted.
    """

    receiver: IResolutionReceiver
    reactor: GuardedReactor

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N803 - the interface names it
        """
        See L{IResolutionReceiver}.
        """
        self.receiver.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: IAddress) -> None:
        """
        See L{IResolutionReceiver}.
        """
        if isinstance(address, (IPv4Address, IPv6Address)) and self.reactor.allows(address.host):
            self.receiver.addressResolved(address)

    def resolutionComplete(self) -> None:
        """
        See L{IResolutionReceiver}.
        """
        self.receiver.resolutionComplete()


@implementer(IHostnameResolver, IReactorPluggableNameResolver)
@define(eq=False, repr=False)
class GuardedReactor:
    """
    What L{twisted.internet.endpoints.HostnameEndpoint} needs of a reactor, for one connection to one host.

    @ivar refused: why addresses of this host were not used.
    """

    reactor: Any
    guard: Guard
    host: str
    refused: list[str] = Factory(list)
    _checked: set[str] = Factory(set)

    @property
    def nameResolver(self) -> IHostnameResolver:
        """
        See L{IReactorPluggableNameResolver}.
        """
        return self

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:  # noqa: N802 - the interface names it
        """
        Not for a borrowed reactor.
        """
        raise NotImplementedError

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """
        See L{IHostnameResolver}.
        """
        resolver: IHostnameResolver = self.reactor.nameResolver
        receiver = _Filter(resolutionReceiver, self)
        return resolver.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)

    def allows(self, address: str) -> bool:
        """
        Whether this host may be contacted at an address.  Remembers the answer.
        """
        words = self.guard.refusal(self.host, address)
        if words:
            self.refused.append(words)
            return False
        self._checked.add(address)
        return True

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: tuple[str, int] | None = None,  # noqa: N803
    ) -> IConnector:
        """
        See C{IReactorTCP}.

        @raise AddressRefused: the address has not been checked.
        """
        if host not in self._checked:
            raise AddressRefused(f"{self.host} at {host}")
        connector: IConnector = self.reactor.connectTCP(host, port, factory, timeout, bindAddress)
        return connector

    def seconds(self) -> float:
        """
        See C{IReactorTime}.
        """
        return float(self.reactor.seconds())

    def callLater(self, delay: float, callable: Any, *args: object, **kwargs: object) -> IDelayedCall:
        """
        See C{IReactorTime}.
        """
        call: IDelayedCall = self.reactor.callLater(delay, callable, *args, **kwargs)
        return call
