# -*- test-case-name: tests.cli.test_reader_gateway -*-
"""
A gateway of its own for one command and one reader of this machine: the whole gateway, in another process, that listens on a
socket which nobody else can reach, and ends with the command.

What must not be forgotten (failed authentications, loads that broke off) is kept in a store of its own.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.internet.task import react
from twisted.logger import LogPublisher, globalLogBeginner
from twisted.python.failure import Failure

from cardgw.assembly import assemble
from cardgw.cli.errors import OtherCommandRuns
from cardgw.config import load_config
from cardgw.errors import CardGatewayError, SettingsError
from cardgw.gateway.records import Role
from cardgw.gateway.registry import Registry, load_registry
from cardgw.gateway.tokens import Tokens
from cardgw.gateway_service import GatewayService
from cardgw.state import DATABASE, StoreMaker, state_directory

PCSC = "pcsc"
SOCKET = "api.sock"
"""The API is there, in the directory that the command names."""
_STATE, _LOCK = "reader", "lock"
_LIFETIME = 86400.0
_PRIVATE = 0o700


@frozen
class Wanted:
    """
    What the command wants.

    @ivar selector: of readers.
    @ivar config: the settings; C{None} for none.
    @ivar directory: where the socket is to be; nobody else can enter it.
    """

    selector: str
    config: Path | None
    directory: Path

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Wanted:
        """
        @param arguments: of the process.
        """
        selector, config, directory = arguments
        return cls(selector, Path(config) if config else None, Path(directory))

    def arguments(self) -> tuple[str, ...]:
        """
        The opposite.
        """
        return (self.selector, str(self.config or ""), str(self.directory))


def overrides(wanted: Wanted, registry: Registry, state: Path) -> dict[str, Any]:
    """
    What of the settings is otherwise: where cards come from, what is kept where, and where the API is.
    """
    transports: dict[str, Any] = {each.plugin.name: {"enabled": False} for each in registry.transports()}
    return {
        "transports": {**transports, PCSC: {"enabled": True, "readers": [wanted.selector]}},
        "store": {"url": f"sqlite:///{state / DATABASE}"},
        "web": {"enabled": True, "listen": [f"unix:{wanted.directory / SOCKET}:mode=600"]},
    }


def locked(environ: Mapping[str, str]) -> tuple[Path, int]:
    """
    Where things are kept, for one process at a time.

    @return: the directory, and a file descriptor that keeps others out.
    @raise OtherCommandRuns: just now.
    @raise SettingsError: the directory cannot be used.
    """
    state = state_directory(environ) / _STATE
    try:
        state.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        lock = os.open(state / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise SettingsError(f"{state}: {problem.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise OtherCommandRuns from None
    return state, lock


class _End(Protocol):
    """
    The command has ended when its end of the pipe is closed.
    """

    def __init__(self, ended: Deferred[None]) -> None:
        self._ended = ended

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol}.
        """
        self._ended.callback(None)


async def serve(reactor: Any, wanted: Wanted, tell: Callable[[str], object], ended: Deferred[None]) -> None:
    """
    Be the gateway until the command has ended.

    @param tell: is given the token.
    @raise CardGatewayError: the settings cannot be used.
    """
    state, lock = locked(os.environ)
    try:
        registry = load_registry()
        config = evolve(load_config(wanted.config, registry, overrides(wanted, registry, state)), webhooks=())
        service = GatewayService(assemble(config, registry, reactor).parts, print_token=bool)
        service.bind()
        name = f"reader-{os.getpid()}"
        store = StoreMaker(config.store, service.vault, reactor).at_once()
        await store.open()
        token = await Tokens(store, reactor, os.urandom).add(name, Role.OPERATOR, reactor.seconds() + _LIFETIME)
        await store.close()
        service.startService()
        tell(token)
        await ended
        await Tokens(service.inventory.jobs.store, reactor, os.urandom).revoke(name)
        await service.stopService()
    finally:
        os.close(lock)


async def _run(reactor: Any, wanted: Wanted) -> None:
    ended: Deferred[None] = Deferred()
    StandardIO(_End(ended), reactor=reactor)
    try:
        await serve(reactor, wanted, lambda token: os.write(sys.stdout.fileno(), f"{token}\n".encode()), ended)
    except CardGatewayError as problem:
        os.write(sys.stderr.fileno(), f"{problem}\n".encode())
        raise SystemExit(1) from None


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The process.

    @raise SystemExit: always.
    """
    globalLogBeginner.beginLoggingTo([LogPublisher()], redirectStandardIO=False)
    wanted = Wanted.parse(sys.argv[1:] if arguments is None else arguments)
    react(lambda reactor: Deferred.fromCoroutine(_run(reactor, wanted)))


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        os._exit(int(end.code or 0))  # all is closed by now, and taking the interpreter apart would keep the command waiting
