# -*- test-case-name: tests.operations.test_lpa_switch -*-
"""
C{lpa.enable} and C{lpa.disable}: put a profile to use, or out of it (SGP.22 3.2.1 and 3.2.2).
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.fields import boolean, choice, option, text
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.changes import AUTO, NO_FLAG, YES_FLAG, Manner
from cardgw.lpa.isdr import ISD_R
from cardgw.lpa.profiles import DISABLED, ENABLED
from cardgw.lpa.switch import switch
from cardgw.operations.settings import NoticeSettings, segment_size
from cardgw.values import Feature

WHICH = "the profile: its ICCID, the AID of its ISD-P in hexadecimal, or its nickname"


@frozen
class EnableParameters:
    """
    What the caller gives.
    """

    profile: str = option(text, WHICH)


@frozen
class DisableParameters(EnableParameters):
    """
    What the caller gives.
    """

    accept_offline: bool = option(
        boolean,
        "agree that the card is out of reach afterwards, where the profile carries the only connection to it",
        default=False,
    )


@frozen
class RestartSettings(NoticeSettings):
    """
    Of those after which the terminal has to read the card anew.
    """

    restart: bool = option(
        boolean,
        "start the card anew afterwards, where the transport can; an eSTK.me card is sent FB and leaves",
        default=True,
    )


@frozen
class SwitchSettings(RestartSettings):
    """
    What the operator of the gateway sets.
    """

    refresh: str = option(
        choice(AUTO, YES_FLAG, NO_FLAG),
        "the refresh flag, by which the card itself makes the terminal read it anew; auto sets it where restart does nothing, and"
        " [[quirks]] goes before",
        default=AUTO,
    )


class _Switch:
    """
    What both have in common.
    """

    state: str
    settings: Any = SwitchSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = True

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: see L{switch}.
        """
        settings, parameters = session.settings, session.parameters
        offline = getattr(parameters, "accept_offline", False)
        manner = Manner(settings.notifications, settings.refresh, settings.restart, offline)
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            return await switch(session, isdr, parameters.profile, self.state, manner)
        finally:
            await isdr.close()


@implementer(IPlugin, IOperation)
class EnableProfile(_Switch):
    """
    See L{IOperation}.
    """

    name = "lpa.enable"
    summary = "enable a profile in place of the present one"
    help = """\
Enables a profile; the one that is enabled now is disabled.  If it is enabled already, nothing changes.  The providers are told as
the setting "notifications" says.

Where the connection to the card runs over the profile in use, the card leaves and comes back over the other one.  If that
happens before it could answer, the result says "confirmed": false.  A card that is busy with a menu or a message is asked again
for a while.
"""
    parameters: Any = EnableParameters
    state = ENABLED


@implementer(IPlugin, IOperation)
class DisableProfile(_Switch):
    """
    See L{IOperation}.
    """

    name = "lpa.disable"
    summary = "disable a profile"
    help = """\
Disables a profile.  If it is disabled already, nothing changes.  The providers are told as the setting "notifications" says.

Where the connection to the card runs over this very profile, the card is out of reach afterwards, until its holder enables a
profile on the phone.  So you are asked before, unless you agree with accept_offline.
"""
    parameters: Any = DisableParameters
    state = DISABLED
