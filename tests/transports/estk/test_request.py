# -*- test-case-name: tests.transports.estk.test_request -*-
"""
Tests for L{cardgw.transports.estk.request}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.estk.gsm7 import encode
from cardgw.transports.estk.request import request_from, typed_text
from cardgw.transports.estk.wire import Tag
from cardgw.values import CardRequest

CODE = "LPA:1$smdp.example.test$MID"


class RequestTests(SynchronousTestCase):
    """
    L{request_from} says what the card wants.
    """

    def test_names(self) -> None:
        """
        Three tags are requests; only a download has a text.
        """
        self.assertEqual(request_from(Tag.REMOTE_MANAGEMENT, b"x"), CardRequest("remote-management"))
        self.assertEqual(request_from(Tag.PROCESS_NOTIFICATION, b""), CardRequest("notifications"))
        self.assertEqual(request_from(Tag.DOWNLOAD_PROFILE, encode(CODE)), CardRequest("download", CODE))

    def test_command(self) -> None:
        """
        A text that begins with a slash is a command, as it was typed.
        """
        for typed in ("/ln", "/process 5", "/ENABLE  My $im", "/1 2 3", "/"):
            self.assertEqual(request_from(Tag.DOWNLOAD_PROFILE, encode(typed)), CardRequest("command", typed))
        self.assertEqual(request_from(Tag.DOWNLOAD_PROFILE, b"  /help\r\n"), CardRequest("command", "/help"))
        self.assertEqual(request_from(Tag.DOWNLOAD_PROFILE, b"help /ln").name, "download")

    def test_otherTags(self) -> None:
        """
        Other tags are none.
        """
        self.assertRaises(KeyError, request_from, Tag.MESSAGE_BOX, b"")

    def test_secret(self) -> None:
        """
        The text does not show when a request is printed.
        """
        self.assertNotIn("MID", repr(request_from(Tag.DOWNLOAD_PROFILE, encode(CODE))))


class TypedTextTests(SynchronousTestCase):
    """
    L{typed_text} knows how phones encode what was typed.
    """

    def test_gsm(self) -> None:
        """
        C{$} is 02, C{_} is 11, C{@} is 00, brackets are escaped.
        """
        self.assertEqual(typed_text(bytes.fromhex("4c50413a3102 3132372e302e302e313a38343433 02 545334385631")),
                         "LPA:1$127.0.0.1:8443$TS48V1")  # fmt: skip
        self.assertEqual(typed_text(b"1\x02h\x02a\x11b\x00\x1b<x\x1b>"), "1$h$a_b@[x]")

    def test_ascii(self) -> None:
        """
        A card that sends C{$} as 24 sends ASCII.
        """
        self.assertEqual(typed_text(b"LPA:1$h$A_B"), "LPA:1$h$A_B")

    def test_mixedDollars(self) -> None:
        """
        Where both forms of C{$} occur, both are one.
        """
        self.assertEqual(typed_text(b"LPA:1\x02h$A\x11B"), "LPA:1$h$A_B")

    def test_spaces(self) -> None:
        """
        Phones with iOS 10 turn C{$} into spaces; empty fields are kept.
        """
        self.assertEqual(typed_text(b"LPA:1 h mid"), "LPA:1$h$mid")
        self.assertEqual(typed_text(b"1 h mid  1"), "1$h$mid$$1")
        self.assertEqual(typed_text(b"lpa:1 h "), "lpa:1$h$")
        self.assertEqual(typed_text(b"https://qr.esim.cyou/1 h m"), "https://qr.esim.cyou/1$h$m")

    def test_otherSpaces(self) -> None:
        """
        Spaces elsewhere are spaces.
        """
        self.assertEqual(typed_text(b"/data 5"), "/data 5")
        self.assertEqual(typed_text(b" hello you\r\n"), "hello you")
        self.assertEqual(typed_text(b"LPA:1\x02h\x02a b"), "LPA:1$h$a b")

    @given(st.binary(max_size=508))
    def test_anyBytes(self, value: bytes) -> None:
        """
        Whatever comes is a text.
        """
        self.assertIsInstance(typed_text(value), str)
