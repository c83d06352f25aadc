# -*- test-case-name: tests.operations.test_text_parser -*-
"""
Tests for L{cardgw.operations.text_parser}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.operations.text_parser import FORMS, Typed, UnknownCommand, WrongForm, no_argument, number, parse_text_command
from cardgw.transports.estk.gsm7 import boxes


class ParseTests(SynchronousTestCase):
    """
    L{parse_text_command}.
    """

    def test_forms(self) -> None:
        """
        Case and blanks do not matter, nor does a missing slash.
        """
        for text in ("/ln delete", "  /LN   delete ", "/ ln\tdelete", "ln delete"):
            typed = parse_text_command(text)
            self.assertEqual((typed.name, typed.argument, typed.text), ("ln", "delete", text))
        self.assertEqual(parse_text_command("/enable My  Travel"), Typed("enable", "My Travel", "/enable My  Travel"))

    def test_help(self) -> None:
        """
        A slash alone asks for help.
        """
        self.assertEqual([parse_text_command(text).name for text in ("/", "/?", "/HELP", "")], ["help"] * 4)

    def test_unknown(self) -> None:
        """
        A command that there is not is told with the nearest one, and all, in one box.
        """
        brief = self.assertRaises(UnknownCommand, parse_text_command, "/enabel 3").brief
        self.assertTrue(brief.startswith("No command /enabel. Did you mean /enable? Commands: /profiles /enable "), brief)
        self.assertEqual(len(boxes(brief)), 1)
        brief = self.assertRaises(UnknownCommand, parse_text_command, "/" + "x" * 400).brief
        self.assertNotIn("mean", brief)
        self.assertEqual(len(boxes(brief)), 1)

    @given(st.text(max_size=100))
    def test_anything(self, text: str) -> None:
        """
        Whatever is typed is a command or L{UnknownCommand}.
        """
        try:
            self.assertIn(parse_text_command(text).name, FORMS)
        except UnknownCommand as error:
            self.assertLessEqual(len(boxes(error.brief)), 2)


class ArgumentTests(SynchronousTestCase):
    """
    L{number} and L{no_argument}.
    """

    def test_number(self) -> None:
        """
        Numbers have bounds.
        """
        self.assertEqual(number(parse_text_command("/data 1024"), 1, 1024, "KiB"), 1024)
        for text in (
            "/data",
            "/data 0",
            "/data 1025",
            "/data -1",
            "/data 1.5",
            "/data one",
            "/data 1 2",
            "/data \u0661",
            "/data 00001",
        ):
            error = self.assertRaises(WrongForm, number, parse_text_command(text), 1, 1024, "KiB")
            self.assertEqual(error.brief, "Type it like this: /data <KiB>. KiB is a number from 1 to 1024.")

    def test_noArgument(self) -> None:
        """
        Words too many are refused.
        """
        no_argument(parse_text_command("/profiles"))
        error = self.assertRaises(WrongForm, no_argument, parse_text_command("/profiles all"))
        self.assertEqual(error.brief, "Type it like this: /profiles.")
