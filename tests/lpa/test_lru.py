# -*- test-case-name: tests.lpa.test_lru -*-
"""
Tests for L{cardgw.lpa.lru}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.lru import Lru


class LruTests(SynchronousTestCase):
    """
    L{Lru}.
    """

    def test_forgets(self) -> None:
        """
        When it is full, what was not asked for longest is forgotten.
        """
        lru: Lru[str, int] = Lru(2)
        lru.put("a", 1)
        lru.put("b", 2)
        self.assertEqual(lru.get("a"), 1)
        self.assertEqual(lru.put("c", 3), 3)
        self.assertIsNone(lru.get("b"))
        self.assertEqual((lru.get("a"), lru.get("c"), len(lru)), (1, 3, 2))

    def test_replaces(self) -> None:
        """
        A value put again replaces the old one.
        """
        lru: Lru[str, int] = Lru(2)
        lru.put("a", 1)
        lru.put("a", 2)
        self.assertEqual((lru.get("a"), len(lru)), (2, 1))

    def test_false(self) -> None:
        """
        A value that counts as false is a value.
        """
        lru: Lru[str, bool] = Lru(2)
        lru.put("a", False)
        self.assertIs(lru.get("a"), False)
