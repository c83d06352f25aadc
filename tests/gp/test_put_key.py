# -*- test-case-name: tests.gp.test_put_key -*-
"""
L{cardgw.gp.put_key}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardError, MalformedAnswer, ParameterError
from cardgw.gp.errors import KeyCheckFailed
from cardgw.gp.keys import Curve, InnerLength, aes_check_value, aes_key, ec_public_key
from cardgw.gp.put_key import PutKey

KEYS = tuple(aes_key(bytes((number,)) * 16, lambda octets: octets, InnerLength.NEEDED) for number in (1, 2, 3))
CHECKS = b"".join(aes_check_value(bytes((number,)) * 16) for number in (1, 2, 3))


class CommandTests(SynchronousTestCase):
    """
    The command.
    """

    def test_several(self) -> None:
        """
        Three keys of a secure channel, added and replaced.
        """
        command = PutKey(0x30, KEYS).command()
        self.assertEqual((command.p1, command.p2, command.data[0]), (0, 0x81, 0x30))
        self.assertEqual(command.data[1:], b"".join(each.encode() for each in KEYS))
        self.assertEqual(command.encode()[:5].hex(), "80d8008143")
        self.assertEqual(PutKey(0x30, KEYS, replaces=0x30).command().p1, 0x30)

    def test_one(self) -> None:
        """
        One key, with another identifier.
        """
        point = ec_public_key(b"\x04" + bytes(64), Curve.P256)
        command = PutKey(3, (point,), identifier=0x10).command()
        self.assertEqual((command.p1, command.p2, command.data[:3].hex()), (0, 0x10, "03b041"))

    def test_factory(self) -> None:
        """
        Keys from the factory are added to; cards remove them by themselves.
        """
        self.assertEqual(PutKey(1, KEYS, replaces=0xFF).command().p1, 0)

    def test_wrong(self) -> None:
        """
        Versions and identifiers that no key has, and no key at all.
        """
        for version, keys, identifier, replaces in (
            (0, KEYS, 1, None),
            (0x80, KEYS, 1, None),
            (1, (), 1, None),
            (1, KEYS, 0x80, None),
            (1, KEYS, 0x7E, None),
            (1, KEYS, 1, 0),
            (1, KEYS, 1, 256),
        ):
            self.assertRaises(ParameterError, PutKey, version, keys, identifier, replaces)
        self.assertEqual(PutKey(1, KEYS, 0x7D).command().p2, 0xFD)


class AnswerTests(SynchronousTestCase):
    """
    What the card says of it.
    """

    def test_right(self) -> None:
        """
        The version and all check values; of a key without one, the version alone.
        """
        PutKey(0x30, KEYS).check(b"\x30" + CHECKS)
        PutKey(3, (ec_public_key(b"\x04" + bytes(64), Curve.P256),), 0x10).check(b"\x03")

    def test_another(self) -> None:
        """
        Another key, or another version, is found.
        """
        put = PutKey(0x30, KEYS)
        error = self.assertRaises(KeyCheckFailed, put.check, b"\x30" + CHECKS[:-1] + b"\0")
        self.assertIn("a check value is another", str(error))
        error = self.assertRaises(KeyCheckFailed, put.check, b"\x31" + CHECKS)
        self.assertIn("key version 31 instead of 30", str(error))

    @given(st.binary(max_size=20))
    def test_anything(self, answer: bytes) -> None:
        """
        Whatever else comes is an error of the card's.
        """
        with contextlib.suppress(CardError):
            PutKey(0x30, KEYS).check(answer)
            self.assertEqual(answer, b"\x30" + CHECKS)
        self.assertRaises(MalformedAnswer, PutKey(0x30, KEYS).check, b"\x30")
