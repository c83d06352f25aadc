# -*- test-case-name: tests.transports.pcsc.test_channel -*-
"""
Where a card is.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from cardgw.transports.pcsc.driver import Driver
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.worker import Worker


@frozen(eq=False)
class Place:
    """
    A reader: what does not change when cards come and go.

    @ivar reader: its PC/SC name.
    @ivar peer: what people call it: the name that settings give it, or its PC/SC name.
    @ivar worker: its thread.
    @ivar memory: how long commands may be, by the PC/SC name of the reader; the same for all readers.
    """

    driver: Driver
    reader: str
    peer: str
    settings: PcscSettings
    worker: Worker
    reactor: Any
    memory: dict[str, int | None]
