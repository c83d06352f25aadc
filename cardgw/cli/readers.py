# -*- test-case-name: tests.cli.test_readers -*-
"""
C{cardgw readers}: the readers of this machine, as the settings name them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from cardgw.cli.app import App, Style
from cardgw.cli.errors import DONE, NO_CARD
from cardgw.cli.group import Command, Option
from cardgw.cli.options import ANSWER
from cardgw.cli.render import Column, key, table
from cardgw.errors import CardGatewayError, ParameterError
from cardgw.transports.pcsc.driver import Driver, scard_driver
from cardgw.transports.pcsc.inquiry import Found, look
from cardgw.transports.pcsc.selectors import matches, well_formed

_COLUMNS: Sequence[Column] = (
    Column("number", key("number"), right=True),
    Column("reader", key("reader"), wide=True),
    Column("in it", key("state")),
    Column("answer to reset", key("atr"), remark=True),
)
driver: Callable[[], Driver] = scard_driver
"""Gives the calls of PC/SC."""


@click.command(
    "readers",
    cls=Command,
    help="list the readers of this machine, and what is in them",
    examples=("cardgw readers", "cardgw readers 'ACR39U*'", "cardgw readers atr:3B9F*"),
    note="SELECTOR is what readers, ignore and names in [transports.pcsc] take; the readers that it means are listed.\n"
    "One of names is known where --config says in which settings.",
)
@click.argument("selector", default="*")
@click.option("--config", cls=Option, metavar="FILE", type=click.Path(path_type=Path), help="the settings of the gateway")
@ANSWER
@click.pass_obj
def readers(app: App, selector: str, *, config: Path | None) -> int:
    """
    See its help.
    """
    try:
        well_formed(selector)
    except ValueError as problem:
        raise ParameterError(f"SELECTOR: {problem}") from None
    meant = _names(config).get(selector, selector)
    found = [each for each in look(driver()) if matches(meant, each.reader)]
    return print_readers(app, found, "There is no reader." if selector == "*" else f"No reader is {selector}.")


def print_readers(app: App, found: Sequence[Found], none: str) -> int:
    """
    @param none: is said where there are none.
    @return: the exit status.
    """
    rows = [_row(each) for each in found]
    if app.style is Style.JSON:
        app.print_json({"items": rows})
    else:
        table(app, _COLUMNS, rows, none)
    return DONE if rows else NO_CARD


def _names(config: Path | None) -> Mapping[str, str]:
    """
    The selectors of names, where the gateway uses readers.
    """
    from cardgw.config import load_config
    from cardgw.gateway.registry import load_registry

    if config is None:
        return {}
    settings = load_config(config, load_registry()).transports.get("pcsc")
    return settings.names if settings is not None else {}


def _row(found: Found) -> dict[str, Any]:
    reader = found.reader
    return {"number": reader.index, "reader": reader.name, "state": found.state, "atr": reader.atr.hex().upper() or None}


def told() -> list[str]:
    """
    The readers in lines of text, or why there are none.
    """
    try:
        found = look(driver())
    except CardGatewayError as problem:
        return [str(problem)]
    return [f"{each.reader.name}: {each.state}" for each in found] or ["none"]
