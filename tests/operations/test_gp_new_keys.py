"""
Tests of L{cardgw.operations.gp_new_keys}; what cards make of it is tested with L{cardgw.operations.gp_keys}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.operations.gp_new_keys import Form, public_key
from cardgw.scp.key_pair import LocalKeyPair
from cardgw.scp.keys import AesKey, DesKey
from tests.operations.test_gp_signing import P256, RSA1024, RSA2048

DEK = AesKey(bytes(16))


class FormTests(SynchronousTestCase):
    """
    L{Form}.
    """

    def test_inner(self) -> None:
        """
        Where the length stands before an AES key, by itself, by family and as it is said.
        """
        for form, begins in (
            (Form(DEK), "881110"),
            (Form(DEK, family="yubikey"), "8810"),
            (Form(DEK, "always", "yubikey"), "881110"),
            (Form(DEK, "needed"), "8810"),
        ):
            self.assertTrue(form.one(AesKey(bytes(16))).encode().hex().startswith(begins))
        self.assertTrue(Form(DEK, "needed").one(AesKey(bytes(24))).encode().hex().startswith("882118"))

    def test_des(self) -> None:
        """
        A key for triple DES has none by itself.
        """
        self.assertTrue(Form(DesKey(bytes(16))).one(DesKey(bytes(16))).encode().hex().startswith("8010"))

    def test_pairs(self) -> None:
        """
        A private key on a curve, encrypted; public keys as they are.
        """
        octets = Form(DEK).private(LocalKeyPair(P256)).encode()
        self.assertEqual((octets[:2].hex(), octets[34:].hex()), ("b120", "f0010000"))
        self.assertEqual(public_key(P256.public_key()).encode()[:3].hex(), "b04104")
        self.assertEqual(public_key(RSA2048.public_key()).encode()[-6:].hex(), "a00301000100")

    def test_refused(self) -> None:
        """
        Neither the private half of an RSA key, nor what does not leave its token.
        """
        self.assertRaises(ParameterError, Form(DEK).private, LocalKeyPair(RSA1024))
        self.assertRaises(ParameterError, Form(DEK).private, object())
