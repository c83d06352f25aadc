# -*- test-case-name: tests.transports.ramhttp.test_work -*-
"""
Tests for L{cardgw.transports.ramhttp.work}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost
from cardgw.transports.ramhttp.wire import Answer, Apdu, Notify, Rapdu, decode_request
from cardgw.transports.ramhttp.work import Telling, Work

READ = Apdu(b"\x00\xb0\x00\x00")
OK = Rapdu(b"\x90\x00")


def never(form: tuple[bool, ...]) -> bool:
    """
    Nothing can be confused.
    """
    return False


class WorkTests(SynchronousTestCase):
    """
    L{Work}.
    """

    def setUp(self) -> None:
        """
        There is nothing to do.
        """
        self.clock = Clock()
        self.work = Work(self.clock, lambda: None)

    def test_nothing(self) -> None:
        """
        Nothing is told then, and answers come unasked.
        """
        self.assertIsNone(self.work.next(never))
        self.assertEqual(self.work.problem(Answer(())), "")
        self.assertEqual(self.work.problem(Answer((OK,))), "1 answers came unasked")
        self.work.answered(Answer(()))
        self.work.lost(PeerLost())

    def test_order(self) -> None:
        """
        An order goes out once, and has its answer.
        """
        done = self.work.order([READ, READ], 60)
        telling = self.work.next(never)
        assert telling is not None
        self.assertEqual(decode_request(telling.octets), (READ, READ))
        self.assertEqual((telling.expected, telling.seconds), ((True, True), 60))
        self.assertIsNone(self.work.next(never))
        self.assertTrue(self.work.problem(Answer((OK,))))
        self.work.answered(Answer((OK, OK)))
        self.assertEqual(self.successResultOf(done), (b"\x90\x00", b"\x90\x00"))

    def test_withdrawn(self) -> None:
        """
        One that has not gone out can be taken back; one that has, not.
        """
        done = self.work.order([READ], 60)
        self.work.withdraw()
        self.failureResultOf(done, CancelledError)
        done = self.work.order([READ], 60)
        self.work.next(never)
        self.work.withdraw()
        self.assertNoResult(done)

    def test_texts(self) -> None:
        """
        Texts go along, with the time that it takes where that is long; or alone when they are due.
        """
        self.work.holder.show("one")
        self.assertIsNone(self.work.next(never))
        self.work.forecast = 12.0
        self.work.order([READ], 60)
        telling = self.work.next(never)
        assert telling is not None
        self.assertEqual(decode_request(telling.octets), (Notify(1, "one", 12), READ))
        self.work.holder.show("two")
        self.clock.advance(1)
        telling = self.work.next(never)
        assert telling is not None
        self.assertEqual(decode_request(telling.octets), (Notify(1, "two"),))

    def test_confusable(self) -> None:
        """
        Where an answer could be mistaken, nothing is told first.
        """
        self.work.order([READ], 60)
        self.assertEqual(self.work.next(lambda form: form == (True,)), Telling(b"\xaa\x00"))
        self.assertIsNotNone(self.work.next(never))

    def test_large(self) -> None:
        """
        A text that does not fit along goes before.
        """
        large = Apdu(bytes(65520))
        self.work.order([large], 60)
        self.work.holder.show("one")
        for expected in (Notify(1, "one"), large):
            telling = self.work.next(never)
            assert telling is not None
            self.assertEqual(decode_request(telling.octets), (expected,))
