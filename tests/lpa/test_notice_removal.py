# -*- test-case-name: tests.lpa.test_notice_removal -*-
"""
Tests for L{cardgw.lpa.notice_removal}.
"""

from __future__ import annotations

from collections.abc import Collection

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ChannelError
from cardgw.lpa.notice_policy import KEEP, NoticePolicy
from cardgw.lpa.notice_removal import NotificationUnsent, Removal, remove_notices
from cardgw.lpa.notices import NoSuchNotification
from cardgw.virtual.euicc_options import Faults, Options
from tests.lpa.notified import DELETE, DISABLE, ENABLE, HOST, Notified

KEEP_ALL = NoticePolicy(enable=KEEP, disable=KEEP, delete=KEEP)


class RemoveTests(SynchronousTestCase):
    """
    A card with three notifications; the first two were delivered.
    """

    def setUp(self) -> None:
        self.world = self.make()

    def make(self, options: Options | None = None) -> Notified:
        world = Notified(ENABLE, DISABLE, options=options)
        self.successResultOf(world.settle(KEEP_ALL))
        world.change(DELETE)
        world.again()
        return world

    def removing(self, numbers: Collection[int] = (), *, force: bool = False) -> Deferred[Removal]:
        """
        Begin to remove.
        """
        world = self.world
        return Deferred.fromCoroutine(remove_notices(world.session, world.isdr(), numbers, force=force))

    def remove(self, numbers: Collection[int] = (), *, force: bool = False) -> Removal:
        """
        A removal that must not fail.
        """
        return self.successResultOf(self.removing(numbers, force=force))

    def test_allThatWereDelivered(self) -> None:
        """
        Without numbers, all that their servers have are removed; the others are left, and named.
        """
        shown = self.remove().shown()
        self.assertEqual([each["seqNumber"] for each in shown["removed"]], [0, 1])
        self.assertEqual([(each["seqNumber"], each["reason"]) for each in shown["left"]], [(2, "its server does not have it")])
        self.assertEqual(self.world.numbers, [2])
        self.assertFalse(any(each.on_card for each in self.world.outbox.stored.values()))
        self.assertEqual(self.world.session.percents, [33, 66, 100])

    def test_named(self) -> None:
        """
        Only those that are named are removed.
        """
        self.assertEqual([each.sequence for each in self.remove([1]).removed], [1])
        self.assertEqual(self.world.numbers, [0, 2])

    def test_unsent(self) -> None:
        """
        One that was not sent is not removed, nor is any other that was named with it; nothing is sent behind one's back.
        """
        error = self.failureResultOf(self.removing([1, 2]), NotificationUnsent).value
        self.assertIn("number 2", str(error))
        self.assertEqual((self.world.numbers, self.world.heard), ([0, 1, 2], [0, 1]))
        self.assertEqual(len(self.world.outbox.stored), 2)

    def test_force(self) -> None:
        """
        Unless it is forced.
        """
        self.assertEqual([each.sequence for each in self.remove([2], force=True).removed], [2])
        self.assertEqual(self.world.numbers, [0, 1])

    def test_forceAloneDoesNothing(self) -> None:
        """
        Force without numbers removes nothing that was not sent.
        """
        self.remove(force=True)
        self.assertEqual(self.world.numbers, [2])

    def test_waiting(self) -> None:
        """
        One that waits in the outbox counts as unsent; if it is removed by force, the outbox goes on with it.
        """
        self.world.http.down.add(HOST)
        self.successResultOf(self.world.settle(KEEP_ALL))
        self.failureResultOf(self.removing([2]), NotificationUnsent)
        self.remove([2], force=True)
        (entry,) = [each for each in self.world.outbox.stored.values() if each.parcel.number == 2]
        self.assertEqual((entry.state.value, entry.on_card), ("waiting", False))

    def test_otherBytes(self) -> None:
        """
        One whose bytes are not those that were delivered was not delivered.
        """
        for entry in tuple(self.world.outbox.stored.values()):
            self.world.outbox.stored[entry.id] = evolve(entry, parcel=evolve(entry.parcel, payload=b"another"))
        self.failureResultOf(self.removing([0]), NotificationUnsent)

    def test_notRetrieved(self) -> None:
        """
        Nor was one that cannot be compared.
        """
        self.world.card.options = evolve(self.world.card.options)
        plain = self.world.card.transmit
        self.world.wire.answer = lambda command: bytes.fromhex("6a88") if command[5:7] == b"\xbf\x2b" else plain(command)
        self.failureResultOf(self.removing([0]), NotificationUnsent)

    def test_noSuchNumber(self) -> None:
        """
        A number that is not there is an error, and nothing is removed.
        """
        self.failureResultOf(self.removing([0, 9], force=True), NoSuchNotification)
        self.assertEqual(self.world.numbers, [0, 1, 2])

    def test_nothing(self) -> None:
        """
        A card without notifications is asked nothing else.
        """
        self.world = Notified()
        self.assertEqual(self.remove().shown(), {"removed": [], "left": []})
        self.assertEqual(self.world.commands(0xBF3E), 0)

    def test_cardRefuses(self) -> None:
        """
        One that the card does not let go is left, with the reason.
        """
        self.world = self.make(Options(pinned=True, faults=Faults(status={0xBF30: 0x6985})))
        shown = self.remove([0]).shown()
        self.assertEqual(shown["removed"], [])
        self.assertIn("6985", shown["left"][0]["reason"])

    def test_lost(self) -> None:
        """
        A card that is lost is an error; what was removed by then is known to be.
        """
        self.remove([0])
        world = self.world
        world.again()
        world.wire.lose_after = 3
        self.failureResultOf(self.removing(), ChannelError)
        self.assertEqual([each.on_card for each in world.outbox.stored.values()], [False, True])
