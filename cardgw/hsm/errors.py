# -*- test-case-name: tests.hsm.test_token -*-
"""
What goes wrong with tokens.
"""

from __future__ import annotations

from cardgw.errors import SecretError


class TokenUnusable(SecretError):
    """
    A key in a token cannot be used.
    """


class TokenPinRefused(TokenUnusable):
    """
    The token does not accept the PIN.
    """

    hint = "It is not tried again until it is another one: tokens lock themselves after a few wrong ones."
