# -*- test-case-name: tests.gateway.store.test_audit -*-
"""
L{cardgw.gateway.store.audit}.
"""

from __future__ import annotations

from cardgw.gateway.records import AuditEntry
from tests.gateway.store.contract import MemoryCase, StoreMixin, everywhere


class AuditMixin(StoreMixin):
    """
    What every store does with the audit journal.
    """

    @everywhere
    async def test_audit(self) -> None:
        """
        Changes are given the latest first, page by page; any character is taken.
        """
        audit = self.store.audit
        for number in range(4):
            await audit.add(10.0 + number, "token:ann", "job.submit", str(number), "\0")
        three, two, one, zero = await audit.find()
        self.assertEqual(three, AuditEntry(three.id, 13.0, "token:ann", "job.submit", "3", "\ufffd"))
        self.assertEqual([each.target for each in (two, one, zero)], ["2", "1", "0"])
        self.assertEqual(await audit.find(two.id, 1), (one,))
        self.assertEqual(await audit.find(zero.id), ())

    @everywhere
    async def test_auditForget(self) -> None:
        """
        What was noted before a time is forgotten; its number is not used again.
        """
        audit = self.store.audit
        for time in (10.0, 20.0):
            await audit.add(time, "token:ann", "token.add", "bob", "")
        (last, _) = await audit.find()
        self.assertEqual(await audit.forget(20.0), 1)
        self.assertEqual(await audit.find(), (last,))
        self.assertEqual(await audit.forget(30.0), 1)
        await audit.add(30.0, "token:ann", "token.add", "eve", "")
        (entry,) = await audit.find()
        self.assertGreater(entry.id, last.id)


class AuditTests(AuditMixin, MemoryCase):
    """
    On SQLite.
    """
