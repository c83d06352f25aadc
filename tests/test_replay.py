# -*- test-case-name: tests.test_replay -*-
"""
Tests of L{cardgw.replay}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script
from cardgw.apdu.transcript import Transcript, TranscriptError, parse
from cardgw.apdu.transcript_channel import TranscriptDiffers, TranscriptRedacted
from cardgw.errors import CardGatewayError, NobodyToAsk, OperationCancelled, PeerLost, SecretError
from cardgw.gateway.records import REDACTED, WHOLE
from cardgw.gateway.registry import load_registry
from cardgw.interfaces import IHTTPClient, IOperation, ISession
from cardgw.replay import NoHttp, NoServers, Replay, recorded_parameters, refuse_empty
from cardgw.values import Parcel, Question
from cardgw.version import VERSION
from tests.gateway.fakes import NoSettings, Scripted
from tests.recorded import record

NOW = 1_800_000_000.0
EID = "eid:89049032000000000000000000000163"
SELECT, READ = Command(0, 0xA4, 4, 0, b"\xa0\x00"), Command(0x80, 0xCA, 0x9F, 0x7F, expected=256)
TEXT = f"""\
# TRANSPORT: estk
# APPLICATION: A000000001
# OFFERS: show
# IDENTITY: {EID}
00A4040002A000
9000
80CA9F7F00
01029000
"""
Body = Callable[[ISession], Awaitable[dict[str, Any]]]


@define
class Watching:
    """
    A L{cardgw.replay.Witness}.
    """

    seen: list[Any] = field(factory=list)

    def stage(self, name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{cardgw.replay.Witness}.
        """
        self.seen.append((name, dict(facts)))

    def percent(self, done: int) -> None:
        """
        See L{cardgw.replay.Witness}.
        """
        self.seen.append(done)

    def ask(self, question: Question) -> str:
        """
        See L{cardgw.replay.Witness}.
        """
        if question.kind == "consent":
            raise NobodyToAsk(question.text)
        return question.text.upper()


class ReplayTests(SynchronousTestCase):
    """
    L{Replay}.
    """

    def setUp(self) -> None:
        """
        Somebody watches.
        """
        self.witness = Watching()

    def replay(self, body: Body, text: str = TEXT) -> Replay:
        """
        One of an operation.
        """
        operation: IOperation = Scripted(body, "test.run")
        return Replay(parse(text), operation, NoSettings(), self.witness, NOW)

    def run_it(self, body: Body, text: str = TEXT) -> dict[str, Any]:
        """
        What comes of it.
        """
        return self.replay(body, text).run({})

    async def both(self, session: ISession) -> dict[str, Any]:
        """
        Says what was recorded.
        """
        session.stage("one", fact=1)
        session.percent(50)
        *_, last = await session.channel.exchange(Script.of(SELECT, READ))
        return {"data": last.data.hex(), "who": session.identity, "at": session.clock.seconds()}

    def test_same(self) -> None:
        """
        An operation that says what was recorded gets what was answered; it knows what the transcript says of the card.
        """
        self.assertEqual(self.run_it(self.both), {"data": "0102", "who": EID, "at": NOW})
        self.assertEqual(self.witness.seen, [("one", {"fact": 1}), 50])

    def test_differs(self) -> None:
        """
        The line at which it differs is told, whatever the operation makes of it; likewise where it ends early.
        """

        async def other(session: ISession) -> dict[str, Any]:
            await session.channel.exchange(Script.of(SELECT))
            try:
                await session.channel.exchange(Script.of(SELECT))
            except CardGatewayError:
                return {}
            raise AssertionError("it did not differ")

        async def short(session: ISession) -> dict[str, Any]:
            await session.channel.exchange(Script.of(SELECT))
            return {}

        for body, expected in (
            (other, "command 2 (line 7): expected 80CA9F7F00, got 00A4040002A000"),
            (short, "command 2 (line 7): the operation ended"),
        ):
            self.assertIn(expected, self.assertRaises(TranscriptDiffers, self.run_it, body).detail)

    def test_advice(self) -> None:
        """
        What explains most differences is told: it was another operation, or another version.
        """

        async def other(session: ISession) -> dict[str, Any]:
            await session.channel.exchange(Script.of(READ))
            return {}

        for note, told in (
            ("OPERATION: test.other", "It was recorded of test.other."),
            ("CARDGW: 9.9", f"It was recorded with cardgw 9.9, and this is {VERSION}."),
            (f"CARDGW: {VERSION}", ""),
        ):
            text = TEXT + f"# {note}\n"
            self.assertEqual(self.assertRaises(TranscriptDiffers, self.run_it, other, text).hint, told)

    def test_unusable(self) -> None:
        """
        A transcript that is empty, or whose notes are wrong, is told before anything is done.
        """
        self.assertRaises(TranscriptError, refuse_empty, parse("# OPERATION: test.run\n"))
        self.assertRaises(TranscriptError, self.replay, self.both, TEXT.replace("OFFERS: show", "OFFERS: magic"))
        self.assertEqual(recorded_parameters(parse(TEXT)), {})
        self.assertEqual(recorded_parameters(parse(TEXT + '# PARAMETERS: {"a":1}\n')), {"a": 1})
        for wrong in ("[]", "{", "[" * 100_000):
            self.assertRaises(TranscriptError, recorded_parameters, parse(f"# PARAMETERS: {wrong}\n"))

    def test_redacted(self) -> None:
        """
        What was redacted is told with its line.
        """
        text = TEXT.replace("00A4040002A000", "00A40400 Lc 2").replace("01029000", "9000, 2 bytes")
        self.assertIn("(line 7): ", self.assertRaises(TranscriptRedacted, self.run_it, self.both, text).detail)

    def test_lost(self) -> None:
        """
        A card that was lost is lost again.
        """
        self.assertRaises(PeerLost, self.run_it, self.both, TEXT.replace("01029000", "# No answer"))

    def test_servers(self) -> None:
        """
        There are none; what is to be delivered stays in an outbox that nobody keeps.
        """
        self.assertTrue(verifyObject(IHTTPClient, NoHttp()))
        delivered: list[str] = []

        async def call(session: ISession) -> dict[str, Any]:
            entry = await session.outbox.keep(Parcel("notification", EID, 1, "smdp.example.com", b"\x01"))
            try:
                await session.outbox.deliver(entry)
            except CardGatewayError as error:
                delivered.append(error.code)
            await session.http.post("https://smdp.example.com/gsma", b"", {})
            return {}

        error = self.assertRaises(NoServers, self.run_it, call)
        self.assertIn("smdp.example.com", error.detail)
        self.assertEqual(delivered, ["no-servers"])

    def test_session(self) -> None:
        """
        Memory, questions and results work; there are no secrets.
        """

        async def all_of_it(session: ISession) -> dict[str, Any]:
            await session.remember(EID, "key", b"value", sealed=True)
            recalled = await session.recall(EID, "key")
            await session.achieved({"by": "now"})
            session.identified("eid:1")
            answer = await session.ask(Question("text", "name?"))
            await session.channel.exchange(Script.of(SELECT, READ))
            self.assertRaises(SecretError, session.secret, "password")
            return {"recalled": str(recalled), "answer": answer, "who": session.identity}

        replay = self.replay(all_of_it)
        self.assertEqual(replay.run({}), {"recalled": "b'value'", "answer": "NAME?", "who": "eid:1"})
        self.assertEqual(replay.reached, {"by": "now"})

        async def consent(session: ISession) -> dict[str, Any]:
            return {"answer": await session.ask(Question("consent", "really?"))}

        self.assertRaises(NobodyToAsk, self.run_it, consent)

    def test_time(self) -> None:
        """
        Whoever waits for a time waits for nothing; whoever waits for nothing at all is cancelled.
        """

        async def late(session: ISession) -> dict[str, Any]:
            await deferLater(session.clock, 3600)
            await session.channel.exchange(Script.of(SELECT, READ))
            return {"at": session.clock.seconds()}

        async def never(session: ISession) -> dict[str, Any]:
            await Deferred()
            return {}

        self.assertEqual(self.run_it(late), {"at": NOW + 3600})
        self.assertRaises(OperationCancelled, self.run_it, never)


class LpaTests(SynchronousTestCase):
    """
    The real thing: an eUICC in software, recorded and replayed.
    """

    def recorded(self, kind: str, name: str) -> tuple[dict[str, Any], Transcript]:
        """
        What an operation gave, and its transcript.
        """
        result, text = record(self, name, kind)
        return result, parse(text)

    def replay(self, name: str, transcript: Transcript) -> dict[str, Any]:
        """
        What it gives again.
        """
        operation = load_registry().operation(name)
        return Replay(transcript, operation, operation.settings(), Watching(), NOW).run({})

    def test_whole(self) -> None:
        """
        The result is the same.
        """
        for name in ("lpa.info", "lpa.profiles", "notifications.list"):
            result, transcript = self.recorded(WHOLE, name)
            self.assertEqual(self.replay(name, transcript), result)

    def test_redacted(self) -> None:
        """
        Without data it ends where they are needed.
        """
        _, transcript = self.recorded(REDACTED, "lpa.info")
        self.assertRaises(TranscriptRedacted, self.replay, "lpa.info", transcript)
