# -*- test-case-name: tests.transports.ramhttp.test_auth -*-
"""
Who may come: holders of tokens, users with passwords, and whoever has shown a certificate or a pre-shared key.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from attrs import define, field
from twisted.logger import Logger

from cardgw.transports.ramhttp.http import Reply, refusal
from cardgw.transports.ramhttp.settings import RamHttpSettings

_log = Logger()
FAILURES_MAX = 10
"""So many failures from one address; then nobody is asked any more who comes from there.  Those who have no address, behind a
proxy of this machine, are not counted: one could lock out all."""
FAILURES_WINDOW = 60.0
"""Seconds for which they count."""
ADDRESSES_MAX = 10_000
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="cardgw", charset="UTF-8"'}
_ASK = "Say who you are: put a token or a name and password into the URL, or send an Authorization header."
_WRONG = "This token or password is not known here."
_TOO_MANY = "Too many wrong tokens or passwords have come from this address. Please wait a minute."


@define(eq=False)
class Gate:
    """
    Lets those in who may come; where neither tokens nor users are set, everybody.

    @ivar secret: see L{cardgw.interfaces.IGateway}.
    @ivar seconds: gives the time.
    """

    settings: RamHttpSettings
    secret: Callable[[str], bytes]
    seconds: Callable[[], float]
    _failures: dict[str, tuple[int, float]] = field(factory=dict, init=False)

    @property
    def is_open(self) -> bool:
        """
        Whether everybody may come.
        """
        return not (self.settings.tokens or self.settings.users)

    def check(self) -> None:
        """
        @raise SecretError: a secret is not set.
        """
        for name in (*self.settings.tokens, *self.settings.users.values()):
            self.secret(name)

    def who(self, headers: Mapping[str, str], host: str, known: str, *, trusted: bool = False) -> str | Reply:
        """
        @param headers: of the request, by lower-case name.
        @param host: what the peer is counted under.
        @param known: who it is, as its connection has shown already; else empty.
        @param trusted: its connection has shown a pre-shared key, or it comes by a link.
        @return: C{"token:NAME"}, C{"basic:NAME"}, or C{known}; or a refusal.
        """
        if known or trusted or self.is_open:
            return known
        given = headers.get("authorization", "")
        if not given:
            return refusal(401, _ASK, _CHALLENGE)
        if self._too_many(host):
            return refusal(429, _TOO_MANY, {"Retry-After": f"{FAILURES_WINDOW:.0f}"})
        found = self._named(given)
        if found:
            return found
        self._failed(host)
        return refusal(401, _WRONG, _CHALLENGE)

    def _named(self, given: str) -> str:
        scheme, _, rest = given.partition(" ")
        if scheme.lower() == "bearer":
            return self._of_token(rest.strip().encode())
        if scheme.lower() != "basic":
            return ""
        try:
            user, _, password = b64decode(rest.strip(), validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return ""
        return self._of_user(user, password) or self._of_token(password) or self._of_token(user)

    def _of_token(self, token: bytes) -> str:
        names = [name for name in self.settings.tokens if _same(self.secret(name), token)]
        return f"token:{names[0]}" if names else ""

    def _of_user(self, user: bytes, password: bytes) -> str:
        names = [
            name
            for name, where in self.settings.users.items()
            if _same(name.encode(), user) & _same(self.secret(where), password)
        ]
        return f"basic:{names[0]}" if names else ""

    def _too_many(self, host: str) -> bool:
        count, since = self._failures.get(host, (0, 0.0))
        if self.seconds() - since >= FAILURES_WINDOW:
            self._failures.pop(host, None)
            return False
        return count >= FAILURES_MAX

    def _failed(self, host: str) -> None:
        if not host:
            return
        count, since = self._failures.pop(host, (0, self.seconds()))
        self._failures[host] = (count + 1, since)
        if len(self._failures) > ADDRESSES_MAX:
            del self._failures[next(iter(self._failures))]
        if count + 1 == FAILURES_MAX:
            fmt = "{host}: too many wrong tokens or passwords; further ones are not looked at for a minute"
            _log.warn(fmt, event="too-many-failures", host=host)


def _same(one: bytes, other: bytes) -> bool:
    return bool(other) and hmac.compare_digest(sha256(one).digest(), sha256(other).digest())


def certified(transport: Any) -> str:
    """
    Who has shown a client certificate over this connection: C{"tls:SUBJECT"}; else nothing.
    """
    get = getattr(transport, "getPeerCertificate", None)
    certificate = get() if get is not None else None
    return f"tls:{_subject(certificate)}" if certificate is not None else ""


def _subject(certificate: Any) -> str:
    return ",".join(_parts(certificate.get_subject().get_components()))


def _parts(components: Any) -> Iterator[str]:
    for name, value in components:
        yield f"{name.decode('ascii', 'replace')}={value.decode('utf-8', 'replace')}"
