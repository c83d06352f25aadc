"""
Tests of L{cardgw.cli.reader_gateway}; as a whole it runs in L{tests.functional.test_gp_cli}.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.errors import OtherCommandRuns
from cardgw.cli.reader_gateway import SOCKET, Wanted, locked, overrides
from cardgw.config import load_config
from cardgw.errors import SettingsError
from cardgw.gateway.registry import load_registry


class ReaderGatewayTests(SynchronousTestCase):
    """
    The gateway for one command.
    """

    def setUp(self) -> None:
        """
        There are settings of a gateway.
        """
        self.directory = Path(self.mktemp()).resolve()
        self.directory.mkdir()
        self.config = self.directory / "cardgw.toml"
        self.config.write_text(
            '[transports.vpcd]\nlisten = ["tcp:0"]\n[transports.pcsc.names]\nleft = "ACR"\n[store]\nurl = "memory"\n'
        )

    def test_arguments(self) -> None:
        """
        What is wanted is told in the arguments of the process.
        """
        for each in (Wanted("0", None, Path("/x")), Wanted("ACR*", Path("/y"), Path("/x"))):
            self.assertEqual(Wanted.parse(each.arguments()), each)

    def test_overrides(self) -> None:
        """
        Cards come from that reader alone, the API is where nobody else is, and the store is its own.
        """
        registry, wanted = load_registry(), Wanted("left", self.config, self.directory)
        found = load_config(self.config, registry, overrides(wanted, registry, self.directory))
        self.assertEqual(list(found.transports), ["pcsc"])
        self.assertEqual((found.transports["pcsc"].readers, found.transports["pcsc"].names), (("left",), {"left": "ACR"}))
        self.assertEqual(found.web.listen, (f"unix:{self.directory / SOCKET}:mode=600",))
        self.assertEqual(found.store.url, f"sqlite:///{self.directory}/cardgw.sqlite")

    def test_locked(self) -> None:
        """
        One at a time, in a directory that nobody else can enter.
        """
        environ = {"XDG_STATE_HOME": str(self.directory)}
        state, lock = locked(environ)
        self.assertEqual(stat.S_IMODE(state.stat().st_mode), 0o700)
        self.assertRaises(OtherCommandRuns, locked, environ)
        os.close(lock)
        os.close(locked(environ)[1])
        self.assertRaises(SettingsError, locked, {"XDG_STATE_HOME": str(self.config)})
