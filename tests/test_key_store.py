"""
Tests of L{cardgw.key_store}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SecretError, SettingsError
from cardgw.key_store import KeyStore, key_settings, read_keys
from cardgw.scp.diversification import MasterKeys
from cardgw.scp.keys import DesKey, Keys, KeySet

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
        return self.store(**values)("issuer")

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
