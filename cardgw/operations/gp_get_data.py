# -*- test-case-name: tests.operations.test_gp_get_data -*-
"""
C{gp.data.get}: any data object, by its tag or its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.script import OK, Script
from cardgw.apdu.tlv import only
from cardgw.errors import MalformedAnswer, UnexpectedStatus
from cardgw.fields import matching, octets, option
from cardgw.gp import commands, key_information
from cardgw.gp.application_list import APPLICATIONS, parse_applications
from cardgw.gp.capabilities import CAPABILITIES, parse_capabilities
from cardgw.gp.card_data import CIN, CPLC, IIN, parse_cplc, parse_number
from cardgw.gp.certificate_store import OFF_CARD_ISSUERS, ON_CARD_ISSUERS, parse_issuers
from cardgw.gp.key_information import parse_key_information
from cardgw.gp.recognition_data import CARD_DATA, parse_recognition_data
from cardgw.gp.resources import CONFIRMATION_COUNTER, RESOURCES, SEQUENCE_COUNTER, parse_counter, parse_resources
from cardgw.identities import MOST_CIN, MOST_IIN
from cardgw.interfaces import IOperation, ISession
from cardgw.operations import gp_shown
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import GpParameters
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_shown import hexadecimal
from cardgw.scp.diversification import DATA_LENGTH

DIVERSIFICATION = 0xCF
"""The tag of key diversification data, which are not in the specification; most cards tell them."""


def _diversification(answer: bytes) -> str:
    with suppress(ValueError):
        answer = only(answer, DIVERSIFICATION).value
    if len(answer) != DATA_LENGTH:
        raise MalformedAnswer(f"GET DATA of 00CF: {DATA_LENGTH} bytes are expected, not {len(answer)}")
    return hexadecimal(answer)


def _issuers(tag: int, answer: bytes) -> list[dict[str, Any]]:
    return [gp_shown.issuer_json(key, issuer) for key, issuer in parse_issuers(answer, tag).items()]


@frozen
class Known:
    """
    A data object that has a name.

    @ivar shown: what an answer means, as JSON; raises L{MalformedAnswer}.
    """

    tag: int
    shown: Callable[[bytes], Any]


KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "cplc": Known(CPLC, lambda answer: gp_shown.cplc_json(parse_cplc(answer))),
        "iin": Known(IIN, lambda answer: hexadecimal(parse_number(answer, IIN, MOST_IIN))),
        "cin": Known(CIN, lambda answer: hexadecimal(parse_number(answer, CIN, MOST_CIN))),
        "card-data": Known(CARD_DATA, lambda answer: gp_shown.card_json(parse_recognition_data(answer))),
        "capabilities": Known(CAPABILITIES, lambda answer: gp_shown.capabilities_json(parse_capabilities(answer))),
        "keys": Known(key_information.TEMPLATE, lambda answer: [*map(gp_shown.key_json, parse_key_information(answer))]),
        "resources": Known(RESOURCES, lambda answer: gp_shown.resources_json(parse_resources(answer))),
        "applications": Known(APPLICATIONS, lambda answer: [*map(gp_shown.application_json, parse_applications(answer))]),
        "sequence-counter": Known(SEQUENCE_COUNTER, parse_counter),
        "confirmation-counter": Known(CONFIRMATION_COUNTER, lambda answer: parse_counter(answer, CONFIRMATION_COUNTER)),
        "diversification": Known(DIVERSIFICATION, _diversification),
        "issuers": Known(OFF_CARD_ISSUERS, partial(_issuers, OFF_CARD_ISSUERS)),
        "card-issuers": Known(ON_CARD_ISSUERS, partial(_issuers, ON_CARD_ISSUERS)),
    }
)
"""By name."""
_BY_TAG = {each.tag: each for each in KNOWN.values()}
_TAG = matching(
    f"a tag of one or two bytes in hexadecimal, or one of {', '.join(KNOWN)}", "|".join(("([0-9A-Fa-f]{2}){1,2}", *KNOWN))
)


@frozen
class DataParameters(GpParameters):
    """
    What the caller gives.
    """

    tag: str = option(_TAG, f"the tag of the data object, or its name: {', '.join(KNOWN)}")
    data: bytes = option(octets, "what narrows it down, such as A6{83{key identifier, key version}}, in hexadecimal", default=b"")

    @property
    def number(self) -> int:
        """
        The tag.
        """
        known = KNOWN.get(self.tag)
        return int(self.tag, 16) if known is None else known.tag


@implementer(IPlugin, IOperation)
class GetGpData(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.data.get"
    summary = "read a data object of a security domain"
    help = f"""\
GET DATA of a tag such as 0066, or of a name: {", ".join(KNOWN)}.  The answer is as the card gives it, with tag and length or
without, and what it means, where that is known.
"""
    parameters: Any = DataParameters
    destructive = False

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{tag} and C{data}, in hexadecimal; C{decoded}: what it means, or C{None}; C{problem}: why that could not be
            found out, or empty.
        """
        parameters: DataParameters = session.parameters
        name = f"{parameters.number:04X}"
        session.stage("gp_get_data", tag=name)
        command = commands.get_data(parameters.number, parameters.data)
        (answer,) = await domain.channel.exchange(commands.at(Script.of(command), domain.number))
        if answer.status not in OK:
            raise UnexpectedStatus(answer, f"GET DATA of {name}")
        decoded, problem = _decoded(parameters, answer.data)
        return {"tag": name, "data": hexadecimal(answer.data), "decoded": decoded, "problem": problem}


def _decoded(parameters: DataParameters, answer: bytes) -> tuple[Any, str]:
    known = _BY_TAG.get(parameters.number)
    if known is None or parameters.data:
        return None, ""
    try:
        return known.shown(answer), ""
    except MalformedAnswer as problem:
        return None, str(problem)
