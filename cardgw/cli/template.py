# -*- test-case-name: tests.cli.test_template -*-
"""
The template of an operation: a drop-in that works, and does next to nothing.
"""

from __future__ import annotations

from cardgw.errors import ParameterError
from cardgw.gateway.verification import OPERATION_NAME

_TEMPLATE = '''\
"""
NAME: say here what it does.

Put this file into plugins/, /etc/cardgw/plugins, or a directory that $CARDGW_PLUGIN_PATH names, and look:

    cardgw operations
"""

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script
from cardgw.fields import option, text
from cardgw.interfaces import IOperation


@frozen
class Parameters:
    """
    What the caller gives.
    """

    greeting: str = option(text, "what to show to the card holder", default="Hello.")


@frozen
class Settings:
    """
    What the operator of the gateway sets, in [operations."NAME"].
    """


@implementer(IPlugin, IOperation)
class CLASS:
    """
    See cardgw.interfaces.IOperation.
    """

    name = "NAME"
    summary = "say in one line what it does"
    help = "Say all that somebody who is about to run it should know."
    parameters = Parameters
    settings = Settings
    application = None  # or the AID of the application that it talks to
    requires = frozenset()  # or what the channel must offer, see cardgw.values.Feature
    destructive = False
    repeatable = False  # True where it may start anew after the card was lost in its midst

    async def run(self, session):
        """
        Do it.  The result is for programs; what goes wrong is raised as an error of cardgw.errors.
        """
        session.stage("ask")
        (answer,) = await session.channel.exchange(Script.of(Command(0x80, 0xF2, 0x00, 0x00, expected=256)))
        session.farewell(session.parameters.greeting)
        return {"status": f"{answer.status:04X}"}


VARIABLE = CLASS()
'''


def operation_template(name: str) -> str:
    """
    @param name: what the operation is to be called.
    @raise ParameterError: that is no name of an operation.
    """
    if not OPERATION_NAME.fullmatch(name):
        raise ParameterError(f'expected lower-case words like "card.audit", got "{name}"')
    words = name.replace("-", ".").split(".")
    variable = "_".join(words)
    return _TEMPLATE.replace("VARIABLE", variable).replace("CLASS", "".join(map(str.capitalize, words))).replace("NAME", name)
