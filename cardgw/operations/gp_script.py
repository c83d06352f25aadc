# -*- test-case-name: tests.operations.test_gp_script -*-
"""
C{gp.script}: commands as they are, inside a secure channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import evolve, frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import BASIC, channel_number, class_byte
from cardgw.apdu.mini_language import ScriptLine
from cardgw.errors import ParameterError
from cardgw.fields import boolean, option
from cardgw.gp.commands import Ins
from cardgw.gp.life_cycle import CardState
from cardgw.gp.set_status import CARD
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.apdu_script import ScriptRun, script_lines
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import ChangeParameters
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_signing import KeySource
from cardgw.scp.class_byte import protected_class
from cardgw.scp.errors import CommandNotProtectable
from cardgw.scp.outgoing import ending
from cardgw.scp.scp11 import manages_keys


@frozen
class GpScriptParameters(ChangeParameters):
    """
    What the caller gives.
    """

    script: tuple[ScriptLine, ...] = option(
        script_lines, "the commands, plain, for the basic logical channel; written as for apdu.script", secret=True
    )
    stop: bool = option(boolean, "stop at the first status that is not expected, and fail", default=True)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        for line in self.script:
            _check(line, last=line is self.script[-1])


@implementer(IPlugin, IOperation)
class RunGpScript(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.script"
    summary = "send a security domain commands in a secure channel, and check how it answers"
    help = """\
Authenticates to the security domain, and sends it the commands of a script, protected.  They are written as for apdu.script, and
the result is that of apdu.script; an error names the line.  A command that selects an application ends the secure channel, and
goes as it is: it can only be the last one.  A script does not terminate the card; gp.status.set does.
"""
    parameters: Any = GpScriptParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: see L{cardgw.operations.apdu_script.RunScript.run}.
        @raise UnexpectedStatus: a status was not expected, and C{stop} is set; what was answered so far is written down.
        """
        parameters: GpScriptParameters = session.parameters
        session.stage("gp_script", commands=len(parameters.script))
        lines = [_moved(each, domain.number) for each in parameters.script]
        return await ScriptRun(session, domain.channel, lines, stop=parameters.stop, raw=False).run()

    def plan(self, parameters: GpScriptParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.
        """
        return (each.command for each in parameters.script)

    def manages_keys(self, parameters: Any) -> bool:
        """
        See L{GpOperation.manages_keys}.
        """
        return any(manages_keys(each.command) for each in parameters.script)


def _check(line: ScriptLine, *, last: bool) -> None:
    """
    @raise ParameterError: this command cannot go through a secure channel, nothing could go after it, or nothing ever again.
    """
    where, cla = f"script: line {line.number}", line.command.cla
    if channel_number(cla) != BASIC:
        raise ParameterError(f"{where} is for logical channel {channel_number(cla)}; all are written for the basic one")
    over = ending(line.command)
    if over and not last:
        raise ParameterError(f"{where} ends the secure channel ({over}), so it can only be the last one")
    if line.command.ins == Ins.SET_STATUS and line.command.p1 & CARD and line.command.p2 == CardState.TERMINATED:
        raise ParameterError(
            f"{where} terminates the card", hint="gp.status.set does that, and asks twice whether it is the right card."
        )
    if not over:
        try:
            protected_class(cla)
        except CommandNotProtectable as problem:
            raise ParameterError(f"{where} cannot be protected: {problem.detail}") from None


def _moved(line: ScriptLine, number: int) -> ScriptLine:
    return evolve(line, command=evolve(line.command, cla=class_byte(line.command.cla, number)))
