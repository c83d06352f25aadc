# -*- test-case-name: tests.operations.test_gp_agreement -*-
"""
SCP11 with a security domain: which variant, which of its keys, which sizes; from the key set, and where that is silent, from what
the card tells.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from attrs import evolve

from cardgw.apdu.iso7816 import class_byte
from cardgw.apdu.script import Script, Step
from cardgw.apdu.tlv import only
from cardgw.errors import CardError, ParameterError
from cardgw.gp import key_information
from cardgw.gp.capabilities import CAPABILITIES, Capabilities, parse_capabilities
from cardgw.gp.key_information import KeyInformation, parse_key_information
from cardgw.interfaces import ISession
from cardgw.operations.gp_head import AUTO, LEVELS_OF_SCP11, GpParameters
from cardgw.operations.gp_protocol import Place
from cardgw.scp.aside import aside_of
from cardgw.scp.diversification import DATA_LENGTH
from cardgw.scp.host_keys import AUTHORITY, HostKeys
from cardgw.scp.level import S8, Level
from cardgw.scp.pso import find_authority
from cardgw.scp.scp11 import Scp11Plan
from cardgw.scp.scp11_card_data import Scp11Implementation
from cardgw.scp.scp11_terms import SCP11, Terms, Variant
from cardgw.scp.store import CLA_GP, KeyReference, get_authorities, read_authorities

KEY_DIVERSIFICATION = 0xCF
"""The data object with the key diversification data (GlobalPlatform Card Specification 2.3.1, 11.3.3.1)."""
LEAST_KEY = 16
_BITS = 8


async def plan_agreement(session: ISession, keys: HostKeys, protocol: str, place: Place) -> Scp11Plan:
    """
    How SCP11 is opened.

    @param protocol: C{scp11a}, C{scp11b} or C{scp11c}.
    @raise LevelNotPossible: the card says that it does not have this variant, and has no key for it either: some cards say too
        little.
    @raise ParameterError: key set and parameters do not fit.
    """
    parameters: GpParameters = session.parameters
    forms = [Scp11Implementation.of(each) for each in place.told.options(SCP11)]
    variant = _variant(parameters, keys, Variant(protocol[-1]), forms)
    fitting = [each for each in forms if variant in each.variants]
    if forms and not fitting and variant.kid not in {each.identifier for each in await _keys(place)}:
        forms[0].refuse(variant)
    kid = variant.kid if keys.identifier is None else keys.identifier
    kvn = keys.version or await _version(place, kid)
    terms = Terms(variant, _level(parameters), await _key_length(parameters, place), keys.host_id, keys.card_ids)
    host = None
    if variant.authenticates_host:
        host = await aside_of(keys)(partial(keys.host, await _authority(keys, place, kvn)))
    size = fitting[0].mac_length if fitting else S8
    return Scp11Plan(
        terms,
        kvn,
        keys.accept(datetime.fromtimestamp(session.clock.seconds(), UTC)),
        host,
        place.family,
        mac_length=size if parameters.mac_length == AUTO else int(parameters.mac_length),
        kid=kid,
        without_receipt=keys.without_receipt and not variant.authenticates_host,
    )


async def read_diversification(place: Place) -> bytes:
    """
    What key sets of single cards are made with, which SCP11 does not tell by itself; empty where the card does not.
    """

    def parse(answer: bytes) -> bytes:
        try:
            return only(answer, KEY_DIVERSIFICATION).value
        except ValueError:
            return answer

    found = await place.read(KEY_DIVERSIFICATION, parse, b"")
    return found if len(found) == DATA_LENGTH else b""


def _variant(parameters: GpParameters, keys: HostKeys, variant: Variant, forms: list[Scp11Implementation]) -> Variant:
    """
    SCP11c in place of SCP11a where nobody has said a, and the card has only c.
    """
    if parameters.protocol != AUTO or keys.variant is not None or variant is not Variant.A:
        return variant
    told = {each for form in forms for each in form.variants}
    return Variant.C if Variant.C in told and Variant.A not in told else variant


def _level(parameters: GpParameters) -> Level:
    if parameters.level == AUTO:
        return Level.FULL
    return LEVELS_OF_SCP11.get(parameters.level) or Level(int(parameters.level, 16))


async def _version(place: Place, kid: int) -> int:
    """
    The version of the card's key, as its key information tells.
    """
    found = next((each.version for each in await _keys(place) if each.identifier == kid), None)
    if found is None:
        raise ParameterError(
            f"the card does not tell the version of its key {kid:02X}", hint="Give its version in the table of the key set."
        )
    return found


async def _keys(place: Place) -> tuple[KeyInformation, ...]:
    nothing: tuple[KeyInformation, ...] = ()
    return await place.read(key_information.TEMPLATE, parse_key_information, nothing)


async def _key_length(parameters: GpParameters, place: Place) -> int:
    """
    The session keys: the shortest that the card says that it could have in SCP11, else 16 bytes.
    """
    if parameters.key_size != AUTO:
        return int(parameters.key_size) // _BITS
    told = await place.read(CAPABILITIES, parse_capabilities, Capabilities())
    sizes = [size for each in told.channels if each.protocol == SCP11 for size in each.key_sizes]
    return min(sizes, default=LEAST_KEY)


async def _authority(keys: HostKeys, place: Place, kvn: int) -> KeyReference:
    """
    The key of the card that checks the certificates of the host.
    """
    if keys.authority_identifier is None and keys.authority_version is None:
        found = await _told_authority(keys, place)
        if found is not None:
            return found
    return KeyReference(keys.authority_identifier or AUTHORITY, keys.authority_version or kvn)


async def _told_authority(keys: HostKeys, place: Place) -> KeyReference | None:
    command = evolve(get_authorities(), cla=class_byte(CLA_GP, place.number))
    try:
        (answer,) = await place.channel.exchange(Script((Step(command),)))
        return find_authority(keys.certificates, read_authorities(answer))
    except CardError:
        return None
