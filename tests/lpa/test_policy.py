# -*- test-case-name: tests.lpa.test_policy -*-
"""
Tests for L{cardgw.lpa.policy}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.errors import NobodyToAsk
from cardgw.lpa.download_errors import ConsentNeeded, PolicyRuleRefused, RejectedByUser
from cardgw.lpa.es10 import EuiccInfo2
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.metadata import Metadata, parse_metadata
from cardgw.lpa.policy import check_policy, parse_rat
from cardgw.testing.session import FakeSession
from tests.lpa.card import ScriptedChannel, replay

GET_RAT = "80e2910003bf4300"
QUESTION = "Provider Profile cannot be switched off or deleted freely (PPR1). Install it? (yes or no)"
INFO = EuiccInfo2("2.2.0", None, frozenset({"pprUpdateControl"}))


def rat(*lines: bytes) -> bytes:
    """
    A GetRatResponse.
    """
    return encode(0xBF43, encode(0xA0, *lines))


def line(rules: str, operator: str, flags: str = "0700", gid1: bytes | None = None) -> bytes:
    """
    One line of the table.
    """
    who = encode(0x80, bytes.fromhex(operator)) + (b"" if gid1 is None else encode(0x81, gid1))
    return encode(0x30, encode(0x80, bytes.fromhex(rules)), encode(0xA1, encode(0x30, who)), encode(0x82, bytes.fromhex(flags)))


def metadata(rules: str = "0640", gid1: bytes = b"") -> Metadata:
    """
    Metadata of a profile with PPR1 of the operator 001-01.
    """
    owner = encode(0xB7, bytes.fromhex("800300f110"), encode(0x81, gid1) if gid1 else b"")
    return parse_metadata(
        encode(
            0xBF25,
            bytes.fromhex("5a0a98001032547698103214"),
            encode(0x91, b"Provider"),
            encode(0x92, b"Profile"),
            owner,
            encode(0x99, bytes.fromhex(rules)) if rules else b"",
        )
    )


class PolicyTests(SynchronousTestCase):
    """
    Rules of the profile against the table of the eUICC.
    """

    def check(
        self, profile: Metadata, table: bytes | None, info: EuiccInfo2 = INFO, *, agreed: bool = False, answer: str | None = None
    ) -> Deferred[None]:
        session = self.session = FakeSession(answers={} if answer is None else {"consent": answer})
        exchanges = [] if table is None else [(GET_RAT, (table + b"\x90\0").hex())]
        isdr = Isdr(ScriptedChannel(replay(exchanges)))
        return Deferred.fromCoroutine(check_policy(session, isdr, profile, info, agreed))

    def test_noRules(self) -> None:
        """
        Without policy rules the eUICC is not even asked.
        """
        self.successResultOf(self.check(metadata(""), None))

    def test_admitted(self) -> None:
        """
        A line for this rule and this operator admits it.
        """
        self.successResultOf(self.check(metadata(), rat(line("0640", "00f110"))))

    def test_wildcards(self) -> None:
        """
        E stands for any digit.
        """
        self.successResultOf(self.check(metadata(), rat(line("0640", "eeeeee"))))

    def test_otherOperator(self) -> None:
        """
        A line for another operator does not.
        """
        error = self.failureResultOf(self.check(metadata(), rat(line("0640", "00f120"))), PolicyRuleRefused).value
        self.assertIn("PPR1", str(error))

    def test_otherRule(self) -> None:
        """
        Nor does a line for another rule.
        """
        self.failureResultOf(self.check(metadata(), rat(line("0520", "eeeeee"))), PolicyRuleRefused)

    def test_emptyTable(self) -> None:
        """
        An empty table admits nothing.
        """
        self.failureResultOf(self.check(metadata(), rat()), PolicyRuleRefused)

    def test_group(self) -> None:
        """
        A line with a group identifier is for profiles with the same one.
        """
        table = rat(line("0640", "eeeeee", gid1=b"\x01"))
        self.successResultOf(self.check(metadata(gid1=b"\x01"), table))
        self.failureResultOf(self.check(metadata(), table), PolicyRuleRefused)

    def test_forbidden(self) -> None:
        """
        A rule that EUICCInfo2 forbids is refused without asking for the table.
        """
        info = EuiccInfo2("2.2.0", None, frozenset({"ppr1"}))
        self.failureResultOf(self.check(metadata(), None, info), PolicyRuleRefused)

    def test_consentGiven(self) -> None:
        """
        Where the table wants the end user's consent, it is asked for.
        """
        table = rat(line("0640", "eeeeee", "0780"))
        self.successResultOf(self.check(metadata(), table, answer="Yes"))
        self.assertEqual([each.text for each in self.session.questions], [QUESTION])
        self.failureResultOf(self.check(metadata(), table, answer="no"), RejectedByUser)

    def test_consentGivenBefore(self) -> None:
        """
        Unless it was given with the parameters.
        """
        self.successResultOf(self.check(metadata(), rat(line("0640", "eeeeee", "0780")), agreed=True))

    def test_nobodyToAsk(self) -> None:
        """
        Where nobody can be asked, the text tells what to do instead.
        """
        failure = self.failureResultOf(self.check(metadata(), rat(line("0640", "eeeeee", "0780"))), ConsentNeeded)
        self.assertIsInstance(failure.value.__cause__, NobodyToAsk)
        self.assertIn("accepts policy rules", str(failure.value))

    def test_table(self) -> None:
        """
        A line has rules, operators and whether consent is needed.
        """
        (rule,) = parse_rat(rat(line("0560", "00f110", "0780")))
        self.assertEqual((rule.rules, rule.operators, rule.consent), ({"ppr1", "ppr2"}, (("00f110", b"", b""),), True))
