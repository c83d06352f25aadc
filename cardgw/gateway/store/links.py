# -*- test-case-name: tests.gateway.store.test_links,tests.functional.test_store_postgresql -*-
"""
Links in the store: digests of their tokens, never the tokens.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field
from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update
from twisted.internet.defer import Deferred

from cardgw.gateway.records import Job, Link, Role
from cardgw.gateway.store.access import Access
from cardgw.gateway.store.rows import job_row, plain
from cardgw.gateway.store.tables import JOBS, LINKS

_ROOM = LINKS.name
_BY_KEY = select(LINKS).where(LINKS.c.requester == bindparam("who"), LINKS.c.key == bindparam("what"))
_END = update(LINKS).where(LINKS.c.id == bindparam("which"), LINKS.c.ended.is_(None)).values(ended=bindparam("at"))
_RENEW = update(LINKS).where(LINKS.c.id == bindparam("which")).values(digest=bindparam("new"), page=bindparam("new_page"))
_ADD_JOB = insert(JOBS)


def _row(link: Link, key: str) -> dict[str, Any]:
    return {
        "id": link.id,
        "requester": plain(link.requester),
        "key": plain(key) or None,
        "job": link.job,
        "role": link.role.value,
        "digest": link.digest,
        "page": link.page,
        "node": plain(link.node),
        "created": link.created,
        "expires": link.expires,
        "ended": link.ended,
    }


def _link_of(row: Any) -> Link:
    return Link(
        id=row.id,
        requester=row.requester,
        created=row.created,
        expires=row.expires,
        job=row.job,
        role=Role(row.role),
        digest=bytes(row.digest),
        page=bytes(row.page),
        node=row.node,
        ended=row.ended,
    )


@define(eq=False)
class LinkTable:
    """
    L{Link}s.
    """

    _access: Access
    _add: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._add = self._access.insert(LINKS).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    def add(self, link: Link, key: str = "", job: Job | None = None) -> Deferred[Link | None]:
        """
        Store a new link, and the job that it is for: both, or neither.

        @param key: where not empty, a link that the same requester has added with the same key is given instead.
        @return: the link that is stored now; C{None} where there was one of this id.
        """
        seal = self._access.seal

        def run(connection: Connection) -> Link | None:
            """
            In one transaction: whoever comes second finds what the first has added.
            """
            if connection.execute(self._add, _row(link, key)).rowcount == 1:
                if job is not None:
                    connection.execute(_ADD_JOB, job_row(job, "", seal))
                return link
            found = connection.execute(_BY_KEY, {"who": plain(link.requester), "what": plain(key)}).first() if key else None
            return _link_of(found) if found is not None else None

        return self._access.write(_ROOM, run)

    def keyed(self, requester: str, key: str) -> Deferred[Link | None]:
        """
        @return: the link that was added with this key by this requester, also one that has ended, or C{None}.
        """

        def run(connection: Connection) -> Link | None:
            row = connection.execute(_BY_KEY, {"who": plain(requester), "what": plain(key)}).first()
            return _link_of(row) if row is not None else None

        return self._access.read(_ROOM, run)

    def renew(self, id: str, digest: bytes, page: bytes) -> Deferred[None]:
        """
        Give a link other tokens; those that it had are worthless.
        """
        return self._access.row(_ROOM, _RENEW, lambda: {"which": plain(id), "new": digest, "new_page": page})

    def end(self, id: str, time: float) -> Deferred[None]:
        """
        Note that a link is good no more.
        """
        return self._access.row(_ROOM, _END, lambda: {"which": plain(id), "at": time})

    def of_node(self, node: str, since: float) -> Deferred[tuple[Link, ...]]:
        """
        The links that a gateway has made, and that are good, or have ended not before a time; in the order of their making.
        """
        recent = or_(LINKS.c.ended.is_(None), LINKS.c.ended >= since)
        statement = select(LINKS).where(LINKS.c.node == plain(node), recent).order_by(LINKS.c.created, LINKS.c.id)
        return self._access.read(_ROOM, lambda connection: tuple(_link_of(row) for row in connection.execute(statement)))

    def forget(self, before: float, limit: int = 1000) -> Deferred[int]:
        """
        Delete links that ended before a time.

        @param limit: how many at most.
        @return: how many.
        """
        old = select(LINKS.c.id).where(LINKS.c.ended < before).order_by(LINKS.c.ended).limit(limit)
        statement = delete(LINKS).where(LINKS.c.id.in_(old.scalar_subquery()))
        return self._access.write(_ROOM, lambda connection: connection.execute(statement).rowcount)
