# -*- test-case-name: tests.bench.test_pcsc -*-
"""
An operation that has many commands sent to a card, and tells how long that took: what a gateway relays.
"""

from __future__ import annotations

import time
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from bench.command import COMMAND
from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.fields import integer, option
from cardgw.interfaces import IOperation, ISession
from cardgw.values import Feature

DROPIN = "from bench.relay import Relay\n\nrelay = Relay()\n"
"""The drop-in that brings it to a gateway."""


@frozen
class RelayParameters:
    """
    What the caller gives.
    """

    scripts: int = option(integer(1, 1_000_000), "how many scripts")
    commands: int = option(integer(1, 10_000), "how many commands each of them has")


@frozen
class RelaySettings:
    """
    Nothing to set.
    """


@implementer(IPlugin, IOperation)
class Relay:
    """
    See L{IOperation}.
    """

    name = "bench.relay"
    summary = "send a card many commands"
    help = "Sends scripts, all of the same command, and tells how long they took."
    parameters: Any = RelayParameters
    settings: Any = RelaySettings
    application: bytes | None = None
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: seconds, and CPU seconds of this process.
        """
        script = Script((Step(Command.decode(COMMAND)),) * session.parameters.commands)
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(session.parameters.scripts):
            await session.channel.exchange(script)
        return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
