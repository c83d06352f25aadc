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
from cardgw.cli.perform import Order, perform
from cardgw.errors import ParameterError
from cardgw.gp.cap import CapFile
from cardgw.schema import json_schema

HEAD = "secure channel"
"""The heading of the options that all of them have."""
REHEARSAL = "dry_run"
"""The parameter of operations that change a card."""
Confirm: TypeAlias = Callable[[App, Target, Order], Order]
_NOTHING: Mapping[str, Any] = {}


@cache
def head() -> frozenset[str]:
    """
    The names of the parameters that all of them have.
    """
    from cardgw.operations.gp_head import GpParameters

    return frozenset(json_schema(GpParameters)["properties"])


class GpCommand(OperationCommand):
    """
    An operation of GlobalPlatform.
    """

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
