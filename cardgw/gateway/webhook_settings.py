# -*- test-case-name: tests.gateway.test_webhook_settings -*-
"""
The settings of webhooks: C{[[webhooks]]}.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from attrs import evolve, frozen

from cardgw.errors import SettingsError
from cardgw.fields import Kind, checked, choice, each_of, matching, option, text
from cardgw.gateway.events import KINDS, PASSING

_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9a-fA-F:.]+")
_PRINTABLE = re.compile("[!-~]+")


def _families(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.partition(".")[0] for each in kinds))


_TOLD = tuple(each for each in KINDS if each not in PASSING)
EVENTS = (*_families(_TOLD), *_TOLD)
"""What can be sent: families of events, and kinds."""


def _url(value: str) -> str:
    """
    @raise ValueError: it cannot be used.
    """
    if not _PRINTABLE.fullmatch(value):
        raise ValueError
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.hostname or "") or parts.fragment:
        raise ValueError
    if parts.username is not None or parts.port == 0:
        raise ValueError
    return value


url: Kind = checked("http:// or https://, a host (an international name in its ASCII form), a path; no user, no fragment", _url)
"""The URL of a receiver."""


@frozen
class WebhookSettings:
    """
    Who is told what happens.
    """

    name: str = option(
        matching("printable ASCII without spaces, at most 100 characters", "[!-~]{0,100}"),
        "what the outbox and the log call it; empty: the host of the URL",
        default="",
    )
    url: str = option(url, "where each event is posted to; it may be a secret itself, so it is not shown", secret=True)
    events: tuple[str, ...] = option(
        each_of(choice(*EVENTS)), "kinds of events, or families of kinds", default=("job.ended", "job.waiting")
    )
    secret: str = option(
        text, "the name of the secret (see [secrets]) that signs what is sent; empty: it is not signed", default=""
    )
    roots: str = option(
        text, "directory of PEM files with the certificate issuers that are trusted here; empty: those of the system", default=""
    )

    @property
    def parts(self) -> SplitResult:
        """
        Of the URL.
        """
        return urlsplit(self.url)

    @property
    def in_clear(self) -> bool:
        """
        Whether others may read what is sent: it is not encrypted, and leaves this machine.
        """
        return self.parts.scheme == "http" and not _is_here(self.parts.hostname or "")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def named(webhooks: Iterable[WebhookSettings], where: str) -> tuple[WebhookSettings, ...]:
    """
    All with their names.

    @param where: names the table in errors.
    @raise SettingsError: two have the same name; one has no events.
    """
    found = tuple(evolve(each, name=each.name or each.parts.hostname or "") for each in webhooks)
    for name, count in Counter(each.name for each in found).items():
        if count > 1:
            raise SettingsError(f"{where} name: {name}: {count} webhooks are called so", hint="Give each a name of its own.")
    for each in found:
        if not each.events:
            raise SettingsError(f"{where} events: {each.name}: expected at least one")
    return found


def check_secrets(webhooks: Iterable[WebhookSettings], known: Container[str], where: str) -> None:
    """
    @param known: the names of the secrets that there are.
    @raise SettingsError: a webhook names another one.
    """
    for each in webhooks:
        if each.secret and each.secret not in known:
            hint = "Say where it is in [secrets]; the secret itself does not belong here."
            raise SettingsError(f"{where} secret: {each.name}: no secret is called so", hint=hint)
