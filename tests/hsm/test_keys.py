"""
Tests of L{cardgw.hsm.keys}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.hsm.errors import TokenUnusable
from cardgw.hsm.keys import CIPHERS, TokenKey
from cardgw.scp.aside import aside_of, at_once
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.keys import AesKey, DesKey, StaticKey
from tests.hsm.fake import AES, ALL, DES2, WHERE, FakeToken, M, T, secret, token, uri

MECHANISMS = (ALL, ALL - {M.AES_CMAC, M.DES3_CMAC}, frozenset({M.AES_ECB, M.DES3_ECB}))
"""All, without CMAC, and single blocks alone."""


def in_token(key: AesKey | DesKey, kind: Any = T.AES, cipher: str = "aes", **changes: Any) -> TokenKey:
    """
    The same key in a token.
    """
    sign = changes.pop("sign", True)
    return TokenKey(token(FakeToken([secret("enc", key, kind, sign=sign)], **changes)), uri(), WHERE, CIPHERS[cipher], at_once)


class TokenKeyTests(SynchronousTestCase):
    """
    A key in a token does what the same one in this process does.
    """

    def same(self, key: StaticKey, local: AesKey | DesKey, data: bytes) -> None:
        """
        Compare them.
        """
        self.assertEqual((key.length, key.block, key.kcv()), (local.length, local.block, local.kcv()))
        self.assertEqual(key.cmac(data), local.cmac(data))
        whole = data[: len(data) // local.block * local.block]
        self.assertEqual(key.encrypt(whole), local.encrypt(whole))

    @given(st.sampled_from((16, 24, 32)), st.binary(max_size=70), st.sampled_from(MECHANISMS), st.booleans())
    def test_aes(self, size: int, data: bytes, mechanisms: frozenset[Any], sign: bool) -> None:
        """
        AES, with what tokens have.
        """
        local = AesKey(bytes(range(size)))
        self.same(in_token(local, mechanisms=mechanisms, sign=sign), local, data)

    @given(st.sampled_from((16, 24)), st.binary(max_size=40), st.sampled_from(MECHANISMS))
    def test_des(self, size: int, data: bytes, mechanisms: frozenset[Any]) -> None:
        """
        Triple DES likewise.
        """
        local = DesKey(bytes(range(size)))
        kind = T.DES2 if size == 16 else T.DES3
        self.same(in_token(local, kind, "des", mechanisms=mechanisms), local, data)

    def test_master(self) -> None:
        """
        Keys of cards are derived in the token.
        """
        for name, local, key, make in (
            ("kdf3", AesKey(AES), in_token(AesKey(AES)), AesKey),
            ("visa2", DesKey(DES2), in_token(DesKey(DES2), T.DES2, "des"), DesKey),
            ("emv", DesKey(DES2), in_token(DesKey(DES2), T.DES2, "des"), DesKey),
        ):
            way = diversification(name)
            expected, found = (MasterKeys.of(1, each, way, make).for_card(bytes(range(10))) for each in (local, key))
            self.assertEqual(found.check_values(), expected.check_values())

    def test_otherCipher(self) -> None:
        """
        A key for another cipher is told.
        """
        key = in_token(DesKey(DES2), T.DES2)
        self.assertIn("for another cipher", str(self.assertRaises(TokenUnusable, lambda: key.length)))

    def test_shown(self) -> None:
        """
        It says where it is, and where it wants to be asked; it cannot be put on a card.
        """
        key = in_token(AesKey(AES))
        self.assertEqual(repr(key), '<key in a token: token "issuer", object "enc">')
        self.assertIs(aside_of(key), at_once)
        self.assertFalse(hasattr(key, "put"))
