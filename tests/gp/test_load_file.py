# -*- test-case-name: tests.gp.test_load_file -*-
"""
L{cardgw.gp.load_file}.
"""

from __future__ import annotations

import contextlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.errors import ParameterError
from cardgw.gp.cap import Hash, code_hash
from cardgw.gp.errors import TooManyBlocks
from cardgw.gp.load_file import Dap, LoadFile, blocks, load
from tests.gp.strategies import aids

DOMAIN = bytes.fromhex("A000000151000001")
daps = st.builds(Dap, aids, st.binary(min_size=1, max_size=300))


class LoadFileTests(SynchronousTestCase):
    """
    L{LoadFile} and L{Dap}.
    """

    def test_known(self) -> None:
        """
        The data objects, in their order.
        """
        self.assertEqual(LoadFile(b"code").encode().hex(), "c404" + b"code".hex())
        self.assertEqual(LoadFile(bytes(200)).encode()[:3].hex(), "c481c8")
        signed = LoadFile(b"c", (Dap(DOMAIN, b"s"),), ciphered=True, icv=b"i")
        self.assertEqual(signed.encode().hex(), "e20d4f08a000000151000001c30173d30169d40163")

    @given(st.binary(min_size=1, max_size=400), st.lists(daps, max_size=3).map(tuple), st.booleans(), st.binary(max_size=16))
    def test_roundTrip(self, code: bytes, signatures: tuple[Dap, ...], ciphered: bool, icv: bytes) -> None:
        """
        What was encoded is decoded again.
        """
        file = LoadFile(code, signatures, ciphered, icv if ciphered else b"")
        self.assertEqual(LoadFile.decode(file.encode()), file)

    @given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda value: tlv.encode(0xE2, value) + b"\xc4\1x"))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are a load file, or a C{ValueError}.
        """
        with contextlib.suppress(ValueError):
            self.assertIn(LoadFile.decode(octets).code, octets)

    def test_malformed(self) -> None:
        """
        What no load file is.
        """
        for octets in ("", "C400", "C40163E200", "E200C40163", "E2064F0101C30173C40163", "D30169C40163", "C30173C40163"):
            self.assertRaises(ValueError, LoadFile.decode, bytes.fromhex(octets))

    def test_parameters(self) -> None:
        """
        What is empty, or of no use, is refused.
        """
        self.assertRaises(ParameterError, LoadFile, b"")
        self.assertRaises(ParameterError, LoadFile, b"c", icv=b"i")
        self.assertRaises(ParameterError, Dap, b"", b"s")
        self.assertRaises(ParameterError, Dap, DOMAIN, b"")

    def test_shown(self) -> None:
        """
        Neither code nor signatures are in a C{repr}.
        """
        self.assertNotIn("secret", repr(LoadFile(b"secret", (Dap(DOMAIN, b"secret"),))))


class SignTests(SynchronousTestCase):
    """
    Signatures of each kind: the signer gets the hash of the load file data block.
    """

    def test_rsa(self) -> None:
        """
        RSA with SHA-1, PKCS #1.
        """
        key = rsa.generate_private_key(65537, 1024)
        digest = code_hash(b"code", Hash.SHA1)
        dap = Dap.sign(DOMAIN, digest, lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA1()))
        key.public_key().verify(dap.signature, digest, padding.PKCS1v15(), hashes.SHA1())

    def test_ecdsa(self) -> None:
        """
        ECDSA with SHA-256.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        digest = code_hash(b"code", Hash.SHA256)
        dap = Dap.sign(DOMAIN, digest, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))
        key.public_key().verify(dap.signature, digest, ec.ECDSA(hashes.SHA256()))
        other = code_hash(b"other", Hash.SHA256)
        self.assertRaises(InvalidSignature, key.public_key().verify, dap.signature, other, ec.ECDSA(hashes.SHA256()))

    def test_aes(self) -> None:
        """
        AES-CMAC.
        """

        def sign(data: bytes) -> bytes:
            mac = CMAC(AES(bytes(16)))
            mac.update(data)
            return mac.finalize()

        dap = Dap.sign(DOMAIN, code_hash(b"code", Hash.SHA256), sign)
        self.assertEqual(len(dap.signature), 16)
        self.assertEqual(dap.encode()[:2].hex(), "e21c")


class LoadTests(SynchronousTestCase):
    """
    L{blocks} and L{load}.
    """

    @given(st.binary(max_size=1000), st.integers(4, 300))
    def test_blocks(self, octets: bytes, size: int) -> None:
        """
        Blocks joined are the whole; all but the last one are full.
        """
        parts = blocks(octets, size)
        self.assertEqual(b"".join(parts), octets)
        self.assertTrue(all(len(each) == size for each in parts[:-1]))
        self.assertTrue(all(parts))

    def test_numbers(self) -> None:
        """
        Blocks are counted, and the last one says that it is.
        """
        script = load(LoadFile(bytes(7)), 4)
        commands = [each.command.encode().hex() for each in script.steps]
        self.assertEqual(commands, ["80e8000004c407000000", "80e8000104" + "0" * 8 + "00", "80e880020100" + "00"])
        self.assertTrue(script.pipelined)
        self.assertEqual([each.slow for each in script.steps], [False, False, True])

    def test_most(self) -> None:
        """
        256 blocks are as many as can be counted: one byte more is an error with a name, before anything is sent.
        """
        script = load(LoadFile(bytes(256 * 247 - 4)), 247)
        self.assertEqual([(each.command.p1, each.command.p2) for each in script.steps[-2:]], [(0, 254), (0x80, 255)])
        error = self.assertRaises(TooManyBlocks, load, LoadFile(bytes(256 * 247 - 3)), 247)
        self.assertIn("63233 bytes in blocks of 247 are 257", str(error))

    def test_size(self) -> None:
        """
        A size that none can have is refused; with extended length, blocks are large.
        """
        for size in (0, -1, 65536):
            self.assertRaises(ParameterError, load, LoadFile(b"c"), size)
        self.assertEqual(len(load(LoadFile(bytes(70000)), 65535).steps), 2)
