# -*- test-case-name: tests.lpa.test_reasons -*-
"""
What the codes of servers and eUICCs mean to people: what happened, and what to do about it.  The texts are in

  1. L{cardgw.lpa.reasons_es9} and L{cardgw.lpa.reasons_subjects}: codes of servers (SGP.22 5.2.6);
  2. L{cardgw.lpa.reasons_es10}: result codes of ES10 functions (SGP.22 5.7, annex H);
  3. L{cardgw.lpa.reasons_install}: why a profile was not installed (SGP.22 2.5.6).
"""

from __future__ import annotations

from attrs import frozen

from cardgw.lpa import reasons_es9, reasons_es10, reasons_install, reasons_subjects


@frozen
class Reason:
    """
    One reason, for people.

    @ivar what: what happened, without a full stop.
    @ivar todo: what the reader can do: whole sentences.
    @ivar brief: both in short, for the card holder's phone: at most 120 characters that are in ASCII and in the GSM 7-bit
        default alphabet alike.
    @ivar name: the standard's word for the code, where it has one.
    """

    what: str
    todo: str
    brief: str
    name: str = ""


def es9_reason(subject: str, reason: str) -> Reason | None:
    """
    Why a server refused.  Where the pair is not known, but its subject is, that is told.

    @param subject: the subject code, for example C{"8.2.6"}.
    @param reason: the reason code, for example C{"3.8"}.
    @return: C{None} where neither the pair nor the subject is known.
    """
    found = reasons_es9.PAIRS.get((subject, reason)) or reasons_subjects.SUBJECTS.get(subject)
    return None if found is None else Reason(*found)


def es10_reason(function: str, result: int) -> Reason:
    """
    Why an eUICC refused a function.

    @param function: its name in SGP.22, for example C{"AuthenticateServer"}.
    @param result: the code that it gave, other than 0.
    """
    if result == reasons_es10.UNDEFINED:
        return Reason(*reasons_es10.UNDEFINED_ERROR)
    return Reason(*reasons_es10.RESULTS.get(function, {}).get(result, reasons_es10.UNKNOWN))


def install_reason(reason: int) -> Reason:
    """
    Why an eUICC did not install a profile.

    @param reason: errorReason of ProfileInstallationResult.
    """
    return Reason(*reasons_install.REASONS.get(reason, reasons_install.UNKNOWN))


def install_step(command: int) -> str:
    """
    At which step of loading it happened, as the standard names it.

    @param command: bppCommandId of ProfileInstallationResult.
    """
    return reasons_install.STEPS.get(command, f"step {command}")
