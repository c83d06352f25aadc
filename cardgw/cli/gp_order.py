# -*- test-case-name: tests.cli.test_gp_order -*-
"""
What the commands of C{cardgw gp} have in common: the head of their options, the dry run, and what is asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import click
from attrs import evolve

from cardgw.cli.app import App
from cardgw.cli.choose import Target, choose
from cardgw.cli.declared import OperationCommand, given, read_octets
from cardgw.cli.group import Option
from cardgw.cli.own_reader import own_reader
from cardgw.cli.perform import Order, perform
from cardgw.errors import ParameterError
from cardgw.gp.cap import CapFile
from cardgw.schema import json_schema

HEAD = "secure channel"
"""The heading of the options that all of them have."""
REHEARSAL = "dry_run"
"""The parameter of operations that change a card."""
Confirm: TypeAlias = Callable[[App, Target, Order], Order]
_SELECTOR, _CONFIG = "cardgw.reader", "cardgw.config"
_NOTHING: Mapping[str, Any] = {}


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        context.meta[name] = value

    return keep


_READER = (
    Option(
        ["--reader"],
        metavar="SELECTOR",
        section="gateway",
        expose_value=False,
        callback=_keep(_SELECTOR),
        help="without a gateway: the card in this reader (`cardgw readers`)",
    ),
    Option(
        ["--config"],
        metavar="FILE",
        type=click.Path(path_type=Path),
        section="gateway",
        expose_value=False,
        callback=_keep(_CONFIG),
        help="then: the settings, with the key sets",
    ),
)


@cache
def head() -> frozenset[str]:
    """
    The names of the parameters that all of them have.
    """
    from cardgw.operations.gp_head import GpParameters

    return frozenset(json_schema(GpParameters)["properties"])


class GpCommand(OperationCommand):
    """
    An operation of GlobalPlatform, on a card of the gateway or in a reader of this machine.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """
        See L{click.Command}.
        """
        return [*super().get_params(ctx), *_READER]

    def invoke(self, ctx: click.Context) -> Any:
        """
        See L{click.Command}.
        """
        selector, config = ctx.meta.get(_SELECTOR), ctx.meta.get(_CONFIG)
        if not selector:
            if config is not None:
                raise ParameterError("--config is for --reader; the gateway has its own settings")
            return super().invoke(ctx)
        with own_reader(ctx.obj, selector, config):
            return super().invoke(ctx)

    def section(self, name: str) -> str:
        """
        See L{OperationCommand}.
        """
        return HEAD if name in head() else super().section(name)


def administer(
    context: click.Context, values: Mapping[str, Any] = _NOTHING, *, acts: bool = True, confirm: Confirm | None = None
) -> int:
    """
    Run the operation of a L{GpCommand}.

    @param values: parameters, besides those that were typed as options.
    @param acts: see L{Order}.
    @param confirm: asks whether it is really meant; without it nobody is asked.
    @return: the exit status.
    """
    app, command = context.obj, context.command
    assert isinstance(command, GpCommand)
    properties = command.schema["properties"]
    secrets = frozenset(name for name, each in properties.items() if each.get("writeOnly"))
    order = Order(command.operation, {**given(context), **values}, secrets, acts=acts, confirm=confirm)
    if REHEARSAL in properties:
        order = _meant(app, order)
    return perform(app, order)


def _meant(app: App, order: Order) -> Order:
    """
    The order, so that the API takes it: to be rehearsed, to be asked about, or neither.
    """
    if app.flags.dry_run and choose(app).card is not None:
        app.flags.dry_run, app.flags.yes = False, True
        return evolve(order, parameters={**order.parameters, REHEARSAL: True}, confirm=_unasked, acts=False)
    if order.confirm is None:
        app.flags.yes = True
        return evolve(order, confirm=_unasked)
    return order


def _unasked(app: App, target: Target, order: Order) -> Order:
    return order


def read_cap(path: Path) -> tuple[bytes, CapFile]:
    """
    A CAP or IJC file: its bytes, and what is in it.

    @raise ParameterError: it cannot be read, or is none.
    """
    octets = read_octets(path)
    try:
        return octets, CapFile.decode(octets)
    except ParameterError as problem:
        raise type(problem)(f"{path}: {problem.detail}") from None
