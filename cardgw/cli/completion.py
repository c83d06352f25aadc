# -*- test-case-name: tests.cli.test_completion -*-
"""
What a shell offers when Tab is pressed.  Whatever goes wrong meanwhile, nothing is said: it would end up in the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from cardgw.cli.app import App
from cardgw.cli.group import NAME, Command
from cardgw.cli.text import digits_of, flat

VARIABLE = "_CARDGW_COMPLETE"
"""With this environment variable, shells ask."""
SHELLS = ("bash", "zsh", "fish")
_RECENT = 20
_Found = Iterable[tuple[str, str]]


def _completer(find: Callable[[App], _Found]) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        app = context.find_object(App) or App()
        try:
            found = dict(find(app))
        except Exception:  # a shell is no place for errors
            return []
        return [CompletionItem(value, help=flat(told)) for value, told in found.items() if value.startswith(begun)]

    return complete


def _cards(app: App) -> Iterator[tuple[str, str]]:
    for each in app.api.get("cards")["items"]:
        told = f"{each['transport']} {each['peer']}".strip()
        yield each["id"], told
        if each["identity"]:
            yield digits_of(each["identity"]), told


def _links(app: App) -> Iterator[tuple[str, str]]:
    yield from ((each["id"], f"of {each['requester']}") for each in app.api.get("links")["items"])


def _operations(app: App) -> Iterator[tuple[str, str]]:
    from cardgw.gateway.registry import load_registry

    try:
        found = app.api.get("operations")["items"]
    except Exception:  # what is installed here is better than nothing
        found = [{"name": each.plugin.name, "summary": each.plugin.summary} for each in load_registry().operations()]
    yield from ((each["name"], each["summary"]) for each in found)


def _profiles(app: App) -> Iterator[tuple[str, str]]:
    jobs = app.api.get("jobs", {"operation": "lpa.profiles", "state": "done", "limit": _RECENT})["items"]
    for job in jobs:
        for each in (job["result"] or {}).get("profiles", []):
            names = (each.get("profileNickname"), each.get("serviceProviderName"), each.get("profileName"))
            yield each["iccid"] or "", " ".join(str(name) for name in names if name)


def _jobs(app: App) -> Iterator[tuple[str, str]]:
    for each in app.api.get("jobs", {"limit": _RECENT})["items"]:
        yield each["id"], f"{each['operation']} {each['state']}"


def _entries(app: App) -> Iterator[tuple[str, str]]:
    for each in app.api.get("outbox", {"limit": _RECENT})["items"]:
        yield each["id"], f"{each['state']} {each['address']}"


def _tokens(app: App) -> Iterator[tuple[str, str]]:
    for each in app.api.get("tokens")["items"]:
        yield each["name"], each["role"]


complete_cards = _completer(_cards)
complete_operations = _completer(_operations)
complete_profiles = _completer(_profiles)
complete_jobs = _completer(_jobs)
complete_entries = _completer(_entries)
complete_links = _completer(_links)
complete_tokens = _completer(_tokens)


@click.command(
    "completion",
    cls=Command,
    help="print what makes a shell complete commands, operations, cards and profiles",
    examples=(
        'eval "$(cardgw completion bash)"      for this session; in ~/.bashrc for all',
        'eval "$(cardgw completion zsh)"',
        "cardgw completion fish > ~/.config/fish/completions/cardgw.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """
    See its help.
    """
    kind: Any = get_completion_class(shell)
    click.echo(kind(context.find_root().command, {}, NAME, VARIABLE).source().strip())
