# -*- test-case-name: tests.virtual.test_vicc_command -*-
"""
The command line of the card that dials in, C{python -m cardgw.virtual.vicc}: a software eUICC for the transport vpcd, or for
vsmartcard's reader.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import asdict
from twisted.internet.endpoints import clientFromString

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.pki import load_pki, make_pki
from cardgw.virtual.plain import endpoint
from cardgw.virtual.reconnect import Report, reconnecting
from cardgw.virtual.terminal_command import play, profiles_event
from cardgw.virtual.vicc import Manners, Outcome, dial, euicc_atr


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cardgw.virtual.vicc",
        description="An eUICC in software that dials in to a reader: to the transport vpcd of the gateway, or to vsmartcard's "
        "vpcd.  Prints one JSON object a line: profiles, outcome.  Exit status 0: the reader has powered the card off.",
        epilog="example: %(prog)s --connect tcp:127.0.0.1:35963 --pki /tmp/pki --reconnect 1",
    )
    add = parser.add_argument
    add("--connect", default="tcp:127.0.0.1:35963", metavar="ENDPOINT", help="the reader (default: %(default)s)")
    add("--pki", type=Path, metavar="DIRECTORY", help="certificates and keys of the eUICC (default: new ones)")
    add(
        "--delivery", choices=tuple(each.name.lower() for each in Delivery), default="t0", help="how the eUICC hands over answers"
    )
    add("--atr", type=bytes.fromhex, metavar="HEX", help="the answer to reset (default: one that suits the eUICC)")
    add(
        "--reconnect",
        type=float,
        metavar="SECONDS",
        help="dial in again, so long after the end of a connection or a vain attempt, for ever",
    )
    _add_manners(parser.add_argument_group("bad manners").add_argument)
    return parser.parse_args(arguments)


def _add_manners(add: Callable[..., object]) -> None:
    add("--fragment", type=int, default=0, metavar="BYTES", help="in one write (default: whole messages)")
    add("--delay", type=float, default=0.0, metavar="SECONDS", help="that each command takes")
    add("--empty", type=int, default=0, metavar="TIMES", help="that there is no card yet when the reader asks")
    add("--pull-at", type=int, metavar="N", help="drop the connection when the n-th command arrives")
    add("--hard", action="store_true", help="drop it with RST")
    add("--silent-at", type=int, metavar="N", help="do not answer the n-th command, nor anything after it")


def manners_from(options: argparse.Namespace) -> Manners:
    """
    The manners that the command line describes.
    """
    return Manners(
        fragment=options.fragment,
        delay=options.delay,
        empty=options.empty,
        pull_at=options.pull_at,
        hard=options.hard,
        silent_at=options.silent_at,
    )


def make_card(options: argparse.Namespace) -> VirtualEuicc:
    """
    The eUICC that the command line describes.

    @raise OSError: a file cannot be read.
    @raise ValueError: a file is not what it should be.
    """
    pki = make_pki() if options.pki is None else load_pki(options.pki)
    return VirtualEuicc.from_pki(pki, options=Options(delivery=Delivery[options.delivery.upper()]))


async def run(reactor: Any, options: argparse.Namespace, card: VirtualEuicc, report: Report) -> bool:
    """
    One session, reported; with C{--reconnect}, one after another.

    @return: as L{reconnecting}, which see for errors, too.
    """
    return await reconnecting(reactor, options.reconnect, partial(session, reactor, options, card, report), report)


async def session(reactor: Any, options: argparse.Namespace, card: VirtualEuicc, report: Report) -> Outcome:
    """
    One session, reported.
    """

    def watch(what: str, _: dict[str, Any]) -> None:
        if what == "reset":
            card.reset()

    report(profiles_event("before", card))
    reader = endpoint(clientFromString, reactor, options.connect)
    atr = euicc_atr(card.options) if options.atr is None else options.atr
    outcome = await dial(reactor, reader, card.transmit, atr, manners=manners_from(options), watch=watch)
    report(profiles_event("after", card))
    report({"event": "outcome", "eid": card.eid.hex(), **asdict(outcome)})
    return outcome


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The program.

    @raise SystemExit: always, with the exit status.
    """
    play(parse(sys.argv[1:] if arguments is None else arguments), make_card, run)
