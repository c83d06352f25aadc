# -*- test-case-name: tests.gateway.test_stack -*-
"""
The one place where the order of the channel decorators is written.
"""

from __future__ import annotations

from collections.abc import Callable

from cardgw.apdu.get_response import GetResponse
from cardgw.interfaces import ICardChannel


def stack(channel: ICardChannel, record: Callable[[ICardChannel], ICardChannel] | None = None) -> ICardChannel:
    """
    What an operation talks to, from the card upwards:

      1. the transport's own channel;
      2. recording, where asked for: it sees what the card sees, 61xx and GET RESPONSE included;
      3. GET RESPONSE, which must stand below any secure messaging.

    The repetition after 6Cxx and secure messaging are for the operation's own floor to add.

    @param record: makes the recording decorator (L{cardgw.apdu.record.Recorder}), or C{None}.
    """
    return GetResponse(record(channel) if record is not None else channel)
