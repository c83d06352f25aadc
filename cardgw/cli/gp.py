# -*- test-case-name: tests.cli.test_gp -*-
"""
C{cardgw gp}: cards of GlobalPlatform; what is on them, and what is loaded, installed and deleted.
"""

from __future__ import annotations

from pathlib import Path

import click

from cardgw.cli.declared import given
from cardgw.cli.errors import STATUSES
from cardgw.cli.gp_cap import cap
from cardgw.cli.gp_data import certificates, data
from cardgw.cli.gp_keys import keys
from cardgw.cli.gp_order import GpCommand, administer, read_cap
from cardgw.cli.gp_status import lock_applet, lock_card, status, terminate_card, unlock_applet, unlock_card
from cardgw.cli.group import Group
from cardgw.cli.options import DESTRUCTIVE_JOB, JOB
from cardgw.cli.parameters import read
from cardgw.cli.perform import really
from cardgw.errors import ParameterError

_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group(
    "gp",
    cls=Group,
    help="administer cards of GlobalPlatform: applets, keys, data, life cycle",
    headings={
        "what is there": ("info", "list", "cap"),
        "applets": ("install", "uninstall", "delete", "lock-applet", "unlock-applet", "privileges", "extradite"),
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
    operation="gp.registry",
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
    note="FILE is a CAP or an IJC file of this machine; it is left out where --package or --make-selectable says that it is on\n"
    "the card already. Nobody is asked, but with --replace: what was installed can be deleted.\n\n" + STATUSES,
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@DESTRUCTIVE_JOB
@click.pass_context
def install(context: click.Context, file: Path | None) -> int:
    """
    See its help.
    """
    confirm = really("This deletes first what the card has of it, with its data.") if given(context).get("replace") else None
    if file is None:
        if not given(context).keys() & {"package", "make_selectable"}:
            raise ParameterError("FILE: missing; or say --package or --make-selectable, for what is on the card already")
        return administer(context, confirm=confirm)
    octets, _ = read_cap(file)
    return administer(context, {"cap": octets.hex().upper()}, confirm=confirm)


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
    "extradite",
    cls=GpCommand,
    operation="gp.extradite",
    help="give an application or a load file to another security domain",
    examples=("cardgw gp extradite D2760001240102 A00000015100AA --keys issuer",),
    note="It belongs to the security domain TO then, which alone can give it back.\n\n" + STATUSES,
)
@click.argument("aid")
@click.argument("to")
@DESTRUCTIVE_JOB
@click.pass_context
def extradite(context: click.Context, aid: str, to: str) -> int:
    """
    See its help.
    """
    return administer(context, {"aid": aid, "to": to}, confirm=really(f"This gives {aid.upper()} to {to.upper()}."))


@gp.command(
    "privileges",
    cls=GpCommand,
    operation="gp.privileges.set",
    other_names={"parameters": ("--params",)},
    help="change the privileges or parameters of what is installed",
    examples=(
        "cardgw gp privileges D2760001240102 CardReset --keys issuer      what is selected after a reset",
        "cardgw gp privileges D2760001240102 --params EF04C8020100 --keys issuer",
    ),
    note="PRIVILEGES are all that it has from then on, with commas between them; without them they stay.\n\n" + STATUSES,
)
@click.argument("aid")
@click.argument("privileges", required=False)
@DESTRUCTIVE_JOB
@click.pass_context
def privileges(context: click.Context, aid: str, privileges: str | None) -> int:
    """
    See its help.
    """
    named = {} if privileges is None else {"privileges": [each for each in privileges.split(",") if each]}
    return administer(context, {"aid": aid, **named}, confirm=really(f"This changes what {aid.upper()} may do."))


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
