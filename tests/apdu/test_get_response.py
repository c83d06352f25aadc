# -*- test-case-name: tests.apdu.test_get_response -*-
"""
Tests for L{cardgw.apdu.get_response}, and for L{cardgw.apdu.completion}, on which it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.command import Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, OK, Script, Step
from cardgw.errors import PeerLost, PeerMisbehaved
from cardgw.testing.card import PatientCard
from cardgw.values import ChannelInfo

INFO = ChannelInfo("memory")
ASK = Command(0x80, 0xE2, 0x91, 0x00, bytes.fromhex("BF2E00"))
NEXT = Command(0x80, 0xE2, 0x91, 0x00, bytes.fromhex("BF2000"))
LAST = Command(0x80, 0xE2, 0x91, 0x00, bytes.fromhex("BF2200"))
GOOD = Response(b"", 0x9000)
MORE = range(0x6100, 0x6200)


def card_of(sent: list[str], answers: Iterable[str]) -> Callable[[bytes], bytes]:
    """
    A card that gives these answers in order, whatever it is asked.
    """
    left = iter(answers)

    def card(octets: bytes) -> bytes:
        sent.append(octets.hex())
        return bytes.fromhex(next(left))

    return card


class GetResponseTests(SynchronousTestCase):
    """
    L{GetResponse}, over a card that answers one command at a time.
    """

    def setUp(self) -> None:
        self.sent: list[str] = []
        self.seen: list[Response] = []

    def run_script(
        self, script: Script, *answers: str, burst: int = 1, rounds: int = 256, limit: int = 65536
    ) -> Deferred[Answers]:
        """
        Run it on a card that gives these answers.
        """
        channel = GetResponse(MemoryChannel(INFO, card_of(self.sent, answers), burst=burst), rounds, limit)
        return channel.exchange(script, self.seen.append)

    def test_estk(self) -> None:
        """
        The first APDUs of a download: the card answers 6105, the server asks for five bytes with the class of the command.
        """
        answers = self.successResultOf(self.run_script(Script.of(ASK), "6105", "BF2802A0009000"))
        self.assertEqual(answers, (Response(bytes.fromhex("BF2802A000"), 0x9000),))
        self.assertEqual(self.sent, ["80e2910003bf2e00", "80c0000005"])
        self.assertEqual(self.seen, list(answers))

    def test_joined(self) -> None:
        """
        Several rounds are joined with what came with the first answer; 6100 asks for 256 bytes.
        """
        answers = self.successResultOf(self.run_script(Script.of(ASK), "016100", "026102", "039000"))
        self.assertEqual(answers, (Response(b"\x01\x02\x03", 0x9000),))
        self.assertEqual(self.sent[1:], ["80c0000000", "80c0000002"])
        self.assertEqual(self.seen, list(answers))

    def test_goesOn(self) -> None:
        """
        If the whole answer is allowed, the rest of the script is run in one piece; each answer is watched once, whole.
        """
        answers = self.successResultOf(self.run_script(Script.of(ASK, NEXT, LAST), "6101", "AA9000", "BB9000", "6101", "CC9000"))
        self.assertEqual([answer.data for answer in answers], [b"\xaa", b"\xbb", b"\xcc"])
        self.assertEqual(self.seen, list(answers))
        self.assertEqual(self.sent[2:4], [NEXT.encode().hex(), LAST.encode().hex()])

    def test_stops(self) -> None:
        """
        If it is not, the script ends there: a final segment of a bound package, for example, whose answer has data.
        """
        script = Script((Step(ASK, data=False), Step(NEXT)))
        answers = self.successResultOf(self.run_script(script, "6101", "AA9000"))
        self.assertEqual(answers, (Response(b"\xaa", 0x9000),))
        self.assertEqual(len(self.sent), 2)

    def test_error(self) -> None:
        """
        An error in place of the rest ends it: the answer is what there is, with that status.
        """
        answers = self.successResultOf(self.run_script(Script.of(ASK, NEXT), "016102", "026101", "6F00"))
        self.assertEqual(answers, (Response(b"\x01\x02", 0x6F00),))
        self.assertEqual(self.seen, list(answers))

    def test_allowed(self) -> None:
        """
        A step that allows 61xx itself is left alone.
        """
        script = Script((Step(ASK, (OK, MORE)), Step(NEXT)))
        answers = self.successResultOf(self.run_script(script, "6105", "9000"))
        self.assertEqual(answers, (Response(b"", 0x6105), GOOD))
        self.assertEqual(self.seen, list(answers))

    def test_wrongLength(self) -> None:
        """
        A card that wants GET RESPONSE with another Le gets it, once.
        """
        answers = self.successResultOf(self.run_script(Script.of(ASK), "6110", "6C02", "AABB9000"))
        self.assertEqual(answers, (Response(b"\xaa\xbb", 0x9000),))
        self.assertEqual(self.sent[1:], ["80c0000010", "80c0000002"])
        answers = self.successResultOf(self.run_script(Script.of(ASK), "6110", "6C02", "6C03"))
        self.assertEqual(answers, (Response(b"", 0x6C03),))

    def test_rounds(self) -> None:
        """
        A card that never stops is a peer that misbehaves; the answers before are told.
        """
        failed = self.run_script(Script.of(NEXT, ASK, LAST), "019000", "6100", *["6100"] * 3, rounds=3)
        error = self.failureResultOf(failed, PeerMisbehaved).value
        self.assertIn("3 GET RESPONSE", str(error))
        self.assertEqual((error.responses, error.unanswered), ((Response(b"\x01", 0x9000),), 1))
        self.assertEqual(len(self.sent), 5)

    def test_limit(self) -> None:
        """
        So is one whose answer is too long; one that just fits is not.
        """
        error = self.failureResultOf(self.run_script(Script.of(ASK), "016102", "02036101", limit=2), PeerMisbehaved).value
        self.assertIn("longer than 2 bytes", str(error))
        self.successResultOf(self.run_script(Script.of(ASK), "016102", "02039000", limit=3))

    def test_overshoot(self) -> None:
        """
        Where later commands of a pipelined script had been sent, what the card held is lost: the answers stay as they are.
        """
        script = Script((Step(ASK), Step(NEXT), Step(LAST)), pipelined=True)
        answers = self.successResultOf(self.run_script(script, "6105", "6985", "6985", burst=3))
        self.assertEqual([answer.status for answer in answers], [0x6105, 0x6985, 0x6985])
        self.assertEqual(self.seen, list(answers))
        self.assertEqual(len(self.sent), 3)

    def test_holding(self) -> None:
        """
        A card that has let an answer be fetched once gets commands one by one if they want answers; others still go together.
        """
        commands = [Command(0x80, 0xE8, 0x00, number, b"block") for number in range(3)]
        for expected, sent in ((256, "80e8 80c0 80e8 80c0 80e8 80c0"), (None, "80e8 80e8 80e8 80c0")):
            rest = iter(["6101", "AA9000"] * 4 if expected else ["6101", "AA9000", "9000", "9000", "6101", "AA9000"])
            self.sent.clear()
            channel = GetResponse(MemoryChannel(INFO, card_of(self.sent, rest), burst=3))
            self.successResultOf(channel.exchange(Script.of(ASK)))
            steps = tuple(Step(evolve(each, expected=expected)) for each in commands)
            answers = self.successResultOf(channel.exchange(Script(steps, pipelined=True)))
            self.assertEqual((len(answers), answers[-1]), (3, Response(b"\xaa", 0x9000)))
            self.assertEqual([each[:4] for each in self.sent[2:]], sent.split())

    def test_heldAndLost(self) -> None:
        """
        So does one of which an answer was lost that way: it is lost only once.
        """
        script = Script(tuple(Step(Command(0x80, 0xE8, 0, number, b"block", 256)) for number in range(2)), pipelined=True)
        rest = iter(["6101", "6101", "AA9000", "6101", "AA9000", "6101", "AA9000"])
        channel = GetResponse(MemoryChannel(INFO, card_of(self.sent, rest), burst=2))
        answers = self.successResultOf(channel.exchange(script))
        self.assertEqual([answer.status for answer in answers], [0x6101, 0x9000])
        answers = self.successResultOf(channel.exchange(script))
        self.assertTrue(script.completed(answers))
        self.assertEqual([each[:4] for each in self.sent], ["80e8", "80e8", "80c0", "80e8", "80c0", "80e8", "80c0"])

    def test_pipelinedLast(self) -> None:
        """
        The last of a burst can still be asked for the rest; then the next burst follows.
        """
        script = Script((Step(ASK), Step(NEXT), Step(LAST)), pipelined=True)
        answers = self.successResultOf(self.run_script(script, "019000", "6101", "AA9000", "9000", burst=2))
        self.assertEqual([answer.data for answer in answers], [b"\x01", b"\xaa", b""])
        self.assertEqual(self.seen, list(answers))

    def test_pipelinedRefused(self) -> None:
        """
        When an earlier one of the burst was refused, the last one is completed, and nothing follows.
        """
        script = Script((Step(ASK), Step(NEXT), Step(LAST)), pipelined=True)
        answers = self.successResultOf(self.run_script(script, "6A80", "6101", "AA9000", burst=2))
        self.assertEqual(answers, (Response(b"", 0x6A80), Response(b"\xaa", 0x9000)))
        self.assertEqual(self.seen, list(answers))

    def test_watchRaises(self) -> None:
        """
        What the watcher raises at a whole answer is the failure of the script, and nothing more of it is sent.
        """

        def watch(response: Response) -> None:
            raise ArithmeticError

        channel = GetResponse(MemoryChannel(INFO, card_of(self.sent, ["6101", "AA9000", "9000"])))
        self.failureResultOf(channel.exchange(Script.of(ASK, NEXT), watch), ArithmeticError)
        self.assertEqual(len(self.sent), 2)
        self.assertEqual(self.successResultOf(channel.exchange(Script.of(LAST))), (GOOD,))

    def test_fastPath(self) -> None:
        """
        A script in which nothing is 61xx costs one exchange below, and its answers are handed on as they are.
        """
        below = Below((GOOD, GOOD))
        script = Script.of(ASK, NEXT)
        answers = self.successResultOf(GetResponse(below).exchange(script))
        self.assertIs(answers, below.answers)
        self.assertEqual(below.calls, [(script, None)])

    def test_noAnswer(self) -> None:
        """
        A channel that gives no answer to GET RESPONSE is a peer that misbehaves, not a defect.
        """
        below = Below((Response(b"", 0x6101),))
        failed = GetResponse(below).exchange(Script.of(ASK))
        below.answers = ()
        below.release_answers()
        self.failureResultOf(failed, PeerMisbehaved)

    @given(st.lists(st.binary(min_size=1, max_size=256), min_size=1, max_size=5), st.integers(0, 2))
    def test_anyPieces(self, pieces: list[bytes], before: int) -> None:
        """
        However a card cuts its answer, it arrives whole.
        """
        statuses = [0x6100 | len(piece) & 0xFF for piece in pieces] + [0x9000]
        parts = [Response(data, status).encode().hex() for data, status in zip([b"", *pieces], statuses, strict=True)]
        script = Script.of(*[NEXT] * before, ASK)
        answers = self.successResultOf(self.run_script(script, *["9000"] * before, *parts))
        self.assertEqual(answers[-1], Response(b"".join(pieces), 0x9000))

    @given(st.integers(1, 2000), st.lists(st.integers(1, 256), max_size=20), st.integers(1, 30), st.sampled_from([0, 0x6C, 0x67]))
    def test_anyCard(self, size: int, pieces: list[int], burst: int, strict: int) -> None:
        """
        A data object arrives whole, however a card announces it, whether it wants the exact Le, and however many commands go
        together.
        """
        card = Holding(tlv.encode(0xBF38, bytes(range(256)) * (size // 256), bytes(size % 256)), pieces, strict)
        channel = GetResponse(MemoryChannel(INFO, card, burst=burst))
        (answer,) = self.successResultOf(channel.exchange(Script.of(ASK)))
        self.assertEqual(answer, Response(card.whole, 0x9000))

    def test_together(self) -> None:
        """
        Of an answer that tells how long it is the rest is asked for in one, where the channel carries many commands; to the card
        it is the same as over a channel that carries one.
        """
        card = Holding(tlv.encode(0xBF38, bytes(1300)), [])
        exchanges, sent = [], []
        for burst in (1, 8):
            channel = MemoryChannel(INFO, card, burst=burst)
            (answer,) = self.successResultOf(GetResponse(channel).exchange(Script.of(ASK)))
            self.assertEqual(answer.data, card.whole)
            exchanges.append(channel.exchanges)
            sent.append([each.hex() for each in card.sent])
            card.sent.clear()
        self.assertEqual(exchanges, [7, 3])
        self.assertEqual(sent, [[ASK.encode().hex(), *["80c0000000"] * 5, "80c0000019"]] * 2)


class Holding:
    """
    A card whose answer has to be fetched.

    @ivar whole: the answer.
    @ivar sent: what it was sent.
    """

    def __init__(self, whole: bytes, pieces: Sequence[int], strict: int = 0) -> None:
        """
        @param pieces: the sizes that it announces, first; then as much as there is.
        @param strict: what it says where more is asked for than there is, and keeps all: SW1; 0 to give what there is.
        """
        self.whole, self.sent = whole, list[bytes]()
        self._pieces, self._strict = pieces, strict
        self._left, self._cut = b"", iter(pieces)

    def __call__(self, octets: bytes) -> bytes:
        """
        One command.
        """
        self.sent.append(octets)
        if octets[1] == 0xC0:
            return self._fetch(octets[4] or 256)
        self._left, self._cut = self.whole, iter(self._pieces)
        return self._status()

    def _fetch(self, size: int) -> bytes:
        if not self._left:
            return b"\x69\x85"
        if self._strict and size > len(self._left):
            return bytes((self._strict, len(self._left) if self._strict == 0x6C else 0))
        part, self._left = self._left[:size], self._left[size:]
        return part + self._status()

    def _status(self) -> bytes:
        if not self._left:
            return b"\x90\x00"
        return bytes((0x61, min(next(self._cut, 256), len(self._left), 256) & 0xFF))


class Below(ChannelBase):
    """
    A channel that gives the same answers to every script; the first time at once or, if it is 61xx, when told to.
    """

    def __init__(self, answers: Answers) -> None:
        super().__init__(INFO)
        self.answers = answers
        self.calls: list[tuple[Script, Watch]] = []
        self._stalled: Deferred[Answers] | None = None

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        self.calls.append((script, watch))
        if self.answers and self.answers[-1].sw1 == 0x61:
            self._stalled, self._first = Deferred(), self.answers
            return self._stalled
        return succeed(self.answers)

    def release_answers(self) -> None:
        """
        Give the answers that were held back.
        """
        assert self._stalled is not None
        self._stalled.callback(self._first)


class LostTests(SynchronousTestCase):
    """
    L{GetResponse} when the card is lost, or the caller gives up.
    """

    def setUp(self) -> None:
        self.card = PatientCard()
        self.below = MemoryChannel(INFO, self.card, burst=2)
        self.channel = GetResponse(self.below)

    def lost(self, script: Script, *answers: Response) -> tuple[Answers, int]:
        """
        What the failure tells when the card is lost after these answers.
        """
        running = self.channel.exchange(script)
        self.card.answer(*answers)
        self.below.lose(PeerLost("a test"))
        error = self.failureResultOf(running, PeerLost).value
        self.assertEqual(error.detail, "a test")
        return error.responses, error.unanswered

    def test_before(self) -> None:
        """
        Without 61xx the failure is that of the channel below.
        """
        self.assertEqual(self.lost(Script.of(ASK, NEXT), GOOD), ((GOOD,), 1))

    def test_within(self) -> None:
        """
        A command whose answer is not whole counts as unanswered; what had come of it must not be taken for its answer.
        """
        partial = Response(b"half", 0x6105)
        self.assertEqual(self.lost(Script.of(ASK, NEXT, LAST), GOOD, partial), ((GOOD,), 1))

    def test_after(self) -> None:
        """
        Later the failure tells of all steps of the script, with the joined answers.
        """
        answers = (GOOD, Response(b"a", 0x6101), Response(b"b", 0x9000), GOOD)
        script = Script.of(ASK, NEXT, LAST, ASK)
        self.assertEqual(self.lost(script, *answers), ((GOOD, Response(b"ab", 0x9000), GOOD), 1))

    def test_pipelined(self) -> None:
        """
        A failure whose last answer is 61xx (further commands were under way) counts that one as unanswered, too.
        """
        more = Response(b"", 0x6105)
        error = PeerLost().during((GOOD, more), 3)

        class Failing(ChannelBase):
            def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
                raise error

        script = Script(tuple(Step(each) for each in (ASK, NEXT, LAST, ASK, NEXT)), pipelined=True)
        told = self.failureResultOf(GetResponse(Failing(INFO)).exchange(script), PeerLost).value
        self.assertEqual((told.responses, told.unanswered), ((GOOD,), 4))
        allowing = Script(tuple(Step(each, (ANY,)) for each in (ASK, NEXT, LAST)), pipelined=True)
        self.assertIs(self.failureResultOf(GetResponse(Failing(INFO)).exchange(allowing), PeerLost).value, error)

    def test_cancel(self) -> None:
        """
        Cancelling stops before the next GET RESPONSE, and the next script has its turn.
        """
        running, waiting = self.channel.exchange(Script.of(ASK)), self.channel.exchange(Script.of(NEXT))
        self.card.answer(Response(b"", 0x6105))
        self.assertEqual(len(self.card.sent), 2)
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.card.answer(Response(b"", 0x6105), GOOD)
        self.assertEqual(self.successResultOf(waiting), (GOOD,))
        self.assertEqual([each.hex() for each in self.card.sent], [ASK.encode().hex(), "80c0000005", NEXT.encode().hex()])

    def test_notInterrupted(self) -> None:
        """
        No other script comes between 61xx and GET RESPONSE.
        """
        running, waiting = self.channel.exchange(Script.of(ASK)), self.channel.exchange(Script.of(NEXT))
        self.card.answer(Response(b"", 0x6101))
        self.assertEqual([each.hex() for each in self.card.sent], [ASK.encode().hex(), "80c0000001"])
        self.card.answer(Response(b"x", 0x9000), GOOD)
        self.assertEqual(self.successResultOf(running), (Response(b"x", 0x9000),))
        self.assertEqual(self.successResultOf(waiting), (GOOD,))
