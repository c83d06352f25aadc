"""
Tests for L{cardgw.transports.pcsc.selectors}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.pcsc.selectors import Seen, Selection, matches, well_formed
from tests.logs import captured

LEFT = Seen("ACS ACR39U ICC Reader 01 00", 0)
RIGHT = Seen("ACS ACR39U ICC Reader 02 00", 1)
PICC = Seen("ACS ACR1252 [PICC] 00 00", 2)


class SelectorTests(SynchronousTestCase):
    """
    L{well_formed} and L{matches}.
    """

    def test_wrong(self) -> None:
        """
        Nothing selects nothing, and ATRs are hexadecimal.
        """
        for wrong in ("", "  ", "atr:", "atr:3Bxx", "ATR:3B-9F"):
            self.assertRaises(ValueError, well_formed, wrong)

    def test_right(self) -> None:
        """
        Anything else may be part of a name.
        """
        for right in ("0", "acr", "*", "atr:3B 9F*", "[", "x:y"):
            self.assertEqual(well_formed(right), right)

    def test_index(self) -> None:
        """
        Digits are the place in the list, though names have digits, too.
        """
        self.assertTrue(matches("1", RIGHT))
        self.assertFalse(matches("1", LEFT))

    def test_substring(self) -> None:
        """
        Text is part of a name, whatever its case.
        """
        self.assertTrue(matches("acr39U", LEFT))
        self.assertFalse(matches("omnikey", LEFT))

    def test_pattern(self) -> None:
        """
        A pattern is for a part of a name, as text is.
        """
        self.assertTrue(matches("acr39u*01 00", LEFT))
        self.assertTrue(matches("*0[12] 00", RIGHT))
        self.assertFalse(matches("acr39u*picc", LEFT))

    def test_brackets(self) -> None:
        """
        A name with brackets in it is matched by itself.
        """
        self.assertTrue(matches(PICC.name, PICC))
        self.assertTrue(matches("[picc]", PICC))

    def test_atr(self) -> None:
        """
        The card in a reader can select it; no card does not.
        """
        card = Seen("any", 0, bytes.fromhex("3B9F9580"))
        for selector, wanted in {"atr:3b9f*": True, "ATR:3B 9F ?5 80": True, "atr:3B9F": False, "atr:*": True}.items():
            self.assertEqual(matches(selector, card), wanted, selector)
        self.assertFalse(matches("atr:*", LEFT))

    @given(st.text(min_size=1), st.integers(0, 9))
    def test_itself(self, name: str, index: int) -> None:
        """
        A reader's whole name selects it, unless it is a number or could be an ATR.
        """
        if not name.isdecimal() and not name.lower().startswith("atr:"):
            self.assertTrue(matches(name, Seen(name, index)))


class SelectionTests(SynchronousTestCase):
    """
    L{Selection}.
    """

    def test_ignored(self) -> None:
        """
        What is ignored is not used.
        """
        selection = Selection(("acr39u",), ("*02 00",))
        self.assertEqual([selection.wants(each) for each in (LEFT, RIGHT, PICC)], [True, False, False])

    def test_alias(self) -> None:
        """
        An alias selects, and is what the reader is called.
        """
        selection = Selection(("bench",), (), {"bench": "*01 00"})
        self.assertEqual([selection.wants(each) for each in (LEFT, RIGHT)], [True, False])
        self.assertEqual([selection.called(each) for each in (LEFT, RIGHT)], ["bench", RIGHT.name])

    def test_two(self) -> None:
        """
        The second reader of an alias keeps its own name, which is told once; when the first is gone, it gets the alias.
        """
        events = captured(self)
        selection = Selection(("*",), (), {"bench": "acr39u"})
        for _ in range(2):
            self.assertEqual([selection.called(each) for each in (LEFT, RIGHT)], ["bench", RIGHT.name])
        self.assertEqual([each["event"] for each in events], ["reader-name-taken"])
        selection.forget(LEFT.name)
        self.assertEqual(selection.called(RIGHT), "bench")

    def test_next(self) -> None:
        """
        Where an alias is taken, another one that fits is used.
        """
        selection = Selection(("*",), (), {"one": "acr39u", "two": "acr39u"})
        self.assertEqual([selection.called(each) for each in (LEFT, RIGHT)], ["one", "two"])
        self.assertEqual(selection.called(RIGHT), "two")

    def test_byCard(self) -> None:
        """
        An alias that means a card is free when the card is gone; one that means a reader stays with it.
        """
        selection = Selection(("*",), (), {"card": "atr:3B9F*", "left": "*01 00"})
        atr = bytes.fromhex("3B9F95")
        self.assertEqual([selection.called(each) for each in (LEFT, Seen(RIGHT.name, 1, atr))], ["left", "card"])
        self.assertEqual(selection.called(RIGHT), "card")
        for each in (LEFT, RIGHT):
            selection.forget(each.name, card=True)
        self.assertEqual(selection.called(Seen("other", 2, atr)), "card")
        self.assertEqual([selection.called(each) for each in (LEFT, RIGHT)], ["left", RIGHT.name])
