# -*- test-case-name: tests.operations.test_profile -*-
"""
C{profile.download}: an SM-DP+ gives a profile, the eUICC installs it (SGP.22 3.1.3).
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.fields import boolean, checked, integer, option, text
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.activation import ActivationCode, parse_activation_code
from cardgw.lpa.download import download
from cardgw.lpa.imei import clean_imei
from cardgw.lpa.isdr import ISD_R
from cardgw.quirks import SEGMENT_MAX
from cardgw.values import Feature


@frozen
class DownloadParameters:
    """
    What the caller gives.
    """

    activation_code: str = option(text, "the activation code: LPA:1$<SM-DP+>$<matching id>", from_request=True, secret=True)
    confirmation_code: str = option(text, "the confirmation code, where the profile needs one", default="", secret=True)
    imei: str = option(checked("an IMEI of 15 digits", clean_imei), "the IMEI to tell the SM-DP+", default="")
    accept_policy_rules: bool = option(
        boolean,
        "agree to a profile that cannot be disabled or deleted freely, where the eUICC wants the user's consent",
        default=False,
    )


@frozen
class DownloadSettings:
    """
    What the operator of the gateway sets.
    """

    segment_size: int = option(
        integer(16, SEGMENT_MAX, "bytes"),
        "most data bytes in one STORE DATA block; larger is faster, odd cards need less (see [[quirks]])",
        default=240,
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
bound profile package, sends the notification of the installation and removes it from the eUICC once it was accepted.
The profile is installed, not enabled.
"""
    parameters: Any = DownloadParameters
    settings: Any = DownloadSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: see L{cardgw.lpa.download.download}.
        """
        code = _complete(session.parameters)
        size = session.quirks.segment_size or session.settings.segment_size
        return await download(session, code, size, accept_rules=session.parameters.accept_policy_rules)


def _complete(parameters: DownloadParameters) -> ActivationCode:
    code = parse_activation_code(parameters.activation_code)
    return evolve(
        code,
        confirmation_code=parameters.confirmation_code or code.confirmation_code,
        imei=parameters.imei or code.imei,
    )
