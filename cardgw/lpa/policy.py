# -*- test-case-name: tests.lpa.test_policy -*-
"""
Whether an eUICC admits the policy rules of a profile (SGP.22 2.9.2 and 3.1.3, step 6): those that forbid to disable (ppr1) or to
delete (ppr2) it.
"""

from __future__ import annotations

from attrs import frozen
from twisted.internet.defer import Deferred

from cardgw.apdu.tlv import Tlv, decode, only
from cardgw.errors import NobodyToAsk
from cardgw.interfaces import ISession
from cardgw.lpa.download_errors import ConsentNeeded, PolicyRuleRefused, RejectedByUser
from cardgw.lpa.es10 import RULES, EuiccInfo2, named_bits, reading
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.metadata import Metadata, Owner
from cardgw.values import Question

GET_RAT = bytes.fromhex("BF4300")
WILDCARD = "e"
"""A digit of an MCC or MNC that stands for any (SGP.22 2.9.2.1)."""
YES = ("y", "yes")


@frozen
class Rule:
    """
    A line of the rules authorisation table (SGP.22 annex H, ProfilePolicyAuthorisationRule).

    @ivar rules: of L{RULES}, those that it admits.
    @ivar operators: for the profiles of these; MCC and MNC as coded, in hexadecimal, then GID1 and GID2.
    @ivar consent: the end user must agree.
    """

    rules: frozenset[str]
    operators: tuple[tuple[str, bytes, bytes], ...]
    consent: bool

    def admits(self, rule: str, owner: Owner) -> bool:
        """
        Whether this line is about this policy rule of a profile of this operator.
        """
        return rule in self.rules and any(_same(operator, owner) for operator in self.operators)


def _same(operator: tuple[str, bytes, bytes], owner: Owner) -> bool:
    code, gid1, gid2 = operator
    digits = owner.mcc_mnc.hex()
    if len(code) != len(digits) or any(want not in (WILDCARD, digit) for want, digit in zip(code, digits, strict=True)):
        return False
    return gid1 in (b"", owner.gid1) and gid2 in (b"", owner.gid2)


def parse_rat(answer: bytes) -> tuple[Rule, ...]:
    """
    GetRatResponse (SGP.22 5.7.22).
    """
    with reading("GetRAT"):
        lines = only(answer, 0xBF43).children().need(0xA0).children()
        return tuple(_rule(line) for line in lines.every(0x30))


def _rule(line: Tlv) -> Rule:
    fields = line.children()
    operators = [operator.children() for operator in decode(fields.value(0xA1)).every(0x30)]
    return Rule(
        named_bits(fields.value(0x80), RULES),
        tuple((each.value(0x80).hex(), each.value(0x81), each.value(0x82)) for each in operators),
        bool(named_bits(fields.value(0x82), ("consent",))),
    )


async def check_policy(session: ISession, isdr: Isdr, metadata: Metadata, info: EuiccInfo2, agreed: bool) -> None:
    """
    Check the policy rules of a profile; asks the eUICC only if there are any.

    @param agreed: the end user has agreed already.
    @raise PolicyRuleRefused: the eUICC does not admit one.
    @raise ConsentNeeded: the end user must agree, and nobody can be asked.
    @raise RejectedByUser: the end user does not agree.
    """
    rules = metadata.policy_rules & {"ppr1", "ppr2", "ppr3"}
    if not rules:
        return
    named = ", ".join(sorted(rules)).upper()
    if rules & info.forbidden:
        raise PolicyRuleRefused(named)
    table = parse_rat(await isdr.command(GET_RAT))
    found = [next((line for line in table if metadata.owner and line.admits(rule, metadata.owner)), None) for rule in rules]
    if None in found:
        raise PolicyRuleRefused(named)
    if not agreed and any(line is not None and line.consent for line in found):
        await _ask(session, named, metadata)


async def _ask(session: ISession, named: str, metadata: Metadata) -> None:
    text = f"{metadata.provider} {metadata.name} cannot be switched off or deleted freely ({named}). Install it? (yes or no)"
    facts = {"iccid": metadata.iccid, "provider": metadata.provider, "name": metadata.name, "rules": named}
    asked: Deferred[str] = session.ask(Question("consent", text, facts))
    try:
        answer = await asked
    except NobodyToAsk as nobody:
        raise ConsentNeeded(named) from nobody
    if answer.strip().lower() not in YES:
        raise RejectedByUser(named)
