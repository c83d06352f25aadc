# -*- test-case-name: tests.scp.test_curves -*-
"""
L{cardgw.scp.curves}.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.curves import (
    CURVES,
    agree,
    curve_by_reference,
    curve_of,
    decode_point,
    encode_point,
    is_der_signature,
    is_signature,
    sign,
)
from tests.scp.scp11_rig import private_key


class CurveTests(SynchronousTestCase):
    """
    All six.
    """

    def test_references(self) -> None:
        """
        Each has the key parameter reference of Amendment E; others are refused.
        """
        references = {curve.reference: name for name, curve in CURVES.items()}
        self.assertEqual(
            references,
            {
                0: "secp256r1",
                1: "secp384r1",
                2: "secp521r1",
                3: "brainpoolP256r1",
                5: "brainpoolP384r1",
                7: "brainpoolP512r1",
            },
        )
        self.assertEqual(curve_by_reference(5).size, 48)
        self.assertRaises(ValueError, curve_by_reference, 4)

    def test_points(self) -> None:
        """
        A point is 04, x and y in full length, P-521 too; anything else is refused.
        """
        for name, curve in CURVES.items():
            key = private_key("a", name).public_key()
            octets = encode_point(key)
            self.assertEqual(len(octets), 1 + 2 * curve.size)
            self.assertEqual(decode_point(curve, octets), key)
            for wrong in (
                b"",
                octets[:-1],
                b"\x02" + octets[1:],
                octets[:-1] + bytes((octets[-1] ^ 1,)),
                b"\x04" + bytes(len(octets) - 1),
            ):
                self.assertRaises(ValueError, decode_point, curve, wrong)
        self.assertEqual(CURVES["secp521r1"].size, 66)

    def test_otherCurve(self) -> None:
        """
        A point of another curve of the same size is none of this one; other curves are unknown.
        """
        octets = encode_point(private_key("a", "brainpoolP256r1").public_key())
        self.assertRaises(ValueError, decode_point, CURVES["secp256r1"], octets)
        self.assertRaises(ValueError, curve_of, ec.generate_private_key(ec.SECP256K1()))

    def test_signatures(self) -> None:
        """
        Signatures are r and s; a changed one, or one of something else, is wrong.
        """
        for name, curve in CURVES.items():
            key = private_key("a", name)
            signature = sign(key, b"message")
            self.assertEqual(len(signature), 2 * curve.size)
            self.assertTrue(is_signature(key.public_key(), signature, b"message"))
            self.assertFalse(is_signature(key.public_key(), signature, b"massage"))
            self.assertFalse(is_signature(key.public_key(), signature[:-1], b"message"))
            self.assertFalse(is_signature(private_key("b", name).public_key(), signature, b"message"))
            self.assertFalse(is_signature(key.public_key(), bytes(len(signature)), b"message"))
            der = key.sign(b"message", ec.ECDSA(curve.digest))
            self.assertTrue(is_der_signature(key.public_key(), der, b"message"))
            self.assertFalse(is_der_signature(key.public_key(), der, b"massage"))
            self.assertFalse(is_der_signature(key.public_key(), signature, b"message"))

    def test_agreement(self) -> None:
        """
        Both sides get the same secret, as long as the curve wants; two curves have none in common.
        """
        for name, curve in CURVES.items():
            a, b = private_key("a", name), private_key("b", name)
            secret = agree(a, b.public_key())
            self.assertEqual((secret, len(secret)), (agree(b, a.public_key()), curve.size))
        self.assertRaises(ValueError, agree, private_key("a"), private_key("a", "secp384r1").public_key())
