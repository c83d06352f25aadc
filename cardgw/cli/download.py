# -*- test-case-name: tests.cli.test_download -*-
"""
C{cardgw download}: a profile from an SM-DP+ onto a card.
"""

from __future__ import annotations

from pathlib import Path

import click
from attrs import evolve

from cardgw.cli.app import App
from cardgw.cli.errors import STATUSES
from cardgw.cli.group import Command, Option
from cardgw.cli.options import JOB
from cardgw.cli.parameters import read
from cardgw.cli.perform import Order, perform
from cardgw.cli.qr import read_activation_code
from cardgw.errors import ParameterError
from cardgw.lpa.activation import ActivationCode, parse_activation_code

STDIN, PROMPT = "-", "prompt"
OPERATION = "profile.download"


@click.command(
    "download",
    cls=Command,
    help="download a profile onto a card",
    examples=(
        "cardgw download 'LPA:1$smdp.example.com$MATCHING-ID'",
        "cardgw download --qr voucher.png --card 4321",
        "cardgw download - --confirmation-code prompt      asks for both; neither is in the history of the shell",
        "cardgw download --card 4321                       what waits at the default SM-DP+ of the card",
        "cardgw download --qr voucher.png | jq .           lines of JSON, the last one with the result",
    ),
    note="CODE may have any form: with LPA: or without, a link, with #IMEI. `-` reads it from standard input.\n\n" + STATUSES,
)
@click.argument("code", required=False, default="")
@click.option("--qr", cls=Option, metavar="PICTURE", type=click.Path(path_type=Path), help="a picture with its QR code")
@click.option("--confirmation-code", cls=Option, metavar="TEXT", default="", help="where one is needed; `prompt` asks for it")
@click.option("--imei", cls=Option, metavar="DIGITS", default="", help="the IMEI that the SM-DP+ is told")
@click.option(
    "--accept-policy-rules", cls=Option, is_flag=True, help="agree to a profile that cannot be disabled or deleted freely"
)
@JOB
@click.pass_obj
def download(app: App, *, code: str, qr: Path | None, confirmation_code: str, imei: str, accept_policy_rules: bool) -> int:
    """
    See its help.
    """
    parsed = _code(app, code, qr)
    confirmation = _confirmation(app, confirmation_code, parsed)
    parameters = {
        "activation_code": evolve(parsed, confirmation_code=None, imei=None).format() if parsed is not None else "",
        "confirmation_code": confirmation,
        "imei": imei or (parsed.imei if parsed is not None else ""),
        "accept_policy_rules": accept_policy_rules,
    }
    given = {name: value for name, value in parameters.items() if value}
    return perform(app, Order(OPERATION, given, frozenset({"activation_code", "confirmation_code"})))


def _code(app: App, text: str, picture: Path | None) -> ActivationCode | None:
    if picture is not None:
        if text:
            raise ParameterError("CODE and --qr cannot be had together")
        return parse_activation_code(read_activation_code(picture))
    if text == STDIN:
        text = app.ask("activation code", secret=True) if app.may_ask else read(STDIN)
    return parse_activation_code(text) if text else None


def _confirmation(app: App, text: str, code: ActivationCode | None) -> str:
    known = text if text != PROMPT else ""
    if not known and code is not None:
        known = code.confirmation_code or ""
    needed = text == PROMPT or (code is not None and code.confirmation_required and not known)
    if not needed or not app.may_ask or app.flags.dry_run:
        return known
    return app.ask("confirmation code", secret=True)
