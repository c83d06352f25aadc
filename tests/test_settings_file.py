"""
Tests of L{cardgw.settings_file}, and of C{etc/cardgw.toml}.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.config import Config, load_config
from cardgw.fields import options
from cardgw.gateway.webhook_settings import WebhookSettings
from cardgw.key_settings import KeySettings
from cardgw.log import LogSettings, PrivacySettings
from cardgw.lpa.settings import HttpsSettings
from cardgw.quirks import Quirks
from cardgw.settings_file import render
from tests.dropins import shipped_registry

_SHIPPED = Path(__file__).parents[1] / "etc" / "cardgw.toml"


class SettingsFileTests(SynchronousTestCase):
    """
    L{render}.
    """

    def setUp(self) -> None:
        """
        The file for what cardgw comes with.
        """
        self.registry = shipped_registry()
        self.text = render(self.registry)

    def load(self, text: str) -> Config:
        """
        The settings in a text.
        """
        path = Path(self.mktemp())
        path.write_text(text)
        return evolve(load_config(path, self.registry), files=())

    def comparable(self, config: Config) -> str:
        """
        Settings without their classes, which are made anew each time.
        """
        return repr(config)

    def test_shipped(self) -> None:
        """
        C{etc/cardgw.toml} is what C{cardgw init} prints.
        """
        self.assertEqual(_SHIPPED.read_text(), self.text, "run: cardgw init > etc/cardgw.toml")

    def test_asItIs(self) -> None:
        """
        As it is, it changes nothing.
        """
        defaults = evolve(load_config(None, self.registry), files=())
        self.assertEqual(self.comparable(self.load(self.text)), self.comparable(defaults))

    def test_uncommented(self) -> None:
        """
        With every setting uncommented it is still right, and but for the examples it changes nothing.
        """
        config = self.load(re.sub(r"^#(?=\S|    \")", "", self.text, flags=re.MULTILINE))
        self.assertEqual(list(config.https.hosts), ["smdp.example.com"])
        self.assertEqual((len(config.webhooks), len(config.quirks), len(config.secrets), len(config.keys)), (1, 1, 1, 8))
        plain = evolve(config, https=evolve(config.https, hosts={}), webhooks=(), quirks=(), secrets={}, keys={})
        transports = {name: evolve(each, requests={}) for name, each in plain.transports.items()}
        self.assertEqual(sorted(transports), sorted(each.plugin.name for each in self.registry.transports()))
        every: dict[str, Any] = {"transports": {name: {} for name in transports}}
        defaults = evolve(load_config(None, self.registry, every), files=())
        self.assertEqual(self.comparable(evolve(plain, transports=transports)), self.comparable(defaults))

    def test_complete(self) -> None:
        """
        Every declared setting is there.
        """
        classes = [LogSettings, PrivacySettings, HttpsSettings, WebhookSettings, KeySettings, Quirks]
        classes += [each.plugin.settings for each in (*self.registry.transports(), *self.registry.operations())]
        for name in (each.name for cls in classes for each in options(cls)):
            self.assertRegex(self.text, rf"(?m)^#({name} = |\[.*\b{name}\b)")

    def test_width(self) -> None:
        """
        It fits on a terminal.
        """
        self.assertLess(max(map(len, self.text.splitlines())), 125)
