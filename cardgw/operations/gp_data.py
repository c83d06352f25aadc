# -*- test-case-name: tests.operations.test_gp_data -*-
"""
C{gp.data.store}: data for a security domain or an application.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import SHORT_DATA, Command
from cardgw.apdu.script import Script
from cardgw.errors import ParameterError
from cardgw.fields import boolean, choice, octets, option
from cardgw.gp.install import for_personalization
from cardgw.gp.store_data import DataGroup, Structure, store_data, store_parts
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import ChangeParameters, aid
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_signing import KeySource

_STRUCTURES = {"none": Structure.NONE, "dgi": Structure.DGI, "ber": Structure.BER}


@frozen
class StoreParameters(ChangeParameters):
    """
    What the caller gives.
    """

    data: bytes = option(octets, "what is stored, in hexadecimal", secret=True)
    structure: str = option(
        choice(*_STRUCTURES), "what the data are: data groupings (DGI), data objects (BER-TLV), or not said", default="none"
    )
    each: bool = option(boolean, "a command for each data grouping, which some applications want", default=False)
    application: str = option(aid, "the AID of the application that gets them; empty: the security domain itself", default="")

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.each:
            self.groups()

    def groups(self) -> tuple[bytes, ...]:
        """
        The data groupings.

        @raise ParameterError: these are none.
        """
        if self.structure != "dgi":
            raise ParameterError("each: only data groupings (dgi) are sent one by one")
        try:
            return tuple(group.encode() for group in DataGroup.decode_all(self.data))
        except ValueError as problem:
            raise ParameterError(f"data: {problem}") from None


@implementer(IPlugin, IOperation)
class StoreGpData(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.data.store"
    summary = "store data in a security domain, or in one of its applications"
    help = """\
STORE DATA: in as many commands as the data need.  With an application, its security domain hands them on to it (INSTALL [for
personalization] first).
"""
    parameters: Any = StoreParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{stored}: how many bytes, in C{commands} commands.
        """
        parameters: StoreParameters = session.parameters
        session.stage("gp_store_data")
        script = _script(parameters, domain.block)
        if parameters.application:
            await domain.slowly(_personalize(parameters), "INSTALL [for personalization]")
        await domain.send(script, "STORE DATA")
        return {"stored": len(parameters.data), "commands": len(script.steps)}

    def plan(self, parameters: StoreParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.  Blocks are as long as they can be without a secure channel.
        """
        if parameters.application:
            yield _personalize(parameters)
        yield from (each.command for each in _script(parameters, SHORT_DATA).steps)


def _personalize(parameters: StoreParameters) -> Command:
    return for_personalization(bytes.fromhex(parameters.application)).command()


def _script(parameters: StoreParameters, block: int) -> Script:
    structure = _STRUCTURES[parameters.structure]
    if parameters.each:
        return store_parts(parameters.groups(), structure)
    return store_data(parameters.data, block, structure)
