# -*- test-case-name: tests.test_state -*-
"""
L{cardgw.state}.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SecretError, SettingsError
from cardgw.gateway.faults import StoreError
from cardgw.gateway.settings import StoreSettings
from cardgw.state import DATABASE, KEY, StoreMaker, node_name, state_directory


class DirectoryTests(SynchronousTestCase):
    """
    Where files go.
    """

    def test_systemd(self) -> None:
        """
        What systemd gives counts; of several the first.
        """
        environ = {"STATE_DIRECTORY": "/var/lib/cardgw:/x", "XDG_STATE_HOME": "/home"}
        self.assertEqual(state_directory(environ), Path("/var/lib/cardgw"))

    def test_user(self) -> None:
        """
        Else it is where the user keeps such things.
        """
        self.assertEqual(state_directory({"XDG_STATE_HOME": "/x"}), Path("/x/cardgw"))
        for environ in ({}, {"XDG_STATE_HOME": "relative"}):
            self.assertEqual(state_directory(environ), Path.home() / ".local/state/cardgw")

    def test_node(self) -> None:
        """
        A gateway is called as settings say, else as the machine.
        """
        self.assertEqual(node_name(StoreSettings(node="left")), "left")
        self.assertTrue(node_name(StoreSettings()))


class StoreMakerTests(SynchronousTestCase):
    """
    The store that settings describe.
    """

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.secrets: dict[str, bytes] = {}

    def maker(self, **settings: Any) -> StoreMaker:
        """
        For some settings.
        """
        environ: Mapping[str, str] = {"XDG_STATE_HOME": str(self.home)}
        return StoreMaker(StoreSettings(**settings), self.secret, Clock(), environ)

    def secret(self, name: str) -> bytes:
        """
        A secret.
        """
        if name not in self.secrets:
            raise SecretError(name)
        return self.secrets[name]

    def test_nothingYet(self) -> None:
        """
        Making a store makes no file: settings can be checked without traces.
        """
        self.maker().running()
        self.maker().at_once()
        self.assertFalse(self.home.exists())

    def test_prepare(self) -> None:
        """
        At the first start there are a database, a key and a token, for nobody else to read; later the token is not made again.
        """
        first = self.maker().prepare()
        self.assertTrue(first is not None and first.startswith("cgw_"))
        for name in (DATABASE, KEY):
            self.assertEqual(stat.S_IMODE((self.home / "cardgw" / name).stat().st_mode), 0o600)
        self.assertIsNone(self.maker().prepare())

    def test_otherKey(self) -> None:
        """
        A store whose key is lost is not used as if nothing were the matter.
        """
        self.maker().prepare()
        (self.home / "cardgw" / KEY).unlink()
        self.assertRaises(StoreError, self.maker().prepare)

    def test_keySecret(self) -> None:
        """
        The key may be a secret of the settings: 64 hexadecimal digits.
        """
        self.secrets["k"] = b"00" * 32
        self.maker(key="k").prepare()
        self.assertFalse((self.home / "cardgw" / KEY).exists())
        self.secrets["k"] = b"password"
        error = self.assertRaises(SettingsError, self.maker(key="k").prepare)
        self.assertNotIn("password", str(error))

    def test_memory(self) -> None:
        """
        A store in memory is the same before and after the start.
        """
        maker = self.maker(url="memory")
        self.assertIsNotNone(maker.prepare())
        self.assertIs(maker.running(), maker.at_once())

    def test_notThere(self) -> None:
        """
        A directory that cannot be made is one sentence.
        """
        self.home.write_text("a file")
        self.assertIn(str(self.home), str(self.assertRaises(StoreError, self.maker().prepare)))

    def test_password(self) -> None:
        """
        The password of a database is a secret of its own, and not shown.
        """
        self.secrets["store-password"] = b"p@ss"
        maker = self.maker(url="postgresql://me@127.0.0.1:1/cards")
        self.assertTrue(maker.several)
        error = self.assertRaises(StoreError, maker.prepare)
        self.assertNotIn("p@ss", str(error))
        self.assertNotIn("p%40ss", str(error))
