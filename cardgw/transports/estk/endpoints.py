# -*- test-case-name: tests.transports.estk.test_endpoints -*-
"""
Where cards dial in: endpoint strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IStreamServerEndpoint

from cardgw.errors import SettingsError

WHERE = "[transports.estk] listen"
"""What errors call the setting."""
BACKLOG = 1024
"""Connections that the kernel keeps for us until we accept them, where an endpoint string does not say."""
PORT_MAX = 65535
_HINT = 'Write it like "tcp:1888".'
_PORT = re.compile(r"(?:(?:^|:)(?:tcp6?|ssl):(?:port=)?|:port=)(-?\d+)(?=:|$)")
_INHERITED = re.compile(r"(?:^|:)systemd:")


def check_endpoints(reactor: Any, texts: Iterable[str]) -> None:
    """
    Check endpoint strings as far as that is possible before they are used: a socket that systemd passes is there only when
    systemd starts the gateway.

    @raise SettingsError: there is none, or one is wrong.
    """
    texts = tuple(texts)
    if not texts:
        raise SettingsError(f"{WHERE}: there is no endpoint, so no card could dial in", hint=f"{_HINT} Or set enabled = false.")
    for text in texts:
        if not _INHERITED.search(text):
            endpoint_from(reactor, text)


def endpoint_from(reactor: Any, text: str) -> IStreamServerEndpoint:
    """
    @param text: an endpoint string.
    @raise SettingsError: it is none, or nothing can listen there.
    """
    if any(not 0 <= int(port) <= PORT_MAX for port in _PORT.findall(text)):
        raise SettingsError(f'{WHERE}: "{text}" is no endpoint (a port is at most {PORT_MAX})', hint=_HINT)
    full = f"{text}:backlog={BACKLOG}" if text.startswith(("tcp:", "tcp6:")) and ":backlog=" not in text else text
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, full)
    except LookupError:
        raise SettingsError(_without_socket(text)) from None
    except OSError as problem:
        raise SettingsError(f"{WHERE}: {text}: {_reason(problem)}") from None
    except Exception:  # each parser, some of them plugins, stumbles in its own way
        raise SettingsError(f'{WHERE}: "{text}" is no endpoint', hint=_HINT) from None
    return endpoint


def _without_socket(text: str) -> str:
    if _INHERITED.search(text):
        return f"{WHERE}: {text}: systemd has passed no such socket"
    return f'{WHERE}: "{text}" is no endpoint'


def _reason(problem: OSError) -> str:
    words = (problem.strerror or "it cannot be opened").lower()
    return f"{words}: {problem.filename}" if problem.filename else words
