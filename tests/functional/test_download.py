# -*- test-case-name: tests.functional.test_download -*-
"""
Downloads over real sockets: a phone dials in, the gateway asks an SM-DP+ over TLS, the eUICC installs.
"""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import gatherResults

from cardgw.lpa.download_errors import ConfirmationCodeNeeded
from cardgw.lpa.errors import AlreadyInstalled
from cardgw.lpa.es9 import Es9Error
from cardgw.lpa.es10 import CancelReason
from cardgw.transports.estk.wire import Tag
from cardgw.virtual.pki import load_pki
from cardgw.virtual.profile_package import make_iccid, pack_iccid
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_server import SmdpServer
from cardgw.virtual.smdp_web import Misbehaviour, error_page
from cardgw.virtual.terminal import Manners, request_frame
from tests.functional.download import HOST, DownloadTestCase, activation_code, pki, reactor

OTHER_HOST = "other.example.test"
LATER = "Installed: Example Example profile. Enable it in the profile menu. The provider will be told later."


class DownloadTests(DownloadTestCase):
    """
    Downloads that go well.
    """

    async def test_plain(self) -> None:
        """
        The profile is installed and not enabled; the server has the verified notification, and the card has it no more.
        """
        await self.start()
        self.order()
        card = self.card()
        outcome = await self.dial(card)
        result = self.installed(outcome, activation_code("P-1"))
        self.assertEqual((result["iccid"], result["eid"]), (make_iccid(1), card.eid.hex()))
        self.assertEqual([(each.iccid, each.state) for each in card.profiles], [(make_iccid(1), "disabled")])
        (told,) = self.smdp.notifications
        self.assertEqual((told.event, told.verified, told.error), ("install", True, None))
        self.assertEqual(told.iccid, pack_iccid(make_iccid(1), swapped=True))
        self.assertEqual((card.notifications, self.smdp.cancellations), ([], []))
        await self.quiet()
        kinds = [event[0] for event in self.ledger.events if event[0] not in {"job_stage", "job_percent"}]
        self.assertEqual(kinds, ["card_arrived", "job_started", "job_ended", "card_gone"])

    async def test_largePackage(self) -> None:
        """
        A profile of a hundred kilobytes is hundreds of blocks; progress comes to a hundred per cent.
        """
        self.size = 100_000
        await self.start()
        self.order()
        outcome = await self.download(self.card())
        self.assertGreater(outcome.apdus, 400)
        percents = [event[2] for event in self.ledger.events if event[0] == "job_percent"]
        self.assertEqual((sorted(set(percents)), percents[-1]), (percents, 100))

    async def test_alongside(self) -> None:
        """
        Twenty cards at once, on as many connections as the limit allows; none is in another's way.
        """
        await self.start({"connections_per_host": 4})
        cards = {f"P-{number}": self.card() for number in range(1, 21)}
        for number, matching_id in enumerate(cards, 1):
            self.order(matching_id, number)
        outcomes = await gatherResults([self.dial(card, activation_code(name)) for name, card in cards.items()])
        for number, (name, card) in enumerate(cards.items(), 1):
            self.installed(outcomes[number - 1], activation_code(name))
            self.assertEqual([each.iccid for each in card.profiles], [make_iccid(number)])
        self.assertLessEqual(self.server.handshakes, 4)
        self.assertEqual(sum(each.verified for each in self.smdp.notifications), 20)

    async def test_keepAlive(self) -> None:
        """
        Cards one after another share one connection and its handshake.
        """
        await self.start()
        for number in range(1, 6):
            self.order(f"P-{number}", number)
            await self.download(self.card(), activation_code(f"P-{number}"))
        self.assertEqual((self.server.connections, self.server.handshakes, self.http.handshakes), (1, 1, 1))
        self.assertEqual(set(self.server.web.requests.values()), {5})

    async def test_twoServers(self) -> None:
        """
        A card with profiles from two SM-DP+s; each hears of its own.
        """
        await self.start()
        pki().save(Path(directory := self.mktemp()))
        other = await self.serve(load_pki(Path(directory), host=OTHER_HOST))
        self.order()
        first, self.smdp = self.smdp, other.smdp
        self.order("P-2", 2)
        card = self.card()
        await self.download(card)
        await self.download(card, activation_code("P-2", OTHER_HOST))
        self.assertEqual([each.iccid for each in card.profiles], [make_iccid(1), make_iccid(2)])
        self.assertEqual((len(first.notifications), len(other.smdp.notifications), card.notifications), (1, 1, []))
        self.assertEqual((self.server.handshakes, other.handshakes), (1, 1))

    async def test_spaces(self) -> None:
        """
        What iOS makes of an activation code: spaces for its dollars.
        """
        await self.start()
        self.order()
        outcome = await self.dial(self.card(), request=request_frame(Tag.DOWNLOAD_PROFILE, f"LPA:1 {HOST} P-1"))
        self.installed(outcome, activation_code("P-1"))

    async def test_imei(self) -> None:
        """
        An IMEI behind the activation code is told to the SM-DP+, with the first half of its digits as the TAC.
        """
        await self.start()
        self.order()
        card, commands = self.card(), bytearray()

        def transmit(command: bytes) -> bytes:
            commands.extend(command[5:] if command[1] == 0xE2 else b"")
            return card.transmit(command)

        text = activation_code("P-1") + "#490154203237518"
        self.installed(await self.dial(transmit, text), text)
        self.assertIn(bytes.fromhex("94104502"), commands)
        self.assertIn(bytes.fromhex("8208941045022373158f"), commands)

    async def test_slowCard(self) -> None:
        """
        A card and a network that need their time.
        """
        await self.start()
        self.order()
        await self.download(self.card(), manners=Manners(delay=0.002, fragment=16))


class ConfirmationTests(DownloadTestCase):
    """
    Profiles with a confirmation code.
    """

    async def test_right(self) -> None:
        """
        A confirmation code at the end of the activation code.
        """
        await self.start()
        self.order(confirmation_code="4711")
        await self.download(self.card(), activation_code("P-1") + "$$4711")

    async def test_wrong(self) -> None:
        """
        A wrong one is the server's to refuse; the order stays, so that the right one is good afterwards.
        """
        await self.start()
        self.order(confirmation_code="4711")
        card = self.card()
        reason = await self.refused(card, Es9Error, activation_code("P-1") + "$$1234")
        self.assertIn("8.2.7/3.8", reason)
        self.assertNotIn("1234", reason)
        self.assertEqual([each.reason for each in self.smdp.cancellations], [CancelReason.POSTPONED])
        await self.download(card, activation_code("P-1") + "$$4711")

    async def test_missing(self) -> None:
        """
        A card holder cannot be asked, but is told how to give it.
        """
        await self.start()
        self.order(confirmation_code="4711")
        card = self.card()
        for text in (activation_code("P-1"), activation_code("P-1") + "$$1"):
            self.assertIn("$$<confirmation code>", await self.refused(card, ConfirmationCodeNeeded, text))
        self.assertEqual([each.reason for each in self.smdp.cancellations], [CancelReason.POSTPONED] * 2)
        self.assertEqual(self.server.web.requests["getBoundProfilePackage"], 0)


class OrderTests(DownloadTestCase):
    """
    Orders that cannot be had, and notifications that cannot be delivered.
    """

    async def test_again(self) -> None:
        """
        The eUICC refuses a profile that it has: that has a name, and the server hears of it.
        """
        await self.start()
        self.order()
        card = self.card()
        await self.download(card)
        self.assertIn("iccidAlreadyExists", await self.refused(card, AlreadyInstalled))
        self.assertEqual([each.error for each in self.smdp.notifications], [None, (2, 9)])
        self.assertEqual(card.notifications, [])

    async def test_expired(self) -> None:
        """
        An order that has expired, one that was used up, one for another card, and one that there never was.
        """
        await self.start()
        self.order("USED", uses=1).installed = 1
        self.order("OTHER", 2, eid=bytes(16))
        self.order("GONE", 3)
        self.smdp.fail_next("authenticateClient", "8.8.5", "4.10", "expired")
        card = self.card()
        reasons = {name: await self.refused(card, Es9Error, activation_code(name)) for name in ("GONE", "USED", "OTHER", "NONE")}
        self.assertIn("The order for this profile has expired", reasons["GONE"])
        self.assertIn("8.2.6/3.8 (the profile was downloaded already)", reasons["USED"])
        self.assertIn("The EID of this eUICC is not the one that the provider expects", reasons["OTHER"])
        self.assertIn("8.2.6/3.8 (no order has this MatchingID)", reasons["NONE"])
        self.assertEqual([each.reason for each in self.smdp.cancellations], [CancelReason.POSTPONED] * 4)

    async def test_notDelivered(self) -> None:
        """
        Where the server cannot be told, the profile is installed all the same, and its notification stays on the card.
        """
        await self.start({"request_timeout": 0.5})
        for number, wrong in enumerate((error_page(), Misbehaviour(drop=True), Misbehaviour(silent=True)), 1):
            self.order(f"P-{number}", number)
            self.server.web.misbehave["handleNotification"] = wrong
            card, text = self.card(), activation_code(f"P-{number}")
            outcome = await self.dial(card, text)
            result = self.ledger.ended[text].result
            assert result is not None
            self.assertEqual((result["notification"], outcome.boxes), ("pending", (LATER,)))
            self.assertIn(("500", HOST, HOST)[number - 1], result["reason"])
            self.assertEqual([each.iccid for each in card.profiles], [make_iccid(number)])
            self.assertEqual([each.address for each in card.notifications], [HOST])
        self.assertEqual(self.smdp.cancellations, [])

    async def test_lostBeforeRemoval(self) -> None:
        """
        A card that hangs up after its last block has the profile; the server hears of it, the card keeps the notification.
        """
        await self.start()
        self.order()
        card = self.card()
        await self.dial(card, manners=Manners(hang_up_at=28))
        await self.quiet()
        self.assertEqual(self.ledger.stages()[-1], "es10b_remove_notification_from_list")
        job = self.ledger.ended[activation_code("P-1")]
        self.assertEqual((job.error, [each.verified for each in self.smdp.notifications]), (None, [True]))
        self.assertEqual((len(card.profiles), len(card.notifications)), (1, 1))

    async def test_otherServers(self) -> None:
        """
        Nobody listens where the SM-DP+ should be; its neighbour is served as before.
        """
        await self.start()
        self.order()
        smdp = Smdp(pki(), host=OTHER_HOST)
        await self.listen(gone := SmdpServer(smdp, reactor))
        await gone.stop()
        outcome = await self.dial(self.card(), text := activation_code("P-1", OTHER_HOST))
        self.assertEqual(outcome.boxes, ("The server cannot be reached.",))
        self.assertIn(f"{OTHER_HOST} port", str(self.ledger.ended[text].error))
        await self.download(self.card())
