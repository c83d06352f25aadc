# -*- test-case-name: tests.virtual.test_smdp_command -*-
"""
The command line of the virtual SM-DP+, C{python -m cardgw.virtual.smdp_server}.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from cardgw.virtual.profile_package import make_iccid, make_package, read_iccid
from cardgw.virtual.rsp_command import add_common, listen, make_hierarchy, run
from cardgw.virtual.rsp_server import Report
from cardgw.virtual.smdp import FUNCTIONS, Smdp
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smdp_server import SmdpServer
from cardgw.virtual.smdp_web import Misbehaviour

PROGRAM = "cardgw.virtual.smdp_server"
DEFAULT_SIZE = 8000
"""Bytes of a generated profile package."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {PROGRAM}",
        description="A virtual SM-DP+: ES9+ over HTTPS.  Prints one JSON object a line: ready, request, notification, cancelled.",
        epilog="example: %(prog)s --listen tcp:8443 --pki /tmp/pki --profile package.der --matching-id PROFILE-1",
    )
    add_common(parser)
    add = parser.add_argument
    add(
        "--profile",
        type=Path,
        metavar="FILE",
        help="an unprotected profile package, or a directory of *.der: their names are matching IDs",
    )
    add("--matching-id", metavar="ID", help="of the profile (default: the name of the file, or PROFILE-1)")
    add("--size", type=int, default=DEFAULT_SIZE, help="bytes of a generated profile package (default: %(default)s)")
    add("--iccid", type=_iccid, help="of a generated profile package")
    add("--name", help="profile name in the metadata")
    add("--provider", default="Example", help="service provider name in the metadata")
    add("--policy-rule", action="append", default=[], choices=("ppr1", "ppr2"), help="a profile policy rule; may be repeated")
    add("--confirmation-code", metavar="CODE", help="the card holder must give it")
    add("--tries", type=int, default=3, help="wrong confirmation codes that end the order (default: %(default)s)")
    add("--uses", type=int, help="how often a profile can be installed (default: any number)")
    add("--fresh-keys", action="store_true", help="protect profile elements with keys of their own")
    add("--delay", type=float, default=0.0, metavar="SECONDS", help="before every answer")
    return parser.parse_args(arguments)


def _iccid(text: str) -> str:
    if not re.fullmatch(r"[0-9]{18,20}", text):
        raise argparse.ArgumentTypeError("expected 18 to 20 digits")
    return text


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
    smdp = Smdp(make_hierarchy(options.pki, options.curve, host=options.host), host=options.host)
    for order in make_orders(options):
        smdp.add(order)
    return smdp


def start(reactor: Any, options: argparse.Namespace, smdp: Smdp, report: Report) -> Deferred[SmdpServer]:
    """
    Listen, and report C{ready}.
    """
    server = SmdpServer(smdp, reactor, report)
    if options.delay:
        server.web.misbehave = {function: Misbehaviour(delay=options.delay) for function in FUNCTIONS}
    return listen(reactor, options, server, smdp)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run until interrupted.

    @return: the exit status.
    """
    options = parse(sys.argv[1:] if arguments is None else arguments)
    return run(PROGRAM, options, make_smdp, start)
