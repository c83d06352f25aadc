"""
Tests of L{cardgw.cli.text}.
"""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import cardgw
from cardgw.cli.text import (
    STAGES,
    age,
    clean,
    digits_of,
    due,
    flat,
    lifetime,
    moment,
    segment,
    sentence,
    shortened,
    stage_text,
    tail_of,
)
from tests.cli.fakes import EID, ICCID, NOW

_CODE = Path(cardgw.__file__).parent
_STAGE = re.compile(r'\.stage\(\s*"([a-z0-9_]+)"')


class TextTests(SynchronousTestCase):
    """
    What is printed.
    """

    @given(st.text())
    def test_clean(self, text: str) -> None:
        """
        Nothing in a text controls the terminal.
        """
        self.assertTrue(all(char.isprintable() or char == "\n" for char in clean(text)))
        self.assertTrue(flat(text).isprintable())

    def test_escape(self) -> None:
        """
        An escape sequence and a change of direction are visible.
        """
        self.assertEqual(clean("a\x1b[2Jb\u202ec\nd"), "a\ufffd[2Jb\ufffdc\nd")
        self.assertEqual(flat("a\nb"), "a b")

    def test_stages(self) -> None:
        """
        Stages are sentences with what is known; one that nobody knows is its name.
        """
        facts = {"provider": "Example", "name": "Demo", "iccid": ICCID}
        self.assertEqual(stage_text("es8p_metadata_parse", facts), f"the profile on offer: Example, Demo, {ICCID}")
        self.assertEqual(
            stage_text("es10b_cancel_session", {"reason": "timeout", "again": True, "late": False, "x": 0}),
            "the eUICC cancels the session: reason timeout, again, x 0",
        )
        self.assertEqual(stage_text("ask_it", {"sequence": 3, "x": None, "y": ["a", "b"]}), "ask it: sequence 3, y a b")

    def test_everyStage(self) -> None:
        """
        Every stage of our operations is a sentence.
        """
        sources = [path.read_text("utf-8") for part in ("lpa", "operations") for path in (_CODE / part).glob("*.py")]
        names = {name for source in sources for name in _STAGE.findall(source)}
        self.assertGreater(len(names), 10)
        self.assertEqual(names - set(STAGES), set())

    def test_sentences(self) -> None:
        """
        A sentence has one full stop.
        """
        for text, told in (("a b", "a b."), ("a. ", "a."), ("Why?", "Why?"), ("", "")):
            self.assertEqual(sentence(text), told)

    def test_due(self) -> None:
        """
        What should have been is now.
        """
        for text, told in (("2026-11-21T10:02:00Z", "in 2 min"), ("2026-11-21T09:00:00Z", "now"), (None, "now")):
            self.assertEqual(due(text, NOW), told)

    def test_ages(self) -> None:
        """
        Ages have one unit.
        """
        for text, told in (
            ("2026-11-21T09:59:59.500Z", "0 s"),
            ("2026-11-21T09:58:00Z", "2 min"),
            ("2026-11-21T11:30:00Z", "1 h"),
            ("2026-11-01T11:30:00Z", "19 d"),
            ("2020-11-01T11:30:00Z", "6 y"),
            (None, "-"),
            ("soon", "-"),
        ):
            self.assertEqual(age(text, NOW), told)
        self.assertEqual(moment(None), "-")

    def test_lifetimes(self) -> None:
        """
        Durations have a number and a unit.
        """
        for text, seconds in (("30d", 30 * 86400), ("12 h", 43200), ("90min", 5400), ("2W", 1209600), ("45s", 45)):
            self.assertEqual(lifetime(text), seconds)
        for text in ("", "30", "d", "-1d", "0h", "1.5h", "99999999999d"):
            self.assertRaises(ValueError, lifetime, text)

    def test_shortened(self) -> None:
        """
        EIDs, ICCIDs and other identities are shortened, other numbers are not.
        """
        self.assertEqual(shortened(f"eid:{EID} {ICCID} 12345678"), f"eid:…{EID[-4:]} …{ICCID[-4:]} 12345678")
        told = "cuid:4790503278900612AB34, iin-cin:42099999-3D5F8004132EDA, uid:04A1B2C3, agent:a.89490000000000000012."
        self.assertEqual(shortened(told), "…AB34, …2EDA, …B2C3, …0012.")

    def test_names(self) -> None:
        """
        Names go into paths, EIDs are shown without what is before them.
        """
        self.assertEqual(segment("eid:1/../x?"), "eid:1%2F..%2Fx%3F")
        self.assertEqual((digits_of("eid:12"), digits_of("uid:12"), digits_of(None)), ("12", "uid:12", "-"))
        self.assertEqual((tail_of(f"eid:{EID}"), tail_of("a1b2c3d4"), tail_of(None)), ("…901235", "a1b2c3d4", "-"))
