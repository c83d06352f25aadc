# -*- test-case-name: tests.scp.test_scp02_terms -*-
"""
L{cardgw.scp.scp02_terms}.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.errors import LevelNotPossible
from cardgw.scp.keys import DesKey, KeySet
from cardgw.scp.level import Level
from cardgw.scp.scp02_terms import (
    LEVELS,
    DesCbc,
    DesMac,
    Purpose,
    Scp02Implementation,
    SessionDek,
    session_key,
    session_keys,
)

KEY = bytes(range(0x40, 0x50))
KEYS = KeySet.of_des(0x20, KEY)


def single(key: bytes, block: bytes, *, backwards: bool = False) -> bytes:
    """
    One block of single DES.
    """
    cipher = Cipher(TripleDES(key * 3), ECB())
    return (cipher.decryptor() if backwards else cipher.encryptor()).update(block)


def xor(a: bytes, b: bytes) -> bytes:
    """
    Both at once.
    """
    return bytes(left ^ right for left, right in zip(a, b, strict=True))


class MacTests(SynchronousTestCase):
    """
    MACs of DES.
    """

    @given(st.binary(max_size=60), st.binary(min_size=8, max_size=8))
    def test_retail(self, data: bytes, vector: bytes) -> None:
        """
        As ISO/IEC 9797-1 defines algorithm 3 with padding method 2.
        """
        padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
        state = vector
        for at in range(0, len(padded), 8):
            state = single(KEY[:8], xor(state, padded[at : at + 8]))
        expected = single(KEY[:8], single(KEY[8:], state, backwards=True))
        self.assertEqual(DesMac(KEY).retail(vector, data), expected)

    @given(st.binary(max_size=60))
    def test_full(self, data: bytes) -> None:
        """
        Triple DES in every block.
        """
        padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
        self.assertEqual(DesMac(KEY).full(data), DesKey(KEY).encrypt(padded)[-8:])

    def test_vector(self) -> None:
        """
        Chaining vectors are encrypted with the first half of the key.
        """
        self.assertEqual(DesMac(KEY).vector(b"12345678"), single(KEY[:8], b"12345678"))


class CipherTests(SynchronousTestCase):
    """
    Encryption.
    """

    @given(st.binary(max_size=40))
    def test_round(self, data: bytes) -> None:
        """
        Whatever is encrypted is got back; padding is always added.
        """
        encrypted = DesCbc(KEY).encrypt(data)
        self.assertEqual(len(encrypted), len(data) // 8 * 8 + 8)
        self.assertEqual(DesCbc(KEY).decrypt(encrypted), data)

    def test_wrong(self) -> None:
        """
        Parts of blocks, nothing at all, and other padding are refused.
        """
        cbc = DesCbc(KEY)
        for octets in (
            b"",
            bytes(7),
            bytes(8),
            DesKey(KEY).encrypt(bytes(8)),
            DesKey(KEY).encrypt(b"x" * 7 + b"\x80" + bytes(8)),
        ):
            self.assertRaises(ValueError, cbc.decrypt, octets)

    def test_dek(self) -> None:
        """
        The key that wraps keys encrypts each block by itself.
        """
        found = SessionDek(KEY).encrypt(bytes(16))
        self.assertEqual(found[:8], found[8:])
        self.assertEqual(found[:8], DesKey(KEY).encrypt(bytes(8)))


class KeyTests(SynchronousTestCase):
    """
    Session keys.
    """

    def test_all(self) -> None:
        """
        There are four, of 16 bytes, which change with the counter.
        """
        first, second = session_keys(KEYS, b"\0\1"), session_keys(KEYS, b"\0\2")
        found = {first.s_enc, first.s_mac, first.s_rmac, second.s_enc, second.s_mac, second.s_rmac}
        self.assertEqual((len(found), {len(key) for key in found}), (6, {16}))
        self.assertIsInstance(first.dek, SessionDek)

    def test_derivation(self) -> None:
        """
        Constant and counter, and the rest zeros, in CBC mode.
        """
        for purpose, constant in ((Purpose.C_MAC, "0101"), (Purpose.R_MAC, "0102"), (Purpose.DEK, "0181"), (Purpose.ENC, "0182")):
            expected = DesKey(KEY).encrypt(bytes.fromhex(constant) + b"\xab\xcd" + bytes(12))
            self.assertEqual(session_key(KEYS.enc, purpose, b"\xab\xcd"), expected)

    def test_secret(self) -> None:
        """
        Nothing of them is shown.
        """
        self.assertNotIn(repr(KEY), repr(SessionDek(KEY)) + repr(session_keys(KEYS, b"\0\0")))


class ImplementationTests(SynchronousTestCase):
    """
    The parameter i.
    """

    def test_forms(self) -> None:
        """
        15 and 55 encrypt the vector; 35 and 75 protect answers, too; 05 does neither, and 17 signs the bare command.
        """
        for value, vector, r_mac, pseudo_random, unmodified in (
            (0x15, True, False, False, False),
            (0x55, True, False, True, False),
            (0x75, True, True, True, False),
            (0x05, False, False, False, False),
            (0x37, True, True, False, True),
        ):
            form = Scp02Implementation(value)
            found = (form.encrypts_vector, form.r_mac, form.pseudo_random, form.unmodified, form.supported)
            self.assertEqual(found, (vector, r_mac, pseudo_random, unmodified, True))

    def test_unknown(self) -> None:
        """
        Forms that begin by themselves, or chain to the AID, are not known.
        """
        for value in (0x0A, 0x1A, 0x0B, 0x1B, 0x1D, 0x80):
            self.assertRaises(LevelNotPossible, Scp02Implementation(value).refuse, Level.C_MAC)

    def test_levels(self) -> None:
        """
        Five levels; those with R-MAC where the form has it.
        """
        for level in LEVELS:
            Scp02Implementation(0x35).refuse(level)
        for level in (Level.FULL, Level.C_DECRYPTION, Level.R_MAC):
            self.assertRaises(LevelNotPossible, Scp02Implementation(0x35).refuse, level)
        self.assertRaises(LevelNotPossible, Scp02Implementation(0x15).refuse, Level(0x11))
