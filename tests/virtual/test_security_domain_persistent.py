# -*- test-case-name: tests.virtual.test_security_domain_persistent -*-
"""
Tests for L{cardgw.virtual.security_domain_persistent}.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.certificate_store import KeyReference as Reference
from cardgw.gp.certificate_store import store_allow_list, store_issuer
from cardgw.gp.commands import get_data
from cardgw.gp.keys import rsa_public_key
from cardgw.gp.store_data import Structure, store_data
from cardgw.scp.keys import KeySet
from cardgw.scp.store import KeyReference
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card

KEY = bytes(range(16))
PAIR = ec.derive_private_key(5, ec.SECP256R1())


class PersistentTests(SynchronousTestCase):
    """
    A card that is written down and read again.
    """

    def setUp(self) -> None:
        """
        One with something of everything on it.
        """
        self.path = Path(self.mktemp())
        self.card = make_card()
        self.card.add_own_key(KeyReference(0x11, 3), PAIR, [b"certificate"])
        self.card.add_authority(KeyReference(0x10, 3), PAIR.public_key(), b"somebody")
        admin = Administrator(self.card)
        admin.load()
        admin.install()
        admin.put(0x40, KEY)
        self.assertEqual(admin.put_one(0x70, rsa_public_key((1 << 1023) + 1, 3)), 0x9000)
        key = Reference(0x10, 3)
        for script in (
            store_allow_list(key, [b"\x12"], 200, 7),
            store_issuer(key, b"card's", 200, on_card=True),
            store_data(bytes.fromhex("420155"), 200, Structure.BER),
        ):
            self.assertEqual(admin.run(script), [0x9000])

    def test_both(self) -> None:
        """
        The same entries, keys, counters and data; new keys open a session, the counter goes on.
        """
        Administrator(self.card, keys=KeySet.of_aes(0x40, KEY))
        self.card.save(self.path)
        other = make_card()
        other.restore(self.path)
        self.assertEqual(
            (other.entries, other.versions, other.stored()), (self.card.entries, self.card.versions, {0x42: b"\x55"})
        )
        for tag in (0xE0, 0xC1, 0xFF33, 0xFF34, 0x66):
            command = get_data(tag).encode()
            self.card.reset()
            self.assertEqual(other(command), self.card(command))
        self.assertEqual(Administrator(other, keys=KeySet.of_aes(0x40, KEY)).list()[0].aid, INSTANCE)
        again = self.path.with_suffix(".again")
        self.card.save(again)
        self.card.restore(again)
        self.card.save(self.path)
        self.assertEqual(again.read_bytes(), self.path.read_bytes())

    def test_owner(self) -> None:
        """
        Keys are in it, so it is its owner's alone.
        """
        for _ in range(2):
            self.card.save(self.path)
            self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertIn(KEY.hex(), self.path.read_text())

    def test_other(self) -> None:
        """
        Something else is refused, without its contents in the text.
        """
        self.assertRaises(OSError, self.card.restore, self.path)
        for text in ("secret", "[]", "{}", '{"format": 1, "items": [{}], "receipts": 0}', '{"format": 2}'):
            self.path.write_text(text)
            error = self.assertRaises(ValueError, self.card.restore, self.path)
            self.assertEqual(str(error), f"{self.path}: it is not what a software card has written")
