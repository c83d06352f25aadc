"""
Tests of L{cardgw.reload}.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.assembly import assemble
from cardgw.config import load_config
from cardgw.gateway.registry import Registry
from cardgw.log import rules
from cardgw.reload import Reloader, rescan
from tests.dropins import OPERATION, drop_in
from tests.logs import captured
from tests.test_config import registry


class _Reactor(MemoryReactorClock):
    def callFromThread(self, what: Any) -> None:
        what()


MEMORY = '[store]\nurl = "memory"\n[web]\nenabled = false\n'


class ReloadTests(SynchronousTestCase):
    """
    L{Reloader}.
    """

    def setUp(self) -> None:
        """
        A gateway with a settings file.
        """
        self.patch(rules, "log", rules.log)
        self.patch(rules, "privacy", rules.privacy)
        self.path = Path(self.mktemp())
        self.path.write_text(MEMORY)
        self.reactor: Any = _Reactor()
        config = self.load(registry())
        self.gateway = assemble(config, registry(), self.reactor)
        self.reloader = Reloader(self.reactor, self.gateway, self.load, config, registry)

    def load(self, known: Registry) -> Any:
        """
        Read the file.
        """
        return load_config(self.path, known)

    def reload(self, text: str) -> list[tuple[str, str]]:
        """
        Have a new file read.

        @return: level and message of each event.
        """
        self.path.write_text(MEMORY + text)
        events = captured(self)
        self.reloader.reload()
        return [(each["log_level"].name, each["log_format"].format(**each)) for each in events]

    def test_effect(self) -> None:
        """
        Log, secrets, keys, quirks, routes and the settings of operations take effect at once.
        """
        secret = Path(self.mktemp())
        secret.write_text("hunter2")
        secret.chmod(0o600)
        key = Path(self.mktemp())
        key.write_text("00" * 16)
        key.chmod(0o600)
        told = self.reload(f"""
            [log]
            level = "debug"
            [secrets]
            key = "file:{secret}"
            [keys."issuer"]
            master = "file:{key}"
            [transports.estk.requests]
            notifications = "card.audit"
            [operations."card.audit"]
            loud = true
            [[quirks]]
            segment_size = 100
            """)
        self.assertEqual(told, [("info", "the settings were read again")])
        book = self.gateway.inventory.jobs.book
        self.assertEqual(rules.log.level, "debug")
        self.assertEqual(self.gateway.vault("key"), b"hunter2")
        self.assertEqual(self.gateway.vault.keys("issuer").for_card(b"").enc.length, 16)
        self.assertEqual(book.routes["estk", "notifications"], "card.audit")
        self.assertEqual(book.quirks[0].segment_size, 100)
        self.assertTrue(book.operation("card.audit")[1].loud)

    def test_webhooks(self) -> None:
        """
        So do webhooks; certificates that cannot be read are a mistake.
        """
        hook = '[[webhooks]]\nurl = "https://a.example"\n'
        courier = self.gateway.parts.webhooks.courier
        self.assertEqual(self.reload(hook), [("info", "the settings were read again")])
        self.assertEqual(list(courier.webhooks), ["a.example"])
        ((level, _),) = self.reload(hook.replace("a.example", "b.example") + 'roots = "/none"')
        self.assertEqual((level, list(courier.webhooks)), ("error", ["a.example"]))
        self.reload("")
        self.assertEqual((dict(courier.webhooks), self.gateway.inventory.jobs.hub.witness), ({}, None))

    def test_management(self) -> None:
        """
        What a card's holder is told of the code is what counts.
        """
        self.reload("[management]\ncode_lifetime = 60")
        inventory = self.gateway.inventory
        self.assertEqual((inventory.management.code_lifetime, inventory.claims.lifetime), (60.0, 60.0))
        self.assertIs(inventory.links.settings, inventory.management)

    def test_language(self) -> None:
        """
        The language of the card holders changes for the next box.
        """
        words = self.gateway.inventory.words
        self.assertEqual(words("It stays on the card."), "It stays on the card.")
        self.assertEqual(self.reload('[texts]\nlanguage = "de"'), [("info", "the settings were read again")])
        self.assertEqual(words("It stays on the card."), "Sie bleibt auf der Karte.")
        ((level, _),) = self.reload('[texts]\nlanguage = "tlh"')
        self.assertEqual((level, words("It stays on the card.")), ("error", "Sie bleibt auf der Karte."))

    def test_restartNeeded(self) -> None:
        """
        What listens and what speaks to servers stays as it is until a restart, which the log says each time.
        """
        told = self.reload("[transports.estk]\ngrace = 1\n[https]\nmax_body = 4096")
        self.assertIn(("warn", "what is new in [transports] and [https] takes effect at the next start"), told)
        self.assertEqual(len(self.reload("[transports.estk]\ngrace = 1")), 2)
        self.assertEqual(len(self.reload("")), 1)

    def test_mistake(self) -> None:
        """
        A mistake changes nothing, and is told.
        """
        before = self.gateway.inventory.jobs.book
        ((level, text),) = self.reload("[log]\nlevel = 3")
        self.assertEqual(level, "error")
        self.assertIn("the settings stay as they were", text)
        self.assertIn("[log] level: expected", text)
        self.assertIs(self.gateway.inventory.jobs.book, before)

    def test_signal(self) -> None:
        """
        SIGHUP does it while the service runs; before and after it does what it did.
        """
        before = signal.getsignal(signal.SIGHUP)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        self.reloader.startService()
        self.path.write_text('[log]\nlevel = "error"')
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(rules.log.level, "error")
        self.reloader.stopService()
        self.assertEqual(signal.getsignal(signal.SIGHUP), before)

    def test_rescan(self) -> None:
        """
        New and changed drop-ins are found.
        """
        (directory,) = drop_in(self, {"g_rescan.py": OPERATION.format(variable="x", name="a.b")})
        self.assertIsNotNone(rescan().operation("a.b"))
        (directory / "g_rescan.py").write_text("from tests.dropins import Operation\nx = Operation('c.d')\n")
        (directory / "dropin.cache").unlink()
        (directory / "g_rescan_b.py").write_text("from tests.dropins import Operation\nx = Operation('e.f')\n")
        found = [each.plugin.name for each in rescan().operations()]
        self.assertEqual([name for name in found if name in {"a.b", "c.d", "e.f"}], ["c.d", "e.f"])
