# -*- test-case-name: tests.gateway.test_claims -*-
"""
Tests for L{cardgw.gateway.claims}.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError
from cardgw.gateway.claims import (
    ALPHABET,
    CODE_LENGTH,
    LIFETIME,
    MOST_GUESSES,
    MOST_GUESSES_OF_ALL,
    WINDOW,
    Claims,
)
from cardgw.gateway.faults import TooOften, WrongCode
from cardgw.gateway.records import Principal, Role

HERE = "192.0.2.1"
WRONG = "000000"


class ClaimsTests(SynchronousTestCase):
    """
    L{Claims}.
    """

    def setUp(self) -> None:
        """
        Claims whose codes are random, and the same in each run.
        """
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.claims = Claims(self.clock, random.Random(1).randbytes)

    def refused(self, code: str, address: str = HERE) -> CardGatewayError:
        """
        The error of a claim that fails.
        """
        error = self.assertRaises((WrongCode, TooOften), self.claims.claim, code, address)
        assert isinstance(error, CardGatewayError)
        return error

    def guess(self, times: int, address: str = HERE) -> None:
        """
        Guess wrong, and be told so.
        """
        for _ in range(times):
            self.assertIsInstance(self.refused(WRONG, address), WrongCode)

    def test_claimed(self) -> None:
        """
        A code gives a token with which one may manage its card, and no other.
        """
        code = self.claims.offer("aa")
        self.claims.offer("bb")
        token, card = self.claims.claim(code, HERE)
        self.assertEqual(card, "aa")
        self.assertRegex(token, r"\A[A-Za-z0-9_-]{43}\Z")
        self.assertEqual(self.claims.authenticate(token), Principal("code:aa", Role.OPERATOR, "aa"))

    def test_once(self) -> None:
        """
        A code is used up.
        """
        code = self.claims.offer("aa")
        self.claims.claim(code, HERE)
        self.assertIsInstance(self.refused(code), WrongCode)

    def test_typed(self) -> None:
        """
        It does not matter how the code is written.
        """
        for form in ("{}", " {} ", "{0[0]}{0[1]}{0[2]}-{0[3]}{0[4]}{0[5]}", "{0[0]} {0[1]}\t{0[2]}{0[3]}\u2013{0[4]}{0[5]}\n"):
            for case in (str.upper, str.lower):
                text = case(form.format(self.claims.offer("aa")))
                self.assertEqual(self.claims.claim(text, HERE)[1], "aa", text)

    def test_late(self) -> None:
        """
        A code is valid for a short time; the token that it gave is not limited so.
        """
        token, _ = self.claims.claim(self.claims.offer("aa"), HERE)
        code = self.claims.offer("aa")
        self.clock.advance(LIFETIME)
        self.assertIsInstance(self.refused(code), WrongCode)
        self.assertIsNotNone(self.claims.authenticate(token))

    def test_inTime(self) -> None:
        """
        Until then it is valid.
        """
        code = self.claims.offer("aa")
        self.clock.advance(LIFETIME - 1)
        self.assertEqual(self.claims.claim(code, HERE)[1], "aa")

    def test_newCode(self) -> None:
        """
        A new code replaces the one before; who used that one goes on.
        """
        token, _ = self.claims.claim(self.claims.offer("aa"), HERE)
        old, new = self.claims.offer("aa"), self.claims.offer("aa")
        self.assertIsInstance(self.refused(old), WrongCode)
        self.claims.claim(new, HERE)
        self.assertIsNotNone(self.claims.authenticate(token))

    def test_withdrawn(self) -> None:
        """
        When the card is gone, code and tokens are worth nothing; those of other cards stay.
        """
        gone, _ = self.claims.claim(self.claims.offer("aa"), HERE)
        other, _ = self.claims.claim(self.claims.offer("bb"), HERE)
        code = self.claims.offer("aa")
        self.claims.withdraw("aa")
        self.claims.withdraw("never seen")
        self.assertIsInstance(self.refused(code), WrongCode)
        self.assertIsNone(self.claims.authenticate(gone))
        self.assertIsNotNone(self.claims.authenticate(other))

    def test_sameDrawnTwice(self) -> None:
        """
        No two cards have the same code.
        """
        draws = iter([b"\1" * 6, b"\1" * 6, b"\2" * 6])
        claims = Claims(self.clock, lambda _: next(draws))
        self.assertNotEqual(claims.offer("aa"), claims.offer("bb"))

    def test_guesses(self) -> None:
        """
        After five wrong guesses an address is refused, with the right code too, until the first of them is ten minutes old.
        """
        self.guess(1)
        self.clock.advance(60)
        self.guess(MOST_GUESSES - 1)
        code = self.claims.offer("aa")
        error = self.refused(code)
        self.assertIsInstance(error, TooOften)
        self.assertIn("540 seconds", str(error))
        self.clock.advance(WINDOW - 61)
        self.assertIsInstance(self.refused(code), TooOften)
        self.clock.advance(1)
        code = self.claims.offer("aa")
        self.assertEqual(self.claims.claim(code, HERE)[1], "aa")
        self.guess(1)
        self.assertIsInstance(self.refused(WRONG), TooOften)

    def test_otherAddresses(self) -> None:
        """
        Others are not refused for it.
        """
        self.guess(MOST_GUESSES)
        self.assertEqual(self.claims.claim(self.claims.offer("aa"), "192.0.2.2")[1], "aa")

    def test_networks(self) -> None:
        """
        Whoever has an IPv6 network has many addresses and no more guesses; one in IPv6 clothes is still the same.
        """
        self.guess(MOST_GUESSES - 1, "2001:db8::1")
        self.guess(1, "2001:db8::dead:beef")
        self.assertIsInstance(self.refused(WRONG, "2001:db8:0:0:1::"), TooOften)
        self.guess(1, "2001:db8:0:1::1")
        self.guess(MOST_GUESSES)
        self.assertIsInstance(self.refused(WRONG, f"::ffff:{HERE}"), TooOften)

    def test_all(self) -> None:
        """
        All together have a number of guesses too; what is remembered of them does not grow.
        """
        for number in range(MOST_GUESSES_OF_ALL):
            self.guess(1, f"address {number}")
        code = self.claims.offer("aa")
        for number in range(1000):
            self.assertIsInstance(self.refused(code, f"another address {number}"), TooOften)
        self.assertEqual(len(self.claims._wrong), MOST_GUESSES_OF_ALL)
        self.clock.advance(WINDOW)
        self.claims.offer("aa")
        self.guess(1)
        self.assertEqual(len(self.claims._wrong), 1)

    def test_nothingSecret(self) -> None:
        """
        Codes and tokens are not shown, and of tokens only a digest is kept.
        """
        code = self.claims.offer("aa")
        token, _ = self.claims.claim(self.claims.offer("bb"), HERE)
        shown = repr(self.claims) + repr(self.claims._offers)
        self.assertNotIn(code, shown)
        self.assertNotIn(token, shown + repr(self.claims._cards))

    @settings(max_examples=50)
    @given(st.text(max_size=80))
    def test_anyText(self, text: str) -> None:
        """
        Whatever somebody gives as a code or token is answered.
        """
        claims = Claims(self.clock, random.Random(1).randbytes)
        claims.offer("aa")
        self.assertRaises(WrongCode, claims.claim, text, text)
        self.assertIsNone(claims.authenticate(text))

    def test_surrogates(self) -> None:
        """
        So is what is no proper text.
        """
        self.refused("\ud800")
        self.refused("3" * 100_000)
        self.assertIsNone(self.claims.authenticate("\ud800"))


class CodeTests(SynchronousTestCase):
    """
    The codes themselves.
    """

    def test_alphabet(self) -> None:
        """
        Nothing in it looks like something else in it.
        """
        self.assertEqual(len(set(ALPHABET)), len(ALPHABET))
        for alike in ("0OD", "1IL", "2Z", "5S", "8B", "UV"):
            self.assertLessEqual(len(set(ALPHABET) & set(alike)), 1)

    @given(st.integers(min_value=0))
    def test_characters(self, seed: int) -> None:
        """
        A code has six characters of the alphabet.
        """
        code = Claims(Clock(), random.Random(seed).randbytes).offer("aa")
        self.assertEqual(len(code), CODE_LENGTH)
        self.assertLessEqual(set(code), set(ALPHABET))

    def test_fair(self) -> None:
        """
        With every byte equally likely, every character is exactly equally likely.
        """
        numbers = count()
        claims = Claims(Clock(), lambda size: bytes(next(numbers) % 256 for _ in range(size)))
        rounds = 256 // len(ALPHABET) * len(ALPHABET)
        drawn = Counter("".join(claims.offer("aa") for _ in range(rounds // CODE_LENGTH)))
        self.assertEqual(set(drawn.values()), {rounds // len(ALPHABET)})
        self.assertEqual(set(drawn), set(ALPHABET))
