# -*- test-case-name: tests.gateway.store.test_memory -*-
"""
L{cardgw.gateway.store.memory}.
"""

from __future__ import annotations

from tests.gateway.store.contract import CARD, OTHER, MemoryCase, StoreMixin, everywhere


class MemoryMixin(StoreMixin):
    """
    What every store remembers.
    """

    @everywhere
    async def test_remembered(self) -> None:
        """
        The last value counts, for this card and key, sealed or not, until it is forgotten.
        """
        memory = self.store.memory
        self.assertIsNone(await memory.recall(CARD, "key"))
        for value, sealed in ((b"first", False), (b"", True), (b"\0\xff", True), (b"last", False)):
            await memory.remember(CARD, "key", value, sealed)
            self.assertEqual(await memory.recall(CARD, "key"), value)
        await memory.remember(OTHER, "key", b"other", sealed=False)
        self.assertIsNone(await memory.recall(CARD, "other"))
        await memory.remember(CARD, "key", None, sealed=False)
        self.assertIsNone(await memory.recall(CARD, "key"))
        self.assertEqual(await memory.recall(OTHER, "key"), b"other")


class MemoryTests(MemoryMixin, MemoryCase):
    """
    On SQLite.
    """

    def test_sealed(self) -> None:
        """
        What is sealed is not legible in the database; the rest is.
        """
        self.store.memory.remember(CARD, "one", b"Persian", sealed=True)
        self.store.memory.remember(CARD, "two", b"Siamese", sealed=False)
        rows = self.store.read("memory", lambda connection: str(connection.exec_driver_sql("SELECT * FROM memory").all()))
        found = self.successResultOf(rows)
        self.assertNotIn("Persian", found)
        self.assertIn("Siamese", found)
