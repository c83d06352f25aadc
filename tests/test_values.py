# -*- test-case-name: tests.test_values -*-
"""
Tests for L{cardgw.values}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.values import ARRIVALS, CardRequest, ChannelInfo, Feature, Recognised, Reset


class ValuesTests(SynchronousTestCase):
    """
    L{ChannelInfo}, L{CardRequest}, L{Feature}, L{Reset}.
    """

    def test_least(self) -> None:
        """
        A channel offers nothing unless it says so, and carries short APDUs.
        """
        info = ChannelInfo("memory")
        self.assertEqual((info.offers, info.resets, info.request, info.atr), (frozenset(), frozenset(), None, None))
        self.assertEqual((info.max_command, info.max_response), (5 + 255 + 1, 256 + 2))

    def test_requestIsSecret(self) -> None:
        """
        What a card's side sent with its request may be an activation code; it is in no C{repr}.
        """
        info = ChannelInfo("estk", request=CardRequest("download", "LPA:1$smdp.example.test$SECRET"))
        self.assertNotIn("SECRET", repr(info))
        self.assertIn("download", repr(info))

    def test_personal(self) -> None:
        """
        Neither is who a card is.
        """
        self.assertNotIn("04A1", repr(ChannelInfo("pcsc", uid=b"04A1")) + repr(Recognised("uid:04A1B2C3", "contactless")))

    def test_arrivals(self) -> None:
        """
        A card that just comes stays, unless something is said of its kind; nobody can change that for all.
        """
        self.assertEqual(ARRIVALS, {"arrival": "stay", "euicc": "", "globalplatform": "", "contactless": ""})
        with self.assertRaises(TypeError):
            ARRIVALS["euicc"] = "stay"  # type: ignore[index]

    def test_words(self) -> None:
        """
        Features and resets are named in words that errors can use.
        """
        for each in (*Feature, *Reset):
            self.assertRegex(each.value, "^[A-Za-z].*[^.]$")

    def test_values(self) -> None:
        """
        Equal values are equal, and can be keys.
        """
        self.assertEqual({ChannelInfo("a"), ChannelInfo("a")}, {ChannelInfo("a")})
