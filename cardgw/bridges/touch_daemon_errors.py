# -*- test-case-name: tests.bridges.test_touch_daemon_errors -*-
"""
What can go wrong when a web page asks for the card in a local reader.
"""

from __future__ import annotations

from cardgw.errors import CardGatewayError, LocalError


class PageMistaken(LocalError):
    """
    The web page did not ask rightly.
    """

    hint = "It loads http://127.0.0.1:27001/<anything>.png?url=<address of the server>&sessionId=<session>."


class NotApproved(LocalError):
    """
    This page may not use the card with this server.
    """


class NoReader(CardGatewayError):
    """
    There is no reader.
    """

    hint = "Is it plugged in, and does pcscd run? `cardgw readers` lists readers."


class NoCardInserted(CardGatewayError):
    """
    There is no card in the reader.
    """


class ReaderBusy(CardGatewayError):
    """
    Another page uses the card.
    """


class SessionCancelled(CardGatewayError):
    """
    The session was cancelled.
    """
