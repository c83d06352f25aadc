# -*- test-case-name: tests.operations.test_lpa_manage -*-
"""
C{lpa.delete}, C{lpa.nickname}, C{lpa.default-smdp} and C{lpa.reset} (SGP.22 3.2.3, 3.2.6, 3.3).
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.errors import ParameterError
from cardgw.fields import boolean, checked, option, text
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.activation import ActivationCodeError, parse_activation_code
from cardgw.lpa.changes import Manner
from cardgw.lpa.isdr import ISD_R
from cardgw.lpa.manage import delete, set_default_dp, set_nickname
from cardgw.lpa.memory_reset import reset_memory
from cardgw.lpa.profile_states import NICKNAME_MAX, RESET_OPTIONS
from cardgw.operations.lpa_switch import WHICH, RestartSettings
from cardgw.operations.settings import LpaSettings, NoticeSettings, segment_size
from cardgw.values import Feature


def clean_address(address: str) -> str:
    """
    The address of a server as eUICCs keep it: in lower case.

    @param address: a host name, with or without a port; or empty.
    @raise ValueError: it is neither.
    """
    if set(address) & set("$#%"):
        raise ValueError
    try:
        return parse_activation_code(f"1${address}$").host
    except ActivationCodeError as problem:
        raise ValueError(problem.detail) from None


def clean_nickname(nickname: str) -> str:
    """
    A nickname that eUICCs take.

    @raise ValueError: it is too long, or has control characters.
    """
    size = len(nickname.encode())
    if size > NICKNAME_MAX:
        raise ValueError(f"{size} bytes")
    if not nickname.isprintable():
        raise ValueError("a control character")
    return nickname


@frozen
class DeleteParameters:
    """
    What the caller gives.
    """

    profile: str = option(text, WHICH)


@frozen
class NicknameParameters:
    """
    What the caller gives.
    """

    profile: str = option(text, WHICH)
    nickname: str = option(
        checked(f"a nickname of at most {NICKNAME_MAX} bytes in UTF-8", clean_nickname), "the new nickname; empty for none"
    )


@frozen
class DefaultSmdpParameters:
    """
    What the caller gives.
    """

    address: str = option(
        checked("a host name such as smdp.example.com, or nothing", clean_address), "the host name of the SM-DP+; empty for none"
    )


@frozen
class ResetParameters:
    """
    What the caller gives.
    """

    operational: bool = option(boolean, "delete all operational profiles", default=False)
    test: bool = option(boolean, "delete the test profiles that were downloaded", default=False)
    default_smdp: bool = option(boolean, "clear the address of the default SM-DP+", default=False)
    accept_offline: bool = option(
        boolean,
        "agree that the card is out of reach afterwards, where a profile that is deleted carries the only connection to it",
        default=False,
    )


class _Manage:
    """
    What all have in common.
    """

    settings: Any = LpaSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = True


@implementer(IPlugin, IOperation)
class DeleteProfile(_Manage):
    """
    See L{IOperation}.
    """

    name = "lpa.delete"
    summary = "delete a profile for good"
    help = """\
Deletes a profile that is disabled.  Most providers do not let it be downloaded again with the same activation code.  They are
told as the setting "notifications" says.
"""
    parameters: Any = DeleteParameters
    settings: Any = NoticeSettings
    destructive = True
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: see L{delete}.
        """
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            return await delete(session, isdr, session.parameters.profile, session.settings.notifications)
        finally:
            await isdr.close()


@implementer(IPlugin, IOperation)
class SetNickname(_Manage):
    """
    See L{IOperation}.
    """

    name = "lpa.nickname"
    summary = "give a profile a nickname"
    help = """\
Sets the nickname of a profile, or removes it.  The card keeps it, and other LPAs show it too.
"""
    parameters: Any = NicknameParameters

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: see L{set_nickname}.
        """
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            return await set_nickname(session, isdr, session.parameters.profile, session.parameters.nickname)
        finally:
            await isdr.close()


@implementer(IPlugin, IOperation)
class SetDefaultSmdp(_Manage):
    """
    See L{IOperation}.
    """

    name = "lpa.default-smdp"
    summary = "set the default SM-DP+ of an eUICC"
    help = """\
Sets the address of the SM-DP+ that is asked for profiles where an activation code names none, or clears it.
"""
    parameters: Any = DefaultSmdpParameters

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: see L{set_default_dp}.
        """
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            return await set_default_dp(session, isdr, session.parameters.address)
        finally:
            await isdr.close()


@implementer(IPlugin, IOperation)
class ResetMemory(_Manage):
    """
    See L{IOperation}.
    """

    name = "lpa.reset"
    summary = "delete all profiles of a kind, or the default SM-DP+, from an eUICC"
    help = """\
Deletes all operational profiles, all test profiles that were downloaded, or both, also those that are enabled; and clears the
address of the default SM-DP+, if that is wanted.  Say what.
"""
    parameters: Any = ResetParameters
    settings: Any = RestartSettings
    destructive = True
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: see L{reset_memory}.
        """
        settings, parameters = session.settings, session.parameters
        options = [each for each in RESET_OPTIONS if getattr(parameters, each)]
        if not options:
            raise ParameterError("nothing is chosen", hint=f"Give one or more of {', '.join(RESET_OPTIONS)}.")
        manner = Manner(settings.notifications, restart=settings.restart, accept_offline=parameters.accept_offline)
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            return await reset_memory(session, isdr, options, manner)
        finally:
            await isdr.close()
