"""
Tests of L{cardgw.gateway.webhook_settings}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build
from cardgw.gateway.events import GAP, KINDS, PASSING
from cardgw.gateway.webhook_settings import EVENTS, WebhookSettings, check_secrets, named

WHERE = "x: [[webhooks]]"


def webhook(**values: Any) -> WebhookSettings:
    """
    What an entry of the settings gives.
    """
    return build(WebhookSettings, {"url": "https://desk.example/cards", **values}, WHERE)


class WebhookSettingsTests(SynchronousTestCase):
    """
    One entry.
    """

    def refuse(self, **values: Any) -> str:
        """
        A mistake.
        """
        return str(self.assertRaises(SettingsError, webhook, **values))

    def test_defaults(self) -> None:
        """
        A URL is enough: what has ended and what waits for an answer is told, unsigned.
        """
        plain = webhook()
        self.assertEqual((plain.events, plain.secret, plain.roots), (("job.ended", "job.waiting"), "", ""))
        self.assertIn("url: missing", str(self.assertRaises(SettingsError, build, WebhookSettings, {}, WHERE)))

    def test_urls(self) -> None:
        """
        HTTP and HTTPS, with any host, port, path and query.
        """
        for url in (
            "https://desk.example",
            "http://127.0.0.1:8080/a/b?c=d",
            "https://[::1]:1/",
            "https://xn--bcher-kva.example/",
        ):
            self.assertEqual(webhook(url=url).url, url)

    def test_notUrls(self) -> None:
        """
        What could not be posted to, or would be posted to in another way than it looks, is refused, and never repeated.
        """
        for url in (
            "",
            "desk.example",
            "ftp://desk.example/",
            "https://",
            "https://user:hunter2@desk.example/",
            "https://desk.example/#hunter2",
            "https://desk.example/hunter2 x",
            "https://desk.example/hunter2\r\nX: y",
            "https://bücher.example/hunter2",
            "https://desk_.example/hunter2",
            "https://desk.example:0/hunter2",
            "https://desk.example:99999/hunter2",
            "https://[::1/hunter2",
        ):
            told = self.refuse(url=url)
            self.assertIn("url: expected http:// or https://", told)
            self.assertNotIn("hunter2", told)

    def test_notShown(self) -> None:
        """
        The URL is not shown: it may be all that somebody needs to post there.
        """
        self.assertNotIn("desk.example", repr(webhook(name="desk")))

    def test_events(self) -> None:
        """
        Kinds and families of kinds, but nothing that is about no event, or is not told later.
        """
        self.assertEqual(webhook(events=["job", "card.gone"]).events, ("job", "card.gone"))
        self.assertEqual(webhook(events="outbox").events, ("outbox",))
        self.assertEqual(set(KINDS) - set(EVENTS), PASSING)
        for wrong in ("job.end", "", "jobs", "job.", GAP, *PASSING):
            self.assertIn('events: expected a list, each one of "card"', self.refuse(events=[wrong]))

    def test_names(self) -> None:
        """
        A name is a word.
        """
        for wrong in ("help desk", "a\nb", "x" * 101):
            self.assertIn("name: expected printable ASCII", self.refuse(name=wrong))

    def test_inClear(self) -> None:
        """
        What leaves this machine without encryption can be read by others.
        """
        expected: Mapping[str, bool] = {
            "https://desk.example/": False,
            "http://desk.example/": True,
            "http://192.0.2.1/": True,
            "http://127.0.0.2:80/": False,
            "http://[::1]/": False,
            "http://localhost/": False,
            "http://localhost.example/": True,
        }
        self.assertEqual({url: webhook(url=url).in_clear for url in expected}, expected)


class AllTests(SynchronousTestCase):
    """
    All entries.
    """

    def test_named(self) -> None:
        """
        Without a name it is the host.
        """
        found = named([webhook(), webhook(name="a"), webhook(url="http://[::1]:80/")], WHERE)
        self.assertEqual([each.name for each in found], ["desk.example", "a", "::1"])

    def test_sameName(self) -> None:
        """
        Two of the same name could not be told apart.
        """
        error = self.assertRaises(SettingsError, named, [webhook(), webhook(name="desk.example")], WHERE)
        self.assertEqual(error.detail, f"{WHERE} name: desk.example: 2 webhooks are called so")
        self.assertEqual(error.hint, "Give each a name of its own.")

    def test_noEvents(self) -> None:
        """
        One that is told nothing is a mistake.
        """
        error = self.assertRaises(SettingsError, named, [webhook(events=[])], WHERE)
        self.assertEqual(error.detail, f"{WHERE} events: desk.example: expected at least one")

    def test_secrets(self) -> None:
        """
        What signs must be there; what was written in its place may be the secret, and is not repeated.
        """
        check_secrets([webhook(), webhook(secret="key")], {"key": None}, WHERE)
        error = self.assertRaises(SettingsError, check_secrets, [webhook(name="desk", secret="hunter2")], {"key": None}, WHERE)
        self.assertEqual(error.detail, f"{WHERE} secret: desk: no secret is called so")
