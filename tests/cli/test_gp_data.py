"""
Tests of L{cardgw.cli.gp_data}.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from cardgw.virtual.pki import make_pki
from tests.cli.gp_case import AID, KEYS, GpCliTestCase

KEY = ("--identifier", "0x13", "--version", "1")


class DataTests(GpCliTestCase):
    """
    C{cardgw gp data}.
    """

    def test_get(self) -> None:
        """
        A data object is printed in hexadecimal.
        """
        told = self.gp("data", "get", "9F7F", operation="gp.data.get", result={"tag": "9F7F", "data": "9F7F2A"})
        self.assertEqual(told.stdout, "9F7F2A\n")
        self.assertEqual(self.parameters("gp.data.get"), {"tag": "9F7F"})

    def test_store(self) -> None:
        """
        Data are typed, read from a file or from standard input.
        """
        path = self.directory / "data"
        path.write_bytes(bytes.fromhex("010101AA"))
        for data in ("010101AA", f"@{path}", "-"):
            told = self.gp(
                *("data", "store", data, "--structure", "dgi", "--application", AID, *KEYS, "--yes"),
                input=bytes.fromhex("010101AA"),
                terminal=True,
                operation="gp.data.store",
                result={"stored": 2},
            )
            self.assertEqual(told.stdout, "stored 2 bytes\n")
            expected = {"keys": "issuer", "data": "010101AA", "structure": "dgi", "application": AID}
            self.assertEqual(self.parameters("gp.data.store"), expected)


class CertificatesTests(GpCliTestCase):
    """
    C{cardgw gp certificates}.
    """

    def setUp(self) -> None:
        """
        There is a certificate.
        """
        super().setUp()
        self.der = make_pki().ci.der

    def test_get(self) -> None:
        """
        X.509 is printed in PEM, GlobalPlatform's own form in hexadecimal.
        """
        result = {"certificates": [self.der.hex().upper(), "7F2100"]}
        told = self.gp("certificates", "get", *KEY, operation="gp.certificates.get", result=result).stdout
        self.assertTrue(told.endswith("\n7F2100\n"), told)
        (found,) = load_pem_x509_certificates(told.encode())
        self.assertEqual(found.public_bytes(Encoding.DER), self.der)
        self.assertEqual(self.parameters("gp.certificates.get"), {"identifier": 0x13, "version": 1})
        none = self.gp("certificates", "get", *KEY, operation="gp.certificates.get", result={"certificates": []})
        self.assertIn("no certificates", none.stderr)

    def test_store(self) -> None:
        """
        PEM, DER and other forms are taken, in the order in which they are given.
        """
        pem, other, broken = (self.directory / name for name in ("a.pem", "b.der", "c.pem"))
        result = {"certificates": [self.der.hex().upper()]}
        pem.write_text(self.gp("certificates", "get", *KEY, operation="gp.certificates.get", result=result).stdout)
        other.write_bytes(self.der)
        self.gp(
            *("certificates", "store", str(pem), str(other), *KEY, *KEYS, "--yes"),
            operation="gp.certificates.store",
            result={"stored": 2},
        )
        self.assertEqual(self.parameters("gp.certificates.store")["certificates"], [self.der.hex().upper()] * 2)
        broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
        self.gp("certificates", "store", str(broken), *KEY, *KEYS, "--yes", status=2)
