# -*- test-case-name: tests.virtual.test_security_domain_command -*-
"""
The command line of the software card of GlobalPlatform, C{python -m cardgw.virtual.security_domain}: it dials in to the transport
vpcd, or to vsmartcard's reader.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from attrs import asdict, evolve
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.error import ConnectError
from twisted.internet.task import react

from cardgw.errors import ParameterError
from cardgw.gp.card_data import Cplc
from cardgw.scp.store import KeyReference
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.plain import endpoint, plain
from cardgw.virtual.reconnect import Report, reconnecting
from cardgw.virtual.security_domain import DEFAULT_KEY, VirtualSecurityDomain
from cardgw.virtual.security_domain_chance import Seeded
from cardgw.virtual.security_domain_options import FAMILIES, SecurityDomainOptions
from cardgw.virtual.security_domain_pki import (
    CARD_ROOT,
    HOST,
    HOST_AUTHORITY,
    load_authority,
    open_scp11_pki,
)
from cardgw.virtual.terminal_command import FAILED, WRONG_USE, print_event
from cardgw.virtual.vicc import Manners, Outcome, dial

SCP11_VERSION = 0x03
_KEYS, _SERIAL = 3, 4
_AUTHORITY, _OTHER_AUTHORITY = 0x10, 0x20
_MOST_BLOCK = 0xFFFF


class Parser(argparse.ArgumentParser):
    """
    One that tells what is wrong in one line.
    """

    def error(self, message: str) -> NoReturn:
        """
        @raise SystemExit: always.
        """
        self.exit(WRONG_USE, f"{message}\n")


def hexadecimal(text: str) -> bytes:
    """
    @raise ArgumentTypeError: it is none; the text does not show it: it may be a key.
    """
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise argparse.ArgumentTypeError("expected bytes in hexadecimal") from None


def octet(text: str) -> int:
    """
    @raise ArgumentTypeError: it is none.
    """
    try:
        (found,) = bytes.fromhex(text.rjust(2, "0"))
    except ValueError:
        raise argparse.ArgumentTypeError("expected one byte in hexadecimal") from None
    return found


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    The command line.
    """
    parser = Parser(
        prog="python -m cardgw.virtual.security_domain",
        description="A card of GlobalPlatform in software that dials in to a reader: to the transport vpcd of the gateway, or to "
        "vsmartcard's vpcd.  Prints one JSON object a line: scp11, card, outcome.  Exit status 0: the reader has powered the "
        "card off.",
        epilog="example: %(prog)s --connect tcp:127.0.0.1:35963 --family jcop --scp11 /tmp/scp11 --reconnect 1",
    )
    add = parser.add_argument
    add("--connect", default="tcp:127.0.0.1:35963", metavar="ENDPOINT", help="the reader (default: %(default)s)")
    add("--reconnect", type=float, metavar="SECONDS", help="dial in again, so long after the end of a connection, for ever")
    add("--cut", type=int, metavar="COMMANDS", help="go away after so many commands, each time")
    add("--state", type=Path, metavar="FILE", help="what is on the card is kept there from one run to the next, keys as they are")
    _add_kind(parser.add_argument_group("what kind of card it is").add_argument)
    _add_keys(parser.add_argument_group("keys").add_argument)
    _add_names(parser.add_argument_group("which card it is").add_argument)
    return parser.parse_args(arguments)


def _add_kind(add: Callable[..., object]) -> None:
    defaults = SecurityDomainOptions()
    add("--family", choices=tuple(FAMILIES), default="strict", help="how odd it is (default: %(default)s)")
    add("--aid", type=hexadecimal, metavar="HEX", help="of the issuer security domain (default: that of the family)")
    add("--i", type=octet, metavar="HEX", help="the options of the secure channel (default: 70; 55 for SCP02)")
    add("--memory", type=int, default=defaults.memory, metavar="BYTES", help="for what is installed (default: %(default)s)")
    add("--block", type=int, default=defaults.block, metavar="BYTES", help="most in a LOAD or STORE DATA (default: %(default)s)")
    add("--extended", action="store_true", help="understand commands of extended length")
    add("--delivery", choices=tuple(each.name.lower() for each in Delivery), default="t1", help="how it hands over answers")


def _add_keys(add: Callable[..., object]) -> None:
    shown = DEFAULT_KEY.hex().upper()
    add("--key", type=hexadecimal, action="append", metavar="HEX", help=f"one, or ENC, MAC and DEK (default: {shown})")
    add("--key-version", type=octet, metavar="HEX", help="of those (default: that of the family)")
    add("--scp02", action="store_true", help="those keys are of triple DES, for SCP02")
    add(
        "--scp11",
        type=Path,
        metavar="DIRECTORY",
        help="keys for SCP11, and who certifies hosts; made where there are none",
    )
    add("--scp11-version", type=octet, default=SCP11_VERSION, metavar="HEX", help=f"of those (default: {SCP11_VERSION:02X})")
    add("--host-authority", type=Path, metavar="FILE", help="who else certifies hosts: a certificate or a public key, PEM")


def _add_names(add: Callable[..., object]) -> None:
    add("--iin", type=hexadecimal, metavar="HEX", help="the number of its issuer")
    add("--cin", type=hexadecimal, metavar="HEX", help="its own number")
    add("--group", type=hexadecimal, default=b"", metavar="HEX", help="of cards that it belongs to, for SCP11c")
    add("--cplc-serial", type=hexadecimal, metavar="HEX", help="the serial number of its chip, 4 bytes")
    add("--seed", metavar="TEXT", help="challenges and ephemeral keys follow from this, the same each time")


def make_card(options: argparse.Namespace) -> VirtualSecurityDomain:
    """
    The card that the command line describes.

    @raise ValueError: there can be no such card.
    @raise OSError: a file cannot be read.
    """
    keys = tuple(options.key or (DEFAULT_KEY,))
    if len(keys) not in (1, _KEYS):
        raise ValueError("--key: there are one key or three")
    try:
        if options.seed is None:
            card = VirtualSecurityDomain(_kind(options), keys)
        else:
            seeded = Seeded(options.seed)
            card = VirtualSecurityDomain(_kind(options), keys, entropy=seeded.entropy, make_key=seeded.make_key)
    except ParameterError as problem:
        raise ValueError(f"--key: {problem.detail}") from None
    if options.state is not None and options.state.exists():
        card.restore(options.state)
    return card


def _kind(options: argparse.Namespace) -> SecurityDomainOptions:
    family = FAMILIES[options.family]
    family = evolve(family, aid=options.aid or family.aid, des=options.scp02 or family.des)
    if options.key_version is not None:
        family = evolve(family, version=options.key_version)
    if not 1 <= options.block <= _MOST_BLOCK:
        raise ValueError(f"--block: expected 1 to {_MOST_BLOCK}, got {options.block}")
    delivery = Delivery[options.delivery.upper()]
    made = SecurityDomainOptions(family, memory=options.memory, extended=options.extended, delivery=delivery, block=options.block)
    made = evolve(made, iin=options.iin or made.iin, cin=options.cin or made.cin, group=options.group)
    if options.cplc_serial is not None:
        cplc = evolve(Cplc.decode(made.cplc), ic_serial_number=options.cplc_serial)
        if len(options.cplc_serial) != _SERIAL:
            raise ValueError(f"--cplc-serial: expected {_SERIAL} bytes, got {len(options.cplc_serial)}")
        made = evolve(made, cplc=cplc.encode())
    if options.i is not None:
        made = evolve(made, scp02=options.i) if family.des else evolve(made, implementation=options.i)
    return made


def add_scp11(options: argparse.Namespace, card: VirtualSecurityDomain) -> dict[str, Any] | None:
    """
    Give the card keys for SCP11, and whom it believes.

    @return: what a host needs to know; C{None} where there is none of that.
    @raise OSError: files cannot be read or written.
    @raise ValueError: one is not what it should be.
    """
    version: int = options.scp11_version
    if options.host_authority is not None:
        kid = _OTHER_AUTHORITY if options.scp11 is not None else _AUTHORITY
        card.add_authority(KeyReference(kid, version), *load_authority(options.host_authority))
    if options.scp11 is None:
        return None
    directory: Path = options.scp11
    pki = open_scp11_pki(directory)
    for kid, identity in pki.card.items():
        card.add_own_key(KeyReference(kid, version), identity.key, [identity.der])
    authority = pki.host_authority
    card.add_authority(KeyReference(_AUTHORITY, version), authority.key.public_key(), authority.key_id)
    return {
        "event": "scp11",
        "version": f"{version:02X}",
        "authority": f"{_AUTHORITY:02X}",
        "card_root": str(directory / f"{CARD_ROOT}.pem"),
        "host_certificate": str(directory / f"{HOST}.pem"),
        "host_key": str(directory / f"{HOST}.key"),
        "host_authority": str(directory / f"{HOST_AUTHORITY}.pem"),
    }


async def run(reactor: Any, options: argparse.Namespace, card: VirtualSecurityDomain, report: Report) -> bool:
    """
    One session, reported; with C{--reconnect}, one after another.

    @return: as L{reconnecting}, which see for errors, too.
    """
    return await reconnecting(reactor, options.reconnect, partial(session, reactor, options, card, report), report)


async def session(reactor: Any, options: argparse.Namespace, card: VirtualSecurityDomain, report: Report) -> Outcome:
    """
    One session, reported.
    """

    def watch(what: str, _: dict[str, Any]) -> None:
        if what == "reset":
            card.reset()

    report(card_event("before", card))
    manners = Manners() if options.cut is None else Manners(pull_at=options.cut + 1)
    reader = endpoint(clientFromString, reactor, options.connect)
    try:
        outcome = await dial(reactor, reader, card, card.atr, manners=manners, watch=watch)
    finally:
        if options.state is not None:
            card.save(options.state)
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
        scp11 = add_scp11(options, card)
    except (OSError, ValueError) as problem:
        print(plain(problem), file=sys.stderr)
        raise SystemExit(WRONG_USE) from None
    if scp11 is not None:
        print_event(scp11)

    def start(reactor: Any) -> Deferred[None]:
        return ensureDeferred(_exit_with(reactor, options, card))

    react(start)


async def _exit_with(reactor: Any, options: argparse.Namespace, card: VirtualSecurityDomain) -> None:
    try:
        served = await run(reactor, options, card, print_event)
    except OSError as problem:
        print(f"--state: {plain(problem)}", file=sys.stderr)
        raise SystemExit(FAILED) from None
    except (ConnectError, ValueError) as problem:
        print(f"--connect {options.connect}: {plain(problem)}", file=sys.stderr)
        raise SystemExit(FAILED) from None
    raise SystemExit(0 if served else FAILED)
