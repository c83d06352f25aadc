# -*- test-case-name: tests.virtual.test_security_domain_load_file -*-
"""
Tests for L{cardgw.virtual.security_domain_load_file}.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.cap import CapFile
from cardgw.gp.install import for_extradition, for_install, for_load
from cardgw.gp.keys import Curve, KeyField, aes_key, des_key, ec_public_key, rsa_public_key
from cardgw.gp.load_file import Dap, LoadFile, load
from cardgw.gp.privileges import Privilege
from cardgw.scp.curves import encode_point, sign
from cardgw.scp.keys import AesKey, DesKey
from cardgw.scp.primitives import Cbc, pad
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE
from tests.gp.cap_maker import PACKAGE, make_components, zipped
from tests.virtual.security_domain_rig import Administrator, make_card

CODE = CapFile.decode(zipped(make_components())).code()
HASH = sha256(CODE).digest()
DOMAIN, OTHER = bytes.fromhex("A000000151000001"), bytes.fromhex("A000000151000002")
DAP = Privilege.SecurityDomain | Privilege.DAPVerification
MANDATED = DAP | Privilege.MandatedDAPVerification
CIPHERED = Privilege.SecurityDomain | Privilege.CipheredLoadFileDataBlock
KEY = AesKey(b"v" * 16)


class Rig(SynchronousTestCase):
    """
    A card with another security domain.
    """

    def setUp(self) -> None:
        """
        Without that.
        """
        self.admin = Administrator(make_card())

    def add(self, privileges: Privilege, aid: bytes = DOMAIN) -> Administrator:
        """
        Install a security domain, and enter it.
        """
        self.assertEqual(self.admin.status(for_install(DOMAIN_FILE, DOMAIN_MODULE, aid, privileges).command()), 0x9000)
        return Administrator(self.admin.card, domain=aid)

    def load(self, file: LoadFile, code_hash: bytes = HASH, domain: bytes = DOMAIN) -> int:
        """
        The status in the end; if that is an error, nothing is left of it.
        """
        self.admin = Administrator(self.admin.card)
        begun = self.admin.status(for_load(PACKAGE, domain, code_hash).command())
        found = begun if begun != 0x9000 else self.admin.run(load(file, 50))[-1]
        self.assertEqual(PACKAGE in [each.aid for each in self.admin.card.entries], found == 0x9000)
        return found


class DapTests(Rig):
    """
    Signatures of load files.
    """

    def with_key(self, privileges: Privilege = DAP, aid: bytes = DOMAIN) -> None:
        """
        A domain that verifies with an AES key.
        """
        inner = self.add(privileges, aid)
        self.assertEqual(inner.put_one(0x73, KEY.put(lambda key: aes_key(key, inner.connection.dek.encrypt))), 0x9000)
        self.admin = Administrator(self.admin.card)

    def test_right(self) -> None:
        """
        It is loaded with the signature of the domain that it is for, and not without, nor without a hash.
        """
        self.with_key()
        self.assertEqual(self.load(LoadFile(CODE)), 0x6985)
        self.assertEqual(self.load(LoadFile(CODE), b""), 0x6A80)
        self.assertEqual(self.load(LoadFile(CODE, (Dap.sign(DOMAIN, HASH, KEY.cmac),))), 0x9000)

    def test_wrong(self) -> None:
        """
        A wrong signature, that of another load file, and another load file under the right one.
        """
        self.with_key()
        right = Dap.sign(DOMAIN, HASH, KEY.cmac)
        self.assertEqual(self.load(LoadFile(CODE, (Dap(DOMAIN, bytes(16)),))), 0x6982)
        self.assertEqual(self.load(LoadFile(CODE, (Dap.sign(DOMAIN, bytes(32), KEY.cmac),))), 0x6982)
        self.assertEqual(self.load(LoadFile(CODE, (right, Dap(DOMAIN, bytes(16))))), 0x6982)
        self.assertEqual(self.load(LoadFile(CODE[:-1] + b"!", (right,))), 0x6A80)
        self.assertEqual(self.load(LoadFile(CODE, (right, Dap.sign(self.admin.card.aid, HASH, KEY.cmac)))), 0x6985)

    def test_noKey(self) -> None:
        """
        A domain that has no key cannot verify, and one that is not there neither.
        """
        self.add(DAP)
        for domain in (DOMAIN, OTHER):
            self.assertEqual(self.load(LoadFile(CODE, (Dap.sign(domain, HASH, KEY.cmac),)), domain=DOMAIN), 0x6985)

    def test_mandated(self) -> None:
        """
        One that must verify all does so for what others get, too.
        """
        self.with_key(MANDATED)
        self.assertEqual(self.load(LoadFile(CODE), domain=b""), 0x6985)
        self.assertEqual(self.load(LoadFile(CODE, (Dap.sign(DOMAIN, HASH, KEY.cmac),)), domain=b""), 0x9000)

    def test_both(self) -> None:
        """
        Two signatures where two must verify.
        """
        self.with_key(MANDATED)
        self.assertEqual(self.admin.load(), [0x6A80])
        self.with_key(DAP, OTHER)
        first, second = (Dap.sign(each, HASH, KEY.cmac) for each in (DOMAIN, OTHER))
        self.assertEqual(self.load(LoadFile(CODE, (second,)), domain=OTHER), 0x6985)
        self.assertEqual(self.load(LoadFile(CODE, (second, first)), domain=OTHER), 0x9000)

    def test_algorithms(self) -> None:
        """
        With keys of every kind.
        """
        pair, other = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)
        numbers = other.public_key().public_numbers()
        self.check_key(ec_public_key(encode_point(pair.public_key()), Curve.P384), sign(pair, HASH))
        self.check_key(rsa_public_key(numbers.n, numbers.e), other.sign(HASH, PKCS1v15(), SHA256()))

    def check_key(self, key: KeyField, signature: bytes) -> None:
        """
        A new card takes it with the signature, and not with another.
        """
        self.admin = Administrator(make_card())
        self.assertEqual(self.add(DAP).put_one(0x73, key), 0x9000)
        self.assertEqual(self.load(LoadFile(CODE, (Dap(DOMAIN, signature[:-1] + b"?"),))), 0x6982)
        self.assertEqual(self.load(LoadFile(CODE, (Dap(DOMAIN, signature),))), 0x9000)

    def test_extradited(self) -> None:
        """
        What was loaded before is given to a domain that verifies without it.
        """
        self.assertEqual(self.admin.load()[-1], 0x9000)
        self.with_key()
        self.assertEqual(self.admin.status(for_extradition(DOMAIN, PACKAGE).command()), 0x9000)


class CipheredTests(Rig):
    """
    Load files that are ciphered.
    """

    def test_aes(self) -> None:
        """
        With or without a chaining vector; wrong padding and a wrong key are found.
        """
        inner = self.add(CIPHERED)
        self.assertEqual(inner.put_one(0x75, KEY.put(lambda key: aes_key(key, inner.connection.dek.encrypt))), 0x9000)
        icv = bytes(range(16))
        with_vector = KEY.put(Cbc).encrypt(icv, pad(CODE))
        self.assertEqual(self.load(LoadFile(with_vector[:-16], ciphered=True, icv=icv)), 0x6A80)
        self.assertEqual(self.load(LoadFile(with_vector, ciphered=True)), 0x6A80)
        self.assertEqual(self.load(LoadFile(with_vector[:-1], ciphered=True, icv=icv)), 0x6A80)
        self.assertEqual(self.load(LoadFile(with_vector, ciphered=True, icv=icv[:-1])), 0x6A80)
        self.assertEqual(self.load(LoadFile(with_vector, ciphered=True, icv=icv)), 0x9000)

    def test_des(self) -> None:
        """
        With triple DES.
        """
        inner, key = self.add(CIPHERED), DesKey(bytes(range(16)))
        field = key.put(lambda octets: des_key(octets, inner.connection.dek.encrypt, block=16))
        self.assertEqual(inner.put_one(0x75, field), 0x9000)
        self.assertEqual(self.load(LoadFile(key.encrypt(pad(CODE, 8)), ciphered=True)), 0x9000)

    def test_nobody(self) -> None:
        """
        Nobody has the privilege, or the key.
        """
        file = LoadFile(KEY.encrypt(pad(CODE)), ciphered=True)
        self.assertEqual(self.load(file, domain=b""), 0x6985)
        self.add(CIPHERED)
        self.assertEqual(self.load(file), 0x6985)
