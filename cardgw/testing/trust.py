# -*- test-case-name: tests.testing.test_trust -*-
"""
L{ITrust}: what it does, and a fake that believes whom it is told to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zope.interface import implementer

from cardgw.errors import CardGatewayError
from cardgw.interfaces import ITrust
from cardgw.testing.contract import ContractMixin


class NotBelieved(CardGatewayError):
    """
    The certificate is not one that the test believes.
    """


@implementer(ITrust)
class FakeTrust:
    """
    Believes the certificates that it is given, without looking into them.

    @ivar asked: the arguments of each L{check}.
    """

    def __init__(self, believed: Mapping[bytes, Any] | None = None) -> None:
        """
        @param believed: what L{check} returns, by the DER of the first certificate of the chain.
        """
        self.asked: list[tuple[tuple[bytes, ...], Any, str, frozenset[bytes]]] = []
        self._believed = dict(believed or {})

    def check(self, chain: Sequence[bytes], role: Any, host: str, card: frozenset[bytes] = frozenset()) -> Any:
        """
        See L{ITrust.check}.
        """
        self.asked.append((tuple(chain), role, host, card))
        if not chain or chain[0] not in self._believed:
            raise NotBelieved(host)
        return self._believed[chain[0]]


class TrustTestsMixin(ContractMixin):
    """
    Tests of an L{ITrust}.  Subclasses provide L{make_trust} and L{good}.
    """

    role: Any = None
    """What the certificates are checked for."""

    def make_trust(self) -> Any:
        """
        A hook.

        @return: L{ITrust}.
        """
        raise NotImplementedError("make_trust")

    def good(self) -> tuple[Sequence[bytes], str]:
        """
        A hook: a chain that is trusted, and the host that it is good for.
        """
        raise NotImplementedError("good")

    def test_interface(self) -> None:
        """
        It provides L{ITrust}.
        """
        self.verify(ITrust, self.make_trust())

    def test_good(self) -> None:
        """
        Of a chain that is trusted it gives what was found.
        """
        chain, host = self.good()
        self.assertIsNotNone(self.make_trust().check(chain, self.role, host))

    def test_refused(self) -> None:
        """
        No chain, rubbish, and a certificate that is cut short are refused with a L{CardGatewayError}.
        """
        chain, host = self.good()
        for wrong in ([], [b""], [b"rubbish"], [chain[0][:-1], *chain[1:]]):
            self.assertRaises(CardGatewayError, self.make_trust().check, wrong, self.role, host)
