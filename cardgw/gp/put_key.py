# -*- test-case-name: tests.gp.test_put_key -*-
"""
PUT KEY (GlobalPlatform Card Specification 2.3.1, 11.8), and what the card says of it.
"""

from __future__ import annotations

from hmac import compare_digest

from attrs import frozen

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.errors import MalformedAnswer, ParameterError
from cardgw.gp.commands import CLA, Ins, check_byte
from cardgw.gp.errors import KeyCheckFailed
from cardgw.gp.keys import CHECK_LENGTH, KeyField

SEVERAL = 0x80
"""In P2: more than one key, with identifiers one after another."""
HIGHEST = 0x7F


@frozen
class PutKey:
    """
    One PUT KEY.

    @ivar version: the key version number that the keys get.
    @ivar keys: those of a secure channel are three: for encryption, for MACs, and for data.
    @ivar identifier: of the first one.
    @ivar replaces: the version that they replace, which may be the same; C{None} to add them.
    """

    version: int
    keys: tuple[KeyField, ...]
    identifier: int = 1
    replaces: int | None = None

    def __attrs_post_init__(self) -> None:
        check_byte(self.version, "key version", 1, HIGHEST)
        check_byte(self.identifier, "key identifier", 0, HIGHEST)
        if self.replaces is not None:
            check_byte(self.replaces, "key version to be replaced", 1)
        if not self.keys:
            raise ParameterError("PUT KEY: there is no key to put")
        if self.identifier + len(self.keys) - 1 > HIGHEST:
            raise ParameterError(f"PUT KEY: the identifier of the last key is higher than {HIGHEST:02X}")

    def command(self) -> Command:
        """
        The plain command.  P1 tells the version to be replaced; factory keys of version FF cannot be told, and are added to.
        """
        p1 = self.replaces if self.replaces is not None and self.replaces <= HIGHEST else 0
        p2 = self.identifier | (SEVERAL if len(self.keys) > 1 else 0)
        data = bytes((self.version,)) + b"".join(each.encode() for each in self.keys)
        return Command(CLA, Ins.PUT_KEY, p1, p2, data, SHORT_LE)

    @property
    def receipt(self) -> bytes:
        """
        What the card is to answer: the version, and the check value of each key that has one (11.8.3.1).
        """
        return bytes((self.version,)) + b"".join(each.check for each in self.keys)

    def check(self, answer: bytes) -> None:
        """
        Compare what the card has answered.

        @raise KeyCheckFailed: it has another key, or another version.
        @raise MalformedAnswer: the answer is of another kind.
        """
        if compare_digest(answer, self.receipt):
            return
        if len(answer) % CHECK_LENGTH != 1 or len(answer) != len(self.receipt):
            raise MalformedAnswer(f"PUT KEY: expected {len(self.receipt)} bytes, got {len(answer)}")
        if answer[0] != self.version:
            raise KeyCheckFailed(f"key version {answer[0]:02X} instead of {self.version:02X}")
        raise KeyCheckFailed("a check value is another")
