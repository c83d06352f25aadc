# -*- test-case-name: tests.transports.ramhttp.test_session -*-
"""
Tests for L{cardgw.transports.ramhttp.session}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import CardError, ChannelError, GatewayStopping, LimitReached, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.transports.ramhttp.errors import AnswersUncertain, CardRemoved, EndedByClient
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.wire import Closed, Initiation, Rapdu, decode_request, encode_initiation, encode_response
from tests.transports.ramhttp.fakes import ATR, EMPTY, KEEP_ALIVE, OK, READ, Client

OTHER = Command(0x80, 0xCA, 0x00, 0x5B)
TWO = Script((Step(OTHER, data=False), Step(OTHER, data=False)), pipelined=True)
DONE = encode_response([Rapdu(OK)], 1)
"""C{9000} to one command."""


def template(*commands: Command) -> bytes:
    """
    A template of commands alone.
    """
    body = b"".join(b"\x22" + bytes((len(octets),)) + octets for octets in (each.encode() for each in commands))
    return b"\xaa" + bytes((len(body),)) + body


class SessionTestCase(SynchronousTestCase):
    """
    A client is here, and is held.
    """

    def setUp(self) -> None:
        """
        Begin.
        """
        self.client = Client()
        self.first = self.client.begin()
        self.clock = self.client.house.clock
        self.channel = self.client.channel

    def reply(self) -> bytes:
        """
        The one reply that the client has got.
        """
        (reply,) = self.client.replies
        self.client.replies.clear()
        self.assertEqual(reply.status, 200)
        return reply.body

    def status(self) -> int:
        """
        The status of the one reply that the client has got.
        """
        (reply,) = self.client.replies
        self.client.replies.clear()
        self.assertEqual(bool(reply.body), reply.status != 204)
        return reply.status

    def gone(self) -> Any:
        """
        Why the channel is gone.
        """
        return self.successResultOf(self.channel.when_gone())

    def end(self, error: Any = None) -> None:
        """
        What the card asked for is done.
        """
        self.client.house.gateway.jobs[-1].callback(error)


class TalkTests(SessionTestCase):
    """
    What goes to and fro.
    """

    def test_exchange(self) -> None:
        """
        A command goes out in answer to a request that is held; its answer comes with the next one.
        """
        self.assertNoResult(self.first)
        running = self.channel.exchange(Script.of(READ))
        self.assertEqual(self.reply(), template(READ))
        self.client.post(encode_response([Rapdu(b"\x01" + OK)], 1))
        self.assertEqual(self.successResultOf(running)[0].data, b"\x01")
        self.assertEqual(self.channel.apdus, 1)

    def test_waits(self) -> None:
        """
        A command that comes while no request is held waits for the next one.
        """
        self.channel.exchange(Script.of(READ))
        self.reply()
        self.client.post(DONE)
        self.clock.advance(25)
        self.assertEqual(self.reply(), KEEP_ALIVE)
        self.channel.exchange(Script.of(OTHER))
        self.assertEqual(list(self.client.replies), [])
        self.client.post(EMPTY)
        self.assertEqual(self.reply(), template(OTHER))

    def test_keepAlive(self) -> None:
        """
        Where there is nothing to do, each request is held for 25 s, and then told so; never is a reply empty.
        """
        for _ in range(5):
            self.clock.advance(24.9)
            self.assertEqual(list(self.client.replies), [])
            self.clock.advance(0.1)
            self.assertEqual(self.reply(), KEEP_ALIVE)
            self.client.post(EMPTY)
        self.assertNoResult(self.channel.when_gone())

    def test_pipelined(self) -> None:
        """
        Many commands go in one template.
        """
        running = self.channel.exchange(TWO)
        self.assertEqual(self.reply(), template(OTHER, OTHER))
        self.client.post(encode_response([Rapdu(OK), Rapdu(OK)], 2))
        self.assertEqual(len(self.successResultOf(running)), 2)

    def test_cookie(self) -> None:
        """
        It is set once, with the first reply.
        """
        self.clock.advance(25)
        cookie = self.successResultOf(self.first).headers["Set-Cookie"]
        self.assertEqual(cookie, "cardgw=name-1; Path=/; HttpOnly; SameSite=Strict")
        second = self.client.post(EMPTY)
        self.clock.advance(25)
        self.assertNotIn("Set-Cookie", self.successResultOf(second).headers)

    def test_count(self) -> None:
        """
        What the client says of the number of its answers is not believed.
        """
        running = self.channel.exchange(TWO)
        self.reply()
        self.client.post(encode_response([Rapdu(OK), Rapdu(OK)], 1))
        self.assertEqual(len(self.successResultOf(running)), 2)


class SilenceTests(SessionTestCase):
    """
    Clients that do not come back.
    """

    def test_idle(self) -> None:
        """
        After C{idle} seconds a client that was told that there is nothing to do is lost; if it comes all the same, it is told so,
        and then that there is no more.
        """
        self.clock.advance(25)
        self.reply()
        self.clock.advance(29.9)
        self.assertNoResult(self.channel.when_gone())
        self.clock.advance(0.1)
        self.assertIsInstance(self.gone(), PeerSilent)
        self.client.post(EMPTY)
        self.client.move()
        self.assertEqual(self.client.texts, [(-1, "The card's side did not answer in time.")])
        self.assertEqual(self.client.over, 204)

    def test_command(self) -> None:
        """
        A client that has a command has more time.
        """
        running = self.channel.exchange(Script.of(READ))
        self.clock.advance(90)
        error = self.failureResultOf(running, PeerSilent).value if running.called else None
        if error is None:
            self.clock.advance(5)
            error = self.failureResultOf(running, PeerSilent).value
        self.assertEqual((error.responses, error.unanswered), ((), 1))
        self.assertIn("the answer to a template did not come within", str(error))

    def test_connectionLost(self) -> None:
        """
        So is one whose connection was lost while its request was held; what waited never reached it.
        """
        self.client.drop()
        running = self.channel.exchange(Script.of(READ))
        self.clock.advance(30)
        error = self.failureResultOf(running, PeerLost).value
        self.assertEqual(error.unanswered, 0)
        self.assertIn("its connection was lost", str(error))


class CloseTests(SessionTestCase):
    """
    The client ends the session.
    """

    def test_removed(self) -> None:
        """
        An empty answer, and the word that it is over: the card is gone, in the midst of the second command.
        """
        running = self.channel.exchange(TWO)
        self.reply()
        self.client.post(encode_response([Rapdu(OK), Rapdu(b""), Closed("Card was removed.")], 2))
        error = self.failureResultOf(running, CardRemoved).value
        self.assertEqual((len(error.responses), error.unanswered), (1, 1))
        self.assertEqual(str(error), "The card was removed from its reader: Card was removed.")
        self.assertIsInstance(self.gone(), CardRemoved)
        self.assertEqual(self.status(), 204)

    def test_removedSilently(self) -> None:
        """
        An empty answer without a word why, as readers give it in the end: the client is told what is taken for the reason.
        """
        running = self.channel.exchange(TWO)
        self.reply()
        self.client.post(encode_response([Rapdu(OK), Rapdu(b"")], 2))
        error = self.failureResultOf(running, CardRemoved).value
        self.assertEqual((len(error.responses), error.unanswered), (1, 1))
        self.assertIsInstance(self.gone(), CardRemoved)
        self.client.move()
        self.assertEqual((self.client.texts, self.client.over), ([(-1, "The card was removed from its reader.")], 204))

    def test_cancelledAside(self) -> None:
        """
        On a second connection, while a request is held: both are told that there is no more.
        """
        self.clock.advance(25)
        self.reply()
        held = self.client.post(EMPTY)
        self.client.connection = 2
        second = self.client.post(encode_response([Closed("Session canceled")], 0))
        self.assertEqual([self.successResultOf(each).status for each in (held, second)], [204, 204])
        self.assertIsInstance(self.gone(), EndedByClient)
        self.assertIn("Session canceled", str(self.gone()))

    def test_cancelledAtWork(self) -> None:
        """
        While commands are out: any of them may have been executed.
        """
        running = self.channel.exchange(TWO)
        self.reply()
        self.client.connection = 2
        self.client.post(encode_response([Closed("Session canceled")], 0))
        self.assertEqual(self.failureResultOf(running, EndedByClient).value.unanswered, 2)

    def test_allAnswered(self) -> None:
        """
        With all answers: these count.
        """
        running = self.channel.exchange(TWO)
        self.reply()
        self.client.post(encode_response([Rapdu(OK), Rapdu(OK), Closed("bye")], 2))
        self.assertEqual(len(self.successResultOf(running)), 2)
        self.assertIsInstance(self.gone(), EndedByClient)

    def test_again(self) -> None:
        """
        The same once more is told the same.
        """
        self.clock.advance(25)
        self.reply()
        for _ in range(2):
            self.client.post(encode_response([Closed("x")], 0))
            self.assertEqual(self.status(), 204)


class MisbehaviourTests(SessionTestCase):
    """
    What no client should do is told it, and is the end.
    """

    def check(self, body: bytes, unanswered: int, answers: int = 0) -> None:
        """
        Two commands are out; this comes.
        """
        running = self.channel.exchange(TWO)
        self.reply()
        self.client.post(body)
        error = self.failureResultOf(running, PeerMisbehaved).value
        self.assertEqual((len(error.responses), error.unanswered), (answers, unanswered))
        self.assertEqual(self.status(), 400)
        self.assertIsInstance(self.gone(), PeerMisbehaved)
        self.client.post(EMPTY)
        self.assertEqual(self.status(), 204)

    def test_tooFew(self) -> None:
        """
        Fewer answers than commands.
        """
        self.check(encode_response([Rapdu(OK)], 1), 1, 1)

    def test_none(self) -> None:
        """
        No answers at all.
        """
        self.check(EMPTY, 2)

    def test_tooMany(self) -> None:
        """
        More answers than commands.
        """
        self.check(encode_response([Rapdu(OK)] * 3, 3), 0, 2)

    def test_empty(self) -> None:
        """
        An answer that goes on after an empty one.
        """
        self.check(encode_response([Rapdu(b""), Rapdu(OK)], 2), 2)

    def test_noTemplate(self) -> None:
        """
        Bytes that are no template.
        """
        self.check(b"\xab\x05\x23", 2)

    def test_unasked(self) -> None:
        """
        Answers while there is no question.
        """
        self.clock.advance(25)
        self.reply()
        self.client.post(DONE)
        self.assertEqual(self.status(), 400)
        self.assertIn("1 answers came unasked", str(self.gone()))

    def test_short(self) -> None:
        """
        An answer without a status word.
        """
        running = self.channel.exchange(Script.of(READ))
        self.reply()
        self.client.post(encode_response([Rapdu(b"\x90")], 1))
        self.assertEqual(self.failureResultOf(running, PeerMisbehaved).value.unanswered, 1)
        self.client.move()
        self.assertEqual(self.client.texts, [(-1, "The card's side broke the rules of its protocol.")])


class RepeatTests(SessionTestCase):
    """
    Requests that come again.
    """

    def test_whileHeld(self) -> None:
        """
        The connection broke while it was held: the next one is held in its place, and gets what there is to do.
        """
        self.client.drop()
        again = self.client.begin()
        self.assertEqual(len(self.client.house.gateway.channels), 1)
        self.clock.advance(25)
        self.assertIn("Set-Cookie", self.successResultOf(again).headers)
        self.reply()
        self.client.post(EMPTY)
        self.client.drop()
        self.client.post(EMPTY)
        self.channel.exchange(Script.of(READ))
        self.assertEqual(self.reply(), template(READ))

    def test_notDelivered(self) -> None:
        """
        The reply never went out: it is given again.
        """
        self.clock.advance(25)
        self.reply()
        lost = self.client.post(EMPTY, delivered=False)
        running = self.channel.exchange(Script.of(READ))
        self.assertEqual(self.successResultOf(lost).body, template(READ))
        self.client.connection = 2
        self.client.post(EMPTY)
        self.assertEqual(self.reply(), template(READ))
        self.assertNoResult(running)
        self.client.post(DONE)
        self.successResultOf(running)
        self.assertEqual(self.channel.apdus, 1)

    def between(self, fate: Fate) -> Deferred[Any]:
        """
        C{9000} has answered a command; the next command was told; then the connection changes, and C{9000} comes.
        """
        first = self.channel.exchange(Script.of(OTHER))
        self.reply()
        self.client.post(DONE)
        self.successResultOf(first)
        second: Deferred[Any] = self.channel.exchange(Script.of(OTHER))
        self.reply()
        self.client.house.fates[self.client.connection] = fate
        self.client.connection += 1
        self.client.post(DONE)
        return second

    def test_sameConnection(self) -> None:
        """
        C{9000} after C{9000} over the same connection is the next answer.
        """
        for _ in range(3):
            running = self.channel.exchange(Script.of(OTHER))
            self.assertEqual(self.reply(), template(OTHER))
            self.client.post(DONE)
            self.successResultOf(running)

    def test_unread(self) -> None:
        """
        Over another one, where the client cannot have read what it was told: it is told again.
        """
        running = self.between(Fate.GONE_UNREAD)
        self.assertEqual(self.reply(), template(OTHER))
        self.client.post(DONE)
        self.successResultOf(running)

    def test_unknown(self) -> None:
        """
        Where that is not known, it is the end.
        """
        running = self.between(Fate.UNKNOWN)
        self.assertEqual(self.failureResultOf(running, AnswersUncertain).value.unanswered, 1)
        self.client.move()
        self.assertEqual(([each for each, _ in self.client.texts], self.client.over), ([-1], 204))

    def test_changing(self) -> None:
        """
        Whoever changes connections is told in between that there is nothing to do, so that answers cannot be mistaken.
        """
        self.clock.advance(25)
        self.reply()
        self.client.connection += 1
        self.client.post(EMPTY)
        for number in range(5):
            running = self.channel.exchange(Script.of(OTHER))
            if number:
                self.assertEqual({each.body for each in self.client.replies}, {KEEP_ALIVE})
                self.client.replies.clear()
                for _ in range(2):  # it may come again
                    self.client.connection += 1
                    self.client.post(EMPTY)
                self.client.replies.popleft()
            self.assertEqual(self.reply(), template(OTHER))
            for _ in range(2 if number else 1):
                self.client.connection += 1
                self.client.post(DONE)
            self.successResultOf(running)
            self.client.replies.clear()
        self.assertEqual(self.channel.apdus, 5)

    def test_otherForm(self) -> None:
        """
        A repetition that has no form of an answer is one, even where all seems to be delivered.
        """
        self.channel.exchange(Script.of(OTHER))
        self.reply()
        self.client.post(DONE)
        running = self.channel.exchange(TWO)
        self.assertEqual(self.reply(), template(OTHER, OTHER))
        self.client.connection = 2
        self.client.post(DONE)
        self.assertEqual(self.reply(), template(OTHER, OTHER))
        self.assertNoResult(running)

    def test_copies(self) -> None:
        """
        A request that comes while the same one is held is held, too, and has the same reply: nobody knows which of them the
        client waits for.
        """
        self.clock.advance(25)
        self.reply()
        older = self.client.post(EMPTY)
        self.client.connection = 2
        newer = self.client.post(EMPTY)
        self.assertNoResult(older)
        self.assertNoResult(newer)
        self.channel.exchange(Script.of(READ))
        self.assertIs(self.successResultOf(older), self.successResultOf(newer))
        self.assertEqual([each.body for each in self.client.replies], 2 * [template(READ)])

    def test_late(self) -> None:
        """
        A request of before that comes late is told so; what waits goes on waiting.
        """
        for data in (b"1", b"2"):
            running = self.channel.exchange(Script.of(READ))
            self.reply()
            self.client.post(encode_response([Rapdu(data + b"\x90\x00")], 1))
            self.successResultOf(running)
        self.client.connection = 2
        late = self.client.post(encode_response([Rapdu(b"1\x90\x00")], 1))
        self.assertEqual(self.successResultOf(late).status, 409)
        self.client.replies.clear()
        self.channel.exchange(Script.of(READ))
        self.assertEqual(self.reply(), template(READ))

    def test_lastWords(self) -> None:
        """
        Last words that did not arrive are said again.
        """
        self.clock.advance(25)
        self.reply()
        self.client.post(EMPTY, delivered=False)
        self.end(CardError("x"))
        self.assertNoResult(self.channel.when_gone())
        self.client.post(EMPTY)
        self.client.move()
        self.assertEqual(self.client.texts, [(-1, "The card answered with an error.")])
        self.assertIsNone(self.gone())
        self.assertEqual(self.client.over, 204)


class EndTests(SessionTestCase):
    """
    How it ends from this side.
    """

    def test_done(self) -> None:
        """
        When all is done the client is told so, and then that there is no more; also where that is its first reply.
        """
        self.end()
        self.assertEqual(list(map(type, decode_request(self.client.replies[0].body))), [type(self.words())])
        self.client.move()
        self.assertEqual((self.client.texts, self.client.over), ([(0, "Done.")], 204))
        self.assertIsNone(self.gone())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def words(self) -> Any:
        """
        Those of the first reply.
        """
        (words,) = decode_request(self.client.replies[0].body)
        return words

    def test_failed(self) -> None:
        """
        An error is a notification with a negative number; nothing is expected to come after it.
        """
        self.end(CardError("secret detail"))
        self.assertIsNone(self.gone())
        self.client.move()
        self.assertEqual((self.client.texts, self.client.over), ([(-1, "The card answered with an error.")], 204))

    def test_shownBefore(self) -> None:
        """
        What was shown just before the end is not said twice.
        """
        for error, number in ((None, 0), (CardError(), -1)):
            self.setUp()
            self.channel.show("The card answered with an error.")
            self.end(error)
            self.client.move()
            self.assertEqual(self.client.texts, [(number, "The card answered with an error.")])

    def test_atWork(self) -> None:
        """
        A client that is at work is told when it comes back; what it brings is not looked at.
        """
        running = self.channel.exchange(Script.of(READ))
        self.reply()
        closed = self.channel.close(LimitReached("x"))
        self.assertEqual(self.failureResultOf(running, LimitReached).value.unanswered, 1)
        self.assertNoResult(closed)
        self.client.post(DONE)
        self.client.move()
        self.assertEqual(self.client.texts, [(-1, "A limit of the gateway was reached.")])
        self.successResultOf(closed)

    def test_notOut(self) -> None:
        """
        What has not gone out has not reached the card.
        """
        self.clock.advance(25)
        running = self.channel.exchange(Script.of(READ))
        self.channel.close(LimitReached("x"))
        self.assertEqual(self.failureResultOf(running, LimitReached).value.unanswered, 0)

    def test_neverBack(self) -> None:
        """
        One that does not come back is not waited for long.
        """
        self.channel.exchange(Script.of(READ)).addErrback(lambda failure: failure.trap(ChannelError))
        self.reply()
        closed = self.channel.close(GatewayStopping())
        self.clock.advance(10)
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.client.post(DONE)
        self.client.move()
        self.assertEqual(self.client.texts, [(-1, GatewayStopping().brief)])

    def test_words(self) -> None:
        """
        They are in the language of the card holders.
        """
        self.client.house.gateway.words = str.upper
        self.end()
        self.client.move()
        self.assertEqual(self.client.texts, [(0, "DONE.")])

    def test_windUp(self) -> None:
        """
        A session is busy while it is served; its job can be cancelled.
        """
        (session,) = self.client.house.crowd.here
        self.assertTrue(session.busy)
        session.wind_up()
        self.assertEqual(self.client.house.gateway.cancelled, 1)
        self.assertFalse(session.busy)

    def test_cancel(self) -> None:
        """
        A script that is cancelled before its template went out never goes out.
        """
        self.clock.advance(25)
        self.reply()
        running = self.channel.exchange(Script.of(READ))
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.client.post(EMPTY)
        self.clock.advance(25)
        self.assertEqual(self.reply(), KEEP_ALIVE)


class AgainTests(SynchronousTestCase):
    """
    Beginning once more.
    """

    def test_known(self) -> None:
        """
        A client that is known begins anew: the card that it had is lost; its session has a new name.
        """
        client = Client()
        client.begin()
        client.house.clock.advance(25)
        first = client.channel
        again = client.post(encode_initiation(Initiation(ATR)))
        self.assertEqual(self.successResultOf(first.when_gone()).code, "client-restarted")
        client.house.clock.advance(25)
        self.assertIn("Set-Cookie", self.successResultOf(again).headers)
        self.assertIsNot(client.channel, first)
        client.replies.popleft()
        client.move()
        self.assertIsNone(client.over)
