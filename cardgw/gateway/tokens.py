# -*- test-case-name: tests.gateway.test_tokens -*-
"""
Bearer tokens: who may ask the gateway, and for what.  Only digests of them are kept.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.errors import ParameterError
from cardgw.gateway.faults import Conflict, Unauthenticated, UnknownToken
from cardgw.gateway.records import Principal, Role, Token

if TYPE_CHECKING:
    from cardgw.gateway.store.engine import Store

FIRST = "admin"
"""The name of the token that is made where there is none."""
PREFIX = "cgw_"
SECRET_BYTES = 32
_SECRET = re.compile(PREFIX + "[A-Za-z0-9_-]{43}")
_NAME = re.compile("[a-z0-9][a-z0-9._-]{0,62}")

BELIEVED = 5.0
"""Seconds for which a token is not looked up again; another gateway's revocation takes so long to be noticed."""
MOST_BELIEVED = 1000
_MINUTE = 60
_END_OF_TIME = 253_402_300_800.0

_log = Logger()


@frozen
class _Belief:
    token: Token
    until: float


@define(eq=False)
class Tokens:
    """
    See the module's docstring.

    @ivar entropy: gives so many random bytes.
    """

    store: Store
    clock: Any
    entropy: Callable[[int], bytes]
    _believed: OrderedDict[bytes, _Belief] = field(factory=OrderedDict, init=False, repr=False)
    _used: dict[str, float] = field(factory=dict, init=False)
    _revoked: int = field(default=0, init=False)

    def first(self) -> Deferred[str | None]:
        """
        Where there is no token, make one for the administrator.

        @return: its secret, which is nowhere kept; or C{None}.
        """
        return Deferred.fromCoroutine(self._first())

    async def _first(self) -> str | None:
        if await self.store.tokens.count():
            return None
        try:
            return await self._add(FIRST, Role.ADMIN, None)
        except Conflict:  # another gateway was faster
            return None

    def add(self, name: str, role: Role, expires: float | None = None) -> Deferred[str]:
        """
        Make a token.

        @param expires: in seconds since 1970, or C{None}.
        @return: its secret, C{cgw_} and 43 characters, which is nowhere kept.
        @raise ParameterError: (as failure) the name cannot be one, or the time is past, or after the year 9999.
        @raise Conflict: (as failure) there is one of this name.
        """
        return Deferred.fromCoroutine(self._add(name, role, expires))

    async def _add(self, name: str, role: Role, expires: float | None) -> str:
        now = self.clock.seconds()
        if _NAME.fullmatch(name) is None:
            raise ParameterError("name: expected up to 63 of a-z, 0-9, dot, hyphen and underscore, a letter or digit first")
        if expires is not None and not now < expires < _END_OF_TIME:
            raise ParameterError("expires: expected a time to come, before the year 10000")
        secret = PREFIX + urlsafe_b64encode(self.entropy(SECRET_BYTES)).rstrip(b"=").decode()
        if not await self.store.tokens.add(Token(name, role, now, expires), _digest(secret)):
            raise Conflict(f"there is a token called {name} already")
        return secret

    def authenticate(self, secret: str) -> Deferred[Principal]:
        """
        Who a token belongs to.

        @raise Unauthenticated: (as failure) nobody, or it has expired.
        """
        return Deferred.fromCoroutine(self._authenticate(secret))

    async def _authenticate(self, secret: str) -> Principal:
        if _SECRET.fullmatch(secret) is None:
            raise Unauthenticated
        digest = _digest(secret)
        token = self._believe(digest) or await self._look_up(digest)
        now = self.clock.seconds()
        if token.expires is not None and token.expires <= now:
            raise Unauthenticated(f"the token {token.name} has expired")
        self._touch(token, now // _MINUTE * _MINUTE)
        return Principal(f"token:{token.name}", token.role)

    def _believe(self, digest: bytes) -> Token | None:
        belief = self._believed.get(digest)
        return belief.token if belief is not None and belief.until > self.clock.seconds() else None

    async def _look_up(self, digest: bytes) -> Token:
        revoked = self._revoked
        token: Token | None = await self.store.tokens.by_digest(digest)
        if token is None:
            raise Unauthenticated
        if revoked == self._revoked:  # else this may be what was there before
            self._believed[digest] = _Belief(token, self.clock.seconds() + BELIEVED)
            self._believed.move_to_end(digest)
            if len(self._believed) > MOST_BELIEVED:
                self._believed.popitem(last=False)
        return token

    def _touch(self, token: Token, minute: float) -> None:
        if max(token.used or 0.0, self._used.get(token.name, 0.0)) >= minute:
            return
        self._used[token.name] = minute
        self.store.tokens.touch(token.name, minute).addErrback(_not_noted, token.name)

    def all(self) -> Deferred[tuple[Token, ...]]:
        """
        All tokens, without their secrets.
        """
        return self.store.tokens.all()

    def revoke(self, name: str) -> Deferred[None]:
        """
        Make a token worthless.

        @return: C{Deferred[None]}; from then on nobody can use it.
        @raise UnknownToken: (as failure) there is none.
        """
        return Deferred.fromCoroutine(self._revoke(name))

    async def _revoke(self, name: str) -> None:
        found = await self.store.tokens.remove(name)
        self._revoked += 1
        self._used.pop(name, None)
        for digest in [digest for digest, belief in self._believed.items() if belief.token.name == name]:
            del self._believed[digest]
        if not found:
            raise UnknownToken(name)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _not_noted(failure: Failure, name: str) -> None:
    _log.warn(
        "the last use of token {name} was not written down: {reason}",
        event="token-use-not-stored",
        name=name,
        reason=failure.getErrorMessage(),
    )
