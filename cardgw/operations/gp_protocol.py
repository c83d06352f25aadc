# -*- test-case-name: tests.operations.test_gp_protocol -*-
"""
Which secure channel is opened, and how: by what the caller wants, what kind of keys there are, and what the card tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import define, evolve, field, frozen

from cardgw.errors import CardError, ParameterError
from cardgw.gp import isd
from cardgw.gp.card_data import CPLC, parse_cplc
from cardgw.gp.recognition_data import CARD_DATA, RecognitionData, parse_recognition_data
from cardgw.interfaces import ICardChannel, ISession
from cardgw.operations.gp_family import Signs, historical_bytes, recognise
from cardgw.operations.gp_head import AUTO, LEVELS_OF_SCP11, PLAIN, SCP02, SCP03, SCP11A, SCP11B, SCP11S, SCP81, GpParameters
from cardgw.scp.families import FAMILIES, LEGACY, STRICT, Family
from cardgw.scp.host_keys import HostKeys
from cardgw.scp.keys import DES_BLOCK, Keys, KeySet
from cardgw.scp.level import S8, S16, Implementation, Level
from cardgw.scp.scp02 import scp02
from cardgw.scp.scp02_terms import Scp02Implementation
from cardgw.scp.scp03 import scp03
from cardgw.scp.session import Handshake

_VAGUE = (STRICT, LEGACY)
"""How the chip was made may say more."""
_T = TypeVar("_T")


@define(eq=False)
class CardKeys:
    """
    A key set, and what it was asked for.

    @ivar diversification: the key diversification data that the card has told; C{None} before.
    """

    keys: Keys = field(repr=False)
    diversification: bytes | None = field(default=None, repr=False)

    @property
    def version(self) -> int:
        """
        See L{Keys}.
        """
        return self.keys.version

    def for_card(self, diversification: bytes) -> KeySet:
        """
        See L{Keys.for_card}.
        """
        self.diversification = diversification
        return self.keys.for_card(diversification)


@frozen(eq=False)
class Place:
    """
    A security domain that is selected.

    @ivar channel: repairs 61xx and 6Cxx.
    @ivar aid: its AID, where it is known.
    @ivar number: the logical channel.
    @ivar told: what the card says of itself.
    @ivar family: what kind of card it is.
    """

    channel: ICardChannel
    aid: bytes
    number: int
    told: RecognitionData
    family: Family

    async def read(self, tag: int, parse: Callable[[bytes], _T], default: _T) -> _T:
        """
        A data object.

        @param default: where the card does not tell it, or not so that it is understood.
        """
        return await _read(self.channel, self.number, tag, parse, default)


async def look_around(session: ISession, channel: ICardChannel, aid: bytes, number: int) -> Place:
    """
    Ask what must be known before anybody authenticates.
    """
    told = await _read(channel, number, CARD_DATA, parse_recognition_data, RecognitionData())
    wanted = session.parameters.family
    if wanted != AUTO:
        return Place(channel, aid, number, told, FAMILIES[wanted])
    protocols = frozenset(each.protocol for each in told.channels)
    signs = Signs(historical_bytes(session.channel.info.atr), None, aid, protocols)
    found = recognise(signs)
    if found in _VAGUE:
        found = recognise(evolve(signs, cplc=await _read(channel, number, CPLC, parse_cplc, None)))
    return Place(channel, aid, number, told, found)


async def _read(channel: ICardChannel, number: int, tag: int, parse: Callable[[bytes], _T], default: _T) -> _T:
    try:
        return parse(await isd.get_data(channel, tag, number))
    except CardError:
        return default


def wanted_keys(session: ISession) -> tuple[Any, str]:
    """
    The keys that the parameters name, and the protocol; C{None} and L{PLAIN} or L{SCP81} where nobody is to authenticate.

    @raise SecretError: no key set is called so.
    @raise ParameterError: see L{protocol_of}.
    """
    parameters: GpParameters = session.parameters
    if parameters.protocol == SCP81:
        return None, SCP81
    if not parameters.keys or parameters.protocol == PLAIN:
        return None, PLAIN
    keys = session.keys(parameters.keys)
    return keys, protocol_of(parameters, keys)


def protocol_of(parameters: GpParameters, keys: Any) -> str:
    """
    The protocol, as far as the host decides it: with a key pair and nothing else said, SCP11a stands for itself and SCP11c.

    @param keys: what the session gives for the name of the key set.
    @raise ParameterError: it needs other keys.
    """
    wanted, name = parameters.protocol, f'[keys."{parameters.keys}"]'
    if not isinstance(keys, HostKeys):
        if wanted in SCP11S:
            raise ParameterError(f"protocol: {wanted} needs a key pair or roots, and {name} has static keys")
        return _static_protocol(wanted, name, keys)
    if wanted == AUTO:
        variant = f"scp11{keys.variant.value}" if keys.variant is not None else ""
        wanted = variant or (SCP11B if keys.pair is None else SCP11A)
    if wanted not in SCP11S:
        raise ParameterError(f"protocol: {wanted} needs static keys, and {name} has a key pair")
    if not keys.roots:
        raise ParameterError(f"keys: {name} names no roots, so no card would be believed")
    return wanted


def _static_protocol(wanted: str, name: str, keys: Keys) -> str:
    usual = SCP02 if _are_des(keys) else SCP03
    if wanted not in (AUTO, usual):
        needed, given = ("AES", "triple DES") if usual == SCP02 else ("triple DES", "AES")
        raise ParameterError(f"protocol: {wanted} needs {needed} keys, and {name} has keys of {given}")
    return usual


def _are_des(keys: Keys) -> bool:
    enc = getattr(keys, "enc", None) or keys.for_card(bytes(10)).enc
    return bool(enc.block == DES_BLOCK)


def static_handshake(parameters: GpParameters, protocol: str, keys: Keys, place: Place) -> Handshake:
    """
    Of SCP03 and SCP02.

    @raise ParameterError: the parameters are for another protocol.
    """
    level, application = static_level(parameters, protocol, place), place.aid or None
    if protocol == SCP02:
        form = _form_of_scp02(place).value
        return scp02(keys, level, implementation=form, application=application, number=place.number, family=place.family)
    forms = _forms(place)
    size = S16 if forms and all(each.s16 for each in forms) else S8
    if parameters.mac_length != AUTO:
        size = int(parameters.mac_length)
    return scp03(keys, level, application=application, number=place.number, mac_length=size, family=place.family)


def static_level(parameters: GpParameters, protocol: str, place: Place) -> Level:
    """
    Of SCP03 and SCP02: the one that is wanted, or else the highest that the card tells.

    @raise ParameterError: the level is for another protocol.
    """
    if parameters.level in LEVELS_OF_SCP11:
        raise ParameterError(f"level: {parameters.level} is one of SCP11")
    if parameters.level != AUTO:
        return Level(int(parameters.level, 16))
    if protocol == SCP02:
        return _form_of_scp02(place).most
    return max((each.most for each in _forms(place)), default=Level.FULL)


def _form_of_scp02(place: Place) -> Scp02Implementation:
    return next(map(Scp02Implementation, place.told.options(2)), Scp02Implementation())


def _forms(place: Place) -> list[Implementation]:
    return [Implementation(each) for each in place.told.options(3)]


def is_unprotected(parameters: GpParameters, protocol: str, place: Place) -> bool:
    """
    Whether nobody has said which level is wanted, and the one that the card tells of SCP03 leaves its answers unprotected.
    """
    return protocol == SCP03 and parameters.level == AUTO and not static_level(parameters, protocol, place) & Level.R_MAC
