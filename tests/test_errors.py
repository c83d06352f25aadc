# -*- test-case-name: tests.test_errors -*-
"""
Tests for L{cardgw.errors}.
"""

from __future__ import annotations

import copy
import pickle
import re

from twisted.trial.unittest import SynchronousTestCase

from cardgw import errors
from cardgw.apdu.response import Response
from cardgw.errors import CardGatewayError, ChannelError, LimitReached, PeerLost, PluginError, SettingsError, UnexpectedStatus

GOOD = Response(b"", 0x9000)


class Hinting(CardGatewayError):
    """
    The kettle is empty.

    There is more to say about it.
    """

    hint = "Fill it."


class HTTPServerGone2Error(CardGatewayError):
    """
    It has gone.
    """


Undocumented = type("Undocumented", (CardGatewayError,), {})


class CardGatewayErrorTests(SynchronousTestCase):
    """
    L{CardGatewayError}.
    """

    def test_text(self) -> None:
        """
        The text is the class's sentence, the detail, and the hint.
        """
        self.assertEqual(str(PeerLost()), "The card's side closed the connection")
        self.assertEqual(str(PeerLost("during the download")), "The card's side closed the connection: during the download")
        self.assertEqual(str(Hinting()), "The kettle is empty. Fill it.")
        self.assertEqual(str(Hinting("no water.")), "The kettle is empty: no water. Fill it.")
        self.assertEqual(str(Hinting("no water", hint="Buy one.")), "The kettle is empty: no water. Buy one.")
        self.assertEqual(str(Hinting("no water?")), "The kettle is empty: no water? Fill it.")

    def test_brief(self) -> None:
        """
        The card holder gets the sentence alone.
        """
        self.assertEqual(Hinting("no water").brief, "The kettle is empty.")
        self.assertEqual(PluginError("card.audit").brief, "This server has a defect. Please tell its operator.")

    def test_codes(self) -> None:
        """
        Each class has a code for programs, made from its name.
        """
        codes = {
            each.__name__: each.code for each in (CardGatewayError, PeerLost, SettingsError, ChannelError, HTTPServerGone2Error)
        }
        self.assertEqual(
            codes,
            {
                "CardGatewayError": "card-gateway-error",
                "PeerLost": "peer-lost",
                "SettingsError": "settings",
                "ChannelError": "channel",
                "HTTPServerGone2Error": "http-server-gone2",
            },
        )

    def test_undocumented(self) -> None:
        """
        A class without a docstring still has some sentence: that of its parent.
        """
        self.assertTrue(Undocumented().sentence)

    def test_all(self) -> None:
        """
        Every class here has a code of its own and a sentence for people: one line, a capital, a full stop.
        """
        found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, CardGatewayError)]
        self.assertEqual(len({each.code for each in found}), len(found))
        for each in found:
            self.assertRegex(each.code, "^[a-z]+(-[a-z]+)*$")
            line = (each.__doc__ or "").strip().splitlines()[0]
            self.assertIsNotNone(re.fullmatch(r"[A-Z][^.:]+\.", line), f"{each.__name__}: {line}")


class UnexpectedStatusTests(SynchronousTestCase):
    """
    L{UnexpectedStatus}.
    """

    def test_text(self) -> None:
        """
        It names the status word, and what was being done.
        """
        response = Response(b"secret", 0x6A82)
        error = UnexpectedStatus(response, "GetEID", hint="Is it an eUICC?")
        self.assertEqual(
            str(error),
            "The card answered with an unexpected status word: GetEID: 6A82 (file or application not found). Is it an eUICC?",
        )
        self.assertIs(error.response, response)
        self.assertEqual(UnexpectedStatus(response).detail, "6A82 (file or application not found)")


class ChannelErrorTests(SynchronousTestCase):
    """
    L{ChannelError}.
    """

    def test_during(self) -> None:
        """
        The same error with how far a script had come is a new one, caused by the first, which stays as it is.
        """
        error = LimitReached("1000 sessions", hint="Come later.")
        told = error.during((GOOD,), 2)
        self.assertEqual((type(told), str(told), told.responses, told.unanswered), (LimitReached, str(error), (GOOD,), 2))
        self.assertIs(told.__cause__, error)
        self.assertEqual((error.responses, error.unanswered), ((), 0))

    def test_duringOfOthers(self) -> None:
        """
        It works for classes whose constructor takes something else, and keeps what they know.
        """

        class TooLong(ChannelError):
            """
            A frame is too long.
            """

            def __init__(self, size: int, *, limit: int) -> None:
                super().__init__(f"{size} bytes")
                self.limit = limit

        told = TooLong(600, limit=508).during((), 1)
        assert isinstance(told, TooLong)
        self.assertEqual((told.detail, told.limit, told.unanswered), ("600 bytes", 508, 1))

    def test_duringTwice(self) -> None:
        """
        A decorator may tell it anew.
        """
        told = PeerLost("gone").during((GOOD,), 1).during((GOOD, GOOD), 0)
        self.assertEqual((told.detail, len(told.responses), told.unanswered), ("gone", 2, 0))

    def test_copies(self) -> None:
        """
        Errors can be copied and pickled.
        """
        error = PeerLost("gone", hint="Try again.").during((GOOD,), 1)
        for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
            self.assertEqual((str(other), other.responses, other.unanswered), (str(error), (GOOD,), 1))
