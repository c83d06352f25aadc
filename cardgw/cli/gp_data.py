# -*- test-case-name: tests.cli.test_gp_data -*-
"""
C{cardgw gp data} and C{cardgw gp certificates}: what a security domain keeps.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cardgw.cli.declared import read_octets
from cardgw.cli.errors import STATUSES
from cardgw.cli.gp_order import GpCommand, administer
from cardgw.cli.group import Group
from cardgw.cli.options import DESTRUCTIVE_JOB, JOB
from cardgw.cli.perform import really
from cardgw.errors import ParameterError

_STDIN, _FILE = "-", "@"
_PEM = b"-----BEGIN CERTIFICATE-----"


@click.group(
    "data",
    cls=Group,
    help="data objects of a security domain, and data for its applications",
    examples=("cardgw gp data get 9F7F", "cardgw gp data store @personal.bin --application D2760001240102 --keys issuer"),
)
def data() -> None:
    """
    See its help.
    """


@data.command(
    "get",
    cls=GpCommand,
    operation="gp.data.get",
    other_names={"data": ("--narrowed-by",)},
    help="read a data object, as the card gives it; what it means, where that is known, is told besides",
    examples=("cardgw gp data get 9F7F                 how the card was made", "cardgw gp data get card-data | xxd -r -p"),
    note=STATUSES,
)
@click.argument("tag")
@JOB
@click.pass_context
def get_data(context: click.Context, tag: str) -> int:
    """
    See its help.
    """
    return administer(context, {"tag": tag}, acts=False)


@data.command(
    "store",
    cls=GpCommand,
    operation="gp.data.store",
    help="store data in a security domain, or in one of its applications",
    examples=(
        "cardgw gp data store 42029999 --structure ber --keys issuer",
        "cardgw gp data store @personal.bin --structure dgi --application D2760001240102 --keys issuer",
    ),
    note="DATA is in hexadecimal, or @ and the file that has it, or - for standard input; it is left out where --groups has\n"
    "them, as lines.\n\n" + STATUSES,
)
@click.argument("data", required=False)
@DESTRUCTIVE_JOB
@click.pass_context
def store_data(context: click.Context, data: str | None) -> int:
    """
    See its help.
    """
    values = {} if data is None else {"data": _hexadecimal(data)}
    return administer(context, values, confirm=really("This stores data on the card."))


def _hexadecimal(text: str) -> str:
    if text == _STDIN:
        return sys.stdin.buffer.read().hex().upper()
    if text.startswith(_FILE):
        return read_octets(Path(text[1:])).hex().upper()
    return text


@click.group(
    "certificates",
    cls=Group,
    help="the certificates with which a security domain shows its keys of SCP11",
    examples=("cardgw gp certificates get --identifier 0x13 --version 1",),
)
def certificates() -> None:
    """
    See its help.
    """


@certificates.command(
    "get",
    cls=GpCommand,
    operation="gp.certificates.get",
    help="read the certificates of a key; nothing of them is checked",
    examples=("cardgw gp certificates get --identifier 0x13 --version 1 > card.pem",),
    note=STATUSES,
)
@JOB
@click.pass_context
def get_certificates(context: click.Context) -> int:
    """
    See its help.
    """
    return administer(context, acts=False)


@certificates.command(
    "store",
    cls=GpCommand,
    operation="gp.certificates.store",
    without=("certificates",),
    help="store the certificates of a key in place of those that it had, or whom the card lets in",
    examples=(
        "cardgw gp certificates store issuer.pem card.pem --identifier 0x13 --version 1 --keys issuer",
        "cardgw gp certificates store --serials 01A2,01A3 --identifier 0x10 --version 1 --keys issuer",
    ),
    note="FILES are in PEM or DER, or of GlobalPlatform's own form; that of the key is the last one.\n\n" + STATUSES,
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@DESTRUCTIVE_JOB
@click.pass_context
def store_certificates(context: click.Context, files: tuple[Path, ...]) -> int:
    """
    See its help.
    """
    found = [each.hex().upper() for file in files for each in _certificates(file)]
    confirm = really(f"This stores {len(found)} certificates on the card." if found else "This changes whom the card lets in.")
    return administer(context, {"certificates": found} if found else {}, confirm=confirm)


def _certificates(path: Path) -> list[bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    octets = read_octets(path)
    if _PEM not in octets:
        return [octets]
    try:
        return [each.public_bytes(Encoding.DER) for each in x509.load_pem_x509_certificates(octets)]
    except ValueError as problem:
        raise ParameterError(f"{path}: {problem}") from None
