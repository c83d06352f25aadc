# -*- test-case-name: tests.virtual.test_smds -*-
"""
An SM-DS without I/O: ES11 of SGP.22 5.8, JSON values in and out, strict as a real one.

    >>> smds = Smds(make_pki(smds_host="lpa.ds.example.test"))
    >>> smds.register(eid, "EVENT-1", "smdp.example.test")
    >>> answer = smds.handle("initiateAuthentication", {"smdpAddress": "lpa.ds.example.test", ...})
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import frozen

from cardgw.virtual import smdp_answers as codes
from cardgw.virtual.pki import Pki
from cardgw.virtual.rsp_calls import Calls, Request, Result
from cardgw.virtual.rsp_handshake import Handshake, Part
from cardgw.virtual.smdp_answers import Refusal
from cardgw.virtual.smdp_sessions import State

FUNCTIONS = ("initiateAuthentication", "authenticateClient")
PART = Part("SM-DS", lambda pki: pki.ds_auth, "8.9.1", "8.9.2", "8.9.3", "8.9.4")
EVENT_RECORD = "8.9.5"
"""Subject codes of SGP.22 5.2.6.1."""


@frozen
class Record:
    """
    What an SM-DP+ has registered (SGP.22 3.6.1).

    @ivar event_id: the matching id there.
    @ivar address: of the SM-DP+.
    """

    event_id: str
    address: str


class Smds(Calls):
    """
    The server's state and its functions.
    """

    def __init__(
        self,
        *hierarchies: Pki,
        host: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """
        @param hierarchies: one or more; an eUICC is served with the first whose CI it trusts.
        @param host: its own name; that of the TLS certificate where C{None}.
        @param clock: seconds, for the age of sessions.
        @param now: the time for certificates.
        """
        self.hierarchies = hierarchies
        self.host = host or hierarchies[0].smds_host
        self._records: dict[bytes, dict[str, Record]] = {}
        self._handshake = Handshake(PART, lambda: self.hierarchies, self.host, clock=clock, now=now, entropy=entropy)
        self.sessions = self._handshake.sessions
        super().__init__(dict(zip(FUNCTIONS, (self._handshake.initiate, self._authenticate), strict=True)))

    def register(self, eid: bytes, event_id: str, address: str) -> Record:
        """
        Take a record (ES12.RegisterEvent, SGP.22 5.9.1).

        @param eid: of the eUICC, 16 bytes.
        @param address: of the SM-DP+ that has a profile for it.
        @raise ValueError: there is one with this id for this eUICC.
        """
        records = self._records.setdefault(eid, {})
        if event_id in records:
            raise ValueError(f"event {event_id} is registered already")
        return records.setdefault(event_id, Record(event_id, address))

    def delete(self, eid: bytes, event_id: str) -> None:
        """
        Forget a record (ES12.DeleteEvent, SGP.22 5.9.2): the profile has been downloaded.

        @raise KeyError: there is none.
        """
        del self._records[eid][event_id]

    def records(self, eid: bytes) -> tuple[Record, ...]:
        """
        What waits for an eUICC, in the order of registration.
        """
        return tuple(self._records.get(eid, {}).values())

    def _authenticate(self, request: Request) -> Result:
        session, event_id = self._handshake.authenticate(request)
        found = [each for each in self.records(session.eid) if event_id in ("", each.event_id)]
        session.state = State.ENDED
        if not found:
            raise Refusal(EVENT_RECORD, codes.UNKNOWN, "there is no event for this eUICC")
        entries = [{"eventId": each.event_id, "rspServerAddress": each.address} for each in found]
        return {"transactionId": session.name, "eventEntries": entries}, session
