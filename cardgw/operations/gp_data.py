# -*- test-case-name: tests.operations.test_gp_data -*-
"""
C{gp.data.store}: data for a security domain or an application.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.errors import ParameterError
from cardgw.gp.install import for_personalization
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import SCP81
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_signing import KeySource
from cardgw.operations.gp_store_plan import StoreParameters


@implementer(IPlugin, IOperation)
class StoreGpData(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.data.store"
    summary = "store data in a security domain, or in one of its applications"
    help = """\
STORE DATA: in as many commands as the data need.  With an application, its security domain hands them on to it (INSTALL [for
personalization] first).  Data are hexadecimal, or data groupings (DGI), one or more on each line.  They are sent as they are, or
encrypted here (encrypt); encryption tells the card of those that have been encrypted elsewhere.
"""
    parameters: Any = StoreParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{stored}: how many bytes, as they were sent, in C{commands} commands; C{answer}: the data of the last answer, in
            hexadecimal.
        """
        parameters: StoreParameters = session.parameters
        session.stage("gp_store_data")
        if domain.secured is None and (parameters.encrypt or parameters.protocol != SCP81):
            raise ParameterError(f"keys: missing; without them (protocol={parameters.protocol}) nothing can encrypt the data")
        dek = domain.secured.channel.dek if parameters.encrypt and domain.secured is not None else None
        script = await self.aside(session)(partial(parameters.script, domain.block, dek))
        if parameters.application:
            await domain.slowly(_personalize(parameters), "INSTALL [for personalization]")
        answers = await domain.send(script, "STORE DATA")
        stored = sum(len(each.command.data) for each in script.steps)
        return {"stored": stored, "commands": len(script.steps), "answer": answers[-1].data.hex().upper()}

    def plan(self, parameters: StoreParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.  Blocks are as long as they are with most cards; what is encrypted is not told.
        """
        if parameters.application:
            yield _personalize(parameters)
        if not parameters.encrypt:
            yield from (each.command for each in parameters.script(parameters.usual_block, None).steps)

    def warnings(self, session: ISession) -> list[str]:
        """
        See L{GpOperation.warnings}.
        """
        return ["STORE DATA is encrypted for one session, so it cannot be told before."] if session.parameters.encrypt else []


def _personalize(parameters: StoreParameters) -> Command:
    return for_personalization(bytes.fromhex(parameters.application)).command()
