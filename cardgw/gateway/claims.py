# -*- test-case-name: tests.gateway.test_claims -*-
"""
Codes of remote management: a card's holder sees one, and whoever has it may manage this card as long as it is here.

All of it is kept in memory: a code is about a connection, and ends with it.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from typing import Any

from attrs import define, field, frozen

from cardgw.gateway.faults import TooOften, WrongCode
from cardgw.gateway.records import Principal, Role

ALPHABET = "34679ACDEFGHJKMNPQRTVWXY"
"""Of what looks alike on a small display (0 O D, 1 I L, 2 Z, 5 S, 8 B, U V), one at most."""
CODE_LENGTH = 6
TOKEN_BYTES = 32

LIFETIME = 600.0
"""Seconds that a code is valid."""
WINDOW = 600.0
"""Seconds for which a wrong guess counts."""
MOST_GUESSES = 5
"""Wrong guesses of one address."""
MOST_GUESSES_OF_ALL = 100
_HOME_PREFIX = 64
_LONGEST_GUESS = 64


@frozen
class _Offer:
    """
    A code that somebody may use.
    """

    code: bytes = field(repr=False)
    expires: float


@define(eq=False)
class Claims:
    """
    See the module's docstring.  Cards are named by their ids (L{cardgw.gateway.records.Card}).

    @ivar entropy: gives so many random bytes.
    @ivar lifetime: seconds that a code is valid.
    """

    clock: Any
    entropy: Callable[[int], bytes]
    lifetime: float = LIFETIME
    _offers: dict[str, _Offer] = field(factory=dict, init=False, repr=False)
    _cards: dict[bytes, str] = field(factory=dict, init=False, repr=False)
    _wrong: deque[tuple[float, str]] = field(factory=deque, init=False, repr=False)

    def offer(self, card: str) -> str:
        """
        Make a code for a card.  One that it had before is not valid any more; tokens that it gave are.

        @return: six characters of L{ALPHABET}.
        """
        taken = {offer.code for offer in self._offers.values()}
        code = _random_code(self.entropy)
        while code.encode() in taken:
            code = _random_code(self.entropy)
        self._offers[card] = _Offer(code.encode(), self.clock.seconds() + self.lifetime)
        return code

    def withdraw(self, card: str) -> None:
        """
        The card cannot be managed any more: neither its code nor any of its tokens is valid.
        """
        self._offers.pop(card, None)
        for digest in [digest for digest, owner in self._cards.items() if owner == card]:
            del self._cards[digest]

    def claim(self, code: str, address: str) -> tuple[str, str]:
        """
        Use a code up.

        @param code: as somebody typed it: case, blanks and hyphens do not matter.
        @param address: whose guesses are counted together; those of one IPv6 network of 64 bits are.
        @return: a token for the card, which is nowhere kept, and the card.
        @raise WrongCode: no card has this code, or not any more.
        @raise TooOften: there were too many wrong guesses; right ones are not looked at either.
        """
        home = _home(address)
        self._count(home)
        card = self._owner(_normal(code))
        if card is None:
            self._wrong.append((self.clock.seconds(), home))
            raise WrongCode
        del self._offers[card]
        token = urlsafe_b64encode(self.entropy(TOKEN_BYTES)).rstrip(b"=").decode()
        self._cards[_digest(token)] = card
        return token, card

    def authenticate(self, token: str) -> Principal | None:
        """
        Who a token belongs to: an operator of one card, or C{None} where it is not one of these.
        """
        card = self._cards.get(_digest(token))
        return None if card is None else Principal(f"code:{card}", Role.OPERATOR, card)

    def _count(self, home: str) -> None:
        now = self.clock.seconds()
        while self._wrong and self._wrong[0][0] <= now - WINDOW:
            self._wrong.popleft()
        own = [at for at, who in self._wrong if who == home]
        if len(own) >= MOST_GUESSES:
            raise _too_often(own[-MOST_GUESSES] + WINDOW - now)
        if len(self._wrong) >= MOST_GUESSES_OF_ALL:
            raise _too_often(self._wrong[0][0] + WINDOW - now)

    def _owner(self, code: bytes) -> str | None:
        """
        The card with this code; how long that takes does not tell how much of it was right.
        """
        now, found = self.clock.seconds(), None
        for card, offer in self._offers.items():
            if hmac.compare_digest(offer.code, code) and offer.expires > now:
                found = card
        return found


def _random_code(entropy: Callable[[int], bytes]) -> str:
    """
    Bytes beyond the last multiple of the alphabet's size are drawn again, so that all characters are equally likely.
    """
    fair = 256 - 256 % len(ALPHABET)
    code = ""
    while len(code) < CODE_LENGTH:
        drawn = entropy(CODE_LENGTH - len(code))
        code += "".join(ALPHABET[byte % len(ALPHABET)] for byte in drawn if byte < fair)
    return code


def _normal(code: str) -> bytes:
    if len(code) > _LONGEST_GUESS:
        return b""
    kept = (each for each in code if not each.isspace() and unicodedata.category(each) != "Pd")
    return "".join(kept).upper().encode("utf-8", "replace")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _home(address: str) -> str:
    """
    What is counted for an address: whoever has an IPv6 address has a whole network of them.
    """
    try:
        six = IPv6Address(address)
    except AddressValueError:
        return address
    four: IPv4Address | None = six.ipv4_mapped
    return str(four if four is not None else IPv6Network((int(six), _HOME_PREFIX), strict=False))


def _too_often(seconds: float) -> TooOften:
    error = TooOften("wrong codes", hint=f"Try again in {max(1, round(seconds))} seconds.")
    error.seconds = max(1.0, seconds)
    return error
