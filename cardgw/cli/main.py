# -*- test-case-name: tests.cli.test_main -*-
"""
The entry of the C{cardgw} command: what can be typed.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cardgw import listing
from cardgw.cli import commands
from cardgw.errors import CardGatewayError

FAILED, INTERRUPTED = 1, 130
"""Exit statuses, besides 0 (done) and argparse's 2 (wrong usage)."""
_EXAMPLES = """\
examples:
  cardgw demo                               download a profile, all in software
  cardgw init > cardgw.toml                 every setting, commented
  cardgw check-config cardgw.toml
  cardgw operations                         what can be done to cards
  cardgw help profile.download
  cardgw operations --broken                which plugins were skipped, and why
  cardgw operation new card.audit > /etc/cardgw/plugins/audit.py

The gateway itself is a twistd command: twistd -n cardgw --config cardgw.toml
More: README.md and docs/ of the distribution."""


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Do what the arguments say, by default those of the process.

    @return: the exit status.
    """
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except CardGatewayError as mistake:
        print(f"cardgw: {listing.one_line(mistake)}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> ArgumentParser:
    """
    What can be typed.
    """
    whole = ArgumentParser(
        prog="cardgw",
        description="look after a gateway to remote smart cards",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=listing.version(), help="print the version, and exit")
    adder = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _settings(adder)
    _plugins(adder)
    demo = _add(adder, "demo", "download a profile: server, gateway and card, all in software", commands.demo)
    demo.add_argument("arguments", nargs="*", help="passed on")
    return whole


def _add(adder: Any, name: str, text: str, run: Any) -> ArgumentParser:
    added: ArgumentParser = adder.add_parser(name, help=text, description=text)
    added.set_defaults(run=run)
    return added


def _settings(adder: Any) -> None:
    _add(adder, "init", "print a settings file with every setting, commented", commands.init)
    check = _add(adder, "check-config", "check a settings file, say what is wrong", commands.check_config)
    check.add_argument("file", type=Path, help="the settings file; conf.d/*.toml beside it are checked too")


def _plugins(adder: Any) -> None:
    operations = _add(adder, "operations", "list what can be done to cards", commands.operations)
    operations.add_argument("--broken", action="store_true", help="list the plugins that were skipped instead, and why")
    _add(adder, "transports", "list the ways in which cards are reached", commands.transports)
    helper = _add(adder, "help", "say all about an operation or a transport", commands.help_)
    helper.add_argument("name", help="for example profile.download")
    plugins = _add(adder, "plugins", "list the directories in which plugins are looked for", commands.plugins)
    plugins.add_argument("--refresh", action="store_true", help="write the caches anew, as after an installation")
    operation = adder.add_parser("operation", help="write an operation of your own", description="write an operation of your own")
    new = _add(operation.add_subparsers(metavar="COMMAND", required=True), "new", "print a template", commands.new_operation)
    new.add_argument("name", help="what it is to be called: area.verb")
