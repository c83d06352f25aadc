"""
Tests of L{cardgw.cli.own_reader}; as a whole it runs in L{tests.functional.test_gp_cli}.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import IO

import httpx
from attrs import define, field

from cardgw.cli.app import App
from cardgw.cli.errors import EmptyReader, OtherCommandRuns, OwnGatewayFailed
from cardgw.cli.own_reader import MOST_PAUSES, SOON, own_reader
from cardgw.cli.reader_gateway import SOCKET
from cardgw.errors import ParameterError
from tests.cli.fakes import TOKEN, problem
from tests.cli.gp_case import GpCliTestCase


@define
class FakeChild:
    """
    A process that is not one.
    """

    stdin: IO[str] | None = field(factory=StringIO)
    stdout: IO[str] | None = field(factory=lambda: StringIO(TOKEN + "\n"))
    stderr: IO[str] | None = field(factory=StringIO)
    stubborn: bool = False
    killed: bool = False

    def wait(self, timeout: float | None = None) -> int:
        """
        It ends, or will not.
        """
        if self.stubborn and not self.killed:
            raise subprocess.TimeoutExpired("x", timeout or 0)
        return 0

    def kill(self) -> None:
        """
        Now it does.
        """
        self.killed = True


class OwnReaderTests(GpCliTestCase):
    """
    L{own_reader}.
    """

    most_pauses = MOST_PAUSES + 1

    def setUp(self) -> None:
        """
        A process can be started.
        """
        super().setUp()
        self.child, self.err = FakeChild(), StringIO()
        self.patch(sys, "stderr", self.err)
        self.arguments: Sequence[str] = ()

    def begin(self, arguments: Sequence[str]) -> FakeChild:
        """
        Start it.
        """
        self.arguments = arguments
        return self.child

    def use(self, app: App | None = None) -> str:
        """
        Use it.

        @return: where the API is.
        """
        app = app or self.app()
        with own_reader(app, "0", Path("/x.toml"), self.begin):
            return app.api.access.url

    def test_used(self) -> None:
        """
        Its API is used with its token, in a directory that is gone in the end, as is the process.
        """
        url = self.use()
        selector, config, directory = self.arguments
        self.assertEqual((selector, config), ("0", "/x.toml"))
        self.assertEqual(url, f"unix:{directory}/{SOCKET}")
        self.assertFalse(Path(directory).exists())
        assert self.child.stdin is not None
        self.assertTrue(self.child.stdin.closed)
        self.assertFalse(self.child.killed)

    def test_stubborn(self) -> None:
        """
        A process that does not end is ended.
        """
        self.child.stubborn = True
        self.use()
        self.assertTrue(self.child.killed)

    def test_refused(self) -> None:
        """
        Why it does not start is told.
        """
        for told in ("The settings cannot be used: no.\n", ""):
            self.child = FakeChild(stdout=StringIO(), stderr=StringIO(told))
            self.assertIn(told.strip() or "did not start", str(self.assertRaises(OwnGatewayFailed, self.use)))
        self.child = FakeChild(stdout=StringIO(), stderr=StringIO(f"{OtherCommandRuns()}\n"))
        self.assertRaises(OtherCommandRuns, self.use)

    def test_noCard(self) -> None:
        """
        A card is waited for, not for ever; that is said.
        """
        self.api.cards = []
        self.assertIn("No card is in this reader: 0.", str(self.assertRaises(EmptyReader, self.use)))
        self.assertIn("waiting for a card in the reader 0", self.err.getvalue())
        self.assertEqual(len(self.pauses), MOST_PAUSES)

    def test_starting(self) -> None:
        """
        While it starts it may refuse.
        """
        app, answers = self.app(), [problem(503, "busy", "Not yet")]
        app.transport = httpx.MockTransport(lambda request: answers.pop() if answers else self.api(request))
        self.use(app)
        self.assertEqual(len(self.pauses), 1)

    def test_typed(self) -> None:
        """
        It is for commands that wait for their end; settings are for it alone.
        """
        app = self.app()
        app.flags.wait = False
        self.assertRaises(ParameterError, self.use, app)
        self.gp("info", "--config", "x", status=2)

    def test_noReaders(self) -> None:
        """
        Where pcscd is not there, nothing is waited for.
        """
        self.api.cards = []
        app, told = self.app(), "[+] api: ok\n[-] transport:pcsc: pcscd is not reachable since 12:00; tried again\n"

        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(503, text=told) if request.url.path == "/readyz" else self.api(request)

        app.transport = httpx.MockTransport(answer)
        self.assertIn("0: pcscd is not reachable. Is pcscd running?", str(self.assertRaises(EmptyReader, self.use, app)))
        self.assertEqual(len(self.pauses), SOON)
