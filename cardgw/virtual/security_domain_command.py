# -*- test-case-name: tests.virtual.test_security_domain_command -*-
"""
The command line of the software card of GlobalPlatform, C{python -m cardgw.virtual.security_domain}: it dials in to the transport
vpcd, or to vsmartcard's reader.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from attrs import asdict, evolve
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.error import ConnectError
from twisted.internet.task import deferLater, react

from cardgw.errors import ParameterError
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.plain import endpoint, plain
from cardgw.virtual.security_domain import DEFAULT_KEY, VirtualSecurityDomain
from cardgw.virtual.security_domain_options import FAMILIES, SecurityDomainOptions
from cardgw.virtual.terminal_command import FAILED, WRONG_USE, print_event
from cardgw.virtual.vicc import Outcome, dial

Report = Callable[[dict[str, Any]], object]
_KEYS = 3


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cardgw.virtual.security_domain",
        description="A card of GlobalPlatform in software that dials in to a reader: to the transport vpcd of the gateway, or to "
        "vsmartcard's vpcd.  Prints one JSON object a line: card, outcome.  Exit status 0: the reader has powered the card off.",
        epilog="example: %(prog)s --connect tcp:127.0.0.1:35963 --family jcop --reconnect 1",
    )
    add = parser.add_argument
    defaults = SecurityDomainOptions()
    add("--connect", default="tcp:127.0.0.1:35963", metavar="ENDPOINT", help="the reader (default: %(default)s)")
    add("--family", choices=tuple(FAMILIES), default="strict", help="what kind of card it is (default: %(default)s)")
    add(
        "--key",
        type=bytes.fromhex,
        action="append",
        metavar="HEX",
        help=f"of the factory: one, or ENC, MAC and DEK (default: {DEFAULT_KEY.hex().upper()})",
    )
    add("--key-version", type=lambda text: int(text, 16), metavar="HEX", help="of those (default: that of the family)")
    add("--aid", type=bytes.fromhex, metavar="HEX", help="of the issuer security domain (default: that of the family)")
    add("--scp02", action="store_true", help="those keys are of triple DES, for SCP02")
    add("--i", type=lambda text: int(text, 16), metavar="HEX", help="the options of the secure channel (default: 70, or 55)")
    add("--memory", type=int, default=defaults.memory, metavar="BYTES", help="for what is installed (default: %(default)s)")
    add("--extended", action="store_true", help="understand commands of extended length")
    add("--delivery", choices=tuple(each.name.lower() for each in Delivery), default="t1", help="how it hands over answers")
    add("--reconnect", type=float, metavar="SECONDS", help="dial in again, so long after the end of a connection, for ever")
    return parser.parse_args(arguments)


def make_card(options: argparse.Namespace) -> VirtualSecurityDomain:
    """
    The card that the command line describes.

    @raise ValueError: there can be no such card.
    """
    keys = tuple(options.key or (DEFAULT_KEY,))
    if len(keys) not in (1, _KEYS):
        raise ValueError("there are one key or three")
    family = FAMILIES[options.family]
    family = evolve(family, aid=options.aid or family.aid, des=options.scp02 or family.des)
    if options.key_version is not None:
        family = evolve(family, version=options.key_version)
    made = SecurityDomainOptions(
        family=family, memory=options.memory, extended=options.extended, delivery=Delivery[options.delivery.upper()]
    )
    if options.i is not None:
        made = evolve(made, scp02=options.i) if family.des else evolve(made, implementation=options.i)
    try:
        return VirtualSecurityDomain(made, keys)
    except ParameterError as problem:
        raise ValueError(problem.detail) from None


async def run(reactor: Any, options: argparse.Namespace, card: VirtualSecurityDomain, report: Report) -> bool:
    """
    One session, reported; with C{--reconnect}, one after another.

    @return: whether the card was powered off in the end.
    @raise ConnectError: the reader cannot be reached.
    """
    while options.reconnect is not None:
        try:
            await session(reactor, options, card, report)
        except ConnectError as problem:
            report({"event": "unreachable", "reason": plain(problem)})
        await deferLater(reactor, options.reconnect)
    return (await session(reactor, options, card, report)).goodbye


async def session(reactor: Any, options: argparse.Namespace, card: VirtualSecurityDomain, report: Report) -> Outcome:
    """
    One session, reported.
    """

    def watch(what: str, _: dict[str, Any]) -> None:
        if what == "reset":
            card.reset()

    report(card_event("before", card))
    outcome = await dial(reactor, endpoint(clientFromString, reactor, options.connect), card, card.atr, watch=watch)
    report(card_event("after", card))
    report({"event": "outcome", **asdict(outcome)})
    return outcome


def card_event(when: str, card: VirtualSecurityDomain) -> dict[str, Any]:
    """
    What is on the card.
    """
    entries = [{"kind": each.kind.value, "aid": each.aid.hex().upper(), "state": each.state_name} for each in card.entries]
    return {
        "event": "card",
        "when": when,
        "state": card.state.name,
        "keys": [f"{each:02X}" for each in card.versions],
        "entries": entries,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The program.

    @raise SystemExit: always, with the exit status.
    """
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        card = make_card(options)
    except ValueError as problem:
        print(f"--key: {plain(problem)}", file=sys.stderr)
        raise SystemExit(WRONG_USE) from None

    def start(reactor: Any) -> Deferred[None]:
        return ensureDeferred(_exit_with(reactor, options, card))

    react(start)


async def _exit_with(reactor: Any, options: argparse.Namespace, card: VirtualSecurityDomain) -> None:
    try:
        served = await run(reactor, options, card, print_event)
    except (ConnectError, ValueError) as problem:
        print(f"--connect {options.connect}: {plain(problem)}", file=sys.stderr)
        raise SystemExit(FAILED) from None
    raise SystemExit(0 if served else FAILED)
