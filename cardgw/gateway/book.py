# -*- test-case-name: tests.gateway.test_jobs -*-
"""
What settings decide about jobs, and what the card holder is told of their end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen

from cardgw.errors import CardGatewayError
from cardgw.interfaces import IOperation
from cardgw.quirks import Quirks
from cardgw.values import Reset


@define
class Book:
    """
    What settings decide; replaced as a whole when they are read again.

    @ivar routes: transport and request to the name of an operation, or to C{"stay"}; for L{cardgw.values.ANY}, what answers those
        that are not named: a name that is empty here is that of a request which nothing answers.
    @ivar operation: gives the operation of a name and its settings; raises C{MissingPlugin}.
    @ivar names: the operations that settings enable.
    @ivar quirks: the entries of C{[[quirks]]}.
    """

    routes: Mapping[tuple[str, str], str] = field(factory=dict)
    operation: Callable[[str], tuple[IOperation, Any]] = field(default=None)
    names: tuple[str, ...] = ()
    quirks: tuple[Quirks, ...] = ()


@frozen
class Outcome:
    """
    What the card holder is told when a job has ended.

    @ivar reset: how the card is to be started anew then.
    @ivar error: what it failed with.
    """

    text: str
    reset: Reset | None = None
    error: CardGatewayError | None = None
