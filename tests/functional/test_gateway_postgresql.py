# -*- test-case-name: tests.functional.test_gateway_postgresql -*-
"""
C{twistd cardgw} with its store in PostgreSQL.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.commands import LOOPBACK, TWISTD, Process, run
from tests.functional.postgresql import PASSWORD, USER, missing, server

CARD = "eid:89049032000000000000000000000163"


class PostgresqlTests(SynchronousTestCase):
    """
    What was promised is in a database that other machines reach, too.
    """

    skip = missing()

    def setUp(self) -> None:
        """
        An empty database, and settings that lead there; the password is a secret of its own.
        """
        self.server = server()
        self.url = f"postgresql://{USER}@127.0.0.1:{self.server.port}/{self.server.database()}"
        self.path = Path(self.mktemp()).absolute()
        self.path.write_text(f'[store]\nurl = "{self.url}"\n[secrets]\nstore-password = "env:CARDS"\n')

    def gateway(self) -> tuple[Process, int]:
        """
        A gateway, and the port of its API.
        """
        started = Process(
            self, "--config", str(self.path), "--estk", LOOPBACK, environ={"CARDS": PASSWORD, "XDG_STATE_HOME": self.home}
        )
        started.port()
        port = int(started.wait_for("api-listening")["port"])
        started.wait_for("ready")
        return started, port

    def ask(self, port: int, token: str, path: str, body: Any = None) -> Any:
        """
        Use the API.
        """
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with urlopen(Request(f"http://127.0.0.1:{port}/api/v1/{path}", data, headers), timeout=30) as answer:
            return json.loads(answer.read())

    @property
    def home(self) -> str:
        """
        Where the key is.
        """
        return str(self.path.parent)

    def test_killed(self) -> None:
        """
        A job that was accepted outlives the process, and so does the token.
        """
        gateway, port = self.gateway()
        token = gateway.token()
        job = self.ask(port, token, "jobs", {"operation": "lpa.info", "card": CARD, "parameters": {}})
        self.assertEqual(gateway.stop(signal.SIGKILL), -signal.SIGKILL)
        gateway, port = self.gateway()
        found = self.ask(port, token, f"jobs/{job['id']}")
        self.assertEqual((found["state"], found["card"]), ("queued", CARD))
        self.assertEqual(gateway.stop(), -signal.SIGTERM)

    def test_wrongPassword(self) -> None:
        """
        A database that does not let it in is one line, without the password.
        """
        directory = Path(self.mktemp())
        directory.mkdir(parents=True)
        wrong = self.url.replace("@", ":wrongsecret@")
        done = run(directory, *TWISTD, "-n", "--pidfile=", "cardgw", "--estk", LOOPBACK, "--web", LOOPBACK, "--store", wrong)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
        self.assertIn("password", done.stderr)
        self.assertNotIn("wrongsecret", done.stderr)
