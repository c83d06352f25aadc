# -*- test-case-name: tests.apdu.test_record -*-
"""
Tests for L{cardgw.apdu.record}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.record import Recorder, Sink, redact, redact_response, unredact, unredact_response
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.errors import ChannelError, PeerLost
from cardgw.testing.card import PatientCard
from cardgw.values import ChannelInfo
from tests.apdu.strategies import commands, responses

FIRST, SECOND, THIRD = (Command(0x80, 0xCA, 0, number) for number in (1, 2, 3))
GOOD = Response(b"", 0x9000)
BAD = Response(b"", 0x6A80)


class Notes:
    """
    A sink that keeps everything.
    """

    def __init__(self) -> None:
        self.kept: list[tuple[Any, ...]] = []

    def command(self, command: Command) -> None:
        """
        See L{Sink}.
        """
        self.kept.append(("command", command))

    def answer(self, response: Response, seconds: float) -> None:
        """
        See L{Sink}.
        """
        self.kept.append(("answer", response, seconds))

    def lost(self, error: ChannelError) -> None:
        """
        See L{Sink}.
        """
        self.kept.append(("lost", error))


class RecorderTests(SynchronousTestCase):
    """
    L{Recorder}.
    """

    def setUp(self) -> None:
        self.clock, self.notes, self.card = Clock(), Notes(), PatientCard()
        sink: Sink = self.notes
        self.below = MemoryChannel(ChannelInfo("memory"), self.card, burst=2)
        self.channel = Recorder(self.below, sink, self.clock)

    def test_order(self) -> None:
        """
        Commands and answers in turn, with the seconds that each answer took; the watcher sees the answers as ever.
        """
        seen: list[Response] = []
        self.channel.exchange(Script.of(FIRST, SECOND, THIRD), seen.append)
        self.clock.advance(0.25)
        self.card.answer(GOOD)
        self.clock.advance(2)
        self.card.answer(BAD)
        self.assertEqual(self.notes.kept, [("command", FIRST), ("answer", GOOD, 0.25), ("command", SECOND), ("answer", BAD, 2.0)])
        self.assertEqual(seen, [GOOD, BAD])

    def test_waiting(self) -> None:
        """
        The time that a script waits for its turn does not count.
        """
        self.channel.exchange(Script.of(FIRST))
        self.channel.exchange(Script.of(SECOND))
        self.clock.advance(5)
        self.card.answer(GOOD)
        self.clock.advance(1)
        self.card.answer(GOOD)
        self.assertEqual([each[2] for each in self.notes.kept if each[0] == "answer"], [5.0, 1.0])

    def test_lost(self) -> None:
        """
        When the card is lost, the commands that may have reached it are told, then the loss.
        """
        running = self.channel.exchange(Script(Script.of(FIRST, SECOND, THIRD).steps, pipelined=True))
        self.below.lose()
        error = self.failureResultOf(running, PeerLost).value
        self.assertEqual(self.notes.kept, [("command", FIRST), ("command", SECOND), ("lost", error)])

    def test_cancelled(self) -> None:
        """
        A script that is cancelled is no loss.
        """
        running = self.channel.exchange(Script.of(FIRST))
        running.cancel()
        self.failureResultOf(running)
        self.assertEqual(self.notes.kept, [])


class RedactTests(SynchronousTestCase):
    """
    L{redact} and L{redact_response}.
    """

    def test_command(self) -> None:
        """
        A command's data is not told, only how much there is.
        """
        self.assertEqual(redact(Command(0x00, 0x20, 0x00, 0x81, b"1234")), "00200081 Lc 4")
        self.assertEqual(redact(Command(0x80, 0xCA, 0x9F, 0x7F, expected=256)), "80CA9F7F Le 256")
        self.assertEqual(redact(Command(0x80, 0xE2, data=b"secret", expected=1)), "80E20000 Lc 6 Le 1")
        self.assertEqual(redact(Command(0x00, 0xA4)), "00A40000")

    def test_response(self) -> None:
        """
        Nor is an answer's.
        """
        self.assertEqual(redact_response(Response(b"secret", 0x9000)), "9000, 6 bytes")
        self.assertEqual(redact_response(BAD), "6A80")

    @given(commands)
    def test_commandAgain(self, command: Command) -> None:
        """
        What was left out is zeros afterwards; where nothing was, the text is the command itself.
        """
        known = evolve(command, data=bytes(len(command.data)), extended=False)
        plain = not command.data and command.expected is None
        self.assertEqual(unredact(redact(command)), None if plain else known)

    @given(responses)
    def test_responseAgain(self, response: Response) -> None:
        """
        Likewise for answers.
        """
        known = Response(bytes(len(response.data)), response.status) if response.data else None
        self.assertEqual(unredact_response(redact_response(response)), known)

    def test_others(self) -> None:
        """
        Other texts are none of them; lengths that cannot be are errors.
        """
        for text in ("", "80CA0000", "80CA9F7F00", "9000", "80CA Lc 3"):
            self.assertEqual((unredact(text), unredact_response(text)), (None, None))
        for text in ("80CA0000 Lc 65536", "80CA0000 Le 0"):
            self.assertRaises(ValueError, unredact, text)
