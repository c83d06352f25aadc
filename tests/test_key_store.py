"""
Tests of L{cardgw.key_store}.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509 import load_der_x509_certificate
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SecretError, SettingsError
from cardgw.hsm.token import TokenPool
from cardgw.key_settings import key_settings
from cardgw.key_store import KeyStore, read_keys
from cardgw.scp.certificate import Certificate
from cardgw.scp.curves import agree
from cardgw.scp.diversification import MasterKeys
from cardgw.scp.keys import AesKey, DesKey, Keys, KeySet
from cardgw.scp.scp11_terms import Variant
from cardgw.values import Psk
from tests.hsm.fake import FakeToken, private, secret
from tests.scp.scp11_rig import make_pki

KEYS = {"ENC": "40" * 16, "MAC": "50" * 16, "DEK": "60" * 16, "DES": "404142434445464748494A4B4C4D4E4F", "BAD": "40414243XY"}
KEYS["SHORT"] = "707172"
THREE = {"enc": "env:ENC", "mac": "env:MAC", "dek": "env:DEK"}
WHERE = 'cardgw.toml: [keys."issuer"]'


class KeyStoreTests(SynchronousTestCase):
    """
    Key sets from settings.
    """

    def store(self, **values: Any) -> KeyStore:
        """
        With one key set.
        """
        return read_keys({"issuer": key_settings(values, WHERE)}, KEYS)

    def keys(self, **values: Any) -> Keys:
        """
        That key set.
        """
        found: Keys = self.store(**values)("issuer")
        return found

    def refused(self, error: type[Exception], **values: Any) -> str:
        """
        What is said of wrong settings, which has no key in it.
        """
        text = str(self.assertRaises(error, self.store, **values))
        for key in KEYS.values():
            self.assertNotIn(key[:6], text)
        return text

    def test_three(self) -> None:
        """
        Three keys, the same on every card; of each its check value can be shown.
        """
        found = self.keys(version=48, **THREE).for_card(bytes(10))
        expected = KeySet.of_aes(48, *(bytes.fromhex(KEYS[name]) for name in ("ENC", "MAC", "DEK")))
        self.assertEqual((found.version, found.check_values()), (48, expected.check_values()))

    def test_des(self) -> None:
        """
        One triple DES key in place of the three: the well-known key has a well-known check value.
        """
        found = self.keys(master="env:DES", cipher="des").for_card(bytes(10))
        self.assertIsInstance(found.enc, DesKey)
        self.assertEqual({each.hex() for each in found.check_values()}, {"8baf47"})

    def test_diversified(self) -> None:
        """
        Of master keys each card has its own.
        """
        keys = self.keys(master="env:ENC", diversification="kdf3")
        self.assertIsInstance(keys, MasterKeys)
        one, another = (keys.for_card(bytes((each,)) * 10).check_values() for each in (1, 2))
        self.assertEqual(len({*one, *another}), 6)
        self.assertIsInstance(self.keys(**THREE, diversification="$_ $k $0"), MasterKeys)

    def test_file(self) -> None:
        """
        Keys in a file that others may read are refused.
        """
        path = Path(self.mktemp())
        path.write_text(KEYS["ENC"] + "\n")
        path.chmod(0o600)
        self.assertEqual(self.keys(master=f"file:{path}").for_card(b"").enc.length, 16)
        path.chmod(0o644)
        self.assertIn('[keys."issuer"] master: others may read', self.refused(SecretError, master=f"file:{path}"))

    def test_settings(self) -> None:
        """
        What is wrong in the settings is told with its place, and a key that stands there is not told.
        """
        self.assertIn(f"{WHERE} dek: missing", self.refused(SettingsError, enc="env:ENC", mac="env:MAC"))
        self.assertIn(f"{WHERE} enc: missing", self.refused(SettingsError))
        self.assertIn("master stands for it", self.refused(SettingsError, **THREE, master="env:ENC"))
        self.assertIn(f"{WHERE} master", self.refused(SettingsError, master=KEYS["DES"]))
        self.assertIn("version", self.refused(SettingsError, master="env:ENC", version=256))
        self.assertIn("$_", self.refused(SettingsError, master="env:ENC", diversification="no template"))

    def test_values(self) -> None:
        """
        So is what is wrong with a key.
        """
        self.assertIn("in hexadecimal", self.refused(SecretError, master="env:BAD"))
        self.assertIn("16 or 24 bytes", self.refused(SecretError, master="env:SHORT", cipher="des"))
        self.assertIn("SHORTER is not set", self.refused(SecretError, master="env:SHORTER"))

    def test_unknown(self) -> None:
        """
        A name that nobody has set is told with the nearest one.
        """
        text = str(self.assertRaises(SecretError, self.store(**THREE), "isuer"))
        self.assertIn('Did you mean "issuer"?', text)
        self.assertIn('[keys."other"]', str(self.assertRaises(SecretError, KeyStore(), "other")))

    def test_repr(self) -> None:
        """
        No key is printed.
        """
        text = repr(self.store(**THREE)) + repr(self.keys(**THREE)) + repr(self.keys(master="env:ENC", diversification="kdf3"))
        for key in KEYS.values():
            self.assertNotIn(key[:6], text)


class TlsKeysTests(SynchronousTestCase):
    """
    Keys for TLS, which are no key sets.
    """

    def test_identities(self) -> None:
        """
        Keys are found by identity, those of a fleet and those of one; nobody else has one.
        """
        path = Path(self.mktemp())
        path.write_text(f"one:{'A1' * 16}\ntwo:{'A2' * 32}\n")
        path.chmod(0o600)
        tables = {
            "fleet": key_settings({"psk_file": f"file:{path}"}, WHERE),
            "three": key_settings({"identity": "three", "psk": "env:DES", "agent": "//aa-id/aid/A000000151/000000"}, WHERE),
            "issuer": key_settings(THREE, WHERE),
        }
        store = read_keys(tables, KEYS)
        two = store.psk(b"two")
        assert two is not None
        self.assertEqual((two.key, two.agent), (b"\xa2" * 32, ""))
        self.assertEqual(store.psk(b"three"), Psk(bytes.fromhex(KEYS["DES"]), "//aa-id/aid/A000000151/000000"))
        self.assertEqual((store.psk(b"four"), KeyStore().psk(b"one")), (None, None))
        self.assertRaises(SecretError, store, "three")
        self.assertEqual([key in repr(store) for key in ("A1A1", "a1a1", "\\xa1", KEYS["DES"])], [False] * 4)

    def test_refused(self) -> None:
        """
        A key that is none, and an identity in two tables, are refused without telling the key.
        """
        twice = {name: key_settings({"identity": "card", "psk": "env:DES"}, WHERE) for name in ("a", "b")}
        self.assertIn("an identity of it is in", str(self.assertRaises(SecretError, read_keys, twice, KEYS)))
        short = {"a": key_settings({"identity": "card", "psk": "env:SHORT"}, WHERE)}
        told = str(self.assertRaises(SecretError, read_keys, short, KEYS))
        self.assertIn('[keys."a"] psk: a key of 3 bytes', told)
        self.assertNotIn(KEYS["SHORT"], told)


class HostKeysTests(SynchronousTestCase):
    """
    Key pairs from settings.
    """

    def setUp(self) -> None:
        """
        A directory with a key, its certificates, and a root.
        """
        self.place = Path(self.mktemp())
        self.place.mkdir()
        self.pki, self.card = make_pki("host"), make_pki("card")
        self.write("key.pem", self.pki.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.write("chain.pem", b"".join(map(_pem, self.pki.chain)))
        self.write("root.der", self.card.root.raw)
        self.write("public.pem", self.pki.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self.pair = {"private": f"file:{self.place}/key.pem", "certificates": f"{self.place}/chain.pem"}

    def write(self, name: str, octets: bytes) -> None:
        """
        A file that nobody else may read.
        """
        (self.place / name).write_bytes(octets)
        (self.place / name).chmod(0o600)

    def keys(self, **values: Any) -> Any:
        """
        That key set.
        """
        environ = {"PASS": "open", "OTHER": "shut"}
        return read_keys({"issuer": key_settings(values, WHERE)}, environ)("issuer")

    def refused(self, **values: Any) -> str:
        """
        What is said of one that cannot be read.
        """
        return str(self.assertRaises(SecretError, self.keys, **values))

    def test_pair(self) -> None:
        """
        Private key, certificates and roots, in PEM or DER.
        """
        found = self.keys(**self.pair, roots=[f"{self.place}/root.der"], variant="a", version=3, authority_version=3)
        self.assertEqual((found.pair.public, found.public), (self.pki.key.public_key(),) * 2)
        self.assertEqual((found.certificates, found.roots), (self.pki.chain, (self.card.root,)))
        self.assertEqual((found.version, found.variant, found.authority_version), (3, Variant.A, 3))

    def test_gpForm(self) -> None:
        """
        Certificates of GlobalPlatform's own form.
        """
        pki = make_pki("host", form="gp")
        self.write("chain.gp", b"".join(each.raw for each in pki.chain))
        self.write("key.pem", pki.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.assertEqual(self.keys(**{**self.pair, "certificates": f"{self.place}/chain.gp"}).certificates, pki.chain)

    def test_derWithBreak(self) -> None:
        """
        A line break at the end of a key in DER belongs to it.
        """
        octets = self.pki.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self.write("key.pem", octets)
        self.assertEqual(self.keys(**self.pair).public, self.pki.key.public_key())
        self.write("key.pem", octets + b"\n")
        self.assertIn("no private key", self.refused(**self.pair))

    def test_passphrase(self) -> None:
        """
        The passphrase is a secret like others.
        """
        sealed = self.pki.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
        self.write("key.pem", sealed)
        self.assertEqual(self.keys(**self.pair, passphrase="env:PASS").public, self.pki.key.public_key())
        self.assertIn('[keys."issuer"] private', self.refused(**self.pair))
        text = self.refused(**self.pair, passphrase="env:OTHER")
        self.assertIn("passphrase is not right", text)
        self.assertNotIn("shut", text)

    def test_alone(self) -> None:
        """
        Roots alone are for SCP11b; a public key may be alone, too.
        """
        self.assertIsNone(self.keys(roots=f"{self.place}/root.der").pair)
        found = self.keys(public=f"{self.place}/public.pem")
        self.assertEqual((found.pair, found.public), (None, self.pki.key.public_key()))

    def test_refused(self) -> None:
        """
        Files that are not there, or are something else; certificates of another key.
        """
        self.assertIn('[keys."issuer"] roots: /nowhere: No such file', self.refused(roots="/nowhere"))
        self.assertIn("roots", self.refused(roots=f"{self.place}/key.pem"))
        self.assertIn("roots", self.refused(roots=f"{self.place}/public.pem"))
        self.assertIn("no public key", self.refused(public=f"{self.place}/root.der"))
        self.assertIn("no private key", self.refused(private=f"file:{self.place}/root.der"))
        self.write("chain.pem", b"".join(map(_pem, self.card.chain)))
        self.assertIn("certificates: the first of the chain is for another key", self.refused(**self.pair))
        self.write("chain.pem", _pem(self.card.leaf) + _pem(self.pki.leaf))
        self.assertIn("certificates", self.refused(**self.pair))


def _pem(certificate: Certificate) -> bytes:
    return load_der_x509_certificate(certificate.raw).public_bytes(Encoding.PEM)


class TokenTests(SynchronousTestCase):
    """
    Keys in tokens.
    """

    def test_keys(self) -> None:
        """
        One of three keys in a token, the others here; the token is asked when the keys are used.
        """
        fake = FakeToken([secret("enc", AesKey(bytes.fromhex(KEYS["ENC"])))])
        environ = {**KEYS, "PIN": "1234"}
        pool = TokenPool(load=lambda path: fake)
        uri = "pkcs11:token=issuer;object=enc?module-path=/fake.so&pin-source=env:PIN"
        store = read_keys({"issuer": key_settings({**THREE, "enc": uri}, WHERE)}, environ, pool)
        self.assertEqual(fake.pins, [])
        found = store("issuer").for_card(bytes(10))
        expected = KeySet.of_aes(0, *(bytes.fromhex(KEYS[name]) for name in ("ENC", "MAC", "DEK")))
        self.assertEqual(found.check_values(), expected.check_values())
        self.assertIs(store.tokens, pool)

    def test_pair(self) -> None:
        """
        A key pair likewise; its public half is in its certificate.
        """
        pki = make_pki("host")
        fake = FakeToken([private("card", pki.key)])
        path = Path(self.mktemp())
        path.write_bytes(b"".join(each.raw for each in pki.chain))
        uri = "pkcs11:token=issuer;object=card?module-path=/fake.so&pin-source=env:PIN"
        settings = key_settings({"private": uri, "certificates": str(path)}, WHERE)
        found = read_keys({"host": settings}, {"PIN": "1234"}, TokenPool(load=lambda path: fake))("host")
        other = make_pki("card").key
        self.assertEqual(found.pair.agree(other.public_key()), agree(other, pki.key.public_key()))

    def test_noLibrary(self) -> None:
        """
        Without C{python-pkcs11} the gateway does not start.
        """
        uri = "pkcs11:object=enc?module-path=/fake.so"
        with patch.dict(sys.modules, {"pkcs11": None}):
            for name in ("master", "private"):
                settings = {"issuer": key_settings({name: uri}, WHERE)}
                self.assertIn("cardgw[pkcs11]", str(self.assertRaises(SecretError, read_keys, settings)))
