# -*- test-case-name: tests.lpa.test_download_errors -*-
"""
Why a download ended, beyond what the eUICC and the server say themselves.
"""

from __future__ import annotations

from cardgw.errors import CardError, CardGatewayError, ChannelError
from cardgw.lpa.server_errors import ServerError


class NoIssuers(CardError):
    """
    The eUICC trusts no certificate issuer, so no server can be authentic to it.
    """

    hint = "It cannot download profiles. Ask whoever issued it."


class OtherServer(ServerError):
    """
    The server is not the one that was asked for.
    """

    hint = "Check the activation code, or ask the provider."


class DownloadRefused(CardGatewayError):
    """
    The profile was not downloaded.
    """


class NoDefaultServer(DownloadRefused):
    """
    The activation code names no SM-DP+, and the eUICC has no default one.
    """

    hint = "Give the address: LPA:1$<SM-DP+ address>$<matching id>."

    @property
    def brief(self) -> str:
        """
        See L{CardGatewayError.brief}.
        """
        return "The activation code has no server address, and the card has none of its own."


class ConfirmationCodeNeeded(DownloadRefused):
    """
    The profile needs a confirmation code.
    """

    hint = "Write it at the end of the activation code: LPA:1$<SM-DP+ address>$<matching id>$$<confirmation code>."

    @property
    def brief(self) -> str:
        """
        See L{CardGatewayError.brief}.
        """
        return "A confirmation code is needed. Add $$ and the code to the activation code."


class PolicyRuleRefused(DownloadRefused):
    """
    The profile has policy rules that this eUICC does not allow.
    """

    hint = "Ask the provider for a profile without them."


class ConsentNeeded(DownloadRefused):
    """
    The profile has policy rules that need the consent of the card holder.
    """

    hint = "Run the download with the parameter that accepts policy rules."


class RejectedByUser(DownloadRefused):
    """
    The download was declined.
    """


class MemoryFull(DownloadRefused):
    """
    The eUICC has no memory left for the profile.
    """

    hint = "Delete a profile that is not needed any more, and try again."


class MetadataMismatch(DownloadRefused):
    """
    The server sent another profile than it had offered.
    """

    hint = "Ask the provider."


class InstallationFailed(CardError):
    """
    The eUICC did not install the profile.
    """


class InstallationInterrupted(ChannelError):
    """
    The card was lost while the profile was being installed.
    """
