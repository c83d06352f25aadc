# -*- test-case-name: tests.bridges.test_attach_operation -*-
"""
What can go wrong with the readers that cards are put into.
"""

from __future__ import annotations

from cardgw.errors import CardGatewayError, Unreachable


class ReaderUnreachable(Unreachable):
    """
    The reader cannot be reached.
    """

    hint = "Is pcscd running there, with vsmartcard's vpcd? Only one card is in a reader at a time."


class ReaderHungUp(CardGatewayError):
    """
    The reader closed the connection to the card.
    """
