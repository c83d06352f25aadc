# -*- test-case-name: tests.scp.test_kdf -*-
"""
L{cardgw.scp.kdf}.  What it derives is tested with published vectors in L{tests.scp.test_scp03}; here with the same derivation as
the cryptography library has it.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.kdf import Constant, cryptogram, derive, pseudo_random_challenge, session_keys
from cardgw.scp.keys import AesKey
from cardgw.scp.primitives import Cmac
from tests.scp.rig import CONTEXT, keys_of


def reference(key: bytes, constant: int, size: int, context: bytes) -> bytes:
    """
    NIST SP 800-108 with the counter behind the label.
    """
    fixed = bytes(11) + bytes((constant, 0)) + (size * 8).to_bytes(2, "big") + context
    return KBKDFCMAC(
        AES, Mode.CounterMode, size, 1, None, CounterLocation.MiddleFixed, None, None, fixed, break_location=15
    ).derive(key)


class KdfTests(SynchronousTestCase):
    """
    L{derive} and what uses it.
    """

    @given(
        st.sampled_from((16, 24, 32)).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
        st.sampled_from(list(Constant)),
        st.sampled_from((8, 16, 24, 32)),
        st.binary(max_size=40),
    )
    def test_derive(self, key: bytes, constant: Constant, size: int, context: bytes) -> None:
        """
        All keys, constants and lengths.
        """
        self.assertEqual(derive(Cmac(key), constant, size, context), reference(key, constant, size, context))

    def test_session(self) -> None:
        """
        S-ENC comes of Key-ENC, the MAC keys of Key-MAC; the DEK is the static one.
        """
        for size in (16, 24, 32):
            enc, mac = (bytes(range(start, start + size)) for start in (0, 50))
            found = session_keys(keys_of(size), CONTEXT)
            self.assertEqual(found.s_enc, reference(enc, 4, size, CONTEXT))
            self.assertEqual(found.s_mac, reference(mac, 6, size, CONTEXT))
            self.assertEqual(found.s_rmac, reference(mac, 7, size, CONTEXT))
            self.assertEqual(found.dek and found.dek.kcv(), keys_of(size).dek.kcv())

    def test_cryptograms(self) -> None:
        """
        They are as long as the MACs, and no truncation of each other.
        """
        key = bytes(range(16))
        for constant in (Constant.CARD_CRYPTOGRAM, Constant.HOST_CRYPTOGRAM):
            short, long = (cryptogram(Cmac(key), constant, size, CONTEXT) for size in (8, 16))
            self.assertEqual((short, long), (reference(key, constant, 8, CONTEXT), reference(key, constant, 16, CONTEXT)))
            self.assertNotEqual(short, long[:8])

    def test_challenge(self) -> None:
        """
        Of counter and AID.
        """
        key, application = bytes(range(16)), bytes.fromhex("A000000151000000")
        expected = reference(key, 2, 8, b"\x00\x01\x02" + application)
        self.assertEqual(pseudo_random_challenge(AesKey(key), 0x0102, application, 8), expected)

    def test_dropped(self) -> None:
        """
        Keys that have been dropped are gone.
        """
        found = session_keys(keys_of(16), CONTEXT)
        found.drop()
        self.assertEqual((found.s_enc, found.s_mac, found.s_rmac, found.dek), (b"", b"", b"", None))
        self.assertEqual(repr(found), "SessionKeys()")
