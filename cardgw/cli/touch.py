# -*- test-case-name: tests.cli.test_touch -*-
"""
C{cardgw touch}: the card in a reader of this machine is lent to a server that speaks RAMOverHTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cardgw.cli import readers
from cardgw.cli.app import App
from cardgw.cli.group import Command, Option
from cardgw.cli.options import LOCAL_SESSION, Decorator, Number
from cardgw.errors import ParameterError

ASK, PINPAD = "ask", "pinpad"
"""C{--pin} without a value, and the reader's own keys."""
FORMS = ("plain", "ff-8", "00-8", "block-2")
"""See L{cardgw.bridges.touch_pin.Form}."""
_FILE = click.Path(path_type=Path)
_NOTE = """\
Any server will do that speaks the dialect of the OpenSCDP clients: a gateway's ramhttp, or the OpenSCDP Scripting Server.
Meanwhile other programs wait for the card. Control-C takes it back, and the server is told.

--pin asks for the PIN, or takes it from file:FILE, env:NAME, credential:NAME, command:LINE, or pinpad: the reader's own
keys. It is that of a SmartCard-HSM unless --pin-application says otherwise; other cards are lent without. The server
never gets it.

exit status: 0 the server has ended it well, 1 it failed, 2 wrong usage, 3 no such card is here, 4 the card refused
the PIN, 5 the server cannot be reached, 130 interrupted"""


class Reference(click.ParamType[int]):
    """
    A byte, also in hexadecimal.
    """

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """
        See L{click.ParamType}.
        """
        try:
            found = int(str(value), 0)
        except ValueError:
            found = -1
        if not 0 <= found <= 0xFF:
            self.fail("expected 0 to 255, or 0x00 to 0xFF.", param, ctx)
        return found


def _option(*names: str, **more: Any) -> Any:
    return click.option(*names, cls=Option, **more)


_OPTIONS: Sequence[Any] = (
    _option("-r", "--reader", metavar="READER", default="", help="its name, the beginning of it, or a selector as in settings"),
    _option("-s", "--session", metavar="ID", default="", help="a session of the server's, or a cookie: NAME=VALUE"),
    _option("-p", "--pin", metavar="[SOURCE]", is_flag=False, flag_value=ASK, default="", help="verify the card's PIN before"),
    _option("-l", "--list", "listed", is_flag=True, help="list the readers, and leave"),
    _option("-n", "--no-reset", is_flag=True, help="leave the card as it is in the end"),
    _option("-v", "--verbose", count=True, help="show commands and answers; twice, also how long they took"),
    _option("--pin-application", metavar="AID", default="", help="what has the PIN; none for nothing (default: SmartCard-HSM)"),
    _option("--pin-reference", metavar="NUMBER", type=Reference(), default="0x81", show_default=True, help="which PIN it is"),
    _option(
        "--pin-format",
        type=click.Choice(FORMS),
        default=FORMS[0],
        help="as it is, filled up to 8 bytes with FF or 00, or a PIN block of format 2",
    ),
    _option("--token", metavar="SOURCE", default="", help="a token for the server, from file:FILE, env:NAME and so on"),
    _option("--ca", metavar="FILE", type=_FILE, help="authorities that are trusted instead of those of this machine"),
    _option("--cert", metavar="FILE", type=_FILE, help="a certificate of your own, for the server"),
    _option("--key", metavar="FILE", type=_FILE, help="its private key, where that is elsewhere"),
    _option(
        "--timeout", metavar="SECONDS", type=Number(5, 3600), default=60, show_default=True, help="how long an answer may take"
    ),
)


def _decorate(function: Any) -> Any:
    for each in reversed(_OPTIONS):
        function = each(function)
    return function


_ALL: Decorator[Any] = _decorate


@click.command(
    "touch",
    cls=Command,
    help="lend the card in a reader of this machine to a server that speaks RAMOverHTTP",
    examples=(
        "cardgw touch https://cards.example.com/rt/hsm",
        "cardgw touch https://cards.example.com/rt/hsm -r ACR39U -v",
        "cardgw touch http://localhost:8080/rt/hsm -s 1E29F4B7 -p",
        "cardgw touch https://cards.example.com/rt/hsm -p file:/etc/cardgw/pin --token env:RT_TOKEN",
        "cardgw touch -l                             the readers, and what is in them",
    ),
    note=_NOTE,
)
@click.argument("url", required=False, default="")
@_ALL
@LOCAL_SESSION
@click.pass_obj
def touch(app: App, /, url: str, *, listed: bool, reader: str, **typed: Any) -> int:
    """
    See its help.
    """
    from cardgw.cli.touch_order import order_of
    from cardgw.cli.touch_reader import chosen, meant
    from cardgw.cli.touch_run import lend
    from cardgw.transports.pcsc.inquiry import look

    driver = readers.driver()
    if listed:
        found = look(driver)
        return readers.print_readers(app, meant(found, reader) if reader else found, "There is no such reader.")
    if typed["pin"].startswith(("http://", "https://")) and not url:
        url, typed["pin"] = typed["pin"], ASK
    if not url:
        raise ParameterError("missing: URL", hint="-l lists the readers.")
    order = order_of(app, url, **typed)
    return lend(app, driver, chosen(look(driver), reader), order)
