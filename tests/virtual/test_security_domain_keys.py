# -*- test-case-name: tests.virtual.test_security_domain_keys -*-
"""
Tests for L{cardgw.virtual.security_domain_keys}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.key_information import parse_key_information
from cardgw.gp.keys import KeyType
from cardgw.scp.store import KeyReference
from cardgw.virtual.euicc_values import Refused
from cardgw.virtual.security_domain_keys import KeyRing, StoredKey

AES = StoredKey(KeyType.AES, bytes(16))
THREE = (AES, AES, AES)


class KeyRingTests(SynchronousTestCase):
    """
    L{KeyRing}.
    """

    def setUp(self) -> None:
        """
        Keys from the factory.
        """
        self.ring = KeyRing(2)
        self.ring.store(0xFF, dict(enumerate(THREE, 1)))

    def refused(self, status: int, replaced: int, version: int, count: int = 3, first: int = 1) -> None:
        """
        Keys that are not taken.
        """
        error = self.assertRaises(Refused, self.ring.put, replaced, version, first, THREE[:count])
        self.assertEqual(error.status, status)

    def test_factory(self) -> None:
        """
        Keys of the factory are gone when there are others for secure channels, not before.
        """
        self.ring.put(0, 0x03, 0x10, (StoredKey(KeyType.EC_PUBLIC, b"point", 0),))
        self.assertEqual(set(self.ring.versions), {0xFF, 0x03})
        self.ring.put(0, 0x01, 1, THREE)
        self.assertEqual((set(self.ring.versions), self.ring.first), ({0x01, 0x03}, 0x01))

    def test_available(self) -> None:
        """
        Where no version is asked for, the first one counts that is not blocked; where all are, the first.
        """
        self.ring.put(0, 1, 1, THREE)
        self.ring.put(0, 2, 1, THREE)
        self.assertEqual([self.ring.available(each) for each in (None, 3)], [1, 1])
        self.ring.failures[1] = 3
        self.assertEqual([self.ring.available(each) for each in (None, 3, 4)], [1, 2, 1])
        self.ring.failures[2] = 3
        self.assertEqual(self.ring.available(3), 1)

    def test_replace(self) -> None:
        """
        What is replaced must be there; its counter begins anew; the order stays.
        """
        self.ring.put(0, 0x01, 1, THREE)
        self.ring.counters[1] = self.ring.failures[1] = 7
        self.ring.put(1, 1, 1, THREE)
        self.assertEqual((self.ring.counters[1], self.ring.failures[1]), (0, 0))
        self.refused(0x6A88, 2, 2)
        self.ring.put(0, 2, 1, THREE)
        self.refused(0x6985, 1, 2)
        self.ring.put(1, 3, 1, THREE)
        self.assertEqual(list(self.ring.versions), [3, 2])

    def test_add(self) -> None:
        """
        What is there is not added; neither is too much, nor what has no number.
        """
        self.ring.put(0, 1, 1, THREE)
        self.refused(0x6985, 0, 1)
        self.refused(0x6A80, 0, 0)
        self.refused(0x6A80, 0, 0x80)
        self.refused(0x6A80, 0, 2, first=0x7E)
        self.ring.put(0, 2, 1, THREE)
        self.refused(0x6A84, 0, 3)

    def test_information(self) -> None:
        """
        Which keys there are, with their lengths.
        """
        found = parse_key_information(self.ring.information())
        self.assertEqual((found[0].identifier, found[0].version, found[0].parts[0].name), (1, 0xFF, "AES"))
        self.assertEqual(len(found), 3)

    def test_delete(self) -> None:
        """
        By identifier, version, or both; never by neither.
        """
        self.ring.certificates[KeyReference(3, 0xFF)] = (b"certificate",)
        self.ring.delete(3, None, None)
        self.assertEqual((self.ring.first, self.ring.certificates), (None, {}))
        self.ring.delete(None, 0xFF, None)
        self.assertEqual(self.ring.versions, {})
        for identifier, version, status in ((None, None, 0x6A80), (1, 1, 0x6A88)):
            error = self.assertRaises(Refused, self.ring.delete, identifier, version, None)
            self.assertEqual(error.status, status)
