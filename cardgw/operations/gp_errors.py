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


class NoSecureConnection(OperationRefused):
    """
    The connection to this card is no secure channel.
    """

    hint = "protocol=scp81 is for cards that come over TLS-PSK (GlobalPlatform Amendment B); give keys instead."


class AuthenticationFailedBefore(OperationRefused):
    """
    Authenticating to this card has failed before with these keys.
    """

    hint = "Make sure that they are the right ones; then give force. The card may block its keys for good."
