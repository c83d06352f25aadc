# -*- test-case-name: tests.transports.ramhttp.test_amdb_session -*-
"""
What a card's side says of a script in GlobalPlatform Amendment B, besides answering its commands.
"""

from __future__ import annotations

from cardgw.errors import CardError


class ScriptRefused(CardError):
    """
    The card's side has not executed the commands.
    """
