# -*- test-case-name: tests.cli.test_options -*-
"""
Options that many commands have.  Their values go to L{cardgw.cli.app.Flags}.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import click

from cardgw.cli.app import App
from cardgw.cli.completion import complete_cards
from cardgw.cli.group import Option

F = TypeVar("F", bound=Callable[..., Any])
Decorator: TypeAlias = Callable[[F], F]


class Number(click.IntRange):
    """
    A whole number, called so in messages.
    """

    name = "number"


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    app = context.find_object(App)
    if app is not None and value is not None and parameter.name is not None:
        setattr(app.flags, parameter.name, value)


def _option(*names: str, **more: Any) -> Any:
    return click.option(*names, cls=Option, expose_value=False, callback=_keep, **more)


def _flag(name: str, help: str, section: str) -> Any:
    return _option(name, is_flag=True, default=None, help=help, section=section)


_URL = _option("--url", metavar="URL", section="gateway", help="where the gateway is, instead of $CARDGW_URL or what is kept")
_TOKEN = _option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    section="gateway",
    help="the file with the token, instead of $CARDGW_TOKEN or what is kept",
)
_JSON = _flag("--json", "print one JSON document, and nothing else", "output")
_QUIET = _flag("--quiet", "tell nothing but the result, and why there is none", "output")
_LPAC = _flag("--lpac", "print lines as lpac does", "output")
_CARD = _option(
    "--card",
    metavar="CARD",
    shell_complete=complete_cards,
    section="job options",
    help="which: its id, its EID (or cuid:…, iin-cin:…, uid:…, agent:…), or the end of that; if one card alone is here, that one",
)
_WAIT = _option(
    "--wait/--no-wait",
    default=None,
    section="job options",
    help="wait until it is done, or print the id of the job at once; as a rule, wait if the card is here",
)
_NO_INPUT = _flag("--no-input", "ask nothing; what cannot go on without an answer is cancelled", "job options")
_DRY_RUN = _flag("--dry-run", "show what would be sent, and do nothing", "job options")
_YES = _flag("--yes", "do not ask whether it is really meant", "job options")


def _all(*decorators: Any) -> Any:
    def decorate(function: F) -> F:
        for each in reversed(decorators):
            function = each(function)
        return function

    return decorate


GATEWAY: Decorator[Any] = _all(_URL, _TOKEN)
"""Where the gateway is, and the token."""
ANSWER: Decorator[Any] = _all(_JSON, _QUIET, GATEWAY)
"""Of commands that look at something or change it at once."""
CARD_ANSWER: Decorator[Any] = _all(_CARD, _JSON, _QUIET, GATEWAY)
"""Likewise, where it is a card that is looked at."""
LOCAL_ANSWER: Decorator[Any] = _all(_JSON, _QUIET)
"""Likewise, without a gateway."""
JOB: Decorator[Any] = _all(_CARD, _WAIT, _NO_INPUT, _DRY_RUN, _JSON, _LPAC, _QUIET, GATEWAY)
"""Of commands that run an operation on a card."""
DESTRUCTIVE_JOB: Decorator[Any] = _all(_CARD, _YES, _WAIT, _NO_INPUT, _DRY_RUN, _JSON, _LPAC, _QUIET, GATEWAY)
"""Likewise, where something may be lost for good."""
LINKED: Decorator[Any] = _all(_YES, _WAIT, _NO_INPUT, _JSON, _LPAC, _QUIET, GATEWAY)
"""Likewise, where the card is to come by a link."""
FOLLOWED: Decorator[Any] = _all(_NO_INPUT, _JSON, _LPAC, _QUIET, GATEWAY)
"""Of commands that look at a job while it runs."""
LOCAL_SESSION: Decorator[Any] = _all(_NO_INPUT, _JSON, _QUIET)
"""Of commands that do something to a card without a gateway."""
LOCAL_JOB: Decorator[Any] = _all(_NO_INPUT, _JSON, _LPAC, _QUIET)
"""Of commands that run an operation in this process."""
PARAMETERS: Decorator[Any] = _all(
    click.option(
        "-p", "--parameter", "single", cls=Option, multiple=True, metavar="NAME=VALUE", help="a parameter, or NAME@FILE"
    ),
    click.option("--parameters", "whole", cls=Option, metavar="JSON", default="", help="all parameters as JSON, or @FILE"),
)
"""What an operation is given: C{single} and C{whole}, see L{cardgw.cli.parameters.collect}."""


def limit(what: str) -> Decorator[Any]:
    """
    C{--limit}: how many of a long list.
    """
    found: Decorator[Any] = click.option(
        "--limit", cls=Option, type=Number(1, 100_000), default=50, show_default=True, help=f"how many {what} at most"
    )
    return found
