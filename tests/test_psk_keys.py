"""
Tests of L{cardgw.psk_keys}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SecretError
from cardgw.psk_keys import joined, parse_fleet, parse_identity, parse_key
from cardgw.values import Psk

KEY = "000102030405060708090A0B0C0D0E0F"
OTHER = "F0" * 32


class PskKeysTests(SynchronousTestCase):
    """
    Keys and identities as settings and files have them.
    """

    def refused(self, text: bytes) -> str:
        """
        What is said of a file, which has no key in it.
        """
        told = str(self.assertRaises(SecretError, parse_fleet, text, "psk_file"))
        self.assertNotIn(KEY[:8], told)
        return told

    def test_identity(self) -> None:
        """
        An identity is text, or bytes in hexadecimal.
        """
        self.assertEqual(parse_identity("card-1"), b"card-1")
        self.assertEqual(parse_identity("hex:80 02 81"), b"\x80\x02\x81")
        for wrong in ("", "hex:", "hex:zz", "hex:00", "x" * 129, "a\0b"):
            self.assertRaises(ValueError, parse_identity, wrong)

    def test_key(self) -> None:
        """
        A key is hexadecimal, neither too short nor too long; what is wrong is told without it.
        """
        self.assertEqual(parse_key(KEY.encode(), "psk"), bytes(range(16)))
        for wrong in (KEY[:-2], KEY[:-1], "F0" * 65, "no key", "\xe9"):
            told = str(self.assertRaises(SecretError, parse_key, wrong.encode(), "psk"))
            self.assertNotIn(wrong[:8], told)

    def test_fleet(self) -> None:
        """
        A file of stunnel has a key in each line, empty lines aside; an identity may have colons.
        """
        found = parse_fleet(f"card-1:{KEY}\r\n\n urn:card:2:{OTHER} \n".encode(), "psk_file")
        self.assertEqual({name: each.key for name, each in found.items()}, {
            b"card-1": bytes.fromhex(KEY),
            b"urn:card:2": bytes.fromhex(OTHER),
        })  # fmt: skip
        self.assertNotIn("\\x01", repr(found))

    def test_wrongLines(self) -> None:
        """
        A line that is something else is told by its number.
        """
        self.assertIn("psk_file: line 2: expected identity:key", self.refused(f"a:{KEY}\n{KEY}".encode()))
        self.assertIn("line 1: expected identity:key", self.refused(f":{KEY}".encode()))
        self.assertIn("line 1: expected a key in hexadecimal", self.refused(b"card:secret"))
        self.assertIn("line 2: this identity is there twice", self.refused(f"a:{KEY}\na:{OTHER}".encode()))

    @given(st.binary(max_size=80))
    def test_anything(self, octets: bytes) -> None:
        """
        Any file is read or refused.
        """
        try:
            parse_fleet(octets, "psk_file")
        except SecretError as error:
            self.assertTrue(error.detail)

    def test_joined(self) -> None:
        """
        Nobody is in two tables.
        """
        one, two = Psk(bytes(16)), Psk(bytes(17), "//se-id/eid/1")
        found = joined({"x": {b"a": one}, "y": {b"b": two}})
        self.assertEqual(({each: found[each].key for each in found}, found[b"b"]), ({b"a": one.key, b"b": two.key}, two))
        told = str(self.assertRaises(SecretError, joined, {"x": {b"a": one}, "y": {b"a": two}}))
        self.assertIn("y: an identity of it is in x, too", told)

    def test_others(self) -> None:
        """
        A key that is bound to nobody is told which cards have keys: by their agents, by SGP.02, by what they are called else.
        """
        eid = "89001012012341234012345678901224"
        table = {b"a": Psk(bytes(16)), b"b": Psk(bytes(16), "//se-id/eid/" + eid[::-1]), f"8110{eid}".encode(): Psk(bytes(16))}
        found = joined({"x": table})
        self.assertLessEqual({"agent:a", f"eid:{eid[::-1]}", f"eid:{eid}"}, found[b"a"].others)
        self.assertEqual((found[b"b"].others, "89001" in repr(found[b"a"])), (frozenset(), False))
