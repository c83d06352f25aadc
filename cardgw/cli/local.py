# -*- test-case-name: tests.cli.test_local -*-
"""
Commands that need no gateway: settings, what is installed, plugins, the demonstration.
"""

from __future__ import annotations

from pathlib import Path

import click
from twisted.plugin import IPlugin, getPlugins

import cardgw.plugins
from cardgw import listing
from cardgw.cli.completion import complete_operations
from cardgw.cli.errors import FAILED
from cardgw.cli.group import Command, Group, Option
from cardgw.cli.template import operation_template
from cardgw.gateway.registry import Registry, load_registry
from cardgw.plugin_path import plugin_path


def verified() -> Registry:
    """
    What is installed, with all that can be found wrong with it.
    """
    registry = load_registry()
    registry.verify()
    return registry


@click.command(
    "init", cls=Command, help="print a settings file with every setting, commented", examples=("cardgw init > cardgw.toml",)
)
def init() -> None:
    """
    See its help.
    """
    from cardgw.settings_file import render

    click.echo(render(verified()), nl=False)


@click.command(
    "check-config",
    cls=Command,
    help="check a settings file, say what is wrong",
    examples=("cardgw check-config /etc/cardgw/cardgw.toml",),
)
@click.argument("file", type=click.Path(path_type=Path))
def check_config(file: Path) -> None:
    """
    See its help.
    """
    from cardgw.tap import check

    click.echo(listing.checked(file, check(file)), nl=False)


@click.command(
    "operations",
    cls=Command,
    help="list what can be done to cards",
    examples=("cardgw operations", "cardgw operations --broken"),
    note="This is what is installed here; the settings of a gateway may leave some of it out.",
)
@click.option("--broken", cls=Option, is_flag=True, help="list the plugins that were skipped instead, and why")
def operations(broken: bool) -> int:
    """
    See its help.
    """
    if not broken:
        click.echo(listing.operations(load_registry()), nl=False)
        return 0
    registry = verified()
    click.echo(listing.broken(registry), nl=False)
    return FAILED if registry.broken else 0


@click.command("transports", cls=Command, help="list the ways in which cards are reached", examples=("cardgw transports",))
def transports() -> None:
    """
    See its help.
    """
    click.echo(listing.transports(load_registry()), nl=False)


@click.command(
    "help",
    cls=Command,
    help="say all about an operation or a transport",
    examples=("cardgw help profile.download", "cardgw help estk"),
)
@click.argument("name", shell_complete=complete_operations)
def help_(name: str) -> None:
    """
    See its help.
    """
    registry = load_registry()
    names = [entry.plugin.name for entry in registry.transports()]
    describe = listing.transport if name in names else listing.operation
    click.echo(describe(registry, name), nl=False)


@click.command(
    "plugins",
    cls=Command,
    help="list the directories in which plugins are looked for",
    examples=("cardgw plugins", "cardgw plugins --refresh"),
)
@click.option("--refresh", cls=Option, is_flag=True, help="write the caches anew, as after an installation")
def plugins(refresh: bool) -> int:
    """
    See its help.
    """
    path = plugin_path(cardgw.plugins.__path__)
    if refresh:
        for package in (None, cardgw.plugins):
            list(getPlugins(IPlugin, package))  # looking is what writes them
    for directory in path.accepted:
        click.echo(directory)
    for refused in path.refused:
        click.echo(f"{refused.directory} is refused: {refused.reason}")
    return FAILED if path.refused else 0


@click.group(
    "operation",
    cls=Group,
    help="write an operation of your own",
    examples=("cardgw operation new card.audit > /etc/cardgw/plugins/audit.py",),
)
def operation() -> None:
    """
    See its help.
    """


@operation.command(
    "new",
    help="print a template of an operation",
    examples=("cardgw operation new card.audit > /etc/cardgw/plugins/audit.py",),
    note="NAME is area.verb, in lower case.",
)
@click.argument("name")
def new_operation(name: str) -> None:
    """
    See its help.
    """
    click.echo(operation_template(name), nl=False)


@click.command(
    "demo", cls=Command, help="download a profile: server, gateway and card, all in software", examples=("cardgw demo",)
)
def demo() -> int:
    """
    See its help.
    """
    from cardgw.virtual.demo import main

    return main(())
