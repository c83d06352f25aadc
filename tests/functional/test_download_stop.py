# -*- test-case-name: tests.functional.test_download_stop -*-
"""
The gateway is stopped while cards are served.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from cardgw.connections import service as module
from cardgw.errors import GatewayStopping
from cardgw.lpa.es10 import CancelReason
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.smdp_web import Misbehaviour
from cardgw.virtual.terminal import Manners, Outcome
from tests.functional.download import DownloadTestCase, activation_code, has_session, reactor

TEXT = activation_code("P-1")
RESTARTED = ("The server is being restarted. Please try again in a minute.",)
SLOW = Manners(delay=0.02)


class StopTests(DownloadTestCase):
    """
    Sessions get a grace; then what was begun is given up in good order.
    """

    async def reach(self, stage: str, manners: Manners = SLOW) -> tuple[VirtualEuicc, Deferred[Outcome]]:
        """
        A download that has come to a stage.
        """
        self.order()
        card = self.card()
        outcome = self.dial(card, TEXT, manners)
        while stage not in self.ledger.stages():
            await deferLater(reactor, 0)
        return card, outcome

    async def stopped(self, stage: str, manners: Manners = SLOW) -> tuple[VirtualEuicc, Outcome]:
        """
        Stop at a stage, with hardly any grace.
        """
        card, outcome = await self.reach(stage, manners)
        await self.service.stopService()
        await self.http.stop()
        self.assertEqual((self.service.factory.sessions, self.inventory.visits, self.ledger.running), (set(), {}, {}))
        return card, await outcome

    async def given_up(self, stage: str) -> None:
        """
        Stop at a stage: the eUICC's session is cancelled, the server and the card holder are told, and the code stays good.
        """
        card, outcome = await self.stopped(stage)
        self.assertEqual((outcome.boxes, outcome.goodbye, card.profiles), (RESTARTED, True, []))
        self.assertIsInstance(self.ledger.ended[TEXT].error, GatewayStopping)
        (cancelled,) = self.smdp.cancellations
        self.assertEqual((cancelled.reason, cancelled.verified), (CancelReason.POSTPONED, True))
        self.assertFalse(has_session(card, bytes.fromhex(cancelled.transaction_id)))

    async def test_grace(self) -> None:
        """
        A download that ends within the grace ends well.
        """
        await self.start(grace=20.0)
        card, outcome = await self.stopped("es10b_authenticate_server", Manners(delay=0.005))
        self.installed(outcome, TEXT)
        self.assertEqual((len(card.profiles), card.notifications), (1, []))

    async def test_cardThinks(self) -> None:
        """
        While the card makes its key.
        """
        await self.start(grace=0.01)
        await self.given_up("es10b_prepare_download")

    async def test_serverThinks(self) -> None:
        """
        While the server makes the package: its answer is not waited for.
        """
        await self.start(grace=0.01)
        self.server.web.misbehave["getBoundProfilePackage"] = Misbehaviour(silent=True, handled=True)
        await self.given_up("es9p_get_bound_profile_package")

    async def test_loading(self) -> None:
        """
        In the midst of the package.
        """
        self.size = 5000
        await self.start(grace=0.01)
        await self.given_up("es10b_load_bound_profile_package")

    async def test_delivering(self) -> None:
        """
        When the profile is installed, that is what counts: the notification stays on the card.
        """
        await self.start(grace=0.01)
        self.server.web.misbehave["handleNotification"] = Misbehaviour(silent=True)
        card, outcome = await self.stopped("es9p_handle_notification")
        self.assertEqual(
            outcome.boxes,
            ("Installed: Example Example profile. Enable it in the profile menu. The provider will be told later.",),
        )
        result = self.ledger.ended[TEXT].result
        assert result is not None
        self.assertEqual((result["notification"], result["reason"]), ("pending", "cancelled"))
        self.assertEqual((len(card.profiles), len(card.notifications), self.smdp.cancellations), (1, 1, []))

    async def test_lastAnswer(self) -> None:
        """
        Cancelled while the result of the installation is on its way: the profile is installed, and all are told so.
        """
        await self.start(grace=0.0001)
        self.order()
        card = self.card()
        stopping: list[Deferred[None]] = []

        def transmit(command: bytes) -> bytes:
            answer = card.transmit(command)
            if card.profiles and not stopping:
                stopping.append(self.service.stopService())
            return answer

        self.installed(await self.dial(transmit, TEXT), TEXT)
        await stopping[0]
        self.assertEqual((card.notifications, self.smdp.cancellations), ([], []))

    async def test_silentCard(self) -> None:
        """
        A card that does not even answer the cancellation is left after a while.
        """
        self.patch(module, "WIND_UP", 0.1)
        await self.start(grace=0.01)
        await self.stopped("es10b_prepare_download", Manners(silent_at=16))
        self.assertIsInstance(self.ledger.ended[TEXT].error, GatewayStopping)

    async def test_silentServer(self) -> None:
        """
        A server that does not answer the cancellation is not waited for any longer than that either; the card holder is told.
        """
        self.patch(module, "WIND_UP", 0.5)
        await self.start(grace=0.01)
        silent = Misbehaviour(silent=True, handled=True)
        self.server.web.misbehave = {"getBoundProfilePackage": silent, "cancelSession": silent}
        await self.given_up("es9p_get_bound_profile_package")

    async def test_orphan(self) -> None:
        """
        A job whose card has hung up while the server thinks ends with the gateway, too.
        """
        await self.start(grace=0.01)
        self.server.web.misbehave["getBoundProfilePackage"] = Misbehaviour(silent=True)
        _, calling = await self.reach("es9p_get_bound_profile_package")
        calling.cancel()
        await self.assertFailure(calling, CancelledError)
        while self.service.factory.sessions:
            await deferLater(reactor, 0)
        self.assertEqual(len(self.ledger.running), 1)
        await self.service.stopService()
        await self.http.stop()
        self.assertEqual((self.ledger.running, self.inventory.visits), ({}, {}))
        self.assertIsInstance(self.ledger.ended[TEXT].error, GatewayStopping)
