# -*- test-case-name: tests.test_listening -*-
"""
Listening where settings say, as Twisted endpoint strings: for transports, and for the HTTP API.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.errors import SettingsError

BACKLOG = 1024
"""Connections that the kernel keeps for us until we accept them, where an endpoint string does not say."""
PORT_MAX = 65535
_PORT = re.compile(r"(?:(?:^|:)(?:tcp6?|ssl):(?:port=)?|:port=)(-?\d+)(?=:|$)")
_INHERITED = re.compile(r"(?:^|:)systemd:")
Scheme: TypeAlias = Callable[[Any, str], IStreamServerEndpoint]
"""
Makes an endpoint that no plugin of Twisted has, of a reactor and of what stands behind the first colon; raises C{SettingsError}
without saying where, C{ValueError}, or C{OSError} for a file.
"""
NO_SCHEMES: Mapping[str, Scheme] = MappingProxyType({})
_log = Logger()


def with_backlog(text: str) -> str:
    """
    An endpoint string that says how many connections the kernel keeps.
    """
    return f"{text}:backlog={BACKLOG}" if text.startswith(("tcp:", "tcp6:")) and ":backlog=" not in text else text


@define(eq=False)
class Listeners:
    """
    The listeners of one setting.

    @ivar texts: endpoint strings.
    @ivar where: what errors call the setting, C{[transports.estk] listen}.
    @ivar nothing: what an error says where there is none.
    @ivar example: a string that is right.
    @ivar opened: called with each port, as it is opened, the text of its endpoint and its address for people.
    @ivar schemes: what makes endpoints of texts that begin so, before plugins are asked: C{"psk"} for C{psk:tcp:8443}.
    @ivar ports: those that are open.
    """

    reactor: Any
    texts: tuple[str, ...]
    where: str
    nothing: str
    example: str
    opened: Callable[[IListeningPort, str, str], object]
    schemes: Mapping[str, Scheme] = NO_SCHEMES
    ports: list[IListeningPort] = field(factory=list, init=False)
    _opening: list[Deferred[None]] = field(factory=list, init=False)
    _problem: SettingsError | None = field(default=None, init=False)
    _later: bool = field(default=False, init=False)

    @property
    def is_open(self) -> bool:
        """
        Whether L{open} was called.
        """
        return bool(self._opening)

    def check(self) -> None:
        """
        Check the strings as far as that is possible before they are used: a socket that systemd passes is there only when
        systemd starts the gateway.

        @raise SettingsError: there is none, or one is wrong.
        """
        if not self.texts:
            raise SettingsError(f"{self.where}: {self.nothing}", hint=f"{self._hint} Or set enabled = false.")
        for text in self.texts:
            if not _INHERITED.search(text):
                self.endpoint(text)

    def endpoint(self, text: str) -> IStreamServerEndpoint:
        """
        @param text: an endpoint string.
        @raise SettingsError: it is none, or nothing can listen there.
        """
        if any(not 0 <= int(port) <= PORT_MAX for port in _PORT.findall(text)):
            raise SettingsError(f'{self.where}: "{text}" is no endpoint (a port is at most {PORT_MAX})', hint=self._hint)
        try:
            return self._made(text)
        except SettingsError as problem:
            raise SettingsError(f"{self.where}: {text}: {problem.detail}", hint=problem.hint) from None
        except LookupError:
            raise SettingsError(self._without_socket(text)) from None
        except OSError as problem:
            raise SettingsError(f"{self.where}: {text}: {_reason(problem)}") from None
        except Exception:  # each parser, some of them plugins, stumbles in its own way
            raise SettingsError(f'{self.where}: "{text}" is no endpoint', hint=self._hint) from None

    def _made(self, text: str) -> IStreamServerEndpoint:
        scheme, _, rest = text.partition(":")
        if scheme in self.schemes:
            return self.schemes[scheme](self.reactor, rest)
        endpoint: IStreamServerEndpoint = serverFromString(self.reactor, with_backlog(text))
        return endpoint

    @property
    def _hint(self) -> str:
        return f'Write it like "{self.example}".'

    def _without_socket(self, text: str) -> str:
        if _INHERITED.search(text):
            return f"{self.where}: {text}: systemd has passed no such socket"
        return f'{self.where}: "{text}" is no endpoint'

    def open(self, factory: IProtocolFactory) -> None:
        """
        Listen.

        @raise SettingsError: an address cannot be listened on; none is, then.
        """
        endpoints = {text: self.endpoint(text) for text in self.texts}
        for text, endpoint in endpoints.items():
            listening = endpoint.listen(factory)
            self._opening.append(listening.addCallbacks(self._listening, self._failed, (text,), errbackArgs=(text,)))
        self._later = True
        if self._problem is not None:
            self.close()
            raise self._problem

    def _listening(self, port: IListeningPort, text: str) -> None:
        self.ports.append(port)
        host: Any = port.getHost()
        number = getattr(host, "port", None)
        self.opened(
            port, text, f"{host.host}:{number}" if number is not None else os.fsdecode(getattr(host, "name", None) or text)
        )

    def _failed(self, failure: Failure, text: str) -> None:
        if failure.check(CancelledError):
            return
        cause = getattr(failure.value, "socketError", failure.value)
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        self._problem = SettingsError(f"{self.where}: {text}: {reason.lower()}")
        if self._later:
            _log.critical("{problem}", event="not-listening", problem=str(self._problem))

    def close(self) -> Deferred[Any]:
        """
        Listen no more.

        @return: C{Deferred}, when all ports are closed.
        """
        opening, self._opening = self._opening, []
        for each in opening:
            each.cancel()
        ports, self.ports = self.ports, []
        return DeferredList([maybeDeferred(port.stopListening) for port in ports], consumeErrors=True)


class ListeningService(Service):
    """
    Listens while it runs.

    @ivar ports: what listens now.
    """

    def __init__(self, listeners: Listeners, factory: IProtocolFactory) -> None:
        self._listeners, self._factory = listeners, factory

    @property
    def ports(self) -> list[IListeningPort]:
        """
        See the class.
        """
        return self._listeners.ports

    def privilegedStartService(self) -> None:
        """
        Listen, while ports below 1024 are still allowed.

        @raise SettingsError: an address cannot be listened on; none is, then.
        """
        Service.privilegedStartService(self)
        self._listeners.open(self._factory)

    def startService(self) -> None:
        """
        Listen, unless that has been done.

        @raise SettingsError: see L{privilegedStartService}.
        """
        Service.startService(self)
        if not self._listeners.is_open:
            self.privilegedStartService()

    def stopService(self) -> Deferred[Any]:
        """
        Listen no more.

        @return: C{Deferred}, when all ports are closed.
        """
        Service.stopService(self)
        return self._listeners.close()


def _reason(problem: OSError) -> str:
    words = (problem.strerror or "it cannot be opened").lower()
    return f"{words}: {problem.filename}" if problem.filename else words
