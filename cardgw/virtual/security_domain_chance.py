# -*- test-case-name: tests.virtual.test_security_domain_chance -*-
"""
What is random about the software card, the same each time: for demonstrations that can be repeated.
"""

from __future__ import annotations

from hashlib import shake_256

from cryptography.hazmat.primitives.asymmetric import ec


class Seeded:
    """
    Bytes and keys that follow from a seed.  Nothing that must stay secret is to be made so.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0

    def entropy(self, size: int) -> bytes:
        """
        The next so many bytes.
        """
        self._count += 1
        return shake_256(self._count.to_bytes(8, "big") + self._seed).digest(size)

    def make_key(self, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        """
        The next key on a curve.
        """
        number = int.from_bytes(self.entropy((curve.key_size + 7) // 8), "big")
        return ec.derive_private_key(number % (1 << curve.key_size - 1) | 1, curve)
