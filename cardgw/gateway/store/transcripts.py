# -*- test-case-name: tests.gateway.store.test_transcripts,tests.functional.test_store_postgresql -*-
"""
What was said to cards during jobs of which somebody wanted to know.  L{cardgw.gateway.store.jobs.JobTable.forget} deletes it.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field
from sqlalchemy import Connection, bindparam, select
from twisted.internet.defer import Deferred

from cardgw.gateway.records import Recorded
from cardgw.gateway.store.access import Access
from cardgw.gateway.store.tables import TRANSCRIPTS

_ROOM = TRANSCRIPTS.name
_GET = select(TRANSCRIPTS).where(TRANSCRIPTS.c.job == bindparam("of_job"))


@define(eq=False)
class TranscriptTable:
    """
    One transcript per job.
    """

    _access: Access
    _keep: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        insert = self._access.insert(TRANSCRIPTS)
        new = {"kind": insert.excluded.kind, "text": insert.excluded.text}
        self._keep = insert.on_conflict_do_update(index_elements=[TRANSCRIPTS.c.job], set_=new)

    def keep(self, job: str, recorded: Recorded) -> Deferred[None]:
        """
        Store a transcript in place of the one before.
        """
        seal = self._access.seal

        def values() -> dict[str, Any]:
            return {"job": job, "kind": recorded.kind, "text": seal.seal(recorded.text.encode("utf-8", "replace"))}

        return self._access.row(_ROOM, self._keep, values)

    def get(self, job: str) -> Deferred[Recorded | None]:
        """
        @return: the transcript of a job, or C{None} if there is none.
        @raise StoreError: (as failure) it was sealed with another key.
        """

        def run(connection: Connection) -> Recorded | None:
            row = connection.execute(_GET, {"of_job": job}).first()
            return Recorded(row.kind, self._access.seal.open(bytes(row.text)).decode()) if row is not None else None

        return self._access.read(_ROOM, run)
