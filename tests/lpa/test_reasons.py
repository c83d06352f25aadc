# -*- test-case-name: tests.lpa.test_reasons -*-
"""
Tests for L{cardgw.lpa.reasons}.
"""

from __future__ import annotations

import string
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa import reasons_es9, reasons_es10, reasons_install, reasons_subjects
from cardgw.lpa.reasons import Reason, es9_reason, es10_reason, install_reason, install_step

PAIRS = """
8.1 4.8 6.1
8.1.1 2.1 2.2 3.1 3.8 3.10
8.1.2 6.1 6.3
8.1.3 6.1 6.3
8.1.4 6.1
8.2 1.2 3.7
8.2.1 1.2 3.1 3.3 3.5 3.9 3.10
8.2.5 1.2 3.7 3.8 3.9 4.3
8.2.6 3.1 3.3 3.8 3.10
8.2.7 2.2 3.8 6.4
8.8 3.1 3.10 4.2
8.8.1 3.8
8.8.2 3.1
8.8.3 3.1
8.8.4 3.7
8.8.5 4.1 4.10 6.4
8.9 4.2 5.1
8.9.1 3.8
8.9.2 3.1
8.9.3 3.1
8.9.4 3.7
8.9.5 3.3 3.9
8.10.1 3.9
8.11.1 3.9
"""
"""The pairs that servers are known to give: a subject and its reasons on each line."""

ES10_CODES = {
    "AuthenticateServer": (1, 2, 3, 4, 5, 6, 7),
    "PrepareDownload": (1, 2, 3, 4, 5),
    "CancelSession": (5,),
    "ListNotification": (),
    "RetrieveNotificationsList": (1,),
    "RemoveNotificationFromList": (1,),
    "LoadCRL": (1, 2, 3, 4, 5, 6),
    "GetProfilesInfo": (1,),
    "EnableProfile": (1, 2, 3, 4, 5),
    "DisableProfile": (1, 2, 3, 5),
    "DeleteProfile": (1, 2, 3),
    "eUICCMemoryReset": (1, 5),
    "SetNickname": (1,),
    "SetDefaultDpAddress": (),
}
"""SGP.22 annex H; each has 127 as well."""
INSTALL_CODES = (*range(1, 16), 127)
INSTALL_STEPS = range(6)

PLAIN = set(string.ascii_letters + string.digits + " !\"#%&'()*+,-./:;<=>?$@_")
"""Characters that are in ASCII and in the GSM 7-bit default alphabet without its extension table (3GPP TS 23.038, 6.2.1)."""
BRIEF_MAX = 120


def pairs() -> Iterator[tuple[str, str]]:
    """
    L{PAIRS} one by one.
    """
    for line in PAIRS.split("\n"):
        subject, *codes = line.split() or [""]
        yield from ((subject, code) for code in codes)


def everything() -> Iterator[Reason]:
    """
    All texts.
    """
    for text in (*reasons_es9.PAIRS.values(), *reasons_subjects.SUBJECTS.values()):
        yield Reason(*text)
    for results in reasons_es10.RESULTS.values():
        for result in results.values():
            yield Reason(*result)
    for known in (*reasons_install.REASONS.values(), reasons_install.UNKNOWN, reasons_es10.UNKNOWN, reasons_es10.UNDEFINED_ERROR):
        yield Reason(*known)


class TextTests(SynchronousTestCase):
    """
    All texts alike.
    """

    def test_form(self) -> None:
        """
        What happened is the first half of a sentence that goes on with details; what to do is whole sentences.
        """
        for reason in everything():
            self.assertTrue(reason.what[:1].isupper(), reason)
            self.assertNotIn(reason.what[-1], ". ", reason)
            self.assertTrue(reason.todo[:1].isupper() and reason.todo.endswith("."), reason)

    def test_brief(self) -> None:
        """
        The card holder's text fits one box on any phone, in characters that take one byte each.
        """
        for reason in everything():
            self.assertTrue(reason.brief.endswith("."), reason)
            self.assertTrue(10 < len(reason.brief) <= BRIEF_MAX, reason)
            self.assertEqual(set(reason.brief) - PLAIN, set(), reason)

    def test_noJargon(self) -> None:
        """
        The card holder's text does without the standard's words.
        """
        for reason in everything():
            for word in ("eUICC", "SM-DP", "SM-DS", "ES9", "ES10", "ICCID", "OID", "PPR", "EUM", "matching"):
                self.assertNotIn(word, reason.brief)


class Es9Tests(SynchronousTestCase):
    """
    Codes of servers.
    """

    def test_complete(self) -> None:
        """
        Each known pair has a text of its own table, and there are no others.
        """
        self.assertEqual(set(reasons_es9.PAIRS), set(pairs()))

    def test_truncated(self) -> None:
        """
        Some servers say 3.1 and 4.1 where the standard has 3.10 and 4.10.
        """
        for subject, short in (("8.1.1", "3.1"), ("8.2.6", "3.1"), ("8.8", "3.1"), ("8.8.5", "4.1")):
            self.assertEqual(es9_reason(subject, short), es9_reason(subject, short + "0"))

    def test_otherReason(self) -> None:
        """
        Where only the subject is known, that much is told.
        """
        for subject, _ in pairs():
            self.assertIsNotNone(es9_reason(subject, "9.9"), subject)
        confirmation = es9_reason("8.2.7", "9.9")
        assert confirmation is not None
        self.assertIn("confirmation code", confirmation.what)
        self.assertNotEqual(confirmation, es9_reason("8.2.7", "3.8"))

    def test_form(self) -> None:
        """
        Requests that a server does not understand have no row for each reason.
        """
        for subject in ("1.2.1", "1.2.2", "1.6"):
            self.assertIsNotNone(es9_reason(subject, "2.1"))

    def test_unknown(self) -> None:
        """
        Of an unknown subject nothing is known.
        """
        for subject, reason in (("", ""), ("9.9.9", "3.8"), ("8.2.6.1", "3.8")):
            self.assertIsNone(es9_reason(subject, reason))


class Es10Tests(SynchronousTestCase):
    """
    Codes of eUICCs.
    """

    def test_complete(self) -> None:
        """
        Each function has a text for each code that the standard gives it.
        """
        self.assertEqual({name: tuple(codes) for name, codes in reasons_es10.RESULTS.items()}, ES10_CODES)

    def test_names(self) -> None:
        """
        Each code has the standard's name.
        """
        for function, codes in ES10_CODES.items():
            for code in (*codes, 127):
                self.assertTrue(es10_reason(function, code).name, function)
        self.assertEqual(es10_reason("AuthenticateServer", 6).name, "euiccChallengeMismatch")
        self.assertEqual(es10_reason("PrepareDownload", 5).name, "invalidTransactionId")
        self.assertEqual(es10_reason("DisableProfile", 2).name, "profileNotInEnabledState")

    def test_undefined(self) -> None:
        """
        127 is undefinedError of any function.
        """
        self.assertEqual(es10_reason("GetProfilesInfo", 127), es10_reason("Whatever", 127))
        self.assertEqual(es10_reason("CancelSession", 127).name, "undefinedError")

    def test_unknown(self) -> None:
        """
        A code or function that is not known has a text all the same, but no name.
        """
        self.assertEqual(es10_reason("AuthenticateServer", 99), es10_reason("Whatever", 1))
        self.assertEqual(es10_reason("AuthenticateServer", 99).name, "")


class InstallTests(SynchronousTestCase):
    """
    Results of an installation.
    """

    def test_complete(self) -> None:
        """
        Each reason and each step of the standard is there.
        """
        self.assertEqual(tuple(reasons_install.REASONS), INSTALL_CODES)
        self.assertEqual(tuple(reasons_install.STEPS), tuple(INSTALL_STEPS))

    def test_names(self) -> None:
        """
        They have the standard's names.
        """
        self.assertEqual(install_reason(12).name, "PEProcessingError")
        self.assertEqual(install_reason(10).name, "insufficientMemory")
        self.assertEqual(install_step(0), "initialiseSecureChannel")

    def test_unknown(self) -> None:
        """
        Unknown ones are told as numbers.
        """
        self.assertEqual(install_reason(99).name, "")
        self.assertEqual(install_step(9), "step 9")
