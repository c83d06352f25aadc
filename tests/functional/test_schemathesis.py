# -*- test-case-name: tests.functional.test_schemathesis -*-
"""
The API against its own description: schemathesis asks for everything in the OpenAPI document, rightly and wrongly.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

from cardgw.web.service import make_web_service
from cardgw.web.settings import WebSettings
from tests.web.fakes import FakeControl
from tests.web.samples import GUEST, SECRETS

SCRIPT = "from schemathesis.cli import schemathesis; schemathesis()"
CONFIG = """\
[[operations]]
include-path-regex = "^/api/v1/outbox/.+"
parameters = { entry = "e1" }
"""
"""A name that it could not guess."""
OPTIONS = (
    "--checks=all",
    "--generation-deterministic",
    "--exclude-path=/api/v1/events",  # it never ends
    "--continue-on-failure",
    "--no-shrink",
    "--suppress-health-check=all",
    "--warnings=off",
)


class SchemathesisTests(TestCase):
    """
    It finds nothing.
    """

    timeout = 240

    def serve(self) -> str:
        """
        Serve the whole site.

        @return: the URL of its description.
        """
        settings = WebSettings(listen=("tcp:0:interface=127.0.0.1",))
        service = make_web_service(settings, FakeControl(), lambda: b"cards 1\n", reactor)
        service.startService()
        self.addCleanup(service.stopService)
        host: Any = service.ports[0].getHost()
        return f"http://127.0.0.1:{host.port}/api/v1/openapi.json"

    def configured(self) -> Path:
        """
        The file with its settings, in a directory of its own.
        """
        config = Path(self.mktemp()) / "schemathesis.toml"
        config.parent.mkdir(parents=True)
        config.write_text(CONFIG)
        return config

    async def examine(self, token: str, examples: int) -> None:
        """
        Ask for everything with a token.
        """
        url, config = self.serve(), self.configured()
        program = ["-c", SCRIPT, "--no-color", "--config-file", str(config.absolute()), "run", url]
        options = [f"--header=Authorization: Bearer {token}", f"--max-examples={examples}", *OPTIONS]
        output, errors, status = await getProcessOutputAndValue(
            sys.executable, [*program, *options], env=dict(os.environ), path=str(config.parent), reactor=reactor
        )
        self.assertEqual(status, 0, (output + errors).decode("utf-8", "replace"))
        self.assertIn(b"No issues found", output)

    def test_administrator(self) -> Deferred[None]:
        """
        With a token that may do everything.
        """
        return Deferred.fromCoroutine(self.examine(SECRETS["admin"], 20))

    def test_guest(self) -> Deferred[None]:
        """
        With one that is good for one card alone.
        """
        return Deferred.fromCoroutine(self.examine(GUEST, 5))
