# -*- test-case-name: tests.operations.test_gp_install_errors -*-
"""
Why a card did not load or install something, as far as its status and its registry tell.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu.script import NOT_FOUND
from cardgw.errors import CardError, OperationRefused, UnexpectedStatus
from cardgw.gp import isd
from cardgw.gp.resources import RESOURCES, parse_resources
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_install_plan import InstallPlan
from cardgw.operations.gp_present import Present, needs

NO_MEMORY = (0x6A84, 0x6581)
_NOT_ALLOWED, _WRONG_DATA = (0x6982, 0x6985), 0x6A80


class AlreadyOnCard(OperationRefused):
    """
    The card has this already.
    """

    hint = "Give replace, or delete it first: gp.delete with related."


class NotOnCard(OperationRefused):
    """
    The card does not have this.
    """


class LeftBehind(OperationRefused):
    """
    A load that broke off has left something on the card that may be of use.
    """

    hint = "Give left: delete takes it off the card, with all that was installed from it; keep leaves it there."


class NotEnoughMemory(UnexpectedStatus):
    """
    The card has not enough memory.
    """


class PackageMissing(UnexpectedStatus):
    """
    The card does not have a package that this one needs.
    """


class SignatureRefused(UnexpectedStatus):
    """
    The card refuses the signature of the load file.
    """


class LoadRefused(UnexpectedStatus):
    """
    The card refuses the load file.
    """


class InstallRefused(UnexpectedStatus):
    """
    The card does not install the application.
    """


@frozen(eq=False)
class Reasons:
    """
    What is known when a card refuses.
    """

    domain: Domain
    plan: InstallPlan
    present: Present

    async def to_begin(self, problem: UnexpectedStatus) -> UnexpectedStatus:
        """
        Why INSTALL [for load] was refused.
        """
        if problem.response.status in NO_MEMORY:
            return await self._memory(problem)
        if problem.response.status in NOT_FOUND and self.plan.domain:
            return self._same(LoadRefused, problem, f"Is {self.plan.domain.hex().upper()} a security domain of the card?")
        return self._same(
            LoadRefused,
            problem,
            "The card may have it already, in another security domain, or want a signature (dap) or a token.",
        )

    async def to_load(self, problem: UnexpectedStatus, *, last: bool) -> UnexpectedStatus:
        """
        Why LOAD was refused.

        @param last: it was the last block.
        """
        if problem.response.status in NO_MEMORY:
            return await self._memory(problem)
        certain = self.present.certainly_lacks(self.plan.imports)
        if certain:
            return self._same(PackageMissing, problem, needs(certain))
        if self.plan.load_file is not None and self.plan.load_file.daps:
            hint = "Does the security domain of the signature have this key, and is it the right one?"
            return self._same(SignatureRefused, problem, hint)
        told = needs(self.present.lacks(self.plan.imports))
        hint = ""
        if problem.response.status in _NOT_ALLOWED:
            hint = "The card may want a signature (dap)." if last else "The card may not let this security domain load."
        return self._same(LoadRefused, problem, f"{hint} {told}".strip())

    async def to_install(self, problem: UnexpectedStatus) -> UnexpectedStatus:
        """
        Why INSTALL [for install] or [for make selectable] was refused.
        """
        if problem.response.status in NO_MEMORY:
            return await self._memory(problem)
        hints = {
            NOT_FOUND.start: "Is this applet in the load file?",
            _WRONG_DATA: "The applet may want other data for its installation, or may not have these privileges.",
        }
        return self._same(InstallRefused, problem, hints.get(problem.response.status, ""))

    async def _memory(self, problem: UnexpectedStatus) -> UnexpectedStatus:
        told = ""
        if self.plan.load_file is not None:
            told = f"The file has {len(self.plan.load_file.code)} bytes"
            free = await self._free()
            told += "." if free is None else f", and the card has room for {free}."
        return self._same(NotEnoughMemory, problem, told)

    async def _free(self) -> int | None:
        try:
            answer = await isd.get_data(self.domain.channel, RESOURCES, self.domain.number)
            return parse_resources(answer).non_volatile
        except CardError:
            return None

    def _same(self, kind: type[UnexpectedStatus], problem: UnexpectedStatus, hint: str) -> UnexpectedStatus:
        return kind(problem.response, problem.detail.rpartition(": ")[0], hint=hint)
