# -*- test-case-name: tests.gateway.test_controller -*-
"""
Who may ask the gateway, and who did what: part of L{cardgw.gateway.controller}.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from cardgw.gateway.claims import Claims
from cardgw.gateway.control import Claim
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.records import AuditEntry, Principal, Role, Token
from cardgw.gateway.tokens import Tokens

MOST = 500
"""Of a list at once."""


class AccessControl:
    """
    See the module's docstring.
    """

    inventory: Inventory
    tokens_: Tokens
    claims: Claims

    def claim(self, code: str, address: str) -> Deferred[Claim]:
        """
        See L{Control.claim}.
        """
        return Deferred.fromCoroutine(self._claim(code, address))

    async def _claim(self, code: str, address: str) -> Claim:
        token, card = self.claims.claim(code, address)
        visit = self.inventory.visits[card]
        await self.note(Principal(f"code:{card}", Role.OPERATOR, card), "card.claim", card, address)
        return Claim(token, visit.record())

    def authenticate(self, token: str) -> Deferred[Principal]:
        """
        See L{Control.authenticate}.
        """
        return Deferred.fromCoroutine(self._authenticate(token))

    async def _authenticate(self, token: str) -> Principal:
        guest = self.claims.authenticate(token) or self.inventory.links.authenticate(token)
        return guest if guest is not None else await self.tokens_.authenticate(token)

    def tokens(self) -> Deferred[Sequence[Token]]:
        """
        See L{Control.tokens}.
        """
        found: Deferred[Any] = self.tokens_.all()
        return found

    def add_token(self, who: Principal, name: str, role: Role, expires: float | None = None) -> Deferred[str]:
        """
        See L{Control.add_token}.
        """
        return Deferred.fromCoroutine(self._add_token(who, name, role, expires))

    async def _add_token(self, who: Principal, name: str, role: Role, expires: float | None) -> str:
        secret = await self.tokens_.add(name, role, expires)
        await self.note(who, "token.add", name, role.value)
        return secret

    def revoke_token(self, who: Principal, name: str) -> Deferred[None]:
        """
        See L{Control.revoke_token}.
        """
        return Deferred.fromCoroutine(self._revoke_token(who, name))

    async def _revoke_token(self, who: Principal, name: str) -> None:
        await self.tokens_.revoke(name)
        await self.note(who, "token.revoke", name)

    def audit(self, before: int | None = None, limit: int = 50) -> Deferred[Sequence[AuditEntry]]:
        """
        See L{Control.audit}.
        """
        found: Deferred[Any] = self.inventory.jobs.store.audit.find(before, min(limit, MOST))
        return found

    async def note(self, who: Principal, action: str, target: str, detail: str = "") -> None:
        """
        Write down who has done what.
        """
        await self.inventory.jobs.store.audit.add(self.inventory.reactor.seconds(), who.name, action, target, detail)
