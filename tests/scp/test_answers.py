# -*- test-case-name: tests.scp.test_answers -*-
"""
L{cardgw.scp.answers}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import Step
from cardgw.scp.answers import ScriptAnswers
from cardgw.scp.errors import AnswerNotAuthentic
from cardgw.scp.level import Level
from cardgw.scp.messaging import SecureMessaging
from tests.scp.rig import DONE, GET_STATUS, both, fresh_keys

STEP = Step(GET_STATUS)
LOST = 7


class AnswersTests(SynchronousTestCase):
    """
    L{ScriptAnswers}.
    """

    def setUp(self) -> None:
        self.host, self.card = both()
        self.seen: list[Response] = []

    def protected(self, *answers: Response) -> list[Response]:
        """
        What the card makes of them.
        """
        found: list[Response] = []
        for wrapped in [self.host.wrap(GET_STATUS) for _ in answers]:
            self.card.unwrap(wrapped)
            found.append(self.card.wrap(answers[len(found)]))
        return found

    def test_taken(self) -> None:
        """
        Each answer is unwrapped once, whether it is taken as it comes or with the rest.
        """
        plain = [Response(bytes((number,)), 0x9000) for number in range(3)]
        answers = self.protected(*plain)
        taken = ScriptAnswers(self.host, (STEP,) * 3, 1, self.seen.append)
        taken.take(answers[0])
        taken.rest(tuple(answers))
        taken.rest(tuple(answers))
        taken.reraise()
        self.assertEqual((taken.plain, self.seen), (tuple(plain), plain))
        self.assertEqual(taken.unanswered(LOST), LOST)

    def test_watcher(self) -> None:
        """
        A watcher that raises sees no more; the others are unwrapped nevertheless.
        """

        def watch(response: Response) -> None:
            self.seen.append(response)
            raise RuntimeError("no")

        taken = ScriptAnswers(self.host, (STEP,) * 2, 1, watch)
        taken.rest(tuple(self.protected(DONE, DONE)))
        self.assertEqual((len(self.seen), len(taken.plain)), (1, 2))
        self.assertRaises(RuntimeError, taken.reraise)

    def test_segments(self) -> None:
        """
        The answers to all segments but the last one are nothing.
        """
        (answer,) = self.protected(DONE)
        taken = ScriptAnswers(self.host, (STEP,), 3, self.seen.append)
        self.assertEqual([taken.unanswered(below) for below in (0, 1, 2)], [0, 1, 1])
        taken.rest((DONE, DONE))
        self.assertEqual((taken.plain, taken.unanswered(0), taken.unanswered(1)), ((), 1, 1))
        taken.rest((DONE, DONE, answer))
        self.assertEqual((taken.plain, self.seen, taken.unanswered(0)), ((DONE,), [DONE], 0))

    def test_segmentRefused(self) -> None:
        """
        One that is not taken ends the session, because the card has not counted the command.
        """
        self.host.wrap(GET_STATUS)
        taken = ScriptAnswers(self.host, (STEP,), 3, self.seen.append)
        taken.rest((DONE, Response(b"", 0x6884)))
        self.assertEqual(taken.plain, (Response(b"", 0x6884),))
        self.assertIn("cut", self.host.over)

    def test_segmentWithData(self) -> None:
        """
        One with data is no answer to the whole command, which the card has not got yet, whatever the level.
        """
        for level in (Level.C_MAC, Level.FULL):
            host = SecureMessaging(fresh_keys(), level)
            host.wrap(GET_STATUS)
            taken = ScriptAnswers(host, (STEP,), 3, self.seen.append)
            taken.take(DONE)
            error = self.assertRaises(AnswerNotAuthentic, taken.take, Response(b"\xaa\xbb", 0x9000))
            self.assertIn("2 bytes", str(error))
            self.assertEqual((taken.plain, self.seen, bool(host.over)), ((), [], True))

    def test_plain(self) -> None:
        """
        Without protection of answers they are what they are.
        """
        host = SecureMessaging(fresh_keys(), Level.C_MAC)
        command = Command(0x80, 0xCA)
        host.wrap(command)
        taken = ScriptAnswers(host, (Step(command),), 1, None)
        taken.take(Response(b"x", 0x6A80))
        self.assertEqual(taken.plain, (Response(b"x", 0x6A80),))
