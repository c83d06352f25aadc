# -*- test-case-name: tests.cli.test_tokens -*-
"""
C{cardgw login}, C{cardgw claim}, C{cardgw token} and C{cardgw audit}: who may do what, and who did.
"""

from __future__ import annotations

from typing import Any

import click
from attrs import evolve

from cardgw.cli import render, views
from cardgw.cli.app import App, Style
from cardgw.cli.completion import complete_tokens
from cardgw.cli.group import Command, Group, Option
from cardgw.cli.options import ANSWER, GATEWAY, limit
from cardgw.cli.parameters import read
from cardgw.cli.settings import Access, Claim, clean_token, find_url, is_local, token_from, write_client
from cardgw.cli.text import digits_of, lifetime, segment

_ROLES = ("viewer", "operator", "admin")


@click.command(
    "login",
    cls=Command,
    help="keep where the gateway is, and a token for it",
    examples=("cardgw login", "cardgw login https://cards.example.com < token.txt", "cardgw login unix:/run/cardgw/web.sock"),
    note="The token is asked for, or read from standard input.\n"
    "The gateway prints its first one when it starts for the first time.",
)
@click.argument("place", metavar="[URL]", required=False, default="")
@GATEWAY
@click.pass_obj
def login(app: App, place: str) -> None:
    """
    See its help.
    """
    url = find_url(place or app.flags.url, app.environ, app.kept)
    if app.flags.token_file is not None:
        token = token_from(app.flags.token_file)
    else:
        token = clean_token(app.ask(f"token for {url}", secret=True) if app.may_ask else read("-"))
    _warn(app, url)
    who = app.api_at(Access(url, token)).get("whoami")
    write_client(app.client_path, evolve(app.kept, url=url, token=token))
    app.say(f"You are {who['name']} at {url}, with the role {who['role']}. Kept in {app.client_path}.")


@click.command(
    "claim",
    cls=Command,
    help="take over a card whose holder reads a code from its display",
    examples=(
        "cardgw claim ABC234",
        "cardgw profiles                  then commands are for this card, if you have no other token",
    ),
    note="The token that the code gives is good for this card alone, as long as it is here. No other token is needed.",
)
@click.argument("code")
@click.option("--print", "printed", cls=Option, is_flag=True, help="print the token instead of keeping it")
@ANSWER
@click.pass_obj
def claim(app: App, code: str, printed: bool) -> None:
    """
    See its help.
    """
    url = find_url(app.flags.url, app.environ, app.kept)
    _warn(app, url)
    found = app.api_at(Access(url)).post("claims", {"code": code}, token=False)
    card = found["card"]
    if app.style is Style.JSON:
        app.print_json(found if printed else card)
    elif printed:
        app.print(clean_token(found["token"]))
    if not printed:
        write_client(app.client_path, app.kept.with_claim(card["id"], Claim(url, found["token"])))
        app.say(f"{digits_of(card['identity'] or card['id'])} is yours as long as it is here: --card {card['id']}")


def _warn(app: App, url: str) -> None:
    if url.startswith("http:") and not is_local(url):
        app.say(f"Attention: {url} is not encrypted: the token can be read on the way.")


@click.group(
    "token",
    cls=Group,
    help="tokens: who may do what",
    examples=("cardgw token add monitoring --role viewer", "cardgw token add ci --role operator --expires 30d > token.txt"),
    note="viewer may look, operator may also run operations, admin may also make tokens.",
)
def token() -> None:
    """
    See its help.
    """


@token.command(
    "add",
    help="make a token, and print it: it is kept nowhere else",
    examples=("cardgw token add monitoring", "cardgw token add ci --role operator --expires 30d > token.txt"),
)
@click.argument("name")
@click.option("--role", cls=Option, type=click.Choice(_ROLES), default="viewer", show_default=True, help="what it may do")
@click.option("--expires", cls=Option, metavar="TIME", help="for how long it is valid: 30d, 12h; for ever if left out")
@ANSWER
@click.pass_obj
def add(app: App, name: str, role: str, expires: str | None) -> None:
    """
    See its help.
    """
    body: dict[str, Any] = {"name": name, "role": role}
    if expires is not None:
        try:
            body["lifetime"] = lifetime(expires)
        except ValueError as problem:
            raise click.BadParameter(str(problem), param_hint="--expires") from None
    made = app.api.post("tokens", body)
    if app.style is Style.JSON:
        app.print_json(made)
    else:
        app.print(clean_token(made["token"]))
        app.say("This is the only time that it is shown.")


@token.command("list", help="list the tokens, without their secrets", examples=("cardgw token list",))
@ANSWER
@click.pass_obj
def list_(app: App) -> None:
    """
    See its help.
    """
    render.listing(app, views.tokens(app.now()), app.api.get("tokens"), "There are no tokens.")


@token.command("remove", help="revoke a token", examples=("cardgw token remove ci",))
@click.argument("name", shell_complete=complete_tokens)
@ANSWER
@click.pass_obj
def remove(app: App, name: str) -> None:
    """
    See its help.
    """
    app.api.delete(f"tokens/{segment(name)}")
    app.say(f"{name} is not valid any more.")


@click.command("audit", cls=Command, help="list who changed what, the latest first", examples=("cardgw audit --limit 10",))
@limit("changes")
@ANSWER
@click.pass_obj
def audit(app: App, limit: int) -> None:
    """
    See its help.
    """
    found = app.api.listed("audit", {"limit": min(limit, 500)}, limit)
    render.listing(app, views.AUDIT, found, "Nothing was changed yet.")
