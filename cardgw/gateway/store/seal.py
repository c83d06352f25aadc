# -*- test-case-name: tests.gateway.store.test_seal -*-
"""
Encryption at rest.  Each sealed value says with which key it can be opened.

A sealed value is C{01}, four bytes that tell the key, a nonce of 12 bytes, and what AES-256-GCM makes of it (NIST SP 800-38D).
Where encryption is off, it is C{00} and the value itself.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardgw.gateway.faults import StoreError

KEY_BYTES = 32
_NONCE_BYTES = 12
_NAME_BYTES = 4
_CLEAR, _SEALED = b"\0", b"\1"
_HEAD = len(_SEALED) + _NAME_BYTES


class Sealing(Protocol):
    """
    How values are kept.
    """

    def seal(self, value: bytes) -> bytes:
        """
        What is stored for a value.
        """

    def open(self, sealed: bytes) -> bytes:
        """
        The value for what is stored.

        @raise StoreError: it was sealed with another key, or is damaged.
        """


class Seal:
    """
    Encryption with a key.  What was stored while encryption was off can be read.
    """

    def __init__(self, key: bytes, entropy: Callable[[int], bytes] = os.urandom) -> None:
        """
        @param key: 32 bytes.
        @param entropy: gives so many random bytes.
        """
        self._cipher = AESGCM(key)
        self._head = _SEALED + hashlib.sha256(b"cardgw store" + key).digest()[:_NAME_BYTES]
        self._entropy = entropy

    def seal(self, value: bytes) -> bytes:
        """
        See L{Sealing.seal}.
        """
        nonce = self._entropy(_NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, value, None)

    def open(self, sealed: bytes) -> bytes:
        """
        See L{Sealing.open}.
        """
        if sealed[:1] == _CLEAR:
            return sealed[1:]
        if sealed[:_HEAD] != self._head:
            raise StoreError("a value in it was encrypted with another key", hint="Put the key file of this store back.")
        try:
            return self._cipher.decrypt(sealed[_HEAD : _HEAD + _NONCE_BYTES], sealed[_HEAD + _NONCE_BYTES :], None)
        except (InvalidTag, ValueError):
            raise StoreError("an encrypted value in it is damaged") from None


class NoSeal:
    """
    Encryption is off: values are stored as they are.
    """

    def __init__(self, before: Seal | None = None) -> None:
        """
        @param before: opens what was stored while encryption was on.
        """
        self._before = before

    def seal(self, value: bytes) -> bytes:
        """
        See L{Sealing.seal}.
        """
        return _CLEAR + value

    def open(self, sealed: bytes) -> bytes:
        """
        See L{Sealing.open}.
        """
        if sealed[:1] == _CLEAR:
            return sealed[1:]
        if self._before is None:
            raise StoreError("a value in it is encrypted, and encryption is off")
        return self._before.open(sealed)


def key_file(path: Path, entropy: Callable[[int], bytes] = os.urandom) -> bytes:
    """
    The key in a file: 64 hexadecimal digits.  A file that is not there is made, for its owner only.

    @raise StoreError: it cannot be read or made, others may read it, or it has no key.
    """
    try:
        if not path.exists():
            _make(path, entropy(KEY_BYTES).hex() + "\n")
        with path.open() as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
                raise StoreError(f"{path}: others than its owner may read this key", hint=f"Run: chmod 600 {path}")
            key = bytes.fromhex(file.read(4 * KEY_BYTES))
    except OSError as problem:
        raise StoreError(f"{path}: {problem.strerror}") from problem
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise StoreError(f"{path}: expected {2 * KEY_BYTES} hexadecimal digits in this key file")
    return key


def _make(path: Path, text: str) -> None:
    """
    Make a file with all that is in it, or not at all; one that somebody else makes meanwhile stays.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # a key that is lost with the power takes with it what it has sealed
    finally:
        os.close(directory)
