# -*- test-case-name: tests.cli.test_settings -*-
"""
Where the gateway is and which token it is given: from the command line, the environment, or the file that C{cardgw login} and
C{cardgw claim} write.  A token is only ever sent to the gateway that it was kept for.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from cardgw.cli.errors import ClientFileError
from cardgw.errors import ParameterError

SOCKET = "unix:"
DEFAULT_URL = "http://127.0.0.1:1889"
URL_VARIABLE, TOKEN_VARIABLE = "CARDGW_URL", "CARDGW_TOKEN"
MOST_CLAIMS = 20
"""Tokens for single cards that are kept; they are of no use once the card is gone."""
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}")
_URL = re.compile(r"(?:https?://[^\s/?#@]+(?:/[^\s?#]*)?|unix:(?://)?/[^\s?#]+)")


@frozen
class Claim:
    """
    A token for a single card.
    """

    url: str
    token: str = field(repr=False)


@frozen
class ClientFile:
    """
    What is kept.

    @ivar url: of the gateway, or empty.
    @ivar token: for it, or empty.
    @ivar claims: by the id of the card, the oldest first.
    """

    url: str = ""
    token: str = field(default="", repr=False)
    claims: Mapping[str, Claim] = field(factory=dict)

    def with_claim(self, card: str, claim: Claim) -> ClientFile:
        """
        The same with one more, and without the oldest if there are too many.
        """
        others = [(key, value) for key, value in self.claims.items() if key != card]
        return evolve(self, claims=dict([*others, (card, claim)][-MOST_CLAIMS:]))


@frozen
class Access:
    """
    A gateway, and the token for it.
    """

    url: str
    token: str = field(default="", repr=False)


def client_path(environ: Mapping[str, str]) -> Path:
    """
    Where the file is.
    """
    given = environ.get("XDG_CONFIG_HOME", "")
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return (Path(given) if given.startswith("/") else home / ".config") / "cardgw" / "client.toml"


def clean_url(text: str) -> str:
    """
    The URL of a gateway, without what is always the same.

    @raise ParameterError: it is none.
    """
    url = text.strip().rstrip("/")
    url = url.removesuffix("/api/v1").removesuffix("/api").rstrip("/")
    if not _URL.fullmatch(url):
        hint = f"It looks like {DEFAULT_URL}, https://cards.example.com or unix:/run/cardgw/web.sock."
        raise ParameterError("this is no URL of a gateway", hint=hint)
    return url


def clean_token(text: str) -> str:
    """
    A token without white space around it.

    @raise ParameterError: it is none.
    """
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        hint = "The gateway prints its first one when it starts for the first time; `cardgw token add` makes others."
        raise ParameterError("this is no token", hint=hint)
    return token


def read_client(path: Path) -> ClientFile:
    """
    @raise ClientFileError: others may read it, or it is not as it should be.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ClientFile()
    except (OSError, UnicodeError) as problem:
        raise ClientFileError(f"{path}: {getattr(problem, 'strerror', None) or 'it is not UTF-8'}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ClientFileError(f"others may use {path} (mode {mode:04o})", hint=f"Run: chmod 600 {shlex.quote(str(path))}")
    try:
        return _parsed(tomllib.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ClientFileError(f"{path}: it is damaged", hint="Remove it, and log in again.") from None


def _parsed(values: Mapping[str, Any]) -> ClientFile:
    claims = {str(card): Claim(str(each["url"]), str(each["token"])) for card, each in values.get("claims", {}).items()}
    return ClientFile(str(values.get("url", "")), str(values.get("token", "")), claims)


def write_client(path: Path, content: ClientFile) -> None:
    """
    Replace the file as a whole; nobody else may read it.

    @raise ClientFileError: it cannot be written.
    """
    text = f"# Written by `cardgw login` and `cardgw claim`.\nurl = {_quoted(content.url)}\ntoken = {_quoted(content.token)}\n"
    for card, claim in content.claims.items():
        text += f"\n[claims.{_quoted(card)}]\nurl = {_quoted(claim.url)}\ntoken = {_quoted(claim.token)}\n"
    new = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except OSError as problem:
        raise ClientFileError(f"{path}: {problem.strerror}") from None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def token_from(path: Path) -> str:
    """
    The token in a file.

    @raise ParameterError: there is none.
    """
    try:
        return clean_token(path.read_text("utf-8"))
    except (OSError, UnicodeError) as problem:
        raise ParameterError(f"{path}: {getattr(problem, 'strerror', None) or 'it is not UTF-8'}") from None


def is_local(url: str) -> bool:
    """
    Whether nobody on a network can read what goes there.
    """
    host = urlsplit(url).hostname or ""
    if url.startswith(SOCKET) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def find_url(url: str, environ: Mapping[str, str], kept: ClientFile, claim: Claim | None = None) -> str:
    """
    Which gateway.

    @param url: from the command line, or empty.
    @raise ParameterError: what was given is none.
    """
    given = url or environ.get(URL_VARIABLE, "")
    return clean_url(given or (claim.url if claim is not None else kept.url) or DEFAULT_URL)


def find_access(url: str, token_file: Path | None, environ: Mapping[str, str], kept: ClientFile, card: str = "") -> Access:
    """
    Which gateway, and which token.

    @param url: from the command line, or empty.
    @param card: the card that is meant, as it was typed.
    @raise ParameterError: what was given is wrong.
    """
    claim = kept.claims.get(card)
    place = find_url(url, environ, kept, claim)
    if token_file is not None:
        return Access(place, token_from(token_file))
    if environ.get(TOKEN_VARIABLE):
        return Access(place, clean_token(environ[TOKEN_VARIABLE]))
    return Access(place, _kept_token(place, kept, claim))


def _kept_token(place: str, kept: ClientFile, claim: Claim | None) -> str:
    if claim is not None and claim.url == place:
        return claim.token
    if kept.token and (kept.url or DEFAULT_URL) == place:
        return kept.token
    claims = [each for each in kept.claims.values() if each.url == place]
    return claims[-1].token if claims else ""
