# -*- test-case-name: tests.cli.test_gp -*-
"""
C{cardgw gp}: cards of GlobalPlatform; what is on them, and what is loaded, installed and deleted.
"""

from __future__ import annotations

from pathlib import Path

import click

from cardgw.cli.app import App
from cardgw.cli.choose import choose
from cardgw.cli.declared import given
from cardgw.cli.errors import STATUSES
from cardgw.cli.gp_cap import cap
from cardgw.cli.gp_data import certificates, data
from cardgw.cli.gp_keys import keys
from cardgw.cli.gp_order import GpCommand, administer, head, read_cap
from cardgw.cli.gp_status import lock_applet, lock_card, status, terminate_card, unlock_applet, unlock_card
from cardgw.cli.group import Group
from cardgw.cli.options import DESTRUCTIVE_JOB, JOB
from cardgw.cli.parameters import read
from cardgw.cli.perform import Order, really, result_of
from cardgw.cli.text import warning
from cardgw.gp.cap import CapFile
from cardgw.gp.platform_packages import foreign

_FILE = click.argument("file", type=click.Path(path_type=Path))
REGISTRY = "gp.registry"


@click.group(
    "gp",
    cls=Group,
    help="administer cards of GlobalPlatform: applets, keys, data, life cycle",
    headings={
        "what is there": ("info", "list", "cap"),
        "applets": ("install", "uninstall", "delete", "lock-applet", "unlock-applet"),
        "security domains": ("keys", "data", "certificates", "script"),
        "life cycle": ("lock-card", "unlock-card", "terminate-card", "status"),
    },
    examples=(
        "cardgw gp info --card 4321",
        "cardgw gp list --keys issuer",
        "cardgw gp install applet.cap --keys issuer --dry-run",
        "cardgw gp uninstall applet.cap --keys issuer --yes",
    ),
    note="--keys is the name of a key set in the settings of the gateway. docs/globalplatform.md begins with nothing,\n"
    "and says what becomes of the options of GlobalPlatformPro.",
)
def gp() -> None:
    """
    See its help.
    """


@gp.command(
    "info",
    cls=GpCommand,
    operation="gp.info",
    help="tell what a card says of itself: how it was made, its keys, its secure channels, its memory",
    examples=("cardgw gp info", "cardgw gp info --json | jq -r .cplc.ic_type"),
    note=STATUSES,
)
@JOB
@click.pass_context
def info(context: click.Context) -> int:
    """
    See its help.
    """
    return administer(context, acts=False)


@gp.command(
    "list",
    cls=GpCommand,
    operation=REGISTRY,
    help="list the security domains, applications and load files on a card",
    examples=("cardgw gp list --keys issuer", "cardgw gp list --keys issuer --json | jq -r '.entries[].aid'"),
    note=STATUSES,
)
@JOB
@click.pass_context
def list_(context: click.Context) -> int:
    """
    See its help.
    """
    return administer(context, acts=False)


@gp.command(
    "install",
    cls=GpCommand,
    operation="gp.install",
    without=("cap",),
    other_names={"data": ("--params",), "privileges": ("--privileges", "--privs")},
    help="load a CAP file, and install its applets",
    examples=(
        "cardgw gp install applet.cap --keys issuer",
        "cardgw gp install applet.cap --keys issuer --applet D27600012401 --params 0102",
        "cardgw gp install library.cap --keys issuer --load-only",
        "cardgw gp install applet.cap --keys issuer --dry-run      the plain commands, and the check values of the keys",
    ),
    note="FILE is a CAP or an IJC file of this machine. Nobody is asked: what was installed can be deleted.\n\n" + STATUSES,
)
@_FILE
@JOB
@click.pass_context
def install(context: click.Context, file: Path) -> int:
    """
    See its help.
    """
    octets, found = read_cap(file)
    _warn_of_imports(context, found)
    return administer(context, {"cap": octets.hex().upper()})


def _warn_of_imports(context: click.Context, cap: CapFile) -> None:
    """
    If it needs packages that no card comes with, look whether they are there.
    """
    app: App = context.obj
    needed = foreign(cap.imports)
    if not needed or app.flags.dry_run or app.flags.wait is False:
        return
    target = choose(app)
    if target.card is None:
        return
    known = {name: value for name, value in given(context).items() if name in head()}
    there = {each["aid"] for each in result_of(app, Order(REGISTRY, known), target)["entries"]}
    for each in needed:
        name = each.aid.hex().upper()
        if name not in there:
            app.say(warning(f"{name} {each.version_text} is not on the card, and the load file imports it."))


@gp.command(
    "uninstall",
    cls=GpCommand,
    operation="gp.delete",
    without=("aid", "related"),
    help="delete the package of a CAP file, with all that was installed from it",
    examples=("cardgw gp uninstall applet.cap --keys issuer",),
    note="FILE is a CAP or an IJC file of this machine.\n\n" + STATUSES,
)
@_FILE
@DESTRUCTIVE_JOB
@click.pass_context
def uninstall(context: click.Context, file: Path) -> int:
    """
    See its help.
    """
    aid = read_cap(file)[1].package.aid.hex().upper()
    confirm = really(f"This deletes {aid} with all that was installed from it, and its data, for good.")
    return administer(context, {"aid": aid, "related": True}, confirm=confirm)


@gp.command(
    "delete",
    cls=GpCommand,
    operation="gp.delete",
    other_names={"related": ("--related", "--deps")},
    help="delete an application, a security domain or a load file",
    examples=("cardgw gp delete D2760001240102 --keys issuer", "cardgw gp delete D27600012401 --related --keys issuer --yes"),
    note=STATUSES,
)
@click.argument("aid")
@DESTRUCTIVE_JOB
@click.pass_context
def delete(context: click.Context, aid: str) -> int:
    """
    See its help.
    """
    return administer(context, {"aid": aid}, confirm=really(f"This deletes {aid.upper()} and its data for good."))


@gp.command(
    "script",
    cls=GpCommand,
    operation="gp.script",
    without=("script",),
    help="send a security domain commands in a secure channel, and check how it answers",
    examples=("cardgw gp script commands.txt --keys issuer", "echo '80CA9F7F00 = 9000' | cardgw gp script - --keys issuer --yes"),
    note="FILE has a plain command on each line, and - is standard input: see docs/globalplatform.md. What a dry run of\n"
    "another command has printed is such a file.\n\n" + STATUSES,
)
@click.argument("file", type=click.Path(allow_dash=True))
@DESTRUCTIVE_JOB
@click.pass_context
def script(context: click.Context, file: str) -> int:
    """
    See its help.
    """
    return administer(context, {"script": read(file)}, confirm=really("This sends the card the commands of the script."))


for _command in (cap, keys, data, certificates, status, lock_card, unlock_card, terminate_card, lock_applet, unlock_applet):
    gp.add_command(_command)
