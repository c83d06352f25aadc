"""
Tests of L{cardgw.config}.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.config import Config, load_config
from cardgw.errors import CardGatewayError, MissingPlugin, SettingsError
from cardgw.gateway.discovery import Found
from cardgw.gateway.registry import Registry, load_registry
from cardgw.interfaces import IOperation, ITransport
from cardgw.lazy import LazyTransport
from cardgw.secrets import Source
from cardgw.values import ANY, ARRIVALS, STAY
from tests.dropins import Operation
from tests.test_lazy import PigeonTransport


class PostTransport(PigeonTransport):
    """
    Cards that come for anything.
    """

    name = "post"
    requests: Mapping[str, str] = {**ARRIVALS, ANY: STAY}


def registry() -> Registry:
    """
    eSTK.me cards, pigeons, and two operations.
    """
    estk = LazyTransport("estk", "cards that dial in", "cardgw.transports.estk.service.EstkTransport")
    operations = [Found(IOperation, Operation(name), "dropin:/x.py", "x") for name in ("profile.download", "card.audit")]
    transports = [Found(ITransport, each, "dropin:/x.py", "x") for each in (estk, PigeonTransport(), PostTransport())]
    return load_registry([*operations, *transports])


class ConfigTests(SynchronousTestCase):
    """
    L{load_config}.
    """

    def setUp(self) -> None:
        """
        A place for a settings file.
        """
        self.directory = Path(self.mktemp())
        (self.directory / "conf.d").mkdir(parents=True)
        self.path = self.directory / "cardgw.toml"

    def load(self, text: str = "", overrides: dict[str, Any] | None = None, **more: str) -> Config:
        """
        The settings in a file, and in files of C{conf.d}.
        """
        self.path.write_text(text)
        for name, content in more.items():
            (self.directory / "conf.d" / f"{name}.toml").write_text(content)
        return load_config(self.path, registry(), overrides)

    def refuse(self, text: str, error: type[CardGatewayError] = SettingsError, **more: str) -> str:
        """
        Why settings are refused.
        """
        return str(self.assertRaises(error, self.load, text, None, **more).detail)

    def hint(self, text: str) -> str:
        """
        What their author is advised to do.
        """
        return str(self.assertRaises(CardGatewayError, self.load, text).hint)

    def test_defaults(self) -> None:
        """
        Without a file, eSTK.me cards are served on TCP port 1888, and a download is answered by C{profile.download}.
        """
        config = load_config(None, registry())
        self.assertEqual(list(config.transports), ["estk"])
        self.assertEqual(config.transports["estk"].listen, ("tcp:1888",))
        self.assertEqual(config.routes, {("estk", "download"): "profile.download", ("estk", "remote-management"): "stay"})
        self.assertEqual(sorted(config.operations), ["card.audit", "profile.download"])
        self.assertEqual((config.log.level, config.log.traffic, config.privacy.identifiers), ("info", False, "last4"))
        self.assertEqual(config.files, ())

    def test_emptyFile(self) -> None:
        """
        An empty file is as good as none.
        """
        self.assertEqual(self.load().routes, load_config(None, registry()).routes)

    def test_values(self) -> None:
        """
        Each table fills the settings class of its part.
        """
        config = self.load("""
            [log]
            level = "debug"
            [privacy]
            identifiers = "hash"
            [https]
            connections-per-host = 3
            [https.hosts."smdp.example.test"]
            address = "127.0.0.1"
            [secrets]
            key = "env:KEY"
            [[quirks]]
            transport = "estk"
            segment_size = 100
            [transports.estk]
            grace = 5
            [operations."card.audit"]
            loud = true
            """)
        self.assertEqual((config.log.level, config.privacy.identifiers), ("debug", "hash"))
        self.assertEqual(config.https.connections_per_host, 3)
        self.assertEqual(config.https.hosts["smdp.example.test"].address, "127.0.0.1")
        self.assertEqual(config.secrets, {"key": Source("env", "KEY")})
        self.assertEqual(config.quirks[0].segment_size, 100)
        self.assertEqual(config.transports["estk"].grace, 5.0)
        self.assertTrue(config.operations["card.audit"].loud)

    def test_gateway(self) -> None:
        """
        So do the store, jobs, remote management and the API.
        """
        config = self.load("""
            [store]
            url = "memory"
            [jobs]
            runs = 5
            [management]
            idle-timeout = 60
            [texts]
            language = "de"
            [web]
            enabled = false
            """)
        self.assertEqual(config.texts.language, "de")
        self.assertEqual((config.store.url, config.jobs.runs, config.management.idle_timeout), ("memory", 5, 60.0))
        self.assertFalse(config.web.enabled)

    def test_allOperations(self) -> None:
        """
        What is set for all operations holds for those that have the setting, unless their own table says otherwise.
        """
        config = self.load('[operations."*"]\nloud = true')
        self.assertTrue(config.operations["card.audit"].loud)
        own = self.load('[operations."*"]\nloud = true\n[operations."card.audit"]\nloud = false')
        self.assertFalse(own.operations["card.audit"].loud)
        self.assertIn('[operations."*"] laud: no operation has this setting', self.refuse('[operations."*"]\nlaud = true'))

    def test_enabled(self) -> None:
        """
        A transport is used when it has a table; C{enabled = false} turns it off, and so it does an operation.
        """
        config = self.load('[transports.estk]\nenabled = false\n[transports.pigeon]\n[operations."card.audit"]\nenabled = false')
        self.assertEqual(list(config.transports), ["pigeon"])
        self.assertEqual(list(config.operations), ["profile.download"])
        self.assertEqual(config.routes, {})

    def test_routes(self) -> None:
        """
        Settings route what a card asks for to an operation, besides the defaults; an empty name takes a default away.
        """
        config = self.load('[transports.estk.requests]\nnotifications = "card.audit"')
        stay = {("estk", "remote-management"): "stay"}
        self.assertEqual(
            config.routes, {("estk", "download"): "profile.download", ("estk", "notifications"): "card.audit", **stay}
        )
        self.assertEqual(
            self.load('[transports.estk.requests]\ndownload = "card.audit"').routes, {("estk", "download"): "card.audit", **stay}
        )
        self.assertEqual(self.load('[transports.estk.requests]\ndownload = ""\nremote-management = ""').routes, {})
        told = self.load('[transports.estk.requests]\ndownload = "stay"').routes
        self.assertEqual(told[("estk", "download")], "stay")

    def test_anyRequest(self) -> None:
        """
        Cards of a transport that says so may ask for anything; what settings take away is not what answers any other.
        """
        table = "[transports.post.requests]\n"
        self.assertEqual(self.load("[transports.post]").routes[("post", "*")], "stay")
        told = self.load(f'{table}"update" = "card.audit"\narrival = ""\neuicc = ""\n"*" = ""').routes
        mine = {request: name for (transport, request), name in told.items() if transport == "post"}
        self.assertEqual(mine, {"update": "card.audit", "arrival": "", "*": ""})
        for request in ("a/b", ""):
            self.assertIn("without a slash", self.refuse(f'{table}"{request}" = "stay"'))
        self.assertIn("cards that have a link", self.refuse(f'{table}link = "stay"'))

    def test_unknownRequest(self) -> None:
        """
        A request that cards of this transport never have is a mistake, told with the nearest one.
        """
        text = '[transports.estk.requests]\nnotification = "card.audit"'
        self.assertEqual(self.refuse(text), f"{self.path}: [transports.estk.requests] notification: unknown request")
        self.assertEqual(self.hint(text), 'Did you mean "notifications"?')
        self.assertEqual(self.hint('[transports.estk.requests]\nzzz = ""')[:24], "Known requests: download")

    def test_overlay(self) -> None:
        """
        Files of C{conf.d} count more than the file, the command line more than both.
        """
        parts = {"a": "[transports.estk]\ngrace = 2\nkeepalive = 2", "b": "[transports.estk]\ngrace = 3"}
        config = self.load(
            "[transports.estk]\ngrace = 1\nidle_timeout = 1", {"transports": {"estk": {"listen": ["tcp:1"]}}}, **parts
        )
        estk = config.transports["estk"]
        self.assertEqual((estk.idle_timeout, estk.keepalive, estk.grace, estk.listen), (1.0, 2.0, 3.0, ("tcp:1",)))
        self.assertEqual([each.name for each in config.files], ["cardgw.toml", "a.toml", "b.toml"])

    def test_unknownKey(self) -> None:
        """
        An unknown key is told with file, table, and the nearest known one.
        """
        text = "[transports.estk]\nidel_timeout = 5"
        self.assertEqual(self.refuse(text), f"{self.path}: [transports.estk] idel_timeout: unknown key")
        self.assertEqual(self.hint(text), 'Did you mean "idle_timeout"?')
        self.assertEqual(self.hint("[transports.estk]\nenabeld = true"), 'Did you mean "enabled"?')

    def test_wrongValue(self) -> None:
        """
        A wrong value is told with what was expected.
        """
        told = self.refuse('[transports.estk]\nidle_timeout = "soon"')
        self.assertEqual(told, f'{self.path}: [transports.estk] idle_timeout: expected seconds, got "soon"')
        self.assertIn('expected one of "debug", "info", "warn", "error", got "all"', self.refuse('[log]\nlevel = "all"'))

    def test_whichFile(self) -> None:
        """
        A mistake in a file of C{conf.d} is told with that file.
        """
        told = self.refuse("", mine="[log]\nlevel = 3")
        self.assertTrue(told.startswith(f"{self.directory}/conf.d/mine.toml: [log] level: expected"), told)

    def test_commandLine(self) -> None:
        """
        A mistake of the command line is told as such.
        """
        error = self.assertRaises(SettingsError, self.load, "", {"transports": {"estk": {"listen": 3}}})
        self.assertTrue(error.detail.startswith("command line: [transports.estk] listen: expected"))

    def test_unknownTable(self) -> None:
        """
        An unknown table is told with the nearest one.
        """
        self.assertEqual(self.refuse("[transport.estk]"), f"{self.path}: [transport]: unknown table")
        self.assertEqual(self.hint("[transport.estk]"), 'Did you mean "transports"?')
        self.assertIn("Known tables: log,", self.hint("[zzz]"))

    def test_noTable(self) -> None:
        """
        What must be a table is told as such, and what must be an array of tables.
        """
        self.assertIn("[log]: expected a table, got 3", self.refuse("log = 3"))
        self.assertIn("[transports.estk]: expected a table, got 3", self.refuse("[transports]\nestk = 3"))
        self.assertIn("[[quirks]]: expected an array of tables", self.refuse("[quirks]"))
        self.assertEqual(self.hint("[quirks]"), "Each begins with [[quirks]].")

    def test_webhooks(self) -> None:
        """
        Webhooks are entries of their own; a secret that one names may be in another file.
        """
        config = self.load('[secrets]\nkey = "env:KEY"', hooks='[[webhooks]]\nurl = "https://a.example"\nsecret = "key"\n')
        self.assertEqual([(each.name, each.secret) for each in config.webhooks], [("a.example", "key")])
        self.assertIn("[[webhooks]] secret: a.example: no secret is called so", self.refuse(""))

    def test_webhookMistakes(self) -> None:
        """
        Their mistakes are told like all others, but never the URL.
        """
        self.assertIn("[[webhooks]]: expected an array of tables", self.refuse("[webhooks]"))
        self.assertEqual(self.hint("[webhooks]"), "Each begins with [[webhooks]].")
        self.assertIn("[[webhooks]] url: missing", self.refuse("[[webhooks]]"))
        told = self.refuse('[[webhooks]]\nurl = "hunter2"')
        self.assertTrue(told.endswith("no user, no fragment"), told)
        twice = '[[webhooks]]\nurl = "https://a.example"\n' * 2
        self.assertIn("[[webhooks]] name: a.example: 2 webhooks are called so", self.refuse(twice))

    def test_missingPlugin(self) -> None:
        """
        A plugin that is configured and not there is L{MissingPlugin}, with the place and the nearest name.
        """
        told = self.refuse('[[quirks]]\ntransport = "estkk"', MissingPlugin)
        self.assertEqual(told, f"{self.path}: [[quirks]] transport: no transport is called estkk")
        told = self.refuse("[transports.estkk]", MissingPlugin)
        self.assertEqual(told, f"{self.path}: [transports.estkk]: no transport is called estkk")
        self.assertEqual(self.hint("[transports.estkk]"), 'Did you mean "estk"?')
        self.assertEqual(self.hint('[operations."card.adit"]'), 'Did you mean "card.audit"?')
        told = self.refuse('[transports.estk.requests]\ndownload = "profile.downlod"', MissingPlugin)
        self.assertIn("[transports.estk.requests] download: no operation is called profile.downlod", told)

    def test_routeToDisabled(self) -> None:
        """
        A route to an operation that is off is a mistake.
        """
        told = self.refuse('[transports.estk.requests]\ndownload = "card.audit"\n[operations."card.audit"]\nenabled = false')
        self.assertIn("[transports.estk.requests] download: the operation card.audit is not enabled", told)

    def test_keys(self) -> None:
        """
        Key sets say where keys are; one that stands there itself is not told.
        """
        config = self.load('[keys."issuer"]\nmaster = "env:KEY"')
        self.assertEqual(config.keys["issuer"].master, Source("env", "KEY"))
        told = self.refuse('[keys."issuer"]\nmaster = "404142434445464748494A4B4C4D4E4F"')
        self.assertIn('[keys."issuer"] master: expected where the key is', told)
        self.assertNotIn("4041", told)
        self.assertIn("expected a table", self.refuse("[keys]\nissuer = 3"))

    def test_secretInPlace(self) -> None:
        """
        A secret that is written into the settings is refused, and not repeated.
        """
        told = self.refuse('[secrets]\nkey = "hunter2"')
        self.assertIn('[secrets] key: expected where the secret is: "file:…"', told)
        self.assertNotIn("hunter2", told)
        self.assertIn("[secrets] key: expected where", self.refuse("[secrets]\nkey = 3"))

    def test_broken(self) -> None:
        """
        Where the shipped transport is missing, no transport is on, rather than one that cannot be.
        """
        self.assertEqual(load_config(None, load_registry([])).transports, {})
