# -*- test-case-name: tests.transports.ramhttp.test_plan -*-
"""
Tests for L{cardgw.transports.ramhttp.plan}.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK, WARNINGS, Script, Step
from cardgw.gp.load_file import LoadFile, load
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.package import segments
from cardgw.transports.ramhttp.plan import SURPRISE, THINKING_SECONDS, Limits, Pace, allowance, next_batch
from cardgw.transports.ramhttp.wire import Apdu, Rapdu, encode_request, encode_response
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.pki import make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_orders import Order
from tests.lpa.card import ScriptedChannel
from tests.virtual.test_download import Lpa

TRANSPARENT = Limits(65544, 4096)
COMPLETING = evolve(TRANSPARENT, completes=True)
BLOCK = Step(Command(0x80, 0xE2, 0x11, 0, bytes(240)), data=False)
END = evolve(BLOCK, slow=True)
RESULT = Step(BLOCK.command, slow=True)
LOAD = Step(Command(0x80, 0xE8, 0, 0, bytes(240), 256))
DIRECT = Response(b"\0", 0x9000)

COMMANDS = st.builds(
    Command, st.just(0x80), st.integers(0, 255), data=st.binary(max_size=300), expected=st.none() | st.integers(1, 65536)
)
STEPS = st.builds(Step, COMMANDS, st.sampled_from([(OK,), (OK, WARNINGS)]), st.booleans(), st.booleans())
SCRIPTS = st.builds(
    Script, st.lists(STEPS | st.sampled_from([BLOCK, END, RESULT, LOAD]), min_size=1, max_size=60).map(tuple), st.booleans()
)
LIMITS = st.builds(
    Limits,
    st.just(65544),
    st.integers(2, 65538),
    st.integers(1, 65535),
    st.integers(1, 65535),
    st.floats(0.001, 60),
    st.booleans(),
)


class LoadLpa(Lpa):
    """
    Keeps the bound profile package, in place of loading it.
    """

    def load(self, bound: bytes) -> bytes:
        """
        What would be loaded.
        """
        return bound


@cache
def profile() -> Script:
    """
    A bound profile package of about 12.9 kB, as it goes to the card.
    """
    pki = make_pki()
    smdp = Smdp(pki)
    smdp.add(Order("A", make_package(make_iccid(1), 12_412)))
    bound = LoadLpa(VirtualEuicc.from_pki(pki), smdp).download("A")
    assert 12_850 < len(bound) < 12_950, len(bound)
    return Isdr(ScriptedChannel(lambda octets: b"\x90\0")).package(segments(bound))


def of(*steps: Step) -> Script:
    """
    A pipelined script.
    """
    return Script(steps, pipelined=True)


def batches(script: Script, limits: Limits, pace: Pace | None = None) -> list[Sequence[Step]]:
    """
    All templates of a script.
    """
    found: list[Sequence[Step]] = []
    done = 0
    while done < len(script.steps):
        count = next_batch(script, done, limits, pace or Pace())
        found.append(script.steps[done : done + count])
        done += count
    return found


def encoded(batch: Sequence[Step]) -> bytes:
    """
    The template.
    """
    return encode_request([Apdu(step.command.encode()) for step in batch])


def longest_answer(step: Step, limits: Limits) -> bytes:
    """
    All that a card may say to a step.
    """
    return bytes(min((step.command.expected or 0) + 2, limits.max_response))


class BatchTests(SynchronousTestCase):
    """
    L{next_batch}.
    """

    def sizes(self, script: Script, limits: Limits = TRANSPARENT, pace: Pace | None = None) -> list[int]:
        return [len(batch) for batch in batches(script, limits, pace)]

    @given(SCRIPTS, LIMITS)
    def test_order(self, script: Script, limits: Limits) -> None:
        """
        No template is empty, and all of them together are the script; one that is not pipelined goes one by one.
        """
        found = batches(script, limits)
        self.assertEqual(tuple(step for batch in found for step in batch), script.steps)
        self.assertTrue(all(found))
        if not script.pipelined:
            self.assertEqual(len(found), len(script.steps))

    @given(SCRIPTS, LIMITS, st.floats(0.05, 50))
    def test_limits(self, script: Script, limits: Limits, rate: float) -> None:
        """
        No template of several commands is longer than the client takes, has a longer response, or is expected to take longer.
        """
        pace = Pace(rate)
        for batch in batches(script, limits, pace):
            if len(batch) > 1:
                self.assertLessEqual(len(encoded(batch)), limits.template_bytes)
                answers = [Rapdu(longest_answer(step, limits)) for step in batch]
                self.assertLessEqual(len(encode_response(answers, len(batch))), limits.response_bytes)
                self.assertLessEqual(sum(map(pace.expected, batch)), limits.seconds + 1e-9)

    @given(SCRIPTS, LIMITS)
    def test_unread(self, script: Script, limits: Limits) -> None:
        """
        Where the client leaves GET RESPONSE to us, no command but that follows one whose answer may have to be fetched.
        """
        for batch in batches(script, evolve(limits, completes=False)):
            self.assertFalse([step for step, after in pairwise(batch) if step.data and after.command.ins != 0xC0])

    def test_fetched(self) -> None:
        """
        What fetches it does: the parts of a long answer go together.
        """
        part = Step(Command(0x80, 0xC0, expected=256))
        self.assertEqual(self.sizes(of(RESULT, part, part, part)), [4])
        self.assertEqual(self.sizes(of(part, part, RESULT, RESULT)), [2, 1, 1])

    @given(SCRIPTS, LIMITS)
    def test_full(self, script: Script, limits: Limits) -> None:
        """
        A template is as long as it may be: with more room and time, a script never needs more templates.
        """
        more = evolve(limits, template_bytes=65535, response_bytes=65535, seconds=60.0)
        self.assertLessEqual(len(batches(script, more)), len(batches(script, limits)))

    def test_alone(self) -> None:
        """
        A command that is too long, or takes too long, goes alone.
        """
        small = evolve(COMPLETING, template_bytes=100)
        self.assertEqual(self.sizes(of(BLOCK, BLOCK), small), [1, 1])
        self.assertEqual(self.sizes(of(RESULT, RESULT), evolve(COMPLETING, seconds=1.0)), [1, 1])

    def test_exactly(self) -> None:
        """
        A template that just fits is not cut; with a byte less it is.
        """
        script = of(*[BLOCK] * 8)
        size = len(encoded(script.steps))
        self.assertEqual(self.sizes(script, evolve(TRANSPARENT, template_bytes=size)), [8])
        self.assertEqual(self.sizes(script, evolve(TRANSPARENT, template_bytes=size - 1)), [7, 1])

    def test_responses(self) -> None:
        """
        Answers are taken to be as long as they may be, and as the client lets them be.
        """
        long = Step(Command(0, 0xB0, expected=65536))
        self.assertEqual(self.sizes(of(*[long] * 10), evolve(COMPLETING, max_response=65538)), [1] * 10)
        self.assertEqual(self.sizes(of(*[long] * 40), COMPLETING), [15, 15, 10])
        self.assertEqual(self.sizes(of(*[BLOCK] * 40), evolve(TRANSPARENT, response_bytes=64 + 10 * 4)), [10] * 4)

    def test_slow(self) -> None:
        """
        Slow commands that are expected to fill the time of a template end it.
        """
        self.assertEqual(self.sizes(of(BLOCK, RESULT, RESULT, RESULT, BLOCK), evolve(COMPLETING, seconds=5.0)), [3, 2])
        self.assertEqual(self.sizes(of(*[END] * 20), evolve(COMPLETING, seconds=5.0)), [11, 9])

    def test_profile(self) -> None:
        """
        A profile package of 12.9 kB goes in three templates at most, whatever the client does with 61xx, and after a template
        was as slow as a slow card is, it still does not go segment by segment.
        """
        script = profile()
        for limits in (TRANSPARENT, COMPLETING):
            self.assertLessEqual(len(batches(script, limits)), 3)
        ends = sum(step.slow for step in script.steps)
        self.assertGreater(ends, 14)
        self.assertLess(len(batches(script, TRANSPARENT, Pace(2.0))), ends / 2)

    def test_load(self) -> None:
        """
        A CAP file of 30 kB goes in three templates at most where nothing has to be fetched: because the client does that, or
        the card has shown that it gives its answers at once.  Otherwise one by one, as all answers have data.
        """
        script = load(LoadFile(bytes(30_000)), 247)
        pace = Pace()
        self.assertEqual(self.sizes(script, TRANSPARENT, pace), [1] * len(script.steps))
        self.assertLessEqual(len(batches(script, COMPLETING)), 3)
        pace.took([LOAD], 0.05, [DIRECT])
        self.assertLessEqual(len(batches(script, TRANSPARENT, pace)), 3)


class PaceTests(SynchronousTestCase):
    """
    L{Pace} learns from templates how long the next ones will take.
    """

    def settled(self, seconds: float, *, line: float = 0.0, rounds: int = 30) -> Pace:
        """
        What is learned of a reader that takes so long for a block, in one template after another.

        @param line: what each exchange costs.
        """
        pace = Pace()
        script, at = of(*[BLOCK] * 1000), 0
        pace.took([], line)
        for _ in range(rounds):
            at = min(at, 500)
            count = next_batch(script, at, TRANSPARENT, pace)
            pace.took([BLOCK] * count, line + seconds * count)
            at += count
        return pace

    def test_begins(self) -> None:
        """
        Before anything is known, a block takes about 45 ms, the end of a segment 0.4 seconds more, and thinking two seconds.
        """
        pace = Pace()
        self.assertAlmostEqual(pace.expected(BLOCK), 0.044)
        self.assertAlmostEqual(pace.expected(END), 0.444)
        self.assertAlmostEqual(pace.expected(RESULT), 2.044)
        self.assertLess(pace.expected(Step(Command(0, 0xB0, expected=256))), 0.03)

    @given(st.floats(0.01, 1.0), st.floats(0, 0.5))
    def test_learns(self, seconds: float, line: float) -> None:
        """
        After some templates it knows within a few percent how long a block takes, whatever the line costs.
        """
        self.assertLess(abs(self.settled(seconds, line=line).expected(BLOCK) / seconds - 1), 0.05)

    def test_more(self) -> None:
        """
        A fast reader gets more commands per template, a slow one fewer.
        """
        script = of(*[BLOCK] * 250)
        slow, usual, fast = (next_batch(script, 0, TRANSPARENT, pace) for pace in (self.settled(0.5), Pace(), self.settled(0.02)))
        self.assertEqual((slow, usual, fast), (10, 113, 250))

    def test_faster(self) -> None:
        """
        One fast template is enough to make the next one twice as long.
        """
        pace = Pace()
        pace.took([BLOCK] * 50, 0.3)
        script = of(*[BLOCK] * 1000)
        self.assertGreater(next_batch(script, 0, TRANSPARENT, pace), 2 * next_batch(script, 0, TRANSPARENT, Pace()))

    @given(st.floats(0.02, 0.5), st.floats(10, 10_000))
    def test_outlier(self, seconds: float, late: float) -> None:
        """
        One template that took far too long makes the next ones less than three times shorter, and is soon forgotten.
        """
        pace = self.settled(seconds)
        pace.took([BLOCK] * 20, late)
        self.assertLess(pace.expected(BLOCK), seconds * 3)
        for _ in range(4):
            pace.took([BLOCK] * 100, seconds * 100)
        self.assertLess(pace.expected(BLOCK), seconds * 1.3)

    @given(st.lists(st.tuples(st.lists(STEPS, max_size=5), st.floats(-1, 1e9))))
    def test_anything(self, seen: list[tuple[list[Step], float]]) -> None:
        """
        Whatever was measured, a command is expected to take some time, and not for ever.
        """
        pace = Pace()
        for steps, seconds in seen:
            before = pace.rate
            pace.took(steps, seconds)
            self.assertLessEqual(before / SURPRISE, pace.rate)
            self.assertLessEqual(pace.rate, before * SURPRISE)
        self.assertTrue(0.001 < pace.expected(BLOCK) < 5, pace)

    def test_line(self) -> None:
        """
        A slow line is not taken for a slow reader: short commands, each in a template of its own, are equally slow there.
        """
        pace = Pace()
        for _ in range(100):
            pace.took([Step(Command(0, 0xA4, 4, 0, bytes(16), 256))], 1.0)
        self.assertAlmostEqual(pace.rate, 1.0)

    def test_thinking(self) -> None:
        """
        How long a card thinks says nothing of the reader.
        """
        pace = Pace()
        pace.took([BLOCK, RESULT], 60.0)
        self.assertEqual((pace.rate, pace.expected(RESULT)), (1.0, THINKING_SECONDS + pace.expected(BLOCK)))

    def test_refused(self) -> None:
        """
        So does a template of which something was refused.
        """
        pace = Pace()
        pace.took([BLOCK] * 20, 0.1, [Response(b"", 0x9000)] * 10 + [Response(b"", 0x6985)] * 10)
        self.assertEqual(pace.rate, 1.0)
        pace.took([BLOCK] * 20, 0.1, [Response(b"", 0x9000)] * 20)
        self.assertLess(pace.rate, 0.5)

    def test_holds(self) -> None:
        """
        A card holds no answer to a command with Le if it has given one at once to a command with data, and never said 61xx or
        6Cxx; it may hold one to a command without Le.
        """
        asks = Step(Command(0, 0xB0, expected=256))
        cases: list[tuple[Step, list[int], bool]] = [
            (LOAD, [], False),
            (LOAD, [0x9000], True),
            (LOAD, [0x9000, 0x6A80], True),
            (asks, [0x9000], False),
            (RESULT, [0x9000], False),
            (LOAD, [0x6101, 0x9000], False),
            (LOAD, [0x9000, 0x6C01, 0x9000], False),
        ]
        for step, statuses, expected in cases:
            pace = Pace()
            for status in statuses:
                pace.took([step], 0.1, [Response(b"\0", status)])
            self.assertEqual(pace.may_hold(LOAD), not expected, (step.command.ins, statuses))
            self.assertTrue(pace.may_hold(RESULT))
            self.assertFalse(pace.may_hold(BLOCK))
        pace = Pace()
        pace.took([LOAD], 0.1, [Response(b"", 0x6A82)])
        self.assertTrue(pace.may_hold(LOAD))


class AllowanceTests(SynchronousTestCase):
    """
    L{allowance}.
    """

    def test_table(self) -> None:
        """
        One command may take all of its time; the others ten times what is usual.
        """
        for steps, least, most in (
            ([BLOCK], 30, 31),
            ([RESULT], 300, 325),
            ([BLOCK] * 100, 70, 80),
            (profile().steps, 380, 440),
        ):
            self.assertTrue(least <= allowance(steps, 30.0, 300.0) <= most, allowance(steps, 30.0, 300.0))
