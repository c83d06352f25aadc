# -*- test-case-name: tests.scp.test_primitives -*-
"""
L{cardgw.scp.primitives}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.primitives import Cbc, Cmac, pad, unpad

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
BLOCK = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")


class PrimitivesTests(SynchronousTestCase):
    """
    The examples of the documents.
    """

    def test_cmac(self) -> None:
        """
        RFC 4493, 4; of parts it is the same as of the whole, and a key serves many times.
        """
        cmac = Cmac(KEY)
        for parts in ((BLOCK,), (BLOCK[:3], b"", BLOCK[3:])):
            self.assertEqual(cmac(*parts).hex(), "070a16b46b4d4144f79bdd9dd04a287c")
        self.assertEqual(cmac().hex(), "bb1d6929e95937287fa37d129b756746")

    def test_cbc(self) -> None:
        """
        NIST SP 800-38A, F.1.1 and F.2.1.
        """
        cbc, initial = Cbc(KEY), bytes(range(16))
        self.assertEqual(cbc.block(BLOCK).hex(), "3ad77bb40d7a3660a89ecaf32466ef97")
        self.assertEqual(cbc.encrypt(initial, BLOCK).hex(), "7649abac8119b246cee98e9b12e9197d")
        self.assertEqual(cbc.decrypt(initial, cbc.encrypt(initial, BLOCK * 2)), BLOCK * 2)
        self.assertRaises(ValueError, cbc.decrypt, initial, b"x")

    @given(st.binary(max_size=50))
    def test_padding(self, data: bytes) -> None:
        """
        There is always some, up to whole blocks, and it comes off again.
        """
        padded = pad(data)
        self.assertEqual((len(padded) % 16, len(padded) > len(data), padded[len(data)]), (0, True, 0x80))
        self.assertEqual(unpad(padded), data)
        self.assertEqual(len(pad(data, 8)) % 8, 0)

    def test_paddingWrong(self) -> None:
        """
        No mark, or another one, is wrong.
        """
        for data in (b"", bytes(16), b"\x81" + bytes(15), b"abc"):
            self.assertRaises(ValueError, unpad, data)

    def test_paddingLong(self) -> None:
        """
        A whole block more is what some cards do.
        """
        self.assertEqual(unpad(b"a\x80" + bytes(30)), b"a")
