# -*- test-case-name: tests.operations.test_gp_install -*-
"""
C{gp.install}: a CAP file, loaded and installed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_delegated import Receipts, card_of
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_install_parameters import InstallGpParameters
from cardgw.operations.gp_install_plan import InstallPlan, read_file
from cardgw.operations.gp_installation import Installation
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_present import BUILT_IN
from cardgw.operations.gp_signing import KeySource


@implementer(IPlugin, IOperation)
class GpInstall(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.install"
    summary = "load and install a CAP file on a GlobalPlatform card"
    help = """\
Loads a CAP file, and installs its applets so that they can be selected.  What is being loaded is remembered: if the card is lost
in between, the next gp.install with it deletes first what is left; nothing is resumed.  If that may be of use to somebody (it is
whole and another one is to be loaded, or is not what was loaded) nothing is done until left says what becomes of it.

What the card has already is only replaced if replace says so.  Then the old load file, its applications and all of their data are
deleted first, and are gone for good even if the new file does not fit or is refused: no card tells before how much room it takes.

With combined, loading, installing and making selectable are one to the card.

In place of a file, package and applet install from a load file that the card has; make_selectable makes an instance selectable
that is installed already.

dap signs the load file for a security domain that verifies signatures (DAP); token signs the commands for an issuer that allows
others to load (delegated management), or tokens have been made elsewhere.  The card's receipts are in the result, and checked
with the key set that receipts names.
"""
    parameters: Any = InstallGpParameters

    def check(self, session: ISession) -> None:
        """
        See L{GpOperation.check}.
        """
        read_file(session.parameters)

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{package}, C{version}, C{installed} (AIDs), C{deleted} (AIDs of what was replaced), C{cleaned_up} (the AID of
            what a run before had left, or empty), C{left} (that of a load file that is not there whole, which only a run that
            failed has), C{journalled} (whether it was remembered, which takes a card that tells who it is), C{blocks} (how many
            the card has answered), C{receipts} (L{Receipts.found}) and C{warnings}.
        @raise AlreadyOnCard: the card has it, and it is not to be replaced.
        @raise NotOnCard: the card does not have what is to be installed from, or made selectable, or needed by what is to replace
            something.
        @raise LeftBehind: a run before has left something that may be of use.
        @raise UnexpectedStatus: one of the module C{gp_install_errors}: the card refuses; what happened is written down.
        """
        aside, given = self.aside(session), (session.parameters, session.keys, card_of(domain))
        plan = await aside(partial(InstallPlan, *given))
        receipts = await aside(partial(Receipts.of, *given, aside))
        return await Installation(session, domain, plan, receipts).run()

    def plan(self, parameters: InstallGpParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.  Blocks are as long as they are with most cards; what replaces deletes first what the card has,
        which is not known.
        """
        return InstallPlan(parameters, keys).commands()

    def key_sets(self, parameters: InstallGpParameters) -> tuple[str, ...]:
        """
        See L{GpOperation.key_sets}.
        """
        return (parameters.keys, parameters.dap, parameters.token, parameters.receipts)

    def warnings(self, session: ISession) -> list[str]:
        """
        See L{GpOperation.warnings}.
        """
        cap, _ = read_file(session.parameters)
        imports = () if cap is None else (each for each in cap.imports if not each.aid.startswith(BUILT_IN))
        found = [f"The card has to have package {each.aid.hex().upper()} {each.version_text}." for each in imports]
        if cap is not None and session.parameters.block_size is None:
            found.append(f"Blocks of the file have {session.parameters.usual_block} bytes, unless the card takes more or less.")
        return [*found, "DELETE is sent for what the card has."] if session.parameters.replace else found
