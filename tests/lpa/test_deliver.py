# -*- test-case-name: tests.lpa.test_deliver -*-
"""
Tests for L{cardgw.lpa.deliver}.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import evolve
from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ChannelError, DeliveryRefused
from cardgw.lpa.deliver import Outcome, Settled
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.notice_policy import KEEP, LEAVE, REMOVE, NoticePolicy
from cardgw.lpa.notices import NoSuchNotification
from cardgw.testing.outbox import FakeOutbox
from cardgw.values import OutboxEntry, ParcelState
from cardgw.virtual.euicc_options import Faults, Options
from tests.lpa.card import Answer
from tests.lpa.notified import DELETE, DISABLE, ENABLE, HOST, Notified
from tests.lpa.world import pki_of

ALL = (ENABLE, DISABLE, DELETE)
LIST, RETRIEVE, REMOVAL, INFO1, EID = 0xBF28, 0xBF2B, 0xBF30, 0xBF20, 0xBF3E


def numbers(outcomes: Iterable[Outcome]) -> list[int]:
    """
    The sequence numbers.
    """
    return [each.notice.sequence for each in outcomes]


class SettleTestCase(SynchronousTestCase):
    """
    Shared steps.
    """

    def settle(self, world: Notified, policy: NoticePolicy | None = None, **more: Any) -> Settled:
        """
        A run that must not fail.
        """
        return self.successResultOf(world.settle(policy, **more))

    def entries(self, world: Notified) -> list[OutboxEntry]:
        """
        All that is in the outbox.
        """
        return list(world.outbox.stored.values())


class SettleTests(SettleTestCase):
    """
    Notifications are delivered, and removed or kept.
    """

    def test_eachKind(self) -> None:
        """
        All go to their server, whole and in order; only that of a deletion stays on the card.
        """
        world = Notified(*ALL)
        settled = self.settle(world)
        self.assertEqual(numbers(settled.delivered), [0, 1, 2])
        self.assertEqual([each.event for each in world.smdp.notifications], ["enable", "disable", "delete"])
        self.assertTrue(all(each.verified for each in world.smdp.notifications))
        self.assertEqual(world.numbers, [2])
        self.assertEqual([each.on_card for each in self.entries(world)], [False, False, True])

    def test_whatIsStored(self) -> None:
        """
        A parcel says whose it is, where it goes, what it is about, and whether the card is to keep its copy.
        """
        world = Notified(*ALL)
        self.settle(world)
        first, _, last = (each.parcel for each in self.entries(world))
        self.assertEqual((first.kind, first.card), ("notification", f"eid:{world.card.eid.hex()}"))
        self.assertEqual((first.number, first.address, first.remove), (0, HOST, True))
        self.assertEqual(first.facts["event"], "enable")
        self.assertEqual(first.trusted, {pki_of("nist").ci_id})
        self.assertFalse(last.remove)
        self.assertEqual(world.http.trusted, {first.trusted})

    def test_storedBeforeSent(self) -> None:
        """
        All are in the outbox before the first is sent, and none leaves the card before it was delivered.
        """
        world = Notified(ENABLE, DISABLE)
        self.settle(world)
        steps = [("keep", 0), ("keep", 1), ("deliver", 0), ("deliver", 1), ("taken_off", 0), ("taken_off", 1)]
        self.assertEqual(world.outbox.log, steps)

    def test_nothing(self) -> None:
        """
        A card without notifications is asked for its list only.
        """
        world = Notified()
        settled = self.settle(world)
        self.assertEqual(settled, Settled())
        self.assertEqual(set(settled.counts.values()), {0})
        self.assertEqual((world.commands(LIST), world.commands(EID), world.outbox.log), (1, 0, []))

    def test_fewCommands(self) -> None:
        """
        A list, the EID and the CIs once, then two commands for each; an EID that is known is not asked for.
        """
        for identity, asked in (("", 1), ("eid:" + pki_of("nist").eid.hex(), 0)):
            world = Notified(ENABLE, DISABLE)
            world.session.identity = identity
            self.settle(world)
            counts = [world.commands(tag) for tag in (LIST, EID, INFO1, RETRIEVE, REMOVAL)]
            self.assertEqual(counts, [1, asked, 1, 2, 2])

    def test_progress(self) -> None:
        """
        The stages have lpac's names, and each rises to 100 percent.
        """
        world = Notified(ENABLE, DISABLE)
        self.settle(world)
        once = ["es10b_list_notification", "es10c_get_eid", "es10b_retrieve_notifications_list"]
        send, remove = "es9p_handle_notification", "es10b_remove_notification_from_list"
        self.assertEqual(world.stages, [*once, send, send, remove, remove])
        self.assertEqual(world.session.percents, [50, 100] * 3)

    def test_policyPerKind(self) -> None:
        """
        Each kind is treated as the policy says.
        """
        for at, kind in enumerate(("enable", "disable", "delete")):
            others = [number for number in (0, 1, 2) if number != at]
            for rule, heard, left in ((REMOVE, [0, 1, 2], []), (KEEP, [0, 1, 2], [at]), (LEAVE, others, [at])):
                world = Notified(*ALL)
                policy = evolve(NoticePolicy(delete=REMOVE), **{kind: rule})
                settled = self.settle(world, policy)
                self.assertEqual((world.heard, world.numbers, numbers(settled.delivered)), (heard, left, heard))
                self.assertEqual(numbers(settled.left), [at] if rule == LEAVE else [])

    def test_thirty(self) -> None:
        """
        Thirty of them for three servers: each gets its own, in order, and the card keeps none.
        """
        hosts = ("a.example.test", "b.example.test", "c.example.test")
        world = Notified(*((ENABLE, DISABLE) * 5), hosts=hosts)
        settled = self.settle(world)
        self.assertEqual(numbers(settled.delivered), list(range(30)))
        self.assertEqual(world.numbers, [])
        for host in hosts:
            found = [each.sequence for each in world.smdp.notifications if each.address == host]
            self.assertEqual((len(found), found), (10, sorted(found)))

    def test_shown(self) -> None:
        """
        Results have the names of SGP.22.
        """
        world = Notified(ENABLE, options=Options(pinned=True, first_sequence=200))
        (shown,) = self.settle(world).shown()["delivered"]
        self.assertEqual((shown["seqNumber"], shown["profileManagementOperation"]), (200, "enable"))
        self.assertEqual((shown["notificationAddress"], len(shown["iccid"])), (HOST, 20))
        world.again()
        world.change(DISABLE)
        world.http.down.add(HOST)
        (shown,) = self.settle(world).shown()["waiting"]
        self.assertIn(HOST, shown["reason"])


class OnceTests(SettleTestCase):
    """
    What a server has is not sent again, unless somebody names it.
    """

    def test_keptIsNotSentAgain(self) -> None:
        """
        A notification that was delivered and kept on the card is neither sent nor retrieved at the next visit.
        """
        world = Notified(*ALL)
        self.settle(world)
        world.again()
        settled = self.settle(world)
        self.assertEqual((numbers(settled.kept), settled.counts["delivered"], world.heard), ([2], 0, [0, 1, 2]))
        self.assertEqual(world.commands(RETRIEVE), 0)

    def test_named(self) -> None:
        """
        It is sent again if its number is given; it still stays on the card.
        """
        world = Notified(*ALL)
        self.settle(world)
        settled = self.settle(world, numbers=[2], again=True)
        self.assertEqual((numbers(settled.delivered), world.heard, world.numbers), ([2], [0, 1, 2, 2], [2]))

    def test_notAgainNow(self) -> None:
        """
        If that fails, it does not wait: its server has it, and only somebody who names it sends it once more.
        """
        world = Notified(*ALL)
        self.settle(world)
        world.http.down.add(HOST)
        settled = self.settle(world, numbers=[2], again=True)
        self.assertEqual((numbers(settled.left), settled.counts["waiting"]), ([2], 0))
        self.assertIn(HOST, settled.left[0].reason)

    def test_namedAlone(self) -> None:
        """
        Others than those that are named are not touched; one that the policy leaves alone is sent, and stays.
        """
        world = Notified(*ALL)
        settled = self.settle(world, NoticePolicy(enable=LEAVE), numbers=[0], again=True)
        self.assertEqual((numbers(settled.delivered), world.heard, world.numbers), ([0], [0], [0, 1, 2]))

    def test_noSuchNumber(self) -> None:
        """
        A number that the card does not have is refused, with those that it has, before anything is sent.
        """
        world = Notified(*ALL)
        error = self.failureResultOf(world.settle(numbers=[0, 7], again=True), NoSuchNotification).value
        self.assertIn("7. It has 0, 1, 2.", str(error))
        self.assertEqual(world.heard, [])

    def test_otherNotificationWithThatNumber(self) -> None:
        """
        Another notification with the same number is not the one that was delivered: it is sent.
        """
        world = Notified(*ALL)
        self.settle(world)
        for entry in self.entries(world):
            world.outbox.stored[entry.id] = evolve(entry, on_card=True, parcel=evolve(entry.parcel, facts={"event": "install"}))
        world.card = Notified(*ALL).card
        world.again()
        settled = self.settle(world)
        self.assertEqual((numbers(settled.delivered), world.numbers), ([0, 1, 2], [2]))

    def test_otherBytes(self) -> None:
        """
        Likewise where only its bytes differ: it is not removed before these were delivered.
        """
        world = Notified(ENABLE)
        policy = NoticePolicy(enable=KEEP)
        self.settle(world, policy)
        (entry,) = self.entries(world)
        world.outbox.stored[entry.id] = evolve(entry, parcel=evolve(entry.parcel, payload=b"another"))
        settled = self.settle(world)
        self.assertEqual((numbers(settled.delivered), world.heard, world.numbers), ([0], [0, 0], []))

    def test_policyChanged(self) -> None:
        """
        What was delivered and kept is removed without being sent, once the policy says so.
        """
        world = Notified(ENABLE)
        self.settle(world, NoticePolicy(enable=KEEP))
        settled = self.settle(world)
        self.assertEqual((numbers(settled.removed), world.heard, world.numbers), ([0], [0], []))

    def test_deliveredMeanwhile(self) -> None:
        """
        What the outbox has delivered without the card is removed at the next visit.
        """
        world = Notified(ENABLE)
        world.http.down.add(HOST)
        self.assertEqual(numbers(self.settle(world).waiting), [0])
        self.assertEqual(world.numbers, [0])
        world.http.down.clear()
        self.successResultOf(world.outbox.deliver(self.entries(world)[0]))
        world.again()
        settled = self.settle(world)
        self.assertEqual((numbers(settled.removed), world.heard, world.numbers), ([0], [0], []))

    def test_removedByOthers(self) -> None:
        """
        What another LPA has removed from the card is not on it any more, says the outbox.
        """
        world = Notified(*ALL)
        self.settle(world)
        world.ask("bf3003800102")
        self.settle(world)
        self.assertEqual([each.on_card for each in self.entries(world)], [False] * 3)

    def test_removedOnce(self) -> None:
        """
        No notification is removed twice.
        """
        world = Notified(ENABLE, DISABLE)
        self.settle(world)
        self.settle(world)
        self.assertEqual(world.commands(REMOVAL), 2)


class TroubleTests(SettleTestCase):
    """
    Servers and cards that do not do what they should.
    """

    def test_oneServerDown(self) -> None:
        """
        Of three servers one is down: its notifications wait, after one attempt; the others are delivered.
        """
        hosts = ("a.example.test", "b.example.test", "c.example.test")
        world = Notified(ENABLE, DISABLE, hosts=hosts)
        world.http.down.add("b.example.test")
        settled = self.settle(world)
        self.assertEqual((numbers(settled.delivered), numbers(settled.waiting)), ([0, 2, 3, 5], [1, 4]))
        self.assertIn("b.example.test", settled.waiting[1].reason)
        self.assertEqual(world.http.hosts.count("b.example.test"), 1)
        self.assertEqual(world.numbers, [1, 4])
        self.assertEqual([each.state for each in self.entries(world)].count(ParcelState.WAITING), 2)

    def test_refused(self) -> None:
        """
        A server that will never take a notification: it stays on the card, and is not sent again; the next one is.
        """
        world = Notified(ENABLE, DISABLE)
        world.smdp.fail_next("handleNotification", "8.1.1", "3.9")
        settled = self.settle(world)
        self.assertEqual((numbers(settled.refused), numbers(settled.delivered), world.numbers), ([0], [1], [0]))
        self.assertIn("does not know this eUICC", settled.refused[0].reason)
        settled = self.settle(world)
        self.assertEqual((numbers(settled.refused), world.heard), ([0], [1]))
        self.settle(world, numbers=[0], again=True)
        self.assertEqual((world.heard, world.numbers), ([1, 0], []))

    def test_givenUp(self) -> None:
        """
        What somebody has given up is left alone.
        """
        world = Notified(ENABLE)
        world.outbox.refusals.append(DeliveryRefused("no"))
        self.settle(world)
        (entry,) = self.entries(world)
        world.outbox.stored[entry.id] = evolve(entry, state=ParcelState.GIVEN_UP)
        settled = self.settle(world)
        self.assertEqual((numbers(settled.left), world.heard, world.numbers), ([0], [], [0]))
        self.assertIn("given it up", settled.left[0].reason)

    def test_notRetrieved(self) -> None:
        """
        A notification that the card does not give is left there, and does not hide the others.
        """
        world = Notified(*ALL)
        world.wire.answer = instead(world, "bf2b05a003800101", "6a88")
        settled = self.settle(world)
        self.assertEqual((numbers(settled.left), numbers(settled.delivered)), ([1], [0, 2]))
        self.assertIn("6A88", settled.left[0].reason)

    def test_unreadableInTheList(self) -> None:
        """
        One whose facts cannot be read does not hide the others either; nothing is said about what is gone then.
        """
        world = Notified(ENABLE)
        self.settle(world, NoticePolicy(enable=KEEP))
        world.wire.answer = instead(world, "bf2800", "bf2805a003bf2f009000")
        self.assertEqual(self.settle(world), Settled())
        self.assertTrue(self.entries(world)[0].on_card)

    def test_noList(self) -> None:
        """
        A card that gives no list is an error.
        """
        world = Notified(ENABLE)
        world.wire.answer = instead(world, "bf2800", "bf280381017f9000")
        self.failureResultOf(world.settle(), Es10Error)

    def test_noAddress(self) -> None:
        """
        A notification without an address is left alone.
        """
        world = Notified(ENABLE, hosts=(" ",))
        settled = self.settle(world)
        self.assertEqual((numbers(settled.left), settled.left[0].reason), ([0], "it names no server"))

    def test_noIssuers(self) -> None:
        """
        A card that does not tell its CIs is served all the same.
        """
        world = Notified(ENABLE, options=Options(pinned=True, faults=Faults(status={INFO1: 0x6A88})))
        self.assertEqual(numbers(self.settle(world).delivered), [0])

    def test_notRemoved(self) -> None:
        """
        A delivered notification that the card does not let go counts as delivered; it is not sent again.
        """
        world = Notified(ENABLE, options=Options(pinned=True, faults=Faults(status={REMOVAL: 0x6985})))
        self.assertEqual(numbers(self.settle(world).delivered), [0])
        self.assertEqual(numbers(self.settle(world).kept), [0])
        self.assertEqual((world.heard, world.numbers), ([0], [0]))

    def test_lostAnywhere(self) -> None:
        """
        Wherever the card is lost: at its next visit all is delivered once and removed, whether or not the outbox has gone on
        meanwhile.
        """
        world = Notified(*ALL)
        self.settle(world)
        total = len(world.wire.sent)
        for done in range(total):
            for meanwhile in (False, True):
                world = Notified(*ALL)
                world.wire.lose_after = done
                self.failureResultOf(world.settle(), ChannelError)
                waiting = [each for each in self.entries(world) if each.state is ParcelState.WAITING]
                for entry in waiting if meanwhile else ():
                    self.successResultOf(world.outbox.deliver(entry))
                world.again()
                self.settle(world)
                self.assertEqual((sorted(world.heard), world.numbers), ([0, 1, 2], [2]))

    def test_cancelled(self) -> None:
        """
        Cancelled while servers are asked: the requests are ended, and the next run does what is left.
        """
        world = Notified(*ALL, hosts=(HOST, "other.example.test"))
        world.http.silent.add("handleNotification")
        settling = world.settle()
        self.assertEqual(len(world.http.waiting), 2)
        settling.cancel()
        self.failureResultOf(settling, CancelledError)
        self.assertTrue(all(each.called for each in world.http.waiting))
        world.http.silent.clear()
        self.settle(world)
        self.assertEqual((sorted(world.heard), world.numbers), ([0, 1, 2, 3, 4, 5], [4, 5]))

    def test_storeFails(self) -> None:
        """
        What cannot be stored is not sent.
        """
        world = Notified(ENABLE)
        world.outbox.broken = DeliveryRefused("disk full")
        self.failureResultOf(world.settle(), DeliveryRefused)
        self.assertEqual((world.heard, world.numbers), ([], [0]))

    def test_fake(self) -> None:
        """
        The outbox of the tests of operations will do as well.
        """
        world = Notified(ENABLE)
        world.session.outbox = FakeOutbox()
        self.assertEqual(numbers(self.settle(world).delivered), [0])


def instead(world: Notified, request: str, answer: str) -> Answer:
    """
    The card, with another answer to one request.
    """
    wanted = bytes.fromhex(request)
    return lambda command: bytes.fromhex(answer) if command[5:] == wanted else world.card.transmit(command)
