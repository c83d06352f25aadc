# -*- test-case-name: tests.scp.test_channel_ends -*-
"""
L{cardgw.scp.channel}: what ends a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelError, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.scp.channel import SecureChannel, open_scp03
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable, SecureSessionOver
from cardgw.values import Reset
from tests.scp.rig import AID, DONE, GET_STATUS, Card, both, keys_of
from tests.scp.test_channel import INFO, LOAD

SELECT = Command(0x00, 0xA4, 0x04, 0x00, AID, 256)
RESETTABLE = evolve(INFO, resets=frozenset({Reset.COLD}))


def in_turn(*changes: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """
    A change for each answer.
    """
    left = iter(changes)

    def change(octets: bytes) -> bytes:
        return next(left)(octets)

    return change


class Mute(ChannelBase):
    """
    A channel that gives no answers, though it should.
    """

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        return succeed(())


class MuteTests(SynchronousTestCase):
    """
    A channel below that does not keep its promise.
    """

    def test_handshake(self) -> None:
        """
        There is no secure channel.
        """
        opening = open_scp03(Mute(INFO), keys_of(16))
        self.failureResultOf(Deferred.fromCoroutine(opening), PeerMisbehaved)

    def test_command(self) -> None:
        """
        The command may have reached the card, so it is over.
        """
        session, _ = both()
        channel = SecureChannel(Mute(INFO), session)
        error = self.failureResultOf(channel.exchange(Script.of(GET_STATUS)), PeerMisbehaved).value
        self.assertEqual((error.unanswered, bool(channel.over)), (1, True))


class EndTests(SynchronousTestCase):
    """
    A session that is over says so, and nothing is sent any more.
    """

    def setUp(self) -> None:
        self.card = Card()
        self.below = MemoryChannel(RESETTABLE, self.answer, burst=9)
        self.change: Any = lambda octets: octets
        opening = open_scp03(self.below, keys_of(16), application=AID)
        self.channel: SecureChannel = self.successResultOf(Deferred.fromCoroutine(opening))
        self.before = len(self.card.sent)

    def answer(self, octets: bytes) -> Any:
        """
        What comes of the card's answer on its way.
        """
        return self.change(self.card(octets))

    def over(self, reason: str) -> None:
        """
        It is, for this reason, and nothing more is sent.
        """
        self.assertIn(reason, self.channel.over)
        sent = len(self.card.sent)
        for script in (Script.of(GET_STATUS), Script.of(SELECT), Script((Step(GET_STATUS),), pipelined=True)):
            error = self.failureResultOf(self.channel.exchange(script), SecureSessionOver).value
            self.assertIn(reason, str(error))
        self.assertEqual(len(self.card.sent), sent)
        self.assertRaises(SecureSessionOver, lambda: self.channel.dek)

    def test_changed(self) -> None:
        """
        A changed answer: the failure tells those before.
        """
        self.change = in_turn(lambda octets: octets, lambda octets: b"\x01" + octets[1:])
        running = self.channel.exchange(Script.of(LOAD[0], LOAD[1], LOAD[2]))
        error = self.failureResultOf(running, AnswerNotAuthentic).value
        self.assertEqual([each.data for each in error.responses], [LOAD[0].data])
        self.assertEqual(len(self.card.sent) - self.before, 2)
        self.over("not protected as it must be")

    def test_changedTogether(self) -> None:
        """
        Likewise in a pipelined script.
        """
        self.change = in_turn(lambda octets: octets, lambda octets: b"\x90\x00", lambda octets: octets)
        running = self.channel.exchange(Script(tuple(Step(each) for each in LOAD[:3]), pipelined=True))
        error = self.failureResultOf(running, AnswerNotAuthentic).value
        self.assertEqual([each.data for each in error.responses], [LOAD[0].data])
        self.over("not protected as it must be")

    def test_lost(self) -> None:
        """
        A lost answer: the failure is that of the channel, with plain answers.
        """

        def lose(octets: bytes) -> bytes:
            if len(self.card.sent) - self.before > 1:
                raise PeerSilent
            return octets

        self.change = lose
        error = self.failureResultOf(self.channel.exchange(Script.of(*LOAD)), PeerSilent).value
        self.assertEqual(([each.data for each in error.responses], error.unanswered), ([LOAD[0].data], 1))
        self.assertTrue(self.channel.over)
        self.failureResultOf(self.channel.exchange(Script.of(GET_STATUS)), ChannelError)

    def test_cancelled(self) -> None:
        """
        So is an answer for which nobody waits any more.
        """
        self.change = lambda _: Deferred()
        running = self.channel.exchange(Script.of(GET_STATUS))
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.over("an answer was lost")

    def test_notSent(self) -> None:
        """
        Commands that were wrapped, and that the channel did not send because one before was refused.
        """
        self.below = MemoryChannel(INFO, self.card)
        opening = open_scp03(self.below, keys_of(16), application=AID)
        self.channel = self.successResultOf(Deferred.fromCoroutine(opening))
        self.card.reply = lambda _: Response(b"", 0x6985)
        running = self.channel.exchange(Script(tuple(Step(each) for each in LOAD), pipelined=True))
        self.assertEqual(self.successResultOf(running), (Response(b"", 0x6985),))
        self.over("that the card did not get")

    def test_connection(self) -> None:
        """
        The end of the connection, whoever ended it; from then on that is what the channel says.
        """
        self.below.lose(PeerLost("gone"))
        self.assertIn("closed", self.channel.over)
        error = self.failureResultOf(self.channel.exchange(Script.of(GET_STATUS)), PeerLost).value
        self.assertEqual(error.detail, "gone")

    def test_close(self) -> None:
        """
        Closed by its user.
        """
        self.successResultOf(self.channel.close())
        self.assertIn("closed", self.channel.over)
        self.failureResultOf(self.channel.exchange(Script.of(GET_STATUS)), ChannelError)

    def test_reset(self) -> None:
        """
        A reset of the card.
        """
        self.successResultOf(self.channel.reset(Reset.COLD))
        self.assertEqual(self.below.resets, [Reset.COLD])
        self.over("reset")

    def test_select(self) -> None:
        """
        SELECT goes as it is; its answer is that of the card.
        """
        seen: list[Response] = []
        running = self.channel.exchange(Script.of(LOAD[0], SELECT), seen.append)
        answers = self.successResultOf(running)
        self.assertEqual((answers[1], list(answers)), (DONE, seen))
        self.assertEqual(self.card.sent[-1], SELECT)
        self.over("an application was selected")

    def test_selectFirst(self) -> None:
        """
        It is the last command of its script, and no part of a pipelined one.
        """
        for script in (Script.of(SELECT, GET_STATUS), Script((Step(GET_STATUS), Step(SELECT)), pipelined=True)):
            self.failureResultOf(self.channel.exchange(script), CommandNotProtectable)
        self.assertEqual((self.channel.over, len(self.card.sent)), ("", self.before))

    def test_selectLost(self) -> None:
        """
        The answer to it may be lost, too.
        """

        def lose(octets: bytes) -> bytes:
            if self.card.sent[-1].ins == SELECT.ins:
                raise PeerSilent
            return octets

        self.change = lose
        error = self.failureResultOf(self.channel.exchange(Script.of(LOAD[0], SELECT)), PeerSilent).value
        self.assertEqual(([each.data for each in error.responses], error.unanswered), ([LOAD[0].data], 1))

    def test_manageChannel(self) -> None:
        """
        The end of the logical channel.
        """
        self.successResultOf(self.channel.exchange(Script.of(Command(0x00, 0x70, 0x80, 0x01))))
        self.over("a logical channel was closed")

    def test_end(self) -> None:
        """
        Whoever needs it no more ends it.
        """
        self.channel.end()
        self.over("it was ended")
