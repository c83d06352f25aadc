"""
Tests for L{cardgw.transports.pcsc.board}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.pcsc.board import Board, Change, What
from cardgw.transports.pcsc.codes import NEW_READERS, State
from cardgw.transports.pcsc.driver import ReaderState
from cardgw.transports.pcsc.selectors import Seen

NAMES = ("Left 00", "Right 00")
ATR = bytes.fromhex("3B9F95")


def state(name: str, flags: State, counter: int = 0, atr: bytes = b"") -> ReaderState:
    """
    What pcscd tells of a reader that is not as it was.
    """
    return ReaderState(name, counter << 16 | flags | State.CHANGED, atr)


def whats(changes: list[Change]) -> list[What]:
    """
    What has happened, without where.
    """
    return [each.what for each in changes]


class BoardTests(SynchronousTestCase):
    """
    L{Board}.
    """

    def setUp(self) -> None:
        """
        Two readers.
        """
        self.board = Board()
        self.board.listed(NAMES)

    def test_readers(self) -> None:
        """
        Readers come and go, in the order of their names.
        """
        board = Board()
        self.assertEqual(
            board.listed(("B", "A")), [Change(What.READER_HERE, Seen("A", 0)), Change(What.READER_HERE, Seen("B", 1))]
        )
        self.assertEqual(board.listed(("A", "B")), [])
        self.assertEqual(
            board.listed(("B", "C")), [Change(What.READER_GONE, Seen("A", 0)), Change(What.READER_HERE, Seen("C", 1))]
        )

    def test_known(self) -> None:
        """
        What is told is what is known, without the mark that it has changed; readers that come and go are asked about first.
        """
        self.assertEqual(self.board.known(), [(NEW_READERS, 0), (NAMES[0], 0), (NAMES[1], 0)])
        self.board.saw((state(NAMES[1], State.EMPTY, 3), state(NEW_READERS, State.UNAWARE, 2)))
        self.assertEqual(self.board.known(), [(NEW_READERS, 2 << 16), (NAMES[0], 0), (NAMES[1], 3 << 16 | State.EMPTY)])

    def test_oldService(self) -> None:
        """
        Where pcscd does not know what new readers are, it is not asked for them again.
        """
        self.assertIsNone(self.board.tells_new)
        self.board.saw((state(NEW_READERS, State.UNKNOWN),))
        self.assertFalse(self.board.tells_new)
        self.assertEqual(self.board.known(), [(NAMES[0], 0), (NAMES[1], 0)])

    def test_card(self) -> None:
        """
        A card comes and goes.
        """
        (change,) = self.board.saw((state(NAMES[1], State.PRESENT, 1, ATR),))
        self.assertEqual(change, Change(What.CARD_IN, Seen(NAMES[1], 1, ATR)))
        self.assertEqual(self.board.saw((state(NAMES[1], State.PRESENT, 1, ATR),)), [])
        (change,) = self.board.saw((state(NAMES[1], State.EMPTY, 2, ATR),))
        self.assertEqual(change, Change(What.CARD_OUT, Seen(NAMES[1], 1)))

    def test_swapped(self) -> None:
        """
        A card that was put in again between two looks went and came, though the state looks the same.
        """
        self.board.saw((state(NAMES[0], State.PRESENT, 0xFFFF, ATR),))
        self.assertEqual(whats(self.board.saw((state(NAMES[0], State.PRESENT, 1, ATR),))), [What.CARD_OUT, What.CARD_IN])

    def test_unplugged(self) -> None:
        """
        With a reader goes its card, which is not told.
        """
        self.board.saw((state(NAMES[0], State.PRESENT, 1, ATR),))
        self.assertEqual(whats(self.board.listed(NAMES[1:])), [What.READER_GONE])
        self.assertEqual(self.board.saw((state(NAMES[0], State.PRESENT, 1, ATR),)), [])

    def test_unknown(self) -> None:
        """
        A reader that pcscd does not know any more is gone; what cannot be used has no card.
        """
        for name in NAMES:
            self.board.saw((state(name, State.PRESENT, 1, ATR),))
        self.assertEqual(whats(self.board.saw((state(NAMES[0], State.UNKNOWN | State.UNAVAILABLE),))), [What.READER_GONE])
        self.assertEqual(whats(self.board.saw((state(NAMES[1], State.UNAVAILABLE, 1),))), [What.CARD_OUT])
        self.assertEqual(self.board.readers, [NAMES[1]])

    def test_free(self) -> None:
        """
        A card is free again when another program does not have it to itself any more, or does not use it.
        """
        uses = (State.EXCLUSIVE | State.INUSE, State.INUSE, State.UNAWARE, State.INUSE)
        found = [whats(self.board.saw((state(NAMES[0], State.PRESENT | use, 1, ATR),))) for use in uses]
        self.assertEqual(found, [[What.CARD_IN], [What.FREE], [What.FREE], []])

    def test_mute(self) -> None:
        """
        A mute card has no ATR; when it speaks, it may be usable.
        """
        (change,) = self.board.saw((state(NAMES[0], State.PRESENT | State.MUTE, 1),))
        self.assertEqual(change, Change(What.CARD_IN, Seen(NAMES[0], 0)))
        (change,) = self.board.saw((state(NAMES[0], State.PRESENT, 1, ATR),))
        self.assertEqual(change, Change(What.FREE, Seen(NAMES[0], 0, ATR)))


FLAGS = st.sampled_from(
    (
        State.EMPTY,
        State.PRESENT,
        State.PRESENT | State.INUSE,
        State.PRESENT | State.EXCLUSIVE | State.INUSE,
        State.PRESENT | State.MUTE,
        State.UNKNOWN | State.UNAVAILABLE,
        State.UNAVAILABLE,
        State.UNAWARE,
    )
)
STATES = st.builds(state, st.sampled_from((*NAMES, "Other 00", NEW_READERS)), FLAGS, st.integers(0, 3), st.just(ATR))
LISTS = st.lists(st.sampled_from((*NAMES, "Third 00")), unique=True)
STEPS = st.lists(st.one_of(st.lists(STATES, max_size=4), LISTS), max_size=30)


class AnySequenceTests(SynchronousTestCase):
    """
    Whatever pcscd tells, what comes out is a story that makes sense.
    """

    @given(STEPS)
    def test_story(self, steps: list[list[ReaderState] | list[str]]) -> None:
        """
        A reader is there before its card, a card leaves before the next one comes; in the end what was told last is true.
        """
        board, here, cards = Board(), set[str](), set[str]()
        for step in steps:
            for change in _tell(board, step):
                self._follow(change, here, cards)
            self.assertEqual(sorted(here), board.readers)
            last = {each.name: each for each in step if isinstance(each, ReaderState)}
            for name in here & set(last):
                self.assertEqual(name in cards, bool(last[name].event & State.PRESENT))

    def _follow(self, change: Change, here: set[str], cards: set[str]) -> None:
        name = change.reader.name
        happens = {
            What.READER_HERE: name not in here,
            What.READER_GONE: name in here,
            What.CARD_IN: name in here and name not in cards,
            What.CARD_OUT: name in cards,
            What.FREE: name in cards,
        }
        self.assertTrue(happens[change.what], change)
        if change.what in (What.READER_HERE, What.READER_GONE):
            here ^= {name}
            cards.discard(name)
        elif change.what is not What.FREE:
            cards ^= {name}

    @given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=20))
    def test_counted(self, looks: list[tuple[bool, bool]]) -> None:
        """
        Each card that came since the last look is told, and no other: one look may miss a card that went, but not that it is
        another one.
        """
        board, counter, card, arrivals, expected = Board(), 0, False, 0, 0
        board.listed(NAMES[:1])
        for present, again in looks:
            moves = int(present != card) + 2 * again
            counter, expected = counter + moves, expected + int(present and moves > 0)
            card = present
            told = board.saw((state(NAMES[0], State.PRESENT if card else State.EMPTY, counter, ATR),))
            arrivals += whats(told).count(What.CARD_IN)
            self.assertEqual(arrivals, expected)


def _tell(board: Board, step: list[ReaderState] | list[str]) -> list[Change]:
    states = [each for each in step if isinstance(each, ReaderState)]
    return board.saw(states) if states else board.listed([each for each in step if isinstance(each, str)])
