# -*- test-case-name: tests.operations.test_gp_registry_change -*-
"""
C{gp.extradite}: to whom an application or a load file belongs; C{gp.privileges.set}: what an application may do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.errors import ParameterError
from cardgw.fields import each_of, octets, option, text
from cardgw.gp.delegated import extradited, updated
from cardgw.gp.install import Install, for_extradition, for_registry_update
from cardgw.gp.privileges import Privilege, named_privileges
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_delegated import DelegatedParameters, Receipts, Tokens, card_of
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import aid_or_none, an_aid
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_present import read_present
from cardgw.operations.gp_signing import NOBODY, KeySource


@frozen
class RegistryParameters(DelegatedParameters):
    """
    Of both.
    """

    def content(self) -> Install:
        """
        INSTALL without its token.
        """
        raise NotImplementedError

    def install(self, keys: KeySource, card: bytes = NOBODY) -> Install:
        """
        The same with its token, where there is one.

        @param card: key diversification data.
        """
        tokens = Tokens(self, keys, card)
        content = tokens.on(self.content())
        tokens.all_used()
        return content


class RegistryOperation(GpOperation):
    """
    What both do.
    """

    def plan(self, parameters: RegistryParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.
        """
        return (parameters.install(keys).command(),)

    def key_sets(self, parameters: RegistryParameters) -> tuple[str, ...]:
        """
        See L{GpOperation.key_sets}.
        """
        return (parameters.keys, parameters.token, parameters.receipts)

    async def change(
        self, session: ISession, domain: Domain, what: str, about: bytes, done: Callable[[], bytes]
    ) -> dict[str, Any]:
        """
        Send the command.

        @param what: it is.
        @param about: the AID of what is changed.
        @param done: gives what a receipt is about.
        @return: C{receipts} and C{warnings}.
        """
        parameters: RegistryParameters = session.parameters
        aside, card = self.aside(session), card_of(domain)
        receipts = await aside(partial(Receipts.of, parameters, session.keys, card, aside))
        install = await aside(partial(parameters.install, session.keys, card))
        answer = await domain.slowly(install.command(), what)
        await receipts.take("INSTALL", about, answer.data, done)
        return {"receipts": receipts.found, "warnings": receipts.warnings()}


@frozen
class ExtraditeParameters(RegistryParameters):
    """
    What the caller gives.
    """

    aid: str = option(an_aid, "the AID of the application, security domain or load file")
    to: str = option(an_aid, "the AID of the security domain that it will belong to")

    def content(self) -> Install:
        """
        See L{RegistryParameters.content}.
        """
        return for_extradition(bytes.fromhex(self.to), bytes.fromhex(self.aid), self.control)


@implementer(IPlugin, IOperation)
class Extradite(RegistryOperation):
    """
    See L{IOperation}.
    """

    name = "gp.extradite"
    summary = "give an application or a load file to another security domain"
    help = """\
INSTALL [for extradition]: from then on the other security domain says what is done to it.  Only that one can give it back.
"""
    parameters: Any = ExtraditeParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{aid}; C{domain}: the AID that it belongs to now; C{before}: that which it belonged to, or empty where the card
            does not tell; C{receipts} (L{Receipts.found}) and C{warnings}.
        """
        parameters: ExtraditeParameters = session.parameters
        moved, after = bytes.fromhex(parameters.aid), bytes.fromhex(parameters.to)
        session.stage("gp_extradite", aid=parameters.aid)
        entry = (await read_present(domain)).find(moved)
        before = b"" if entry is None else entry.domain
        what = f"INSTALL [for extradition] of {parameters.aid.upper()}"
        told = await self.change(session, domain, what, moved, lambda: extradited(before or domain.aid, moved, after))
        return {"aid": parameters.aid.upper(), "domain": parameters.to.upper(), "before": before.hex().upper(), **told}


@frozen
class PrivilegesParameters(RegistryParameters):
    """
    What the caller gives.
    """

    aid: str = option(aid_or_none, "the AID of the application; empty: the security domain that is spoken to", default="")
    privileges: tuple[str, ...] | None = option(
        each_of(text), "all privileges that it will have, by the names of GlobalPlatform; left out: they stay", default=None
    )
    parameters: bytes = option(
        octets, "data objects that change, as of INSTALL [for install]: EF{...}, EA{...}; left out: they stay", default=b""
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.privileges is None and not self.parameters:
            raise ParameterError("privileges: missing, and so is parameters; one says what changes")
        try:
            tlv.decode(self.parameters)
        except ValueError as problem:
            raise ParameterError(f"parameters: {problem}") from None
        self.granted()

    def granted(self) -> Privilege | None:
        """
        C{None} where they stay.

        @raise ParameterError: there is none of that name.
        """
        return None if self.privileges is None else named_privileges(self.privileges)

    def content(self) -> Install:
        """
        See L{RegistryParameters.content}.
        """
        return for_registry_update(bytes.fromhex(self.aid), self.granted(), parameters=self.parameters + self.control)


@implementer(IPlugin, IOperation)
class SetPrivileges(RegistryOperation):
    """
    See L{IOperation}.
    """

    name = "gp.privileges.set"
    summary = "change what an application or a security domain of a GlobalPlatform card may do"
    help = """\
INSTALL [for registry update]: the privileges that are named are all that it has from then on; CardReset makes it the application
that is selected after a reset.  Or its parameters: memory that it may use, implicit selection, and the like.
"""
    parameters: Any = PrivilegesParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{aid} (that of the security domain, if it was left out) and C{privileges}, as they were asked for, or C{None};
            C{receipts} (L{Receipts.found}) and C{warnings}.
        """
        parameters: PrivilegesParameters = session.parameters
        about = bytes.fromhex(parameters.aid) or domain.aid
        session.stage("gp_set_privileges", aid=about.hex().upper())
        fields = parameters.content().fields
        what = f"INSTALL [for registry update] of {about.hex().upper()}"
        told = await self.change(session, domain, what, about, lambda: updated(about, fields[3], parameters=fields[4]))
        granted = None if parameters.privileges is None else list(parameters.privileges)
        return {"aid": about.hex().upper(), "privileges": granted, **told}
