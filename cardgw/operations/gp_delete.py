# -*- test-case-name: tests.operations.test_gp_delete -*-
"""
C{gp.delete}: applications and load files off a card; C{gp.keys.delete}: keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.fields import boolean, integer, option
from cardgw.gp.delegated import deleted
from cardgw.gp.delete import Delete, delete_key
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_delegated import DelegatedParameters, Receipts, Tokens, card_of
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import ChangeParameters, an_aid
from cardgw.operations.gp_journal import LoadJournal
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_signing import NOBODY, KeySource

_HINTS = {
    0x6A88: "The card has nothing of this AID, as far as this security domain sees.",
    0x6985: "Is something installed from it (related)? What is selected, needed by others, or part of the card, stays.",
}


@frozen
class DeleteParameters(DelegatedParameters):
    """
    What the caller gives.
    """

    aid: str = option(an_aid, "the AID of the application, security domain or load file")
    related: bool = option(boolean, "delete what was installed from the load file, or belongs to the domain, too", default=False)

    def deletion(self, keys: KeySource, card: bytes = NOBODY) -> Delete:
        """
        DELETE, with its token where there is one.

        @param card: key diversification data.
        """
        tokens = Tokens(self, keys, card)
        content = tokens.on(Delete((bytes.fromhex(self.aid),), self.related, self.control))
        tokens.all_used()
        return content


@implementer(IPlugin, IOperation)
class GpDelete(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.delete"
    summary = "delete an application or a load file from a GlobalPlatform card"
    help = """\
Deletes an application or a load file for good, with its data.  A load file of which there are applications can only be deleted
with them (related).
"""
    parameters: Any = DeleteParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{deleted} (the AID), C{confirmation}: what the card has answered, in hexadecimal, C{receipts}
            (L{Receipts.found}) and C{warnings}.
        """
        parameters: DeleteParameters = session.parameters
        aside, card = self.aside(session), card_of(domain)
        receipts = await aside(partial(Receipts.of, parameters, session.keys, card, aside))
        command = (await aside(partial(parameters.deletion, session.keys, card))).command()
        session.stage("gp_delete", aid=parameters.aid)
        try:
            answer = await domain.slowly(command, f"DELETE of {parameters.aid.upper()}")
        except UnexpectedStatus as problem:
            problem.hint = _HINTS.get(problem.response.status, "")
            raise
        gone = bytes.fromhex(parameters.aid)
        await receipts.take("DELETE", gone, answer.data, lambda: deleted(gone))
        await LoadJournal(session, domain).gone(gone)
        return {
            "deleted": parameters.aid.upper(),
            "confirmation": answer.data.hex().upper(),
            "receipts": receipts.found,
            "warnings": receipts.warnings(),
        }

    def plan(self, parameters: DeleteParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.
        """
        return (parameters.deletion(keys).command(),)

    def key_sets(self, parameters: DeleteParameters) -> tuple[str, ...]:
        """
        See L{GpOperation.key_sets}.
        """
        return (parameters.keys, parameters.token, parameters.receipts)


@frozen
class DeleteKeysParameters(ChangeParameters):
    """
    What the caller gives.
    """

    version: int | None = option(integer(1, 0xFF), "the version of the keys; without it: all with the identifier", default=None)
    identifier: int | None = option(integer(0, 0x7F), "the identifier of the key; without it: all of the version", default=None)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.version is None and self.identifier is None:
            raise ParameterError("version: missing, and so is identifier; one says which keys")


@implementer(IPlugin, IOperation)
class DeleteGpKeys(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.keys.delete"
    summary = "delete keys of a security domain"
    help = """\
Deletes keys by version, identifier, or both.  A security domain that has lost its last key set is lost for good.
"""
    parameters: Any = DeleteKeysParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{version} and C{identifier}, as they were given.
        """
        parameters: DeleteKeysParameters = session.parameters
        session.stage("gp_delete_keys")
        (command,) = self.plan(parameters, session.keys)
        await domain.slowly(command, "DELETE of keys")
        return {"version": parameters.version, "identifier": parameters.identifier}

    def plan(self, parameters: DeleteKeysParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.
        """
        return (delete_key(parameters.identifier, parameters.version),)
