# -*- test-case-name: tests.test_state -*-
"""
Where the gateway keeps what must not be lost.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cardgw.errors import SecretError, SettingsError
from cardgw.gateway.settings import StoreSettings
from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.runner import Inline, Threads
from cardgw.gateway.store.seal import NoSeal, Seal, Sealing, key_file
from cardgw.gateway.tokens import Tokens

MEMORY = "memory"
"""The setting for a store that ends with the process."""
PASSWORD = "store-password"  # noqa: S105 - the name of the secret
DATABASE, KEY = "cardgw.sqlite", "cardgw.key"
_SQLITE = "sqlite:///"


def state_directory(environ: Mapping[str, str]) -> Path:
    """
    Where files go that the settings do not place: what systemd gives to the service, else where the user keeps such things.
    """
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    home = environ.get("XDG_STATE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".local" / "state") / "cardgw"


def node_name(settings: StoreSettings) -> str:
    """
    What this gateway calls itself.
    """
    return settings.node or socket.gethostname() or "cardgw"


@define
class StoreMaker:
    """
    Makes the store that settings describe.

    @ivar secret: gives the secret of a name.
    """

    settings: StoreSettings
    secret: Callable[[str], bytes]
    reactor: Any
    environ: Mapping[str, str] = field(factory=lambda: dict(os.environ))
    _memory: Store | None = None

    def running(self) -> Store:
        """
        The store that the gateway uses while it runs; not opened.
        """
        return self._in_memory() if self.settings.url == MEMORY else self._make(Threads(self.reactor))

    def at_once(self) -> Store:
        """
        The same store without threads, to look at before the gateway runs; not opened.

        @raise CardGatewayError: its key cannot be read.
        """
        return self._in_memory() if self.settings.url == MEMORY else self._make(Inline())

    def prepare(self) -> str | None:
        """
        Open the store once, which migrates it, and make the first token.

        @return: its secret, or C{None} where there are tokens.
        @raise CardGatewayError: the store cannot be used.
        """
        store = self.at_once()
        if store is not self._memory:
            self._seal()  # the mistakes of its key in their own words
        _now(store.open())
        try:
            found = _now(Tokens(store, self.reactor, os.urandom).first())
            return None if found is None else str(found)
        finally:
            if store is not self._memory:
                _now(store.close())

    @property
    def several(self) -> bool:
        """
        Whether several gateways may share it.
        """
        return self.url.startswith("postgres")

    @property
    def url(self) -> str:
        """
        Where the store is.
        """
        return self.settings.url or f"{_SQLITE}{state_directory(self.environ) / DATABASE}"

    def _in_memory(self) -> Store:
        if self._memory is None:
            self._memory = Store("sqlite://", Inline(), self.reactor, NoSeal())
        return self._memory

    def _make(self, runner: Any) -> Store:
        return Store(self._with_password(), runner, self.reactor, _LateSeal(self._seal))

    def _with_password(self) -> str:
        parts = urlsplit(self.url)
        if parts.scheme.startswith("sqlite") or parts.password or not parts.username:
            return self.url
        try:
            password = self.secret(PASSWORD).decode()
        except SecretError:
            return self.url
        place = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{parts.username}:{quote(password, safe='')}@{place}").geturl()

    def _seal(self) -> Sealing:
        place = Path(self.url.removeprefix(_SQLITE)) if self.url.startswith(_SQLITE) else state_directory(self.environ) / DATABASE
        file = place.with_name(KEY)
        if not self.settings.encrypt:
            return NoSeal(Seal(key_file(file)) if file.exists() else None)
        if not self.settings.key:
            return Seal(key_file(file))
        try:
            return Seal(bytes.fromhex(self.secret(self.settings.key).decode()))
        except ValueError:
            raise SettingsError(f"[store] key: {self.settings.key}: expected 64 hexadecimal digits in this secret") from None


@define
class _LateSeal:
    """
    A seal whose key is read, or made, when it is used: looking at settings makes no files.
    """

    _make: Callable[[], Sealing]
    _made: Sealing | None = None

    def _real(self) -> Sealing:
        if self._made is None:
            self._made = self._make()
        return self._made

    def seal(self, value: bytes) -> bytes:
        return self._real().seal(value)

    def open(self, sealed: bytes) -> bytes:
        return self._real().open(sealed)


def _now(waiting: Deferred[Any]) -> Any:
    """
    What a Deferred has given that fires at once.
    """
    found: list[Any] = []
    waiting.addBoth(found.append)
    (outcome,) = found
    if isinstance(outcome, Failure):
        outcome.raiseException()
    return outcome
