# -*- test-case-name: tests.functional.test_absent -*-
"""
The whole gateway in this process, with its HTTP API: for tests that look inside.
"""

from __future__ import annotations

import gc
import os
from typing import Any

from cardgw.gateway.controller import Controller
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.tokens import Tokens
from cardgw.web.service import WebService, make_web_service
from cardgw.web.settings import WebSettings
from tests.functional.download import DownloadTestCase, reactor


class DownloadWebTestCase(DownloadTestCase):
    """
    See the module's docstring.

    @ivar web: the API.
    @ivar token: the first one.
    """

    async def start_web(self) -> None:
        """
        Start an SM-DP+, the gateway, and its API.
        """
        await self.start()
        jobs = self.inventory.jobs
        outbox: Any = jobs.tools.outbox
        assert isinstance(outbox, Outbox)
        tokens = Tokens(jobs.store, reactor, os.urandom)
        first: str | None = await tokens.first()
        assert first is not None
        self.token: str = first
        self.control = Controller(self.inventory, outbox, tokens, self.inventory.claims, list, list)
        settings = WebSettings(listen=("tcp:0:interface=127.0.0.1",))
        self.web: WebService = make_web_service(settings, self.control, lambda: b"", reactor)
        self.web.startService()
        self.addCleanup(self.web.stopService)

    @property
    def web_port(self) -> int:
        """
        Where the API is.
        """
        host: Any = self.web.ports[0].getHost()
        return int(host.port)

    async def download_again(self, number: int) -> None:
        """
        A further card downloads a profile of its own, and nothing is in its way.
        """
        self.order(f"P-{number}", number)
        await self.download(self.card(), f"LPA:1${self.smdp.host}$P-{number}")


def count(kind: type) -> int:
    """
    How many objects of a class there are.
    """
    gc.collect()
    return sum(type(each) is kind for each in gc.get_objects())
