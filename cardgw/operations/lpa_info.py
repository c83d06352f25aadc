# -*- test-case-name: tests.operations.test_lpa_info -*-
"""
C{lpa.info}: what an eUICC tells of itself; C{lpa.profiles}: the profiles that are on it.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.fields import boolean, option
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.changes import get_profiles
from cardgw.lpa.identity import SCHEME, identify
from cardgw.lpa.info import read_info
from cardgw.lpa.isdr import ISD_R
from cardgw.lpa.profile_json import profile_json
from cardgw.operations.settings import LpaSettings, segment_size
from cardgw.values import Feature


@frozen
class InfoParameters:
    """
    There are none.
    """


@frozen
class ProfilesParameters:
    """
    What the caller gives.
    """

    icons: bool = option(boolean, "get the icons too; each costs up to a kilobyte of the connection to the card", default=False)


@implementer(IPlugin, IOperation)
class CardInfo:
    """
    See L{IOperation}.
    """

    name = "lpa.info"
    summary = "tell the EID, the capabilities, the memory and the servers of an eUICC"
    help = """\
Reads the EID, EUICCInfo1 and EUICCInfo2, the configured addresses and the rules authorisation table.  The names are those of
SGP.22, as lpac has them.  What the card does not tell is null; "problems" says why.
"""
    parameters: Any = InfoParameters
    settings: Any = LpaSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = True

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: see L{read_info}.
        """
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            session.stage("es10c_ex_get_euiccinfo2")
            found = await read_info(isdr)
        finally:
            await isdr.close()
        session.identified(SCHEME + found["eidValue"])
        return found


@implementer(IPlugin, IOperation)
class ListProfiles:
    """
    See L{IOperation}.
    """

    name = "lpa.profiles"
    summary = "list the profiles on an eUICC"
    help = """\
Lists all profiles with their states and names.  The names of the fields are those of SGP.22, as lpac has them.
"""
    parameters: Any = ProfilesParameters
    settings: Any = LpaSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = True

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: C{profiles}: a list, each as L{profile_json} has it; and C{eidValue}.
        """
        icons = session.parameters.icons
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            identity = await identify(session, isdr)
            found = await get_profiles(session, isdr, icons=icons)
        finally:
            await isdr.close()
        return {"eidValue": identity.removeprefix(SCHEME), "profiles": [profile_json(each, icons=icons) for each in found]}
