# -*- test-case-name: tests.gateway.store.test_transcripts -*-
"""
L{cardgw.gateway.store.transcripts}.
"""

from __future__ import annotations

from cardgw.gateway.records import REDACTED, WHOLE, JobState, Recorded
from tests.gateway.store.contract import MemoryCase, StoreMixin, a_job, everywhere


class TranscriptsMixin(StoreMixin):
    """
    What every store does with transcripts.
    """

    @everywhere
    async def test_kept(self) -> None:
        """
        The last one counts, for this job.
        """
        transcripts = self.store.transcripts
        self.assertIsNone(await transcripts.get("01"))
        for recorded in (Recorded(REDACTED, ""), Recorded(WHOLE, "80CA\0é\ud800\n" * 10_000)):
            await transcripts.keep("01", recorded)
            self.assertEqual(await transcripts.get("01"), Recorded(recorded.kind, recorded.text.replace("\ud800", "?")))
        self.assertIsNone(await transcripts.get("02"))

    @everywhere
    async def test_forgotten(self) -> None:
        """
        It is deleted together with its job.
        """
        for name, ended in (("01", 10.0), ("02", 20.0), ("03", 30.0)):
            await self.store.jobs.add(a_job(name, state=JobState.DONE, ended=ended, record=REDACTED))
            await self.store.transcripts.keep(name, Recorded(REDACTED, name))
        self.assertEqual(await self.store.jobs.forget(25.0, 1), 1)
        self.assertEqual(await self.store.jobs.forget(25.0, 1), 1)
        self.assertEqual([await self.store.transcripts.get(name) for name in ("01", "02")], [None, None])
        self.assertEqual(await self.store.transcripts.get("03"), Recorded(REDACTED, "03"))


class TranscriptsTests(TranscriptsMixin, MemoryCase):
    """
    On SQLite.
    """

    def test_sealed(self) -> None:
        """
        It is not legible in the database.
        """
        self.store.transcripts.keep("01", Recorded(WHOLE, "s3cret"))
        rows = self.store.read(
            "transcripts", lambda connection: str(connection.exec_driver_sql("SELECT * FROM transcripts").all())
        )
        self.assertNotIn("s3cret", self.successResultOf(rows))
