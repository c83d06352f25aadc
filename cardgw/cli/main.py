# -*- test-case-name: tests.cli.test_main -*-
"""
The entry of the C{cardgw} command: what can be typed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click

from cardgw import listing
from cardgw.cli import (
    attach,
    cards,
    diagnose,
    download,
    gp,
    jobs,
    link,
    local,
    lpa,
    notifications,
    readers,
    record,
    replay,
    run,
    tokens,
    touch,
    watch,
)
from cardgw.cli.app import App
from cardgw.cli.completion import completion
from cardgw.cli.group import NAME, Root
from cardgw.cli.options import GATEWAY

HEADINGS = {
    "cards": (cards.cards, cards.card, attach.attach, link.link, link.links, run.run, record.record, tokens.claim),
    "profiles": (
        lpa.profiles,
        lpa.info,
        download.download,
        lpa.enable,
        lpa.disable,
        lpa.delete,
        lpa.nickname,
        notifications.notifications,
    ),
    "smart cards": (gp.gp,),
    "work": (jobs.jobs, watch.watch, notifications.outbox),
    "access": (tokens.login, tokens.token, tokens.audit),
    "without a gateway": (
        local.demo,
        local.init,
        local.check_config,
        local.operations,
        local.transports,
        readers.readers,
        touch.touch,
        local.help_,
        local.plugins,
        local.operation,
        diagnose.diagnose,
        replay.replay,
        completion,
    ),
}
"""All commands, as the help has them."""
EXAMPLES = (
    "cardgw demo                                 download a profile, all in software",
    "cardgw init > cardgw.toml                   every setting, commented",
    "twistd -n cardgw --config cardgw.toml       the gateway itself; it prints a token",
    "cardgw login                                takes the token",
    "cardgw cards                                what is here",
    "cardgw download 'LPA:1$smdp.example.com$MATCHING-ID'",
    "cardgw run lpa.profiles --card 4321 --json",
    "cardgw operations --broken                  which plugins were skipped, and why",
)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(listing.version())
        context.exit()


@click.group(
    NAME,
    cls=Root,
    help="look after remote smart cards, and the gateway to them",
    headings={heading: [each.name or "" for each in commands] for heading, commands in HEADINGS.items()},
    examples=EXAMPLES,
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="print the version, and leave"
)
@GATEWAY
def root() -> None:
    """
    See its help.
    """


for _commands in HEADINGS.values():
    for _command in _commands:
        root.add_command(_command)


def main(arguments: Sequence[str] | None = None, app: App | None = None) -> int:
    """
    Do what the arguments say, by default those of the process.

    @return: the exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a nickname still shows the rest
    try:
        root.main(arguments, obj=app or App())
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
