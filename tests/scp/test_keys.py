# -*- test-case-name: tests.scp.test_keys -*-
"""
L{cardgw.scp.keys}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.scp.keys import AesKey, DesKey, KeySet, StaticKey
from cardgw.scp.scp02_terms import SessionDek

KEY = bytes(range(0x40, 0x60))


class KeysTests(SynchronousTestCase):
    """
    Keys in this process.
    """

    def test_aes(self) -> None:
        """
        What an AES key does; the examples are of RFC 4493 and NIST SP 800-38A.
        """
        key: StaticKey = AesKey(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))
        block = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
        self.assertEqual((key.length, key.block), (16, 16))
        self.assertEqual(key.cmac(block).hex(), "070a16b46b4d4144f79bdd9dd04a287c")
        self.assertEqual(key.encrypt(block).hex(), "3ad77bb40d7a3660a89ecaf32466ef97")

    def test_des(self) -> None:
        """
        What a triple DES key does; one of 16 bytes begins again.
        """
        key: StaticKey = DesKey(KEY[:16])
        again = DesKey(KEY[:16] + KEY[:8])
        self.assertEqual((key.length, key.block, again.length), (16, 8, 24))
        self.assertEqual(key.encrypt(KEY), again.encrypt(KEY))
        self.assertEqual(key.encrypt(KEY[:8]), key.encrypt(KEY)[:8])
        self.assertNotEqual(key.encrypt(KEY[8:16]), key.encrypt(KEY)[8:16])
        self.assertEqual(len(key.cmac(b"abc")), 8)

    def test_decrypt(self) -> None:
        """
        The card's side has the way back.
        """
        for key in (AesKey(KEY), DesKey(KEY[:24]), SessionDek(KEY[:16])):
            self.assertEqual(key.decrypt(key.encrypt(KEY)), KEY)

    def test_check_values(self) -> None:
        """
        Those of the key that all test cards have.
        """
        self.assertEqual((AesKey(KEY[:16]).kcv().hex(), DesKey(KEY[:16]).kcv().hex()), ("504a77", "8baf47"))
        found = KeySet.of_aes(1, KEY[:16], KEY, KEY[8:]).check_values()
        self.assertEqual(found, (AesKey(KEY[:16]).kcv(), AesKey(KEY).kcv(), AesKey(KEY[8:]).kcv()))
        self.assertEqual(len(set(KeySet.of_des(1, KEY[:16]).check_values())), 1)

    def test_lengths(self) -> None:
        """
        Other lengths are refused, without a word about the key.
        """
        for make, sizes in ((AesKey, (0, 8, 15, 17, 31, 33)), (DesKey, (0, 8, 15, 32))):
            for size in sizes:
                error = self.assertRaises(ParameterError, make, b"\xab" * size)
                self.assertNotIn("ab", str(error).replace("able", ""))

    def test_empty(self) -> None:
        """
        A key of no bytes is not one that is left out: those are the same as the first.
        """
        for make in (KeySet.of_aes, KeySet.of_des):
            first, *others = make(1, KEY[:16]).check_values()
            self.assertEqual(others, [first, first])
            self.assertRaises(ParameterError, make, 1, KEY[:16], b"")
            self.assertRaises(ParameterError, make, 1, KEY[:16], KEY[:16], b"")

    def test_put(self) -> None:
        """
        A key that may leave this process is given to whatever makes a command of it.
        """
        self.assertEqual([kind(KEY[:16]).put(bytes.hex) for kind in (AesKey, DesKey)], [KEY[:16].hex()] * 2)

    def test_versions(self) -> None:
        """
        Versions are 0 to 255.
        """
        self.assertEqual(KeySet.of_aes(255, KEY).version, 255)
        for version in (-1, 256):
            self.assertRaises(ParameterError, KeySet.of_aes, version, KEY)

    def test_shown(self) -> None:
        """
        No key is shown.
        """
        keys = KeySet.of_aes(0x30, KEY)
        self.assertEqual((repr(keys), repr(keys.enc)), ("KeySet(version=48)", "<AES key of 32 bytes>"))
        self.assertEqual(repr(DesKey(KEY[:24])), "<triple DES key of 24 bytes>")
        self.assertFalse(hasattr(keys.enc, "__dict__"))

    def test_everyCard(self) -> None:
        """
        Keys that are not diversified are the same for all.
        """
        keys = KeySet.of_aes(0x30, KEY)
        self.assertIs(keys.for_card(bytes(10)), keys)
