# -*- test-case-name: tests.lpa.test_deliver -*-
"""
A notification goes to its server, and leaves the eUICC only when the server has it (SGP.22 3.5).
"""

from __future__ import annotations

from cardgw.interfaces import ISession
from cardgw.lpa.es9 import Es9
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notification import parse_removed, remove


async def send(session: ISession, server: Es9, pending: bytes) -> None:
    """
    Give a notification to its server.

    @param server: the one that the notification names.
    @param pending: the whole data object as the eUICC gave it.
    @raise CardGatewayError: the server has not accepted it (with HTTP status 204).
    """
    session.stage("es9p_handle_notification", host=server.host)
    await server.handle_notification(pending)


async def forget(session: ISession, isdr: Isdr, sequence: int) -> None:
    """
    Remove a delivered notification from the eUICC.

    @param sequence: its number there.
    @raise CardGatewayError: it is still there; sending it again does no harm.
    """
    session.stage("es10b_remove_notification_from_list", sequence=sequence)
    parse_removed(await isdr.command(remove(sequence)))
