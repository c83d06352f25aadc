# -*- test-case-name: tests.transports.ramhttp.test_orders -*-
"""
Tests for L{cardgw.transports.ramhttp.orders}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost
from cardgw.transports.ramhttp.orders import Order, closing, form_of, results
from cardgw.transports.ramhttp.wire import Answer, Apdu, AtrGiven, Closed, Rapdu, ResetCard, Unknown

OK = Rapdu(b"\x90\x00")
READ = Apdu(b"\x00\xb0\x00\x00")


class AnswerTests(SynchronousTestCase):
    """
    What there is in answers.
    """

    def test_parts(self) -> None:
        """
        R-APDUs and ATRs are answers, and what is not known is nothing.
        """
        answer = Answer((OK, Unknown(0x99), AtrGiven(b"\x3b\x00"), Closed("x")))
        self.assertEqual(form_of(answer), (True, False))
        self.assertEqual(results(answer), (b"\x90\x00", b"\x3b\x00"))
        self.assertEqual((closing(answer), closing(Answer(()))), ("x", None))


class OrderTests(SynchronousTestCase):
    """
    L{Order}.
    """

    def order(self, count: int = 3, *, out: bool = True) -> Order:
        """
        One for so many commands.
        """
        order = Order([READ] * count, 5)
        order.out = out
        return order

    def lost(self, order: Order, *elements: Rapdu | Closed) -> tuple[int, int]:
        """
        What is told of one that is lost when this comes: answers, and commands without.
        """
        order.lost(PeerLost(), Answer(tuple(elements)) if elements else None)
        error = self.failureResultOf(order.done, PeerLost).value
        return len(error.responses), error.unanswered

    def test_breaksOff(self) -> None:
        """
        A card that is pulled out answers some commands, and the others with nothing.
        """
        order, empty = self.order(2), Rapdu(b"")
        answers = ((OK, OK), (OK, empty), (empty, empty), (empty, OK), (empty,))
        self.assertEqual([order.breaks_off(Answer(each)) for each in answers], [False, True, True, False, False])

    def test_problem(self) -> None:
        """
        There must be an answer to each command, and to a reset an ATR.
        """
        order = self.order(2)
        self.assertEqual(order.form, (True, True))
        self.assertEqual(order.problem(Answer((OK, OK))), "")
        self.assertIn("1 answers to 2 elements", order.problem(Answer((OK,))))
        self.assertIn("2 answers to 2 elements, 1 of them empty", order.problem(Answer((OK, Rapdu(b"")))))
        self.assertTrue(order.problem(Answer((OK, AtrGiven(b"\x3b\x00")))))
        reset = Order([ResetCard()], 5)
        self.assertEqual(reset.form, (False,))
        self.assertTrue(reset.problem(Answer((OK,))))
        self.assertEqual(reset.problem(Answer((AtrGiven(b"\x3b\x00"),))), "")

    def test_silence(self) -> None:
        """
        All commands of one that went out may have reached the card; none of another.
        """
        self.assertEqual(self.lost(self.order()), (0, 3))
        self.assertEqual(self.lost(self.order(out=False)), (0, 0))

    def test_stopped(self) -> None:
        """
        Whoever says after some answers that it is over has stopped at the next command.
        """
        self.assertEqual(self.lost(self.order(), OK, Rapdu(b""), Closed("x")), (1, 1))
        self.assertEqual(self.lost(self.order(), OK, Closed("x")), (1, 1))
        self.assertEqual(self.lost(self.order(), Rapdu(b""), Closed("x")), (0, 1))

    def test_aside(self) -> None:
        """
        Where there is nothing else, it may be in the midst of them.
        """
        self.assertEqual(self.lost(self.order(), Closed("x")), (0, 3))

    def test_complete(self) -> None:
        """
        All answers are all answers.
        """
        order = self.order(2)
        order.lost(PeerLost(), Answer((OK, OK, Closed("x"))))
        self.assertEqual(self.successResultOf(order.done), (b"\x90\x00", b"\x90\x00"))

    def test_wrong(self) -> None:
        """
        Too few, without a word: the others may have been executed; of too many, those that fit are kept.
        """
        self.assertEqual(self.lost(self.order(), OK), (1, 2))
        self.assertEqual(self.lost(self.order(1), OK, OK), (1, 0))

    def test_reset(self) -> None:
        """
        A reset has no commands that could be unanswered.
        """
        order = Order([ResetCard()], 5)
        order.out = True
        self.assertEqual(self.lost(order), (0, 0))

    def test_takenBack(self) -> None:
        """
        One that is taken back is cancelled.
        """
        order = self.order()
        order.taken_back()
        self.failureResultOf(order.done, CancelledError)
