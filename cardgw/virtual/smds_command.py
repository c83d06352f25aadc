# -*- test-case-name: tests.virtual.test_smds_command -*-
"""
The command line of the virtual SM-DS, C{python -m cardgw.virtual.smds_server}.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from cardgw.virtual.rsp_command import add_common, listen, make_hierarchy, run
from cardgw.virtual.rsp_server import Report
from cardgw.virtual.smdp_web import Misbehaviour
from cardgw.virtual.smds import FUNCTIONS, Smds
from cardgw.virtual.smds_server import SmdsServer

PROGRAM = "cardgw.virtual.smds_server"
_EVENT = re.compile(r"(?P<eid>[0-9]{32})=(?P<event>[^@\s]+)@(?P<address>\S+)")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {PROGRAM}",
        description="A virtual SM-DS: ES11 over HTTPS.  Prints one JSON object a line: ready, request.",
        epilog="example: %(prog)s --listen tcp:8444 --pki /tmp/pki --event "
        "89049032000000000000000000000163=PROFILE-1@smdp.example.test",
    )
    add_common(parser)
    add = parser.add_argument
    add(
        "--event",
        action="append",
        default=[],
        type=_event,
        metavar="EID=ID@ADDRESS",
        help="an eUICC has a profile with this matching id at this SM-DP+; may be repeated",
    )
    add("--delay", type=float, default=0.0, metavar="SECONDS", help="before every answer")
    return parser.parse_args(arguments)


def _event(text: str) -> tuple[bytes, str, str]:
    match = _EVENT.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError("expected an EID of 32 digits, =, an event id, @ and the address of an SM-DP+")
    return bytes.fromhex(match["eid"]), match["event"], match["address"]


def make_smds(options: argparse.Namespace) -> Smds:
    """
    The server that the command line describes.

    @raise OSError: a file cannot be read or written.
    @raise ValueError: a file is not what it should be, or an event is there twice.
    """
    smds = Smds(make_hierarchy(options.pki, options.curve, smds_host=options.host), host=options.host)
    for eid, event_id, address in options.event:
        smds.register(eid, event_id, address)
    return smds


def start(reactor: Any, options: argparse.Namespace, smds: Smds, report: Report) -> Deferred[SmdsServer]:
    """
    Listen, and report C{ready}.
    """
    server = SmdsServer(smds, reactor, report)
    if options.delay:
        server.web.misbehave = {function: Misbehaviour(delay=options.delay) for function in FUNCTIONS}
    return listen(reactor, options, server, smds)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run until interrupted.

    @return: the exit status.
    """
    options = parse(sys.argv[1:] if arguments is None else arguments)
    return run(PROGRAM, options, make_smds, start)
