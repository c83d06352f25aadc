"""
Tests of L{cardgw.operations.gp_chain}.
"""

from __future__ import annotations

import json
from base64 import b64encode

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.operations.gp_chain import certificate_json, certificates, check_chain
from tests.scp.scp11_rig import make_pki

CHAIN = [each.raw for each in make_pki("SD").chain]
OTHER = [each.raw for each in make_pki("OCE", form="gp").chain]


def pem(octets: bytes) -> str:
    """
    A certificate as people have it.
    """
    return f"-----BEGIN CERTIFICATE-----\n{b64encode(octets).decode()}\n-----END CERTIFICATE-----\n"


class ChainTests(SynchronousTestCase):
    """
    Certificates in, and what they say.
    """

    def test_forms(self) -> None:
        """
        Hexadecimal or PEM, one or more, in a list or a text.
        """
        for given in ([each.hex() for each in CHAIN], [pem(each) for each in CHAIN], "".join(map(pem, CHAIN))):
            self.assertEqual(certificates.parse(given), tuple(CHAIN))
        for wrong in ("zz", "-----BEGIN KEY-----", "-----BEGIN CERTIFICATE-----!-----END CERTIFICATE-----"):
            self.assertRaises(ParameterError, certificates.parse, wrong)

    def test_order(self) -> None:
        """
        That of the key is the last one; what cannot be read is left to the card.
        """
        for chain in (CHAIN, CHAIN[-1:], OTHER, [b"0\0", CHAIN[0]], [CHAIN[0], b"0\0", CHAIN[0]]):
            check_chain(chain)
        for chain in (CHAIN[::-1], [*CHAIN, *CHAIN]):
            self.assertIn("number", self.assertRaises(ParameterError, check_chain, chain).detail)

    def test_described(self) -> None:
        """
        In either form; nothing of what cannot be read.
        """
        for octets in (CHAIN[-1], OTHER[-1]):
            found = certificate_json(octets)
            assert found is not None
            self.assertEqual(json.loads(json.dumps(found)), found)
            self.assertEqual(found["key"], "secp256r1")
        self.assertIsNone(certificate_json(b"0\0"))
