# -*- test-case-name: tests.virtual.test_terminal_command -*-
"""
The command line of the virtual terminal, C{python -m cardgw.virtual.terminal}: a phone with a software eUICC in it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from attrs import asdict
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.error import ConnectError
from twisted.internet.task import react

from cardgw.transports.estk.wire import Tag
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.pki import load_pki, make_pki
from cardgw.virtual.plain import endpoint, plain
from cardgw.virtual.terminal import AFTER, BEFORE, Manners, Outcome, dial, request_frame

REQUESTS = {
    "download": Tag.DOWNLOAD_PROFILE,
    "notifications": Tag.PROCESS_NOTIFICATION,
    "remote-management": Tag.REMOTE_MANAGEMENT,
}
Run: TypeAlias = Callable[[Any, argparse.Namespace, VirtualEuicc, Callable[[dict[str, Any]], object]], Awaitable[bool]]
FAILED = 1
"""Exit status: the card was not served."""
WRONG_USE = 2
"""Exit status: the command line cannot be used."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cardgw.virtual.terminal",
        description="A phone with an eSTK.me card in it, in software.  Prints one JSON object a line: profiles, box, outcome.  "
        "Exit status 0: the server has said goodbye, or had the card restarted; and if a download was asked for, a profile is "
        "installed.",
        epilog="example: %(prog)s --connect tcp:127.0.0.1:1888 --activation-code 'LPA:1$smdp.example.test$MID' --pki /tmp/pki",
    )
    add = parser.add_argument
    add("--connect", default="tcp:127.0.0.1:1888", metavar="ENDPOINT", help="the server (default: %(default)s)")
    _add_requests(parser)
    add("--request", choices=tuple(REQUESTS), help="what the holder chooses, by name (default: download)")
    add("--pki", type=Path, metavar="DIRECTORY", help="certificates and keys of the eUICC (default: new ones)")
    add(
        "--delivery", choices=tuple(each.name.lower() for each in Delivery), default="t0", help="how the eUICC hands over answers"
    )
    _add_manners(parser.add_argument_group("bad manners").add_argument)
    parser.set_defaults(request="download")
    return parser.parse_args(arguments)


def _add_requests(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what the holder chooses in the menu of the card").add_mutually_exclusive_group()
    what.add_argument("--activation-code", metavar="CODE", default="", help="a download, with this code")
    what.add_argument(
        "--type", "--text", dest="text", metavar="TEXT", help="a download, and types this: /help, say, or anything else"
    )
    what.add_argument(
        "--notify", dest="request", action="store_const", const="notifications", help="that notifications be processed"
    )
    what.add_argument(
        "--manage",
        dest="request",
        action="store_const",
        const="remote-management",
        help="remote management: the phone stays, and shows boxes, until the server has had enough",
    )


def _add_manners(add: Callable[..., object]) -> None:
    add("--fragment", type=int, default=0, metavar="BYTES", help="in one write (default: whole frames)")
    add("--delay", type=float, default=0.0, metavar="SECONDS", help="that each APDU takes")
    add("--box-delay", type=float, default=0.0, metavar="SECONDS", help="until the holder confirms a message box")
    add("--hang-up-at", type=int, metavar="N", help="hang up when the n-th frame arrives; 0: after the request")
    add("--hard", action="store_true", help="hang up with RST")
    add("--silent-at", type=int, metavar="N", help="do not answer the n-th APDU, nor anything after it")
    add("--never-close", action="store_true", help="stay connected after the goodbye")
    add(
        "--vanish-on-refresh",
        choices=(BEFORE, AFTER),
        default="",
        help="the profile carries the connection: vanish when profiles are switched, before or after saying that it is done",
    )
    add("--half-open", action="store_true", help="vanish without telling anybody: no RST either")


def manners_from(options: argparse.Namespace) -> Manners:
    """
    The manners that the command line describes.
    """
    return Manners(
        fragment=options.fragment,
        delay=options.delay,
        box_delay=options.box_delay,
        hang_up_at=options.hang_up_at,
        hard=options.hard,
        never_close=options.never_close,
        silent_at=options.silent_at,
        vanish_on_refresh=options.vanish_on_refresh,
        half_open=options.half_open,
    )


def request_from(options: argparse.Namespace) -> bytes:
    """
    The frame that the command line describes.
    """
    return request_frame(REQUESTS[options.request], options.activation_code if options.text is None else options.text)


def asks_for_profile(options: argparse.Namespace) -> bool:
    """
    Whether the holder wants a profile, and has not typed a command.
    """
    return options.request == "download" and not (options.text or "").startswith("/")


def make_card(options: argparse.Namespace) -> VirtualEuicc:
    """
    The eUICC that the command line describes: its basic channel is bound to ISD-R, as an eSTK.me card has it.

    @raise OSError: a file cannot be read.
    @raise ValueError: a file is not what it should be.
    """
    pki = make_pki() if options.pki is None else load_pki(options.pki)
    return VirtualEuicc.from_pki(pki, options=Options(pinned=True, delivery=Delivery[options.delivery.upper()]))


def print_event(event: dict[str, Any]) -> None:
    """
    Write an event to standard output.
    """
    print(json.dumps(event), flush=True)


async def run(reactor: Any, options: argparse.Namespace, card: VirtualEuicc, report: Callable[[dict[str, Any]], object]) -> bool:
    """
    One session, reported.

    @return: whether the card was served.
    @raise ConnectError: the server cannot be reached.
    """

    def watch(what: str, facts: dict[str, Any]) -> None:
        if what == "box":
            report({"event": "box", **facts})
        elif what == "reset":
            card.reset()

    before = {profile.iccid for profile in card.profiles}
    report(profiles_event("before", card))
    server = endpoint(clientFromString, reactor, options.connect)
    outcome = await dial(reactor, server, card.transmit, request_from(options), manners=manners_from(options), watch=watch)
    report(profiles_event("after", card))
    installed = next((profile.iccid for profile in card.profiles if profile.iccid not in before), None)
    report(outcome_event(outcome, card, installed))
    served = outcome.goodbye or outcome.rebooted or outcome.refreshed
    return served and (installed is not None or not asks_for_profile(options))


def profiles_event(when: str, card: VirtualEuicc) -> dict[str, Any]:
    """
    The profiles on the eUICC.
    """
    return {"event": "profiles", "when": when, "profiles": [asdict(profile) for profile in card.profiles]}


def outcome_event(outcome: Outcome, card: VirtualEuicc, installed: str | None) -> dict[str, Any]:
    """
    How it ended.

    @param installed: the ICCID of the new profile.
    """
    facts = {**asdict(outcome), "boxes": len(outcome.boxes), "pending_notifications": len(card.notifications)}
    return {"event": "outcome", "installed": installed, "eid": card.eid.hex(), **facts}


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The program.

    @raise SystemExit: always, with the exit status.
    """
    play(parse(sys.argv[1:] if arguments is None else arguments), make_card, run)


def play(options: argparse.Namespace, make: Callable[[argparse.Namespace], VirtualEuicc], run: Run) -> None:
    """
    What programs do that play a card which dials in.

    @param options: what was asked for; C{connect} among others.
    @param make: makes the card.
    @param run: has it dial in; gives whether all went well.
    @raise SystemExit: always, with the exit status.
    """
    try:
        card = make(options)
    except (OSError, ValueError) as problem:
        print(f"--pki: {plain(problem)}", file=sys.stderr)
        raise SystemExit(WRONG_USE) from None

    def start(reactor: Any) -> Deferred[None]:
        return ensureDeferred(_exit_with(reactor, options, card, run))

    react(start)


async def _exit_with(reactor: Any, options: argparse.Namespace, card: VirtualEuicc, run: Run) -> None:
    try:
        served = await run(reactor, options, card, print_event)
    except (ConnectError, ValueError) as problem:
        print(f"--connect {options.connect}: {plain(problem)}", file=sys.stderr)
        raise SystemExit(FAILED) from None
    raise SystemExit(0 if served else FAILED)
