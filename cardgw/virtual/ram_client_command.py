# -*- test-case-name: tests.virtual.test_ram_client_command -*-
"""
The command line of the RAMOverHTTP client with a software card, C{python -m cardgw.virtual.ram_client}: it prints what
the program prints that it imitates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.ssl import optionsForClientTLS
from twisted.internet.task import react

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.pki import Pki, load_pki, make_pki
from cardgw.virtual.plain import plain
from cardgw.virtual.ram_client import Manners, Outcome, RamClient
from cardgw.virtual.ram_kinds import KINDS, Kind
from cardgw.virtual.ram_slot import Slot, Wear
from cardgw.virtual.ram_template import Notification
from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.terminal_command import WRONG_USE
from cardgw.virtual.vicc import euicc_atr

EUICC, SECURITY_DOMAIN = "euicc", "security-domain"
_PORTS = {"http": 80, "https": 443}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cardgw.virtual.ram_client",
        description="A client of RAMOverHTTP with a software card.  Prints what the program prints that it imitates, and ends "
        "with its exit status.",
        epilog="example: %(prog)s http://localhost:8080/rt --kind ocf20 --latency 200",
    )
    add = parser.add_argument
    add("url", metavar="URL", help="of the server")
    add("--kind", choices=tuple(KINDS), default="ram-client", help="which program it is (default: %(default)s)")
    add("--card", choices=(EUICC, SECURITY_DOMAIN), default=EUICC, help="what is in the reader (default: %(default)s)")
    add("--pki", type=Path, metavar="DIRECTORY", help="certificates and keys of the eUICC (default: new ones)")
    add("-s", "--session", default="", metavar="ID", help="the id of a session that is there, as cookie")
    add("-v", "--verbose", action="store_true", help="print each command and its answer")
    add("--count", type=int, default=1, metavar="N", help="so many clients at once, each with a card (default: %(default)s)")
    _add_manners(parser.add_argument_group("bad manners").add_argument)
    return parser.parse_args(arguments)


def _add_manners(add: Callable[..., object]) -> None:
    add("--latency", type=float, default=0.0, metavar="MS", help="milliseconds of a round trip")
    add("--drop-at", type=int, metavar="N", help="lose the connection after the n-th POST, and post again")
    add("--drop-bytes", type=int, default=0, metavar="BYTES", help="of the reply, that are read before (default: %(default)s)")
    add("--vanish-at", type=int, metavar="N", help="be gone after the n-th POST")
    add("--repost-at", type=int, metavar="N", help="send the n-th POST a second time while it waits")
    add("--cancel-at", type=int, metavar="N", help="give up while the n-th POST waits")
    add("--pull-at", type=int, metavar="N", help="pull the card out at the n-th command")
    add("--delay", type=float, default=0.0, metavar="SECONDS", help="that each command takes")


def manners_from(options: argparse.Namespace) -> Manners:
    """
    The manners that the command line describes.
    """
    return Manners(
        latency=options.latency / 1000,
        drop_at=options.drop_at,
        drop_bytes=options.drop_bytes,
        vanish_at=options.vanish_at,
        repost_at=options.repost_at,
        cancel_at=options.cancel_at,
        keep=False,
    )


def make_slots(reactor: Any, options: argparse.Namespace, show: Callable[[str], object]) -> list[Slot]:
    """
    Readers with the cards that the command line describes, each card another one.

    @param show: gets the lines of a trace.
    @raise OSError: a file cannot be read.
    @raise ValueError: a file is not what it should be.
    """
    found: list[Slot] = []
    pki: Pki | None = None
    for number in range(options.count):
        wear = Wear(options.delay, options.pull_at)
        if options.card == SECURITY_DOMAIN:
            domain = VirtualSecurityDomain()
            found.append(Slot(reactor, traced(domain, show), domain.atr, domain.reset, wear))
            continue
        if pki is None:
            pki = make_pki() if options.pki is None else load_pki(options.pki)
        euicc = VirtualEuicc.from_pki(pki.another_euicc(number) if number else pki, options=Options(delivery=Delivery.T1))
        found.append(Slot(reactor, traced(euicc.transmit, show), euicc_atr(euicc.options), euicc.reset, wear))
    return found


def traced(card: Callable[[bytes], bytes], show: Callable[[str], object]) -> Callable[[bytes], bytes]:
    """
    A card whose commands and answers are shown.
    """

    def transmit(command: bytes) -> bytes:
        answer = card(command)
        show(f"C: {command.hex(' ').upper()}")
        show(f"R: {answer.hex(' ').upper()}")
        return answer

    return transmit


def server_of(reactor: Any, url: str) -> IStreamClientEndpoint:
    """
    Where the server of a URL is.

    @raise ValueError: it is no URL of a server.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f'"{url}" is no URL; one looks like http://localhost:8080/rt')
    reached = HostnameEndpoint(reactor, parts.hostname, parts.port or _PORTS[parts.scheme])
    secure = parts.scheme == "https"
    found: IStreamClientEndpoint = wrapClientTLS(optionsForClientTLS(parts.hostname), reached) if secure else reached
    return found


async def run(reactor: Any, options: argparse.Namespace, show: Callable[[str], object]) -> int:
    """
    All sessions.

    @param show: gets lines.
    @return: the exit status.
    @raise ValueError: that is no URL.
    """
    kind, manners = KINDS[options.kind], manners_from(options)
    server = server_of(reactor, options.url)
    slots = make_slots(reactor, options, show if options.verbose else bool)
    sessions: list[Awaitable[Outcome]] = [
        _session(RamClient(reactor, server, options.url, slot, kind, session=options.session, manners=manners), kind, show)
        for slot in slots
    ]
    outcomes: list[Outcome] = await gatherResults([ensureDeferred(each) for each in sessions])  # type: ignore[arg-type]
    return max(each.status for each in outcomes)


async def _session(client: RamClient, kind: Kind, show: Callable[[str], object]) -> Outcome:
    client.notifications = _Shown(show)
    outcome = await client.run()
    show(outcome.text)
    return outcome


class _Shown(list[Notification]):
    """
    Notifications, printed as they come.
    """

    def __init__(self, show: Callable[[str], object]) -> None:
        super().__init__()
        self._show = show

    def append(self, item: Notification) -> None:
        self._show(item.text)
        super().append(item)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The program.

    @raise SystemExit: always, with the exit status.
    """
    options = parse(sys.argv[1:] if arguments is None else arguments)

    def start(reactor: Any) -> Deferred[None]:
        return ensureDeferred(_exit(reactor, options))

    react(start)


async def _exit(reactor: Any, options: argparse.Namespace) -> None:
    try:
        status = await run(reactor, options, _print)
    except (OSError, ValueError) as problem:
        print(plain(problem), file=sys.stderr)
        raise SystemExit(WRONG_USE) from None
    raise SystemExit(status)


def _print(line: str) -> None:
    print(line, flush=True)
