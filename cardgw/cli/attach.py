# -*- test-case-name: tests.cli.test_attach -*-
"""
C{cardgw attach}: a card of the gateway in a reader, for local programs.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cardgw.cli.app import App
from cardgw.cli.completion import complete_cards
from cardgw.cli.errors import STATUSES
from cardgw.cli.group import Command, Option
from cardgw.cli.options import JOB
from cardgw.cli.perform import Order, perform
from cardgw.errors import ParameterError

OPERATION = "card.attach"


@click.command(
    "attach",
    cls=Command,
    help="put a card into a virtual reader, for programs that know PC/SC",
    examples=(
        "cardgw attach 4321                          then, elsewhere: pcsc_scan, opensc-tool, lpac, …",
        "cardgw attach 4321 --vpcd tcp:127.0.0.1:35964",
        "cardgw attach --no-wait                     in the reader until `cardgw jobs cancel`",
    ),
    note="The reader is one of vsmartcard's vpcd, at the gateway's machine. The card stays in it until Control-C or SIGTERM\n"
    "takes it out: that is the ordinary end, with exit status 0. Meanwhile nothing else is done to the card.\n\n" + STATUSES,
)
@click.argument("which", metavar="[CARD]", required=False, default="", shell_complete=complete_cards)
@click.option(
    "--vpcd",
    cls=Option,
    metavar="ENDPOINT",
    default="",
    help="the reader, as the gateway reaches it (default: tcp:127.0.0.1:35963); its settings say which it may use",
)
@JOB
@click.pass_obj
def attach(app: App, *, which: str, vpcd: str) -> int:
    """
    See its help.
    """
    if which and app.flags.card:
        raise ParameterError("CARD and --card cannot be had together")
    app.flags.card = which or app.flags.card
    with terminated_as_interrupted():
        return perform(app, Order(OPERATION, {"vpcd": vpcd} if vpcd else {}))


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """
    Meanwhile SIGTERM does what Control-C does: who stops this as a service does not leave the card in the reader.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
