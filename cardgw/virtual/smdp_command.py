# -*- test-case-name: tests.virtual.test_smdp_command -*-
"""
The command line of the virtual SM-DP+, C{python -m cardgw.virtual.smdp_server}.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.python.failure import Failure

from cardgw.virtual.pki import load_pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package, read_iccid
from cardgw.virtual.smdp import FUNCTIONS, Smdp
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smdp_server import Report, SmdpServer
from cardgw.virtual.smdp_web import Misbehaviour

DEFAULT_SIZE = 8000
"""Bytes of a generated profile package."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cardgw.virtual.smdp_server",
        description="A virtual SM-DP+: ES9+ over HTTPS.  Prints one JSON object a line: ready, request, notification, cancelled.",
        epilog="example: %(prog)s --listen tcp:8443 --pki /tmp/pki --profile package.der --matching-id PROFILE-1",
    )
    add = parser.add_argument
    add("--listen", default="tcp:0:interface=127.0.0.1", metavar="ENDPOINT", help="where (default: %(default)s)")
    add("--pki", type=Path, metavar="DIRECTORY", help="certificates and keys (also SGP.26's); made there if there are none")
    add("--host", help="its name; a TLS certificate is issued for it if it is not in the PKI's")
    add("--curve", choices=("nist", "brainpool"), default="nist", help="of a new PKI")
    add(
        "--profile",
        type=Path,
        metavar="FILE",
        help="an unprotected profile package, or a directory of *.der: their names are matching IDs",
    )
    add("--matching-id", metavar="ID", help="of the profile (default: the name of the file, or PROFILE-1)")
    add("--size", type=int, default=DEFAULT_SIZE, help="bytes of a generated profile package (default: %(default)s)")
    add("--iccid", help="of a generated profile package")
    add("--name", help="profile name in the metadata")
    add("--provider", default="Example", help="service provider name in the metadata")
    add("--policy-rule", action="append", default=[], choices=("ppr1", "ppr2"), help="a profile policy rule; may be repeated")
    add("--confirmation-code", metavar="CODE", help="the card holder must give it")
    add("--tries", type=int, default=3, help="wrong confirmation codes that end the order (default: %(default)s)")
    add("--uses", type=int, help="how often a profile can be installed (default: any number)")
    add("--fresh-keys", action="store_true", help="protect profile elements with keys of their own")
    add("--delay", type=float, default=0.0, metavar="SECONDS", help="before every answer")
    return parser.parse_args(arguments)


def make_orders(options: argparse.Namespace) -> list[Order]:
    """
    The orders that the command line describes.

    @raise OSError: a file cannot be read.
    @raise ValueError: it is no profile package.
    """
    common = {
        "provider": options.provider,
        "policy_rules": frozenset(options.policy_rule),
        "confirmation_code": options.confirmation_code,
        "tries": options.tries,
        "uses": options.uses,
        "fresh_keys": options.fresh_keys,
    }
    path: Path | None = options.profile
    if path is None:
        package = make_package(options.iccid or make_iccid(1), options.size)
        return [Order(options.matching_id or "PROFILE-1", package, name=options.name or "Example profile", **common)]
    files = sorted(path.glob("*.der")) if path.is_dir() else [path]
    found = []
    for file in files:
        package = file.read_bytes()
        read_iccid(package)
        matching_id = file.stem if path.is_dir() or options.matching_id is None else options.matching_id
        found.append(Order(matching_id, package, name=options.name or file.stem, **common))
    return found


def make_smdp(options: argparse.Namespace) -> Smdp:
    """
    The server that the command line describes.

    @raise OSError: a file cannot be read or written.
    @raise ValueError: a file is not what it should be.
    """
    directory: Path | None = options.pki
    if directory is not None and directory.is_dir() and any(directory.iterdir()):
        pki = load_pki(directory, host=options.host)
    else:
        pki = make_pki(options.curve, *([options.host] if options.host else []))
        if directory is not None:
            pki.save(directory)
    smdp = Smdp(pki, host=options.host)
    for order in make_orders(options):
        smdp.add(order)
    return smdp


def print_event(event: dict[str, Any]) -> None:
    """
    Write an event to standard output.
    """
    print(json.dumps(event), flush=True)


def start(reactor: Any, options: argparse.Namespace, smdp: Smdp, report: Report) -> Deferred[SmdpServer]:
    """
    Listen, and report C{ready}.
    """
    server = SmdpServer(smdp, reactor, report)
    if options.delay:
        server.web.misbehave = {function: Misbehaviour(delay=options.delay) for function in FUNCTIONS}
    pki = smdp.hierarchies[0]

    def ready(_: object) -> SmdpServer:
        keys = {"ci": pki.ci_id.hex(), "tls_ci": pki.tls_ci_id.hex()}
        report({"event": "ready", "port": server.port, "host": smdp.host, **keys})
        return server

    listening: Deferred[SmdpServer] = server.listen(serverFromString(reactor, options.listen)).addCallback(ready)
    return listening


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run until interrupted.

    @return: the exit status.
    """
    from twisted.internet.task import react

    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        smdp = make_smdp(options)
    except (OSError, ValueError) as problem:
        print(f"cardgw.virtual.smdp_server: {problem}", file=sys.stderr)
        return 1
    problems: list[str] = []

    def serve(reactor: Any) -> Deferred[None]:
        started = maybeDeferred(start, reactor, options, smdp, print_event)
        return started.addCallbacks(lambda _: Deferred(), partial(_not_listening, problems))

    with suppress(SystemExit):
        react(serve)
    for each in problems:
        print(f"cardgw.virtual.smdp_server: {each}", file=sys.stderr)
    return 1 if problems else 0


def _not_listening(problems: list[str], failure: Failure) -> None:
    failure.trap(CannotListenError, OSError, ValueError)
    problems.append(failure.getErrorMessage())
