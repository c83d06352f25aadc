# -*- test-case-name: tests.operations.test_gp_install -*-
"""
C{gp.install}: a CAP file, loaded and installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import SHORT_DATA, Command
from cardgw.apdu.response import Response
from cardgw.errors import ParameterError
from cardgw.fields import boolean, each_of, octets, option, text
from cardgw.gp.cap import CapFile
from cardgw.gp.install import for_install, for_load
from cardgw.gp.load_file import LoadFile, load
from cardgw.gp.parameters import InstallParameters
from cardgw.gp.privileges import Privilege, named_privileges
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import ChangeParameters, aid
from cardgw.operations.gp_journal import LoadJournal
from cardgw.operations.gp_operation import GpOperation


@frozen
class InstallGpParameters(ChangeParameters):
    """
    What the caller gives.
    """

    cap: bytes = option(octets, "the CAP or IJC file, in hexadecimal")
    applet: str = option(aid, "the AID of the applet to be installed; empty: all that are in the file", default="")
    instance: str = option(aid, "the AID that its instance will have; empty: that of the applet", default="")
    privileges: tuple[str, ...] = option(
        each_of(text), "privileges of the instance, by the names of GlobalPlatform (CardReset)", default=()
    )
    data: bytes = option(octets, "what the applet is given for its installation", default=b"", secret=True)
    default: bool = option(boolean, "make it the application that is selected after a reset", default=False)
    load_only: bool = option(boolean, "load the file, and install nothing", default=False)


@implementer(IPlugin, IOperation)
class GpInstall(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.install"
    summary = "load and install a CAP file on a GlobalPlatform card"
    help = """\
Loads a CAP file, and installs its applets so that they can be selected.  What is being loaded is remembered: if the card is lost
in between, the next gp.install with it deletes first what is left.  A load file that the card has already is not replaced:
delete it first (gp.delete with related).
"""
    parameters: Any = InstallGpParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{package}, C{version}, C{installed} (AIDs), C{cleaned_up} (the AID of what a run before had left, or empty), and
            C{journalled}: whether it was remembered, which takes a card that tells who it is.
        """
        plan = _Plan(session.parameters)
        journal = LoadJournal(session, domain)
        cleaned = await journal.clean_up()
        session.stage("gp_load", package=plan.cap.package.aid.hex().upper())
        await domain.slowly(for_load(plan.cap.package.aid).command(), "INSTALL [for load]")
        journalled = await journal.begun(plan.cap.package.aid)
        await self._load(session, domain, plan)
        installed = []
        for instance, command in plan.installs():
            session.stage("gp_install", instance=instance.hex().upper())
            await domain.slowly(command, f"INSTALL [for install] of {instance.hex().upper()}")
            installed.append(instance.hex().upper())
        await journal.done()
        return {
            "package": plan.cap.package.aid.hex().upper(),
            "version": plan.cap.package.version_text,
            "installed": installed,
            "cleaned_up": cleaned.hex().upper(),
            "journalled": journalled,
        }

    async def _load(self, session: ISession, domain: Domain, plan: _Plan) -> None:
        script = load(LoadFile(plan.cap.code()), domain.block)
        done = 0

        def watch(_: Response) -> None:
            nonlocal done
            done += 1
            session.percent(min(100, done * 100 // len(script.steps)))

        await domain.send(script, "LOAD", watch)

    def plan(self, parameters: InstallGpParameters) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.  Blocks are as long as they can be without a secure channel.
        """
        plan = _Plan(parameters)
        yield for_load(plan.cap.package.aid).command()
        yield from (each.command for each in load(LoadFile(plan.cap.code()), SHORT_DATA).steps)
        yield from (command for _, command in plan.installs())


class _Plan:
    """
    What the parameters ask for.
    """

    def __init__(self, parameters: InstallGpParameters) -> None:
        """
        @raise ParameterError: they contradict each other, or the file.
        """
        self.cap = CapFile.decode(parameters.cap)
        self._parameters = parameters
        self._privileges = named_privileges((*parameters.privileges, *(["CardReset"] if parameters.default else [])))
        self._applets = self._chosen(bytes.fromhex(parameters.applet))
        if len(self._applets) > 1 and (parameters.instance or self._privileges & Privilege.CardReset):
            raise ParameterError("applet: missing; there are several in the file", hint=f"They are {self._names}.")

    @property
    def _names(self) -> str:
        return ", ".join(each.hex().upper() for each in self.cap.applets) or "none"

    def _chosen(self, applet: bytes) -> tuple[bytes, ...]:
        if self._parameters.load_only:
            return ()
        if applet and applet not in self.cap.applets:
            raise ParameterError(f"applet: {applet.hex().upper()} is not in the file", hint=f"There are {self._names}.")
        return (applet,) if applet else self.cap.applets

    def installs(self) -> Iterator[tuple[bytes, Command]]:
        """
        The AID of each instance, and INSTALL for it.
        """
        given = InstallParameters(self._parameters.data)
        for applet in self._applets:
            instance = bytes.fromhex(self._parameters.instance) or applet
            package = self.cap.package.aid
            yield instance, for_install(package, applet, instance, self._privileges, parameters=given).command()
