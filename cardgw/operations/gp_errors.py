# -*- test-case-name: tests.operations.test_gp_domain -*-
"""
What the gateway itself refuses to do to cards of GlobalPlatform, or does not find there.
"""

from __future__ import annotations

from cardgw.errors import CardError, OperationRefused


class NoSecurityDomain(CardError):
    """
    The card has no such security domain.
    """


class AuthenticationFailedBefore(OperationRefused):
    """
    Authenticating to this card has failed before with these keys.
    """

    hint = "Make sure that they are the right ones; then give force. The card may block its keys for good."
