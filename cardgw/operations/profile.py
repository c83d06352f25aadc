# -*- test-case-name: tests.operations.test_profile -*-
"""
C{profile.download}: an SM-DP+ gives a profile, the eUICC installs it (SGP.22 3.1.3).
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.fields import boolean, checked, option, text
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.activation import ActivationCode, parse_activation_code
from cardgw.lpa.download import download
from cardgw.lpa.imei import clean_imei
from cardgw.lpa.isdr import ISD_R
from cardgw.operations.settings import NoticeSettings, segment_size
from cardgw.values import Feature


@frozen
class DownloadParameters:
    """
    What the caller gives.
    """

    activation_code: str = option(
        text,
        "the activation code: LPA:1$<SM-DP+>$<matching id>; empty for the profile that waits at the default SM-DP+ of the eUICC",
        default="",
        from_request=True,
        secret=True,
    )
    confirmation_code: str = option(text, "the confirmation code, where the profile needs one", default="", secret=True)
    imei: str = option(checked("an IMEI of 15 digits", clean_imei), "the IMEI to tell the SM-DP+", default="")
    accept_policy_rules: bool = option(
        boolean,
        "agree to a profile that cannot be disabled or deleted freely, where the eUICC wants the user's consent",
        default=False,
    )


@frozen
class DownloadSettings(NoticeSettings):
    """
    What the operator of the gateway sets.
    """

    keep_package: bool = option(
        boolean,
        "keep a package, encrypted, if the card is lost while it is being loaded, and try once more to load it when the card"
        " comes back with the same activation code; it is bound to one session of this card",
        default=True,
    )


@implementer(IPlugin, IOperation)
class DownloadProfile:
    """
    See L{IOperation}.
    """

    name = "profile.download"
    summary = "download a profile from an SM-DP+ and install it"
    help = """\
Authenticates the eUICC and the SM-DP+ that the activation code names to each other, checks what is offered, loads the
bound profile package, and sends the notification of the installation, which is removed from the eUICC once it was accepted
(see the setting "notifications"); if it cannot be sent now, it is tried again later, without the card.  The profile is installed,
not enabled.

Without an activation code the default SM-DP+ of the eUICC is asked for the profile that waits there for this eUICC.
"""
    parameters: Any = DownloadParameters
    settings: Any = DownloadSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = True

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: see L{cardgw.lpa.download.download}.
        """
        settings = session.settings
        return await download(
            session,
            _complete(session.parameters),
            segment_size(session),
            accept_rules=session.parameters.accept_policy_rules,
            notices=settings.notifications,
            keep_package=settings.keep_package,
        )


def _complete(parameters: DownloadParameters) -> ActivationCode:
    given = parameters.activation_code.strip()
    code = parse_activation_code(given) if given else ActivationCode("")
    return evolve(
        code,
        confirmation_code=parameters.confirmation_code or code.confirmation_code,
        imei=parameters.imei or code.imei,
    )
