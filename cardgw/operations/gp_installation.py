# -*- test-case-name: tests.operations.test_gp_installation -*-
"""
One run of C{gp.install}: what a run before has left is deleted, then what is to be replaced; the file is loaded, its applets are
installed.  All of it that happened is in the result, also when it fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError

from cardgw.apdu.command import EXTENDED_DATA, SHORT_DATA
from cardgw.apdu.response import Response
from cardgw.apdu.script import NOT_FOUND, OK, Script, Step
from cardgw.errors import CardGatewayError, ParameterError, UnexpectedStatus
from cardgw.gp import delegated
from cardgw.gp.install import For
from cardgw.gp.load_file import load
from cardgw.interfaces import ISession
from cardgw.operations.gp_delegated import Receipts
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_install_errors import AlreadyOnCard, NotOnCard, Reasons
from cardgw.operations.gp_install_parameters import DELETE, KEEP, NO, YES, InstallGpParameters
from cardgw.operations.gp_install_plan import InstallPlan, Instance
from cardgw.operations.gp_journal import Begun, LoadJournal
from cardgw.operations.gp_leftover import Leftover
from cardgw.operations.gp_present import Present, needs, read_present
from cardgw.values import Feature

NAMELESS = "The card does not tell who it is: if it is lost now, nobody will know what is left on it."


@define(eq=False)
class Installation:
    """
    See the module's docstring.

    @ivar cleaned_up: what a run before had left, and was deleted.
    @ivar deleted: AIDs of what was replaced.
    @ivar installed: AIDs of what was installed, or made selectable.
    @ivar left: the AID of a load file that is not there whole, or of which not everything is installed.
    @ivar blocks: how many blocks the card has taken.
    """

    session: ISession
    domain: Domain
    plan: InstallPlan
    receipts: Receipts
    cleaned_up: bytes = b""
    deleted: list[bytes] = field(factory=list)
    installed: list[bytes] = field(factory=list)
    left: bytes = b""
    blocks: int = 0
    journalled: bool = False
    _present: Present = field(factory=lambda: Present(None))

    @property
    def _parameters(self) -> InstallGpParameters:
        parameters: InstallGpParameters = self.session.parameters
        return parameters

    @property
    def _reasons(self) -> Reasons:
        return Reasons(self.domain, self.plan, self._present)

    async def run(self) -> dict[str, Any]:
        """
        See L{cardgw.operations.gp_install.GpInstall.perform}.
        """
        try:
            await self._run()
        except (CardGatewayError, CancelledError):
            if self.cleaned_up or self.deleted or self.left or self.installed:
                await self.session.achieved(self._result())
            raise
        return self._result()

    async def _run(self) -> None:
        script = self._script()
        journal = LoadJournal(self.session, self.domain)
        self._present = await read_present(self.domain)
        await self._clean_up(journal)
        await self._make_room()
        if script.steps:
            await self._load(journal, script)
        for instance in self.plan.instances:
            if self.plan.cap is not None:
                await journal.installing(instance.aid)
            await self._install(instance)
        if self.plan.cap is not None:
            await journal.done()
            self.left = b""

    async def _clean_up(self, journal: LoadJournal) -> None:
        """
        What a run before has left is deleted, as far as that is wanted.
        """
        begun = await journal.recalled()
        if begun is None:
            return
        found, wanted = Leftover(begun, self._present), self._parameters.left
        loading = b"" if self.plan.cap is None else self.plan.package
        if wanted == DELETE or (wanted != KEEP and found.check(loading)):
            self.session.stage("gp_clean_up", package=found.aid.hex().upper())
            deletion = await self.receipts.aside(partial(self.plan.delete, found.aid, related=True))
            if await found.remove(self.domain, deletion):
                self.cleaned_up = found.aid
            self._present = await read_present(self.domain)
        await journal.done()

    async def _make_room(self) -> None:
        """
        What is there already is replaced, or refused before anything is loaded.
        """
        if self.plan.cap is None:
            self._check_present()
        there = [aid for aid in self._wanted() if self._present.find(aid)]
        if there and not self._parameters.replace:
            raise AlreadyOnCard(", ".join(each.hex().upper() for each in there))
        if there:
            self._check_imports()
        unknown = self._parameters.replace and self._present.registry is None
        if self.plan.package in there or unknown:
            await self._delete(self.plan.package)
            self._present = await read_present(self.domain)
        for aid in self._wanted():
            if self._present.find(aid) or (unknown and aid != self.plan.package):
                await self._delete(aid)

    def _wanted(self) -> Sequence[bytes]:
        """
        AIDs that must be free.
        """
        if self._parameters.make_selectable:
            return ()
        file = () if self.plan.cap is None else (self.plan.package,)
        return (*file, *(each.aid for each in self.plan.instances))

    def _check_present(self) -> None:
        needed = self.plan.package or self.plan.instances[0].aid
        if self._present.registry is not None and self._present.find(needed) is None:
            hint = "It was half loaded, and has been deleted just now." if self.cleaned_up == needed else ""
            raise NotOnCard(needed.hex().upper(), hint=hint)

    def _check_imports(self) -> None:
        """
        Nothing is deleted for what can never be loaded.  Only the issuer's domain sees all that is there.
        """
        missing = () if self._parameters.domain else self._present.certainly_lacks(self.plan.imports)
        if missing:
            raise NotOnCard(needs(missing), hint="Nothing was deleted. If the card has it nevertheless, use gp.delete first.")

    async def _delete(self, aid: bytes) -> None:
        """
        What is perhaps not there is deleted if it is.
        """
        name = aid.hex().upper()
        self.session.stage("gp_replace", aid=name)
        allowed = (OK,) if self._present.find(aid) else (OK, NOT_FOUND)
        deletion = await self.receipts.aside(partial(self.plan.delete, aid))
        step = Step(deletion.command(), allowed, slow=True)
        (answer,) = await self.domain.send(Script((step,)), f"DELETE of {name}, which is replaced")
        if answer.status in OK:
            await self.receipts.take("DELETE", aid, answer.data, lambda: delegated.deleted(aid))
            self.deleted.append(aid)

    async def _load(self, journal: LoadJournal, script: Script) -> None:
        assert self.plan.for_load is not None and self.plan.cap is not None
        aid, begun = self.plan.package, Begun.of(self.plan.cap)
        self.session.stage("gp_load", package=aid.hex().upper(), **self._missing())
        if self._present.registry is not None:
            self.journalled = await journal.begun(begun)  # it was not there, so whatever is there from now on is ours
        try:
            await self.domain.slowly(self.plan.for_load.command(), "INSTALL [for load]")
        except UnexpectedStatus as problem:
            if self.journalled:
                await journal.done()
            raise await self._reasons.to_begin(problem) from problem
        if not self.journalled:
            self.journalled = await journal.begun(begun)
        self.left = aid
        domain = self.plan.domain or self.domain.aid
        answer = await self._send_file(script)
        await self.receipts.take("LOAD", aid, answer.data, lambda: delegated.loaded(aid, domain))

    def _missing(self) -> dict[str, Any]:
        """
        A fact of the stage: imports that are not on the card.
        """
        found = self._present.certainly_lacks(self.plan.cap.imports if self.plan.cap is not None else ())
        return {"warnings": [f"an import is missing: {each}." for each in found]} if found else {}

    def _script(self) -> Script:
        """
        LOAD, if there is something to be loaded.

        @raise ParameterError: blocks cannot be so long, or there would be too many.
        """
        file = self.plan.load_file
        return Script(()) if file is None else load(file, block_size(self._parameters, self.domain))

    async def _send_file(self, script: Script) -> Response:
        refused = False

        def watch(response: Response) -> None:
            nonlocal refused
            refused = refused or response.status not in OK  # where many are sent at once, what follows is refused, too
            if not refused:
                self.blocks += 1
                self.session.percent(self.blocks * 100 // len(script.steps))

        try:
            return (await self.domain.send(script, f"LOAD in {len(script.steps)} blocks", watch))[-1]
        except UnexpectedStatus as problem:
            raise await self._reasons.to_load(problem, last=self.blocks + 1 == len(script.steps)) from problem

    async def _install(self, instance: Instance) -> None:
        name = instance.aid.hex().upper()
        selectable = instance.install.purpose is For.MAKE_SELECTABLE
        self.session.stage("gp_make_selectable" if selectable else "gp_install", instance=name)
        what = f"INSTALL [for {'make selectable' if selectable else 'install'}] of {name}"
        try:
            answer = await self.domain.slowly(instance.install.command(), what)
        except UnexpectedStatus as problem:
            raise await self._reasons.to_install(problem) from problem
        self.installed.append(instance.aid)
        await self.receipts.take(
            "INSTALL", instance.aid, answer.data, lambda: delegated.installed(self.plan.package, instance.aid)
        )

    def _result(self) -> dict[str, Any]:
        cap = self.plan.cap
        return {
            "package": self.plan.package.hex().upper(),
            "version": "" if cap is None else cap.package.version_text,
            "installed": [each.hex().upper() for each in self.installed],
            "deleted": [each.hex().upper() for each in self.deleted],
            "cleaned_up": self.cleaned_up.hex().upper(),
            "left": self.left.hex().upper(),
            "journalled": self.journalled,
            "blocks": self.blocks,
            "receipts": self.receipts.found,
            "warnings": self._warnings(),
        }

    def _warnings(self) -> list[str]:
        nameless = [NAMELESS] if self.plan.cap is not None and not self.session.identity else []
        other = self.cleaned_up and self.cleaned_up != self.plan.package
        gone = [f"{self.cleaned_up.hex().upper()}, which a run before had left, was deleted."] if other else []
        return [*nameless, *gone, *self.receipts.warnings()]


def block_size(parameters: InstallGpParameters, domain: Domain) -> int:
    """
    Bytes of a load file in one LOAD, which is never cut.

    @raise ParameterError: more are wanted than fit.
    """
    most = _most(parameters.extended, domain)
    if parameters.block_size is None:
        limit = domain.most or (EXTENDED_DATA if parameters.extended == YES else SHORT_DATA)
        return max(domain.block, min(most, domain.block if domain.secured is None else domain.secured.scp.most_data(limit)))
    if parameters.block_size > most:
        raise ParameterError(f"block_size: at most {most} bytes fit, over this connection and at this level")
    return parameters.block_size


def _most(extended: str, domain: Domain) -> int:
    """
    What connection and level let through, whatever the card says of itself.
    """
    if extended == YES and Feature.EXTENDED_LENGTH not in domain.below.info.offers:
        raise ParameterError("extended: the connection, or the card, does not have commands of extended length")
    if domain.secured is None:
        return domain.block
    most = domain.secured.channel.most_data
    return min(most, domain.secured.scp.most_data()) if extended == NO else most
