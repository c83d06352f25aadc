# -*- test-case-name: tests.lpa.test_install -*-
"""
Loading a bound profile package, and what became of it (SGP.22 3.1.3.3).
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import CancelledError

from cardgw.apdu.script import Script
from cardgw.errors import CardError, ChannelError
from cardgw.interfaces import ISession
from cardgw.lpa.download_errors import InstallationFailed, InstallationInterrupted
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notification import RETRIEVE_INSTALL, InstallResult, find_install_result, parse_install_result

UNKNOWN = "The profile may be installed nevertheless: look at the list of profiles before you try again."
NOT_INSTALLED = "The profile is not installed. Try again; if the server refuses, ask the provider for a new activation code."


async def install(session: ISession, isdr: Isdr, script: Script, transaction_id: str) -> InstallResult:
    """
    Load a whole package.

    @param script: see L{Isdr.package}.
    @param transaction_id: in hexadecimal: results of other sessions do not count.
    @return: the result that the eUICC gave, good or bad, or kept for the server where its answer was lost.
    @raise InstallationFailed: it gave none.
    @raise InstallationInterrupted: the card was lost; the text says how far it was.
    @raise CancelledError: the eUICC has installed nothing.
    """
    session.stage("es10b_load_bound_profile_package")
    total, wanted = len(script.steps), bytes.fromhex(transaction_id)
    percent = 0

    def tell(done: int) -> None:
        nonlocal percent
        percent = done
        session.percent(done)

    try:
        answer = await isdr.load(script, tell)
    except ChannelError as lost:
        raise interrupted(lost, total) from lost
    except CancelledError:
        # Where only the last answer was missing, the profile may be installed by now; then it must not be called cancelled.
        result = await _look(isdr, wanted) if percent >= (total - 1) * 100 // total else None
        if result is None or result.failure is not None:
            raise
        return result
    except CardError as problem:
        return await _kept(isdr, wanted, problem)
    if answer is None:
        return await _kept(isdr, wanted, CardError("it took the whole package and gave no result"))
    try:
        result = parse_install_result(answer)
    except CardError as problem:
        return await _kept(isdr, wanted, problem)
    if result.transaction_id != wanted:
        return await _kept(isdr, wanted, CardError("it gave the result of another session"))
    return result


async def _kept(isdr: Isdr, transaction_id: bytes, problem: CardError) -> InstallResult:
    """
    The result is also a notification, which the eUICC keeps; there it is found when its answer was lost.
    """
    try:
        result = await _look(isdr, transaction_id)
    except ChannelError as lost:
        raise InstallationInterrupted(f"after {problem.detail}", hint=UNKNOWN) from lost
    if result is None:
        raise InstallationFailed(problem.detail, hint=NOT_INSTALLED) from problem
    return evolve(result, instead=problem.detail)


async def _look(isdr: Isdr, transaction_id: bytes) -> InstallResult | None:
    try:
        return find_install_result(await isdr.command(RETRIEVE_INSTALL), transaction_id)
    except CardError:
        return None


def interrupted(lost: ChannelError, total: int) -> InstallationInterrupted:
    """
    The same loss, saying how far the package had come.

    @param total: the number of blocks.
    """
    done = len(lost.responses)
    if done + lost.unanswered >= total:
        where, hint = "all of the package was sent, but the answer to its end was lost", UNKNOWN
    else:
        where, hint = f"after {done} of {total} blocks ({done * 100 // total} %)", NOT_INSTALLED
    error = InstallationInterrupted(f"{where}. {lost}", hint=hint)
    error.responses, error.unanswered = lost.responses, lost.unanswered
    return error
