# -*- test-case-name: tests.test_gateway_service -*-
"""
L{cardgw.gateway_service}; see L{tests.test_assembly} for its listeners.
"""

from __future__ import annotations

from typing import Any

from twisted.application.service import MultiService

from cardgw.gateway.events import EventHub
from cardgw.gateway.faults import StoreInUse
from cardgw.gateway.housekeeping import Housekeeping
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.records import JobState
from cardgw.gateway.webhook_courier import WebhookCourier
from cardgw.gateway.webhooks import Webhooks
from cardgw.gateway_service import GatewayService, Parts, Vault
from cardgw.lpa.https import HttpsClient
from cardgw.lpa.settings import HttpsSettings
from cardgw.lpa.trust import Trust
from cardgw.notify import Notifier
from cardgw.secrets import Secrets
from cardgw.testing import FakeHTTP
from tests.gateway.world import CARD, GatewayTestCase, numbers
from tests.logs import captured


class Transports(MultiService):
    """
    Keeps the order of what happened.
    """

    def __init__(self, happened: list[str]) -> None:
        super().__init__()
        self.happened = happened

    def startService(self) -> None:
        """
        Start.
        """
        super().startService()
        self.happened.append("transports")

    def stopService(self) -> Any:
        """
        Stop.
        """
        self.happened.append("transports stop")
        return super().stopService()


class GatewayServiceTests(GatewayTestCase):
    """
    The order in which things begin and end.
    """

    def setUp(self) -> None:
        super().setUp()
        self.happened: list[str] = []
        self.printed: list[str] = []
        self.secret: str | None = "cgw_secret"
        http = HttpsClient(self.clock, HttpsSettings(), Trust(HttpsSettings()))
        outbox = Outbox(self.store, FakeHTTP(), {}, self.clock, EventHub(epoch="e"), numbers())
        parts = Parts(
            self.inventory,
            outbox,
            Webhooks(outbox, WebhookCourier(self.clock, Secrets({})), self.clock),
            Vault(Secrets({})),
            Transports(self.happened),
            http,
            Notifier(self.clock, {}),
            Housekeeping(self.inventory, outbox),
            self.prepare,
        )
        self.gateway = GatewayService(parts, self.printed.append)
        self.successResultOf(self.store.close())

    def prepare(self) -> str | None:
        """
        Look at the store.
        """
        self.happened.append("prepared")
        return self.secret

    def test_life(self) -> None:
        """
        The store is looked at before the process goes into the background; it is opened before cards may come, and closed when
        they have gone.
        """
        events = captured(self)
        self.gateway.bind()
        self.assertEqual((self.happened, self.printed), (["prepared"], ["cgw_secret"]))
        self.gateway.startService()
        self.assertEqual(self.happened, ["prepared", "transports"])
        self.assertTrue(self.store.health().ready)
        self.successResultOf(self.gateway.stopService())
        self.assertFalse(self.store.health().ready)
        self.assertEqual(self.happened[-1], "transports stop")
        self.assertEqual([event["event"] for event in events], ["ready", "stopping", "stopped"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tokenOnce(self) -> None:
        """
        Where there are tokens, none is shown.
        """
        self.secret = None
        self.gateway.bind()
        self.assertEqual(self.printed, [])

    def test_interrupted(self) -> None:
        """
        What the gateway was in the midst of when it was killed is brought to an end before cards may come.
        """
        self.successResultOf(self.store.open())
        job = self.queue(state=JobState.RUNNING, node="here", operation="test.run")
        self.gateway.bind()
        self.gateway.startService()
        self.assertEqual(self.state(job.id), JobState.FAILED)
        self.assertEqual(self.successResultOf(self.store.jobs.queued_count(CARD)), 1)
        self.successResultOf(self.gateway.stopService())

    def test_early(self) -> None:
        """
        The gateway listens before it can do anything: cards that come meanwhile wait.
        """
        self.gateway.bind()
        self.arrive("download")
        self.assertEqual(self.sessions, [])
        self.gateway.startService()
        self.assertEqual(len(self.sessions), 1)
        self.assertEqual(self.state(next(iter(self.jobs.runs))), JobState.RUNNING)
        self.gates[0].callback({})
        self.successResultOf(self.gateway.stopService())

    def test_storeGone(self) -> None:
        """
        A store that cannot be opened any more ends the process, with one line.
        """
        stopped: list[str] = []
        self.inventory.reactor = _Reactor(self.clock, stopped)
        self.gateway.bind()
        self.patch(self.jobs, "store", _Broken())
        events = captured(self)
        self.gateway.startService()
        self.assertEqual(stopped, ["stop"])
        self.assertIn("Another gateway uses this store", events[-1]["reason"])


class _Broken:
    is_open = False

    async def open(self) -> None:
        raise StoreInUse("/x")


class _Reactor:
    def __init__(self, clock: Any, stopped: list[str]) -> None:
        self._clock, self._stopped = clock, stopped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clock, name)

    def stop(self) -> None:
        self._stopped.append("stop")
