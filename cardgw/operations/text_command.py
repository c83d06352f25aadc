# -*- test-case-name: tests.operations.test_text_command -*-
"""
C{card.command}: what a card holder types in place of an activation code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.fields import option, text
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.isdr import ISD_R, Isdr
from cardgw.operations.lpa_switch import SwitchSettings
from cardgw.operations.settings import segment_size
from cardgw.operations.text_commands_data import data
from cardgw.operations.text_commands_notices import list_notifications, process
from cardgw.operations.text_commands_profiles import profiles, switch_profile
from cardgw.operations.text_parser import FORMS, Typed, parse_text_command
from cardgw.values import Feature

HELP = "\n".join(
    [*(form for name, form in FORMS.items() if name != "help"), "A profile: its number in /profiles, name, or end of ICCID."]
)
"""What C{/help} shows, in one box."""
_OnCard: TypeAlias = Callable[[ISession, Isdr, Typed], Awaitable[dict[str, Any]]]
_ON_CARD: Mapping[str, _OnCard] = {
    "profiles": profiles,
    "enable": switch_profile,
    "disable": switch_profile,
    "ln": list_notifications,
    "process": process,
}


@frozen
class CommandParameters:
    """
    What the caller gives.
    """

    text: str = option(text, "the command: /help shows all", from_request=True)


@implementer(IPlugin, IOperation)
class TextCommand:
    """
    See L{IOperation}.
    """

    name = "card.command"
    summary = "run a text command that a card holder has typed in place of an activation code"
    help = """\
/profiles                     list the profiles
/enable <profile>             enable one: by its number in the list, its name, or the last four or more digits of its ICCID
/disable <profile>            disable one
/ln [kind]                    list the last four notifications; kinds are install, enable, disable and delete
/process <number>             send a notification, also if it was sent before; it stays on the card
/data <KiB>                   use up so much mobile data, 1 to 1024 KiB, in message boxes
/help                         show these

/ln, /process and /data are those of estkme-cloud.  Upper and lower case are one.
"""
    parameters: Any = CommandParameters
    settings: Any = SwitchSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: C{command}, its name, and what it gave: see the functions that run them.
        @raise UnknownCommand: there is no such command.
        """
        typed = parse_text_command(session.parameters.text)
        return {"command": typed.name, **await _run(session, typed)}


async def _run(session: ISession, typed: Typed) -> dict[str, Any]:
    if typed.name == "help":
        session.farewell(HELP)
        return {}
    if typed.name == "data":
        return await data(session, typed)
    isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
    try:
        return await _ON_CARD[typed.name](session, isdr, typed)
    finally:
        await isdr.close()
