# -*- test-case-name: tests.lpa.test_conclude -*-
"""
Tests for L{cardgw.lpa.conclude}, at the end of whole downloads.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError, ChannelError
from cardgw.lpa.deliver import settle
from cardgw.lpa.errors import AlreadyInstalled
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notice_policy import KEEP, LEAVE, NoticePolicy
from cardgw.lpa.server_errors import ServerHungUp
from cardgw.testing.session import FakeSession
from cardgw.values import OutboxEntry, ParcelState
from cardgw.virtual.euicc_options import Faults, Options
from tests.lpa.outbox import CarryingOutbox
from tests.lpa.world import World, pki_of

NO_NOTIFICATIONS = "bf2802a000"


class ConcludeTests(SynchronousTestCase):
    """
    The result is written down, then told.
    """

    def setUp(self) -> None:
        self.world = World()

    def download(self, **manner: Any) -> dict[str, Any]:
        """
        A download that must succeed.
        """
        return self.successResultOf(self.world.download(**manner))

    @property
    def entry(self) -> OutboxEntry:
        """
        What is in the outbox.
        """
        (entry,) = self.world.outbox.stored.values()
        return entry

    def on_card(self) -> int:
        """
        How many notifications the card has.
        """
        return len(self.world.card.notifications)

    def test_storedBeforeSent(self) -> None:
        """
        The notification is in the outbox before it is sent, and leaves the card after that.
        """
        self.download()
        self.assertEqual([step for step, _ in self.world.outbox.log], ["keep", "deliver", "taken_off"])
        self.assertEqual((self.entry.state, self.entry.on_card), (ParcelState.DELIVERED, False))

    def test_parcel(self) -> None:
        """
        The parcel has the card, the server and what is known of the card.
        """
        self.download()
        parcel = self.entry.parcel
        self.assertEqual((parcel.kind, parcel.card), ("notification", f"eid:{pki_of('nist').eid.hex()}"))
        self.assertEqual((parcel.address, parcel.remove), ("smdp.example.test", True))
        self.assertEqual(parcel.facts, {"event": "install", "iccid": self.world.order.iccid})
        self.assertEqual(parcel.trusted, {pki_of("nist").ci_id})
        self.assertEqual(parcel.payload, self.world.smdp.notifications[0].raw)

    def test_identified(self) -> None:
        """
        Who the card is, is known from its certificate; what it has said itself goes before.
        """
        self.download()
        self.assertEqual(self.world.session.identity, f"eid:{pki_of('nist').eid.hex()}")
        self.world = World()
        self.world.session.identity = "eid:1"
        self.download()
        self.assertEqual((self.world.session.identity, self.entry.parcel.card), ("eid:1", "eid:1"))
        self.world = World()
        self.world.session.identity = "cuid:4790503278900612AB34"
        self.download()
        self.assertEqual(self.entry.parcel.card, f"eid:{pki_of('nist').eid.hex()}")

    def test_writtenDownBeforeSent(self) -> None:
        """
        The result is safe before the server is told; until then, its notification is pending.
        """
        self.world.http.silent.add("handleNotification")
        downloading = self.world.download()
        self.assertEqual([each["notification"] for each in self.world.session.results], ["pending"])
        self.assertEqual(self.world.session.results[0]["iccid"], self.world.order.iccid)
        self.world.http.waiting[0].callback((204, b""))
        result = self.successResultOf(downloading)
        self.assertEqual(result, self.world.session.results[0] | {"notification": "delivered"})

    def test_bothAtOnce(self) -> None:
        """
        Result and notification are written at the same time, and both are waited for.
        """
        slow: Deferred[None] = Deferred()
        self.patch(FakeSession, "achieved", lambda session, result: slow)
        downloading = self.world.download()
        self.assertEqual(self.world.outbox.log, [("keep", 0)])
        slow.callback(None)
        self.successResultOf(downloading)

    def test_resultNotWritten(self) -> None:
        """
        A result that cannot be written down now does not keep the server from hearing of it.
        """
        failing: Deferred[None] = Deferred()
        failing.errback(CardGatewayError("disk full"))
        self.patch(FakeSession, "achieved", lambda session, result: failing)
        self.assertEqual(self.download()["notification"], "delivered")

    def test_notStored(self) -> None:
        """
        A notification that cannot be stored is not sent: it stays on the card.
        """
        self.world.outbox.broken = CardGatewayError("disk full")
        result = self.download()
        self.assertEqual(result["notification"], "pending")
        self.assertIn("disk full", result["reason"])
        self.assertEqual((self.world.smdp.notifications, self.on_card()), ([], 1))

    def test_pending(self) -> None:
        """
        A server that cannot be told now will be: the outbox has it, and the card holder reads so.
        """
        self.world.http.failures["handleNotification"] = ServerHungUp("smdp.example.test")
        self.assertEqual(self.download()["notification"], "pending")
        self.assertEqual((self.entry.state, self.entry.on_card, self.on_card()), (ParcelState.WAITING, True, 1))
        self.assertIn("The provider will be told later.", self.world.session.farewells[-1])

    def test_refused(self) -> None:
        """
        A server that will never take it: that is said, and nobody is promised anything.
        """
        self.world.smdp.fail_next("handleNotification", "8.10.1", "3.9")
        result = self.download()
        self.assertEqual((result["notification"], self.entry.state), ("refused", ParcelState.REFUSED))
        self.assertIn("8.10.1/3.9", result["reason"])
        self.assertNotIn("later", self.world.session.farewells[-1])
        self.assertEqual(self.on_card(), 1)

    def test_kept(self) -> None:
        """
        The policy may leave a delivered notification on the card.
        """
        self.assertEqual(self.download(notices=NoticePolicy(install=KEEP))["notification"], "delivered")
        self.assertEqual((self.on_card(), self.entry.parcel.remove, self.entry.on_card), (1, False, True))

    def test_left(self) -> None:
        """
        Or have it not sent at all; the result is written down nevertheless.
        """
        self.assertEqual(self.download(notices=NoticePolicy(install=LEAVE))["notification"], "left")
        self.assertEqual((self.on_card(), self.world.outbox.stored, len(self.world.session.results)), (1, {}, 1))
        self.assertNotIn("later", self.world.session.farewells[-1])

    def test_failedInstallation(self) -> None:
        """
        The server hears of a failure likewise; that is no result.
        """
        self.download()
        self.world.outbox.stored.clear()
        self.world.session.results.clear()
        self.failureResultOf(self.world.download(), AlreadyInstalled)
        self.assertEqual((self.entry.state, self.entry.on_card), (ParcelState.DELIVERED, False))
        self.assertEqual(self.world.session.results, [])

    def test_failureWaits(self) -> None:
        """
        A failure that cannot be told waits in the outbox.
        """
        self.download()
        self.world.outbox.stored.clear()
        self.world.http.failures["handleNotification"] = ServerHungUp("smdp.example.test")
        self.failureResultOf(self.world.download(), AlreadyInstalled)
        self.assertEqual(self.entry.state, ParcelState.WAITING)

    def test_removalLost(self) -> None:
        """
        A card that is lost before the notification is removed: at its next visit it is removed, and not sent again.
        """
        self.download()
        total = len(self.world.wire.sent)
        for done in (total - 2, total - 1):
            self.world = World()
            self.world.wire.lose_after = done
            self.assertEqual(self.download()["notification"], "delivered")
            self.world.again()
            settling = settle(self.world.session, Isdr(self.world.session.channel), NoticePolicy())
            self.successResultOf(Deferred.fromCoroutine(settling))
            self.assertEqual((self.on_card(), len(self.world.smdp.notifications)), (0, 1))

    def test_cancelledWhileWriting(self) -> None:
        """
        Cancelled while the notification is being stored: the profile is installed, the notification is on the card.
        """
        keeping: Deferred[Any] = Deferred()
        self.patch(CarryingOutbox, "keep", lambda outbox, parcel: keeping)
        downloading = self.world.download()
        downloading.cancel()
        result = self.successResultOf(downloading)
        self.assertEqual((result["notification"], result["reason"]), ("pending", "cancelled"))
        self.assertEqual(self.on_card(), 1)

    def test_cancelledWhileRemoving(self) -> None:
        """
        Cancelled while it is being removed: it was delivered.
        """
        removing: Deferred[Any] = Deferred()
        self.patch(CarryingOutbox, "taken_off", lambda outbox, entry: removing)
        downloading = self.world.download()
        downloading.cancel()
        self.assertEqual(self.successResultOf(downloading)["notification"], "delivered")
        self.assertTrue(removing.called)

    def test_resultFromTheList(self) -> None:
        """
        A result that was found among the notifications is told like any other.
        """
        self.world = World(options=Options(pinned=True, faults=Faults(no_result=True)))
        self.assertEqual(self.download()["notification"], "delivered")
        self.assertEqual(self.on_card(), 0)

    def test_lostBefore(self) -> None:
        """
        A card that is lost before its result has nothing to be told.
        """
        self.world.wire.lose_after = 8
        self.failureResultOf(self.world.download(), ChannelError)
        self.assertEqual((self.world.outbox.stored, self.world.session.results), ({}, []))
