# -*- test-case-name: tests.cli.test_main -*-
"""
What each C{cardgw} command does.  Each gets the parsed arguments and gives an exit status, or nothing for 0.
"""

from __future__ import annotations

from argparse import Namespace

from twisted.plugin import IPlugin, getPlugins

import cardgw.plugins
from cardgw import listing
from cardgw.cli.template import operation_template
from cardgw.gateway.registry import Registry, load_registry
from cardgw.plugin_path import plugin_path

BROKEN = 1
"""The exit status where something is broken."""


def init(_: Namespace) -> None:
    """
    Print a settings file.
    """
    from cardgw.settings_file import render

    print(render(_verified()), end="")


def check_config(options: Namespace) -> None:
    """
    Check a settings file.

    @raise CardGatewayError: the first mistake.
    """
    from cardgw.tap import check

    print(listing.checked(options.file, check(options.file)), end="")


def operations(options: Namespace) -> int:
    """
    List the operations, or what is broken.
    """
    if not options.broken:
        print(listing.operations(load_registry()), end="")
        return 0
    registry = _verified()
    print(listing.broken(registry), end="")
    return BROKEN if registry.broken else 0


def transports(_: Namespace) -> None:
    """
    List the transports.
    """
    print(listing.transports(load_registry()), end="")


def help_(options: Namespace) -> None:
    """
    Say all about an operation (its name has a dot) or a transport.

    @raise MissingPlugin: there is none of this name.
    """
    registry = load_registry()
    names = [entry.plugin.name for entry in registry.transports()]
    describe = listing.transport if options.name in names else listing.operation
    print(describe(registry, options.name), end="")


def plugins(options: Namespace) -> int:
    """
    List the directories that are searched and those that are refused; with C{--refresh}, write their caches.
    """
    path = plugin_path(cardgw.plugins.__path__)
    if options.refresh:
        for package in (None, cardgw.plugins):
            list(getPlugins(IPlugin, package))  # looking is what writes them
    for directory in path.accepted:
        print(directory)
    for refused in path.refused:
        print(f"{refused.directory} is refused: {refused.reason}")
    return BROKEN if path.refused else 0


def new_operation(options: Namespace) -> None:
    """
    Print a template of an operation.

    @raise ParameterError: the name is not that of an operation.
    """
    print(operation_template(options.name), end="")


def demo(options: Namespace) -> int:
    """
    Run the demonstration.
    """
    from cardgw.virtual.demo import main

    return main(options.arguments)


def _verified() -> Registry:
    registry = load_registry()
    registry.verify()
    return registry
