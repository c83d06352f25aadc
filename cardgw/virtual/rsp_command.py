# -*- test-case-name: tests.virtual.test_smdp_command,tests.virtual.test_smds_command -*-
"""
What the command lines of the virtual SM-DP+ and SM-DS have in common.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.python.failure import Failure

from cardgw.virtual.pki import HOST, SMDS_HOST, Pki, load_pki, make_pki
from cardgw.virtual.plain import endpoint, plain
from cardgw.virtual.rsp_server import RspServer

AnyServer = TypeVar("AnyServer", bound=RspServer)


def add_common(parser: argparse.ArgumentParser) -> None:
    """
    Options of both.
    """
    add = parser.add_argument
    add("--listen", default="tcp:0:interface=127.0.0.1", metavar="ENDPOINT", help="where (default: %(default)s)")
    add("--pki", type=Path, metavar="DIRECTORY", help="certificates and keys (also SGP.26's); made there if there are none")
    add("--host", help="its name; a TLS certificate is issued for it if it is not in the PKI's")
    add("--curve", choices=("nist", "brainpool"), default="nist", help="of a new PKI")


def make_hierarchy(directory: Path | None, curve: str, *, host: str | None = None, smds_host: str | None = None) -> Pki:
    """
    The PKI in a directory, or a new one.

    @param directory: a new one is saved there; C{None} for one that is gone with the process.
    @param host: of the SM-DP+.
    @raise OSError: a file cannot be read or written.
    @raise ValueError: a file is not what it should be.
    """
    if directory is not None and directory.is_dir() and any(directory.iterdir()):
        return load_pki(directory, host=host, smds_host=smds_host)
    pki = make_pki(curve, host or HOST, smds_host=smds_host or SMDS_HOST)
    if directory is not None:
        pki.save(directory)
    return pki


def print_event(event: dict[str, Any]) -> None:
    """
    Write an event to standard output.
    """
    print(json.dumps(event), flush=True)


def listen(reactor: Any, options: argparse.Namespace, server: AnyServer, made: Any) -> Deferred[AnyServer]:
    """
    Listen, and report C{ready}.

    @param made: what is served: its C{hierarchies} and its name, C{host}.
    """
    pki = made.hierarchies[0]

    def ready(_: object) -> AnyServer:
        keys = {"ci": pki.ci_id.hex(), "tls_ci": pki.tls_ci_id.hex()}
        server.report({"event": "ready", "port": server.port, "host": made.host, **keys})
        return server

    return server.listen(endpoint(serverFromString, reactor, options.listen)).addCallback(ready)


def run(program: str, options: argparse.Namespace, make: Callable[[argparse.Namespace], Any], start: Callable[..., Any]) -> int:
    """
    Run a server until it is interrupted.

    @param program: its name, for errors.
    @param make: makes what is served, as the command line describes it.
    @param start: gets the reactor, the options, that, and what reports events; what it gives fires when the server listens.
    @return: the exit status.
    """
    try:
        made = make(options)
    except (OSError, ValueError) as problem:
        print(f"{program}: {plain(problem)}", file=sys.stderr)
        return 1
    return serve(program, lambda reactor: start(reactor, options, made, print_event))


def serve(program: str, start: Callable[[Any], Deferred[Any]]) -> int:
    """
    Run a server until it is interrupted.

    @param program: its name, for errors.
    @param start: gets the reactor; what it gives fires when the server listens.
    @return: the exit status.
    """
    from twisted.internet.task import react

    problems: list[str] = []

    def work(reactor: Any) -> Deferred[None]:
        return maybeDeferred(start, reactor).addCallbacks(lambda _: Deferred(), partial(_not_listening, problems))

    with suppress(SystemExit):
        react(work)
    for each in problems:
        print(f"{program}: {each}", file=sys.stderr)
    return 1 if problems else 0


def _not_listening(problems: list[str], failure: Failure) -> None:
    problem = failure.value
    if not isinstance(problem, (CannotListenError, OSError, ValueError, OverflowError)):
        failure.raiseException()
    problems.append("a port is at most 65535" if isinstance(problem, OverflowError) else plain(problem))
