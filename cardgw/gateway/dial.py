# -*- test-case-name: tests.gateway.test_dial -*-
"""
Connections that operations open.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.endpoints import clientFromString
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.python.failure import Failure

from cardgw.errors import Unreachable


def dial(reactor: Any, endpoint: str, factory: IProtocolFactory) -> Deferred[IProtocol]:
    """
    See L{cardgw.interfaces.ISession.connect}.
    """
    try:
        found = clientFromString(reactor, endpoint)
    except Exception:  # each parser, some of them plugins, stumbles in its own way
        return fail(Unreachable(f'"{endpoint}" is no endpoint', hint='Write it like "tcp:127.0.0.1:35963".'))
    connecting: Deferred[IProtocol] = found.connect(factory)
    return connecting.addErrback(partial(_not_connected, endpoint))


def _not_connected(endpoint: str, failure: Failure) -> Failure:
    """
    Endpoints have a way of their own to say that they were cancelled.
    """
    problem: Any = failure.value
    if isinstance(problem, (CancelledError, ConnectingCancelledError)):
        return Failure(CancelledError())
    words = next((each for each in problem.args if isinstance(each, str) and each), str(problem) or type(problem).__name__)
    return Failure(Unreachable(f"{endpoint}: {words.rstrip('.').lower()}"))
