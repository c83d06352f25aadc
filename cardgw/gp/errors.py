# -*- test-case-name: tests.gp.test_errors -*-
"""
What goes wrong when a card of GlobalPlatform is administered, finer than L{cardgw.errors} says it.
"""

from __future__ import annotations

from cardgw.errors import CardError, ParameterError


class CapFileError(ParameterError):
    """
    The CAP file cannot be used.
    """


class TooManyBlocks(ParameterError):
    """
    The data need more blocks than a card can count.
    """

    hint = "Blocks can be larger at a lower security level, or with a card and a reader that take extended length."


class KeyCheckFailed(CardError):
    """
    The card has stored another key than it was sent.
    """

    hint = "Do not use this key version. Put the keys again while the session is open, or with the key set from before."


class ReceiptInvalid(CardError):
    """
    The card's receipt is wrong.
    """
