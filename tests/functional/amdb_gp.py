# -*- test-case-name: tests.functional.test_amdb_gp -*-
"""
Cards of GlobalPlatform that administer themselves over HTTP: the software card at the end of a connection with TLS-PSK.
"""

from __future__ import annotations

from typing import Any

from cardgw.virtual.ram_slot import Slot
from tests.functional.amdb import WHO
from tests.functional.gp import GpCard
from tests.functional.operators import reactor


class ConnectedCard(GpCard):
    """
    A card for which the connection is the secure channel.
    """

    targets = None
    """The card itself is asked for its applications."""

    def __init__(self, **options: Any) -> None:
        super().__init__(connected=True, **options)

    def slot(self) -> Slot:
        """
        See L{tests.functional.amdb.Administered}.
        """
        return Slot(reactor, self, self.card.atr, self.card.reset)

    @property
    def identity(self) -> str:
        """
        What the gateway calls it, since its agent says so.
        """
        return WHO
