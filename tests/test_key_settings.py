"""
Tests of L{cardgw.key_settings}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.hsm.uri import TokenUri
from cardgw.key_settings import KeySettings, key_settings

WHERE = 'cardgw.toml: [keys."issuer"]'
TOKEN = "pkcs11:object=enc?module-path=/lib.so"
THREE = {"enc": "env:ENC", "mac": "env:MAC", "dek": "env:DEK"}
PRIVATE = {"private": "env:KEY"}


class KeySettingsTests(SynchronousTestCase):
    """
    The tables of key sets.
    """

    def settings(self, **values: Any) -> KeySettings:
        """
        One that is right.
        """
        return key_settings(values, WHERE)

    def refused(self, place: str, **values: Any) -> str:
        """
        What is said of one that is not, which begins with where it is.
        """
        text = str(self.assertRaises(SettingsError, key_settings, values, WHERE).detail)
        self.assertTrue(text.startswith(f"{WHERE} {place}: "), text)
        return text

    def test_kinds(self) -> None:
        """
        Static keys; a key pair; whom to believe; a public key.
        """
        self.assertTrue(self.settings(**THREE).is_static)
        self.assertTrue(self.settings(master="env:ENC", diversification="emv", cipher="des").is_static)
        for values in (PRIVATE, {"roots": "root.pem"}, {"public": "key.pem"}):
            self.assertFalse(self.settings(**values).is_static)

    def test_whole(self) -> None:
        """
        All that can be said of SCP11.
        """
        found = self.settings(
            **PRIVATE,
            version=3,
            passphrase="env:PASS",
            certificates=["leaf.pem", "ca.pem"],
            roots="root.pem",
            variant="c",
            identifier=0x15,
            authority_identifier=0x10,
            authority_version=3,
            host_id="0102",
            card_ids=["0304", "05"],
        )
        self.assertEqual((found.certificates, found.roots), (("leaf.pem", "ca.pem"), ("root.pem",)))
        self.assertEqual((found.host_id, found.card_ids), (b"\x01\x02", (b"\x03\x04", b"\x05")))
        self.assertTrue(self.settings(roots="root.pem", variant="b", without_receipt=True).without_receipt)

    def test_tokens(self) -> None:
        """
        Each key may be in a token.
        """
        for values in ({**THREE, "mac": TOKEN}, {"master": TOKEN}, {"private": TOKEN}):
            found = self.settings(**values)
            self.assertEqual(sum(isinstance(getattr(found, name), TokenUri) for name in values), 1)

    def test_uris(self) -> None:
        """
        What is wrong with the URI is told, and a PIN in it is not repeated.
        """
        text = self.refused("master", master=f"{TOKEN}&pin-value=918273")
        self.assertIn("pin-source", text)
        self.assertNotIn("918273", text)
        self.assertIn("module-path", self.refused("private", private="pkcs11:object=a"))

    def test_static(self) -> None:
        """
        What is missing for static keys, or does not belong there.
        """
        self.refused("enc")
        self.refused("dek", enc="env:ENC", mac="env:MAC")
        self.refused("enc", **THREE, master="env:ENC")
        self.refused("private", **THREE, **PRIVATE)
        self.refused("roots", master="env:ENC", roots="root.pem")
        self.refused("host_id", master="env:ENC", host_id="01")
        self.assertNotIn("40414243", self.refused("master", master="40414243"))

    def test_ways(self) -> None:
        """
        The ways that have names are each for one cipher; authentications with others would fail, and count.
        """
        for way, cipher, other in (("kdf3", "aes", "des"), ("emv", "des", "aes"), ("visa2", "des", "aes")):
            self.assertEqual(self.settings(master="env:ENC", diversification=way, cipher=cipher).cipher, cipher)
            self.assertIn(cipher, self.refused("diversification", master="env:ENC", diversification=way, cipher=other))
        for cipher in ("aes", "des"):
            self.settings(master="env:ENC", diversification="$0 $1 $2 $3 $4 $5 $6 $k", cipher=cipher)

    def test_pairs(self) -> None:
        """
        Likewise for key pairs.
        """
        self.refused("diversification", **PRIVATE, diversification="emv")
        self.refused("public", **PRIVATE, public="key.pem")
        self.refused("passphrase", private=TOKEN, passphrase="env:PASS")
        self.refused("certificates", certificates="leaf.pem")
        self.refused("host_id", roots="root.pem", host_id="01")
        self.refused("variant", roots="root.pem", variant="a")
        self.refused("without_receipt", **PRIVATE, variant="c", without_receipt=True)
        self.refused("card_ids", **PRIVATE, card_ids="01")
        self.refused("variant", **PRIVATE, variant="d")
        self.refused("identifier", **PRIVATE, identifier=128)

    def test_tls(self) -> None:
        """
        Keys for TLS stand alone: one with its identity, or a file with many.
        """
        one = self.settings(identity="card-1", psk="env:PSK", agent="//se-id/eid/89")
        self.assertEqual((one.identity, one.agent, one.is_of_tls, one.is_static), (b"card-1", "//se-id/eid/89", True, False))
        self.assertEqual(self.settings(identity="hex:80028110", psk="env:PSK").identity, bytes.fromhex("80028110"))
        self.assertTrue(self.settings(psk_file="file:/etc/psk").is_of_tls)
        self.assertFalse(self.settings(**THREE).is_of_tls)
        self.refused("psk", identity="card-1")
        self.refused("identity", psk="env:PSK")
        self.refused("identity", agent="x")
        self.refused("identity", identity="x" * 129, psk="env:PSK")
        self.refused("identity", psk_file="file:/etc/psk", identity="card-1")
        self.refused("enc", identity="card-1", psk="env:PSK", **THREE)
        self.refused("version", version=1, psk_file="file:/etc/psk")
        self.assertNotIn("00112233", self.refused("psk", identity="card-1", psk="00112233445566778899AABBCCDDEEFF"))
