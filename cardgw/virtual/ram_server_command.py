# -*- test-case-name: tests.virtual.test_ram_server_command -*-
"""
The command line of the Scripting Server in software, C{python -m cardgw.virtual.ram_server}.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.task import react

from cardgw.virtual.plain import endpoint, plain
from cardgw.virtual.ram_server import PREFIX, Oddities, RamServer
from cardgw.virtual.ram_session import POLL, RESET_CARD, command, play
from cardgw.virtual.ram_tlv import notification
from cardgw.virtual.terminal_command import WRONG_USE, print_event

FORMS = ("AA", "AE", "AE80", "AA80", "84")
GET_CHALLENGE = "0084000008"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cardgw.virtual.ram_server",
        description="A Scripting Server in software, for RAMOverHTTP clients: it resets each card that comes, shows a text, "
        "sends commands, and ends.  Prints one JSON object a line: ready, session, reply.",
        epilog="example: %(prog)s --listen tcp:8080 --apdu 00A4040000 --chunked",
    )
    add = parser.add_argument
    add("--listen", default="tcp:8080:interface=127.0.0.1", metavar="ENDPOINT", help="where (default: %(default)s)")
    add("--path", default="test", metavar="NAME", help=f"what follows {PREFIX}/ (default: %(default)s)")
    add("--apdu", action="append", type=bytes.fromhex, metavar="HEX", help=f"a command for the card (default: {GET_CHALLENGE})")
    add("--notify", default="Test", metavar="TEXT", help="what the card holder is shown (default: %(default)s)")
    add("--batch", action="store_true", help="all in one template")
    add("--poll", type=float, default=POLL, metavar="SECONDS", help="that a client waits at most (default: %(default)s)")
    _add_oddities(parser.add_argument_group("oddities").add_argument)
    return parser.parse_args(arguments)


def _add_oddities(add: Callable[..., object]) -> None:
    add("--chunked", action="store_true", help="bodies without a length")
    add("--http10", action="store_true", help="HTTP/1.0")
    add("--split", action="store_true", help="head and body in two segments")
    add("--outer", choices=FORMS, default="AA", help="how templates begin (default: %(default)s)")
    add("--extra", type=bytes.fromhex, default=b"", metavar="HEX", help="data objects that stand first in each template")
    add("--empty-at", type=int, metavar="N", help="reply 200 without a body to the n-th POST")
    add("--drop-at", type=int, metavar="N", help="close the connection when the n-th POST was read")
    add("--status-at", type=int, nargs=2, metavar=("N", "STATUS"), help="reply to the n-th POST with a status")
    add("--location", default="", metavar="URL", help="where a redirection leads")
    add("--delay", type=float, default=0.0, metavar="SECONDS", help="until each reply")
    add("--idle", type=float, metavar="SECONDS", help="after which a connection that is not used is closed")
    add("--cookie", action="append", default=[], metavar="COOKIE", help="one more Set-Cookie")


def oddities_from(options: argparse.Namespace) -> Oddities:
    """
    The oddities that the command line describes.
    """
    number, status = options.status_at or (0, 0)
    return Oddities(
        chunked=options.chunked,
        http10=options.http10,
        split=options.split,
        outer=options.outer,
        extra=options.extra,
        empty_at=options.empty_at,
        drop_at=options.drop_at,
        instead={number: (status, b"")} if number else {},
        location=options.location,
        delay=options.delay,
        idle=options.idle,
        cookies=tuple(options.cookie),
    )


def make_server(reactor: Any, options: argparse.Namespace, report: Callable[[dict[str, Any]], object]) -> RamServer:
    """
    The server that the command line describes.
    """
    apdus = options.apdu or [bytes.fromhex(GET_CHALLENGE)]
    units = [RESET_CARD, notification(0, options.notify), *(command(each) for each in apdus)]
    script = play(b"".join(units)) if options.batch else play(*units)
    return RamServer(reactor, {options.path: script}, poll=options.poll, oddities=oddities_from(options), report=report)


async def run(reactor: Any, options: argparse.Namespace, report: Callable[[dict[str, Any]], object]) -> NoReturn:
    """
    Serve until it is cancelled.

    @raise CannotListenError: it cannot listen there.
    @raise ValueError: that is no endpoint.
    """
    server = make_server(reactor, options, report)
    port = await endpoint(serverFromString, reactor, options.listen).listen(server)
    report({"event": "ready", "port": getattr(port.getHost(), "port", None), "path": f"{PREFIX}/{options.path}"})
    try:
        await Deferred()
    finally:
        server.stop()
        port.stopListening()
    raise AssertionError("it waits for ever")


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The program.

    @raise SystemExit: it cannot begin.
    """
    options = parse(sys.argv[1:] if arguments is None else arguments)

    def start(reactor: Any) -> Deferred[None]:
        return ensureDeferred(_serve(reactor, options))

    react(start)


async def _serve(reactor: Any, options: argparse.Namespace) -> None:
    try:
        await run(reactor, options, print_event)
    except (CannotListenError, ValueError) as problem:
        print(f"--listen {options.listen}: {plain(problem)}", file=sys.stderr)
        raise SystemExit(WRONG_USE) from None
