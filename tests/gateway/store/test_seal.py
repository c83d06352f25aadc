# -*- test-case-name: tests.gateway.store.test_seal -*-
"""
L{cardgw.gateway.store.seal}.
"""

from __future__ import annotations

import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import StoreError
from cardgw.gateway.store.seal import KEY_BYTES, NoSeal, Seal, key_file

ONE, OTHER = Seal(bytes(KEY_BYTES)), Seal(b"\1" * KEY_BYTES)


class SealTests(SynchronousTestCase):
    """
    Values that are encrypted, or not.
    """

    def refused(self, seal: Seal | NoSeal, sealed: bytes) -> str:
        """
        The text of the error.
        """
        return str(self.assertRaises(StoreError, seal.open, sealed))

    @given(st.binary())
    def test_sealed(self, value: bytes) -> None:
        """
        What was sealed can be opened, and is never the same twice.
        """
        sealed = ONE.seal(value)
        self.assertEqual(ONE.open(sealed), value)
        self.assertNotEqual(ONE.seal(value), sealed)

    @given(st.binary(min_size=1), st.integers(0), st.integers(1, 255))
    def test_damaged(self, value: bytes, where: int, how: int) -> None:
        """
        Whatever is changed in a sealed value, it does not become another value.
        """
        sealed = bytearray(ONE.seal(value))
        sealed[1 + where % (len(sealed) - 1)] ^= how
        self.assertRaises(StoreError, ONE.open, bytes(sealed))

    def test_anotherKey(self) -> None:
        """
        That it was another key is told.
        """
        self.assertIn("another key", self.refused(OTHER, ONE.seal(b"value")))
        self.assertIn("damaged", self.refused(ONE, ONE.seal(b"value")[:10]))
        self.assertIn("another key", self.refused(ONE, b""))

    def test_off(self) -> None:
        """
        Without encryption, values are kept as they are; they can still be read when it is on.
        """
        kept = NoSeal().seal(b"value")
        self.assertIn(b"value", kept)
        for seal in (NoSeal(), ONE):
            self.assertEqual(seal.open(kept), b"value")

    def test_switchedOff(self) -> None:
        """
        What was encrypted needs the key to be read, also when encryption is off now.
        """
        self.assertIn("encryption is off", self.refused(NoSeal(), ONE.seal(b"value")))
        self.assertEqual(NoSeal(ONE).open(ONE.seal(b"value")), b"value")


class KeyFileTests(SynchronousTestCase):
    """
    The file of the key.
    """

    def setUp(self) -> None:
        """
        Where it is.
        """
        self.path = Path(self.mktemp()) / "state" / "store.key"

    def refused(self) -> str:
        """
        The text of the error.
        """
        return str(self.assertRaises(StoreError, key_file, self.path))

    def test_made(self) -> None:
        """
        A file that is not there is made, for its owner alone; nothing else is left beside it.
        """
        key = key_file(self.path)
        self.assertEqual(len(key), KEY_BYTES)
        self.assertEqual(key_file(self.path), key)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)
        self.assertEqual(list(self.path.parent.iterdir()), [self.path])

    def test_random(self) -> None:
        """
        The key is what entropy gives.
        """
        self.assertEqual(key_file(self.path, lambda count: bytes(range(count))), bytes(range(KEY_BYTES)))

    def test_legible(self) -> None:
        """
        A file that others may read is refused, with what to do.
        """
        key_file(self.path)
        for mode in (0o640, 0o604, 0o620):
            self.path.chmod(mode)
            self.assertIn(f"chmod 600 {self.path}", self.refused())

    def test_noKey(self) -> None:
        """
        A file without a key is refused; it is not shown.
        """
        self.path.parent.mkdir(parents=True)
        for text in ("", "secret", "00" * 31, "00" * 33, "zz" * 32):
            self.path.write_text(text)
            self.path.chmod(0o600)
            self.assertIn("64 hexadecimal digits", self.refused())
            self.assertNotIn("secret", self.refused())

    def test_unreadable(self) -> None:
        """
        A directory is no key file; nor can one be made in a file.
        """
        self.path.mkdir(parents=True)
        self.assertIn(str(self.path), self.refused())
        self.path = Path(__file__) / "store.key"
        self.assertIn(str(self.path), self.refused())
