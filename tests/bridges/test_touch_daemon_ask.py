"""
Tests for L{cardgw.bridges.touch_daemon_ask}.
"""

from __future__ import annotations

from pathlib import Path

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_approvals import Approval, Approvals
from cardgw.bridges.touch_daemon_ask import MOST_WAITING, PATIENCE, QUIET, Choice, Questions, approval_lines, pin_lines
from cardgw.bridges.touch_daemon_errors import NotApproved
from cardgw.bridges.touch_daemon_request import HIDDEN, PROGRAM, Wanted
from tests.bridges.touch_daemon import CARDS, SHOP, WANTED, Person
from tests.logs import captured


class LinesTests(SynchronousTestCase):
    """
    What is shown.
    """

    def test_approval(self) -> None:
        """
        Page and server, but not the rest of the address, and whether the connection is encrypted.
        """
        lines = approval_lines(evolve(WANTED, session="4711"))
        self.assertEqual(lines, [f"A web page of {SHOP} wants to use the smart card here,", f"with the server {CARDS}"])
        lines = approval_lines(Wanted("http://h:81/x", page=HIDDEN))
        self.assertEqual(lines[0], "A web page that does not say where it is from wants to use the smart card here,")
        self.assertEqual(lines[1:3], ["with the server http://h:81", "The connection to it is not encrypted."])
        self.assertIn("once only", lines[3])

    def test_pin(self) -> None:
        """
        Which PIN of which card, for whom.
        """
        told = " ".join(pin_lines(Wanted(CARDS, pin=1), "ACR39U"))
        self.assertIn(f"PIN 1 of the card in ACR39U, for a program of this machine and the server {CARDS}", told)
        self.assertEqual(pin_lines(Wanted(CARDS, pin=1), "ACR39U", 1)[-1], "1 try is left.")


class QuestionsTests(SynchronousTestCase):
    """
    L{Questions}.
    """

    def setUp(self) -> None:
        self.person, self.clock = Person(), Clock()
        self.file = Path(self.mktemp())
        self.questions = Questions(self.person, Approvals((), self.file), self.clock)

    def admit(self, wanted: Wanted) -> Deferred[None]:
        """
        Ask to be let in; until the end of the test at most.
        """
        admitted = self.questions.admit(wanted)

        def give_up() -> None:
            admitted.addErrback(lambda _: None)
            admitted.cancel()

        self.addCleanup(give_up)
        return admitted

    def test_approved(self) -> None:
        """
        What is approved is not asked about.
        """
        self.file.write_text(f"{CARDS} {SHOP}\n")
        self.assertTrue(self.questions.known(WANTED))
        self.successResultOf(self.admit(WANTED))
        self.assertEqual(self.person.asked, [])

    def test_once(self) -> None:
        """
        Once is once.
        """
        admitted = self.admit(WANTED)
        self.assertEqual(self.person.asked, [(approval_lines(WANTED), list(Choice))])
        self.person.says("once")
        self.successResultOf(admitted)
        self.assertFalse(self.questions.known(WANTED))
        self.assertFalse(self.file.exists())

    def test_always(self) -> None:
        """
        Always is written down, and answers what else waits.
        """
        admitted = [self.admit(WANTED), self.admit(WANTED)]
        self.person.says("always")
        for each in admitted:
            self.successResultOf(each)
        self.assertEqual(self.file.read_text(), f"{CARDS} {SHOP}\n")
        self.assertEqual(len(self.person.asked), 1)

    def test_notWritten(self) -> None:
        """
        Where that is not possible, it counts once.
        """
        events = captured(self)
        self.questions.approvals = Approvals((), self.file / "no" / "file")
        admitted = self.admit(WANTED)
        self.person.says("always")
        self.successResultOf(admitted)
        self.assertIn("approval-lost", [each["event"] for each in events])

    def test_no(self) -> None:
        """
        No is no, and for a moment it is not asked again for the same page; for others it is.
        """
        refused = self.admit(WANTED)
        self.person.says("no")
        self.failureResultOf(refused, NotApproved)
        self.assertIn("a moment ago", str(self.failureResultOf(self.admit(WANTED), NotApproved).value))
        self.admit(evolve(WANTED, page="https://other.example"))
        self.person.says("once")
        self.clock.advance(QUIET)
        self.admit(WANTED)
        self.assertEqual(len(self.person.asked), 3)

    def test_noToAll(self) -> None:
        """
        No is also for what else waits of the page, and for other servers that it names; not for what waits of others.
        """
        other = evolve(WANTED, page="https://other.example")
        waiting = [self.admit(each) for each in (WANTED, WANTED, evolve(WANTED, url="https://evil.example/"), other)]
        self.person.says("no")
        for each in waiting[:3]:
            self.failureResultOf(each, NotApproved)
        self.assertEqual([lines for lines, _ in self.person.asked], [approval_lines(WANTED), approval_lines(other)])
        self.failureResultOf(self.admit(evolve(WANTED, url="https://next.example/")), NotApproved)
        self.person.says("once")
        self.successResultOf(waiting[3])

    def test_hidden(self) -> None:
        """
        A page that hides is approved once at most.
        """
        self.admit(evolve(WANTED, page=HIDDEN))
        self.assertEqual(self.person.asked[0][1], [Choice.ONCE, Choice.NO])

    def test_late(self) -> None:
        """
        Nobody answers: no.
        """
        refused = self.admit(WANTED)
        self.clock.advance(PATIENCE)
        self.failureResultOf(refused, NotApproved)
        self.assertEqual((self.person.gone, self.clock.getDelayedCalls()), (1, []))

    def test_cancelled(self) -> None:
        """
        The question is taken away when nobody waits for the answer; the next one is shown, and the page may ask again.
        """
        first, second = self.admit(WANTED), self.admit(evolve(WANTED, page=PROGRAM))
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertEqual((self.person.gone, len(self.person.asked)), (1, 2))
        self.person.says("once")
        self.successResultOf(second)
        self.admit(WANTED)
        self.assertEqual(len(self.person.asked), 3)

    def test_queued(self) -> None:
        """
        One question at a time; one that waits can be taken back.
        """
        first, second = self.admit(WANTED), self.admit(evolve(WANTED, page=PROGRAM))
        self.assertEqual(len(self.person.asked), 1)
        second.cancel()
        self.failureResultOf(second, CancelledError)
        self.person.says("once")
        self.successResultOf(first)
        self.assertEqual(len(self.person.asked), 1)

    def test_tooMany(self) -> None:
        """
        Not any number of questions waits.
        """
        for _ in range(MOST_WAITING + 1):
            self.assertNoResult(self.admit(WANTED))
        self.assertIn("too many", str(self.failureResultOf(self.admit(WANTED), NotApproved).value))

    def test_nobody(self) -> None:
        """
        Where nobody can be asked, it is said how to approve it, without what may be secret.
        """
        questions = Questions(None, Approvals((), self.file), self.clock)
        told = str(self.failureResultOf(questions.admit(WANTED), NotApproved).value)
        self.assertIn(f'--approve "{CARDS} {SHOP}"', told)
        self.assertIn(str(self.file), told)
        self.assertNotIn("secret", told)
        told = str(self.failureResultOf(questions.admit(evolve(WANTED, page=HIDDEN)), NotApproved).value)
        self.assertIn(f'--approve "{CARDS} *"', told)
        self.assertEqual(self.successResultOf(questions.pin(WANTED, "ACR39U")), "")

    def test_approvesWhatItSays(self) -> None:
        """
        What it is said to do helps.
        """
        self.assertTrue(Approval.parse(f"{CARDS} {SHOP}").covers(WANTED.url, WANTED.page))

    def test_pin(self) -> None:
        """
        A PIN is asked for in turn; nobody types one: there is none.
        """
        pins = [self.questions.pin(WANTED, "ACR39U"), self.questions.pin(WANTED, "ACR39U")]
        self.person.says("648219")
        self.assertEqual(self.successResultOf(pins[0]), "648219")
        self.assertNoResult(pins[1])
        self.clock.advance(PATIENCE)
        self.assertEqual(self.successResultOf(pins[1]), "")

    def test_logged(self) -> None:
        """
        What was chosen is logged, without what may be secret.
        """
        events = captured(self)
        self.admit(WANTED)
        self.person.says("once")
        self.assertEqual([(each["event"], each["server"], each["choice"]) for each in events], [("approval", CARDS, "once")])
        self.assertNotIn("secret", str(events))
