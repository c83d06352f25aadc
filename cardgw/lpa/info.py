# -*- test-case-name: tests.lpa.test_info -*-
"""
What an eUICC is and can do (ES10b.GetEUICCInfo1 and 2, ES10b.GetRAT, ES10a.GetEuiccConfiguredAddresses), as a C{dict} for JSON:
the names are those of SGP.22 annex H, the values are written as lpac writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cardgw.apdu.tlv import Tlvs, decode, only
from cardgw.errors import CardError
from cardgw.lpa.addresses import GET_ADDRESSES, parse_addresses
from cardgw.lpa.es10 import GET_EUICC_INFO1, GET_EUICC_INFO2, RULES, named_bits, parse_info1, reading, version
from cardgw.lpa.identity import GET_EID, parse_eid
from cardgw.lpa.isdr import Isdr, function_name
from cardgw.lpa.policy import GET_RAT, Rule, parse_rat
from cardgw.lpa.profile_json import operator_json, rules_json

UICC_CAPABILITY = (
    "contactlessSupport", "usimSupport", "isimSupport", "csimSupport", "akaMilenage", "akaCave", "akaTuak128", "akaTuak256",
    "rfu1", "rfu2", "gbaAuthenUsim", "gbaAuthenISim", "mbmsAuthenUsim", "eapClient", "javacard", "multos",
    "multipleUsimSupport", "multipleIsimSupport", "multipleCsimSupport", "berTlvFileSupport", "dfLinkSupport", "catTp",
    "getIdentity", "profile-a-x25519", "profile-b-p256", "suciCalculatorApi",
)  # fmt: skip
"""Bits of UICCCapability (SGP.22 annex H)."""
RSP_CAPABILITY = ("additionalProfile", "crlSupport", "rpmSupport", "testProfileSupport", "deviceInfoExtensibilitySupport")
"""Bits of RspCapability."""
CATEGORIES = {0: "other", 1: "basicEuicc", 2: "mediumEuicc", 3: "contactlessEuicc"}
"""EuiccCategory."""


def info1_json(answer: bytes) -> dict[str, Any]:
    """
    EUICCInfo1.

    @raise MalformedAnswer: it cannot be read.
    """
    found = parse_info1(answer)
    return {
        "svn": found.svn or None,
        "euiccCiPKIdListForVerification": [each.hex() for each in found.verification],
        "euiccCiPKIdListForSigning": [each.hex() for each in found.signing],
    }


def info2_json(answer: bytes) -> dict[str, Any]:
    """
    EUICCInfo2.  What the card does not tell is C{None}.

    @raise MalformedAnswer: it cannot be read.
    """
    with reading("GetEUICCInfo2"):
        fields = only(answer, 0xBF22).children()
        return {
            "profileVersion": _version(fields, 0x81),
            "svn": _version(fields, 0x82),
            "euiccFirmwareVer": _version(fields, 0x83),
            "extCardResource": _resources(decode(fields.value(0x84))),
            "uiccCapability": _bits(fields, 0x85, UICC_CAPABILITY),
            "ts102241Version": _version(fields, 0x86),
            "globalplatformVersion": _version(fields, 0x87),
            "rspCapability": _bits(fields, 0x88, RSP_CAPABILITY),
            "euiccCiPKIdListForVerification": _key_ids(fields, 0xA9),
            "euiccCiPKIdListForSigning": _key_ids(fields, 0xAA),
            "euiccCategory": _category(fields),
            "forbiddenProfilePolicyRules": _bits(fields, 0x99, RULES),
            "ppVersion": _version(fields, 0x04),
            "sasAcreditationNumber": _text(fields, 0x0C),
            "certificationDataObject": _certification(decode(fields.value(0xAC))),
        }


def _version(fields: Tlvs, tag: int) -> str | None:
    return version(fields.value(tag)) or None


def _text(fields: Tlvs, tag: int) -> str | None:
    text = fields.value(tag).decode(errors="replace")
    return "".join(char for char in text if char.isprintable()) or None


def _bits(fields: Tlvs, tag: int, names: tuple[str, ...]) -> list[str] | None:
    found = fields.find(tag)
    if found is None:
        return None
    return sorted(named_bits(found.value, names), key=names.index)


def _key_ids(fields: Tlvs, tag: int) -> list[str] | None:
    found = fields.find(tag)
    return None if found is None else [each.value.hex() for each in found.children().every(0x04)]


def _category(fields: Tlvs) -> str | None:
    """
    Tagged implicitly by the standard, explicitly by some cards.
    """
    value = fields.value(0x8B) or decode(fields.value(0xAB)).value(0x02)
    return CATEGORIES.get(int.from_bytes(value, "big")) if value else None


def _resources(fields: Tlvs) -> dict[str, int | None]:
    """
    Extended card resources (ETSI TS 102 226, 8.2.1.7.2).
    """
    names = {0x81: "installedApplication", 0x82: "freeNonVolatileMemory", 0x83: "freeVolatileMemory"}
    return {name: int.from_bytes(fields.value(tag), "big") if fields.value(tag) else None for tag, name in names.items()}


def _certification(fields: Tlvs) -> dict[str, str | None]:
    return {"platformLabel": _text(fields, 0x80), "discoveryBaseURL": _text(fields, 0x81)}


def addresses_json(answer: bytes) -> dict[str, Any]:
    """
    EuiccConfiguredAddresses.

    @raise MalformedAnswer: it cannot be read.
    """
    found = parse_addresses(answer)
    return {"defaultDpAddress": found.smdp or None, "rootDsAddress": found.smds or None}


def rat_json(answer: bytes) -> list[dict[str, Any]]:
    """
    RulesAuthorisationTable.

    @raise MalformedAnswer: it cannot be read.
    """
    return [_rule(line) for line in parse_rat(answer)]


def _rule(line: Rule) -> dict[str, Any]:
    return {
        "pprIds": rules_json(line.rules),
        "allowedOperators": [operator_json(*operator) for operator in line.operators],
        "pprFlags": ["consentRequired"] if line.consent else [],
    }


PARTS: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "EuiccConfiguredAddresses": (GET_ADDRESSES, addresses_json),
    "EUICCInfo1": (GET_EUICC_INFO1, info1_json),
    "EUICCInfo2": (GET_EUICC_INFO2, info2_json),
    "rulesAuthorisationTable": (GET_RAT, rat_json),
}
"""What is asked besides the EID: the request, and what makes JSON of its answer."""


async def read_info(isdr: Isdr) -> dict[str, Any]:
    """
    All that a card tells of itself.

    @return: C{eidValue}, the keys of L{PARTS} (C{None} where the card does not tell or cannot be understood), and C{problems}:
        why that is so, by the name of the function.
    @raise CardGatewayError: the card does not even tell its EID.
    """
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    requests = [request for request, _ in PARTS.values()]
    try:
        eid, *answers = await isdr.commands(GET_EID, *requests, reading=True)
    except CardError:
        eid, answers = await isdr.command(GET_EID), []  # one is refused: ask one by one
    found["eidValue"] = parse_eid(eid)
    for at, (key, (request, describe)) in enumerate(PARTS.items()):
        try:
            found[key] = describe(answers[at] if answers else await isdr.command(request))
        except CardError as problem:
            found[key], problems[function_name(request)] = None, str(problem)
    return found | {"problems": problems}
