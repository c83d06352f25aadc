# -*- test-case-name: tests.lpa.test_es11 -*-
"""
Discovery: which servers have a profile for an eUICC (SGP.22 3.6, 5.8).  An SM-DS, the eUICC and the LPA talk as they do with an
SM-DP+ (L{cardgw.lpa.authenticate}); the answer is a list of events.

ES11 has no cancelSession: an SM-DS forgets a session by itself, an eUICC does with the next challenge.  So nothing is left to be
cancelled, however a discovery ends.
"""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from cardgw.errors import CardError
from cardgw.interfaces import ISession
from cardgw.lpa.activation import ActivationCode, ActivationCodeError, server_address
from cardgw.lpa.addresses import GET_ADDRESSES, parse_addresses
from cardgw.lpa.authenticate import authenticate_card, check_server, greet, initiate
from cardgw.lpa.certificates import Role
from cardgw.lpa.download_errors import OtherServer
from cardgw.lpa.es9 import Es9, Es9Error
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.server_errors import MalformedServerAnswer

ROOT_SMDS = "lpa.ds.gsma.com"
"""The root SM-DS of the GSMA, for eUICCs that name none."""
NO_EVENT = ("8.9.5", "3.9")
"""The server has no event for this eUICC: nothing is wrong (SGP.22 5.8.2)."""
EVENTS_MAX = 100
"""Further events are left for the next time."""
EVENT_ID_MAX = 255


@frozen
class Event:
    """
    A server has a profile for this eUICC.

    @ivar event_id: its matching id there.
    @ivar address: of the server, in lower case, with its port where it came along.
    """

    event_id: str = field(repr=False)
    address: str

    def code(self, imei: str | None = None) -> ActivationCode:
        """
        What a download of it begins with.
        """
        return ActivationCode(self.address, self.event_id, imei=imei)


async def root_smds(session: ISession, isdr: Isdr) -> str:
    """
    The SM-DS that an eUICC has for its own; L{ROOT_SMDS} where it does not tell.
    """
    session.stage("es10a_get_euicc_configured_addresses")
    try:
        address = parse_addresses(await isdr.command(GET_ADDRESSES)).smds
    except CardError as problem:
        session.log.info("the eUICC does not tell its SM-DS: {problem}", problem=str(problem))
        address = ""
    return address.strip().lower() or ROOT_SMDS


async def discover(session: ISession, isdr: Isdr, host: str, imei: str | None = None) -> tuple[Event, ...]:
    """
    Ask an SM-DS what it has for an eUICC.

    @param host: its address.
    @param imei: to tell it, where known.
    @return: the events in the order in which the server got them; none twice.
    @raise CardGatewayError: eUICC and server do not come together, or the answer cannot be understood.
    """
    code = ActivationCode(host, imei=imei)
    greeting = await greet(session, isdr)
    server = Es9(session.http, host, greeting.trusted, Role.DS_TLS)
    opening = await initiate(session, server, host, greeting)
    try:
        check_server(session, code, greeting, opening, Role.DS_AUTH)
    except OtherServer as problem:
        problem.hint = "Check the address of the SM-DS."
        raise
    card = await authenticate_card(session, isdr, code, opening)
    session.stage("es11_authenticate_client", host=host)
    try:
        entries = await server.authenticate_for_events(opening.transaction_id, card.raw)
    except Es9Error as problem:
        if (problem.subject, problem.reason) == NO_EVENT:
            return ()
        raise
    return read_events(session, entries)


def read_events(session: ISession, entries: list[Any]) -> tuple[Event, ...]:
    """
    The events in an answer; those that cannot be used are left out, with a word in the log.

    @param entries: what the server says they are.
    @raise MalformedServerAnswer: there are some, but none can be used.
    """
    found: dict[Event, None] = {}
    problem = ""
    for number, entry in enumerate(entries[:EVENTS_MAX], 1):
        try:
            found[_event(entry)] = None
        except ValueError as reason:
            problem = problem or f"event {number}: {reason}"
            session.log.warn("event {number} cannot be used: {reason}", number=number, reason=str(reason))
    if len(entries) > EVENTS_MAX:
        session.log.warn("{count} events; the first {most} are taken", count=len(entries), most=EVENTS_MAX)
    if entries and not found:
        raise MalformedServerAnswer(f"authenticateClient: eventEntries: none can be used; {problem}")
    return tuple(found)


def _event(entry: Any) -> Event:
    """
    @raise ValueError: it is none.
    """
    if not isinstance(entry, dict):
        raise ValueError("not an object")
    name, address = entry.get("eventId"), entry.get("rspServerAddress")
    if not isinstance(name, str) or not name:
        raise ValueError("no eventId")
    if len(name) > EVENT_ID_MAX or not name.isascii() or not name.isprintable():
        raise ValueError(f"eventId is not a text of at most {EVENT_ID_MAX} characters in ASCII")
    if not isinstance(address, str):
        raise ValueError("no rspServerAddress")
    try:
        return Event(name, server_address(address))
    except ActivationCodeError as problem:
        raise ValueError(problem.detail.replace("SM-DP+ address", "rspServerAddress")) from None
