# -*- test-case-name: tests.gateway.test_registry -*-
"""
What card holders type.
"""

from cardgw.lazy import LazyOperation

command = LazyOperation(
    "card.command",
    "run a text command that a card holder has typed in place of an activation code",
    "cardgw.operations.text_command.TextCommand",
)
