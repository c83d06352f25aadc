# -*- test-case-name: tests.scp.test_scp03 -*-
"""
The handshake of SCP03, the host's side (GlobalPlatform Card Specification, Amendment D 1.1.1, 5.3 and 7.1).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import partial
from secrets import token_bytes
from typing import Self, TypedDict

from attrs import field, frozen

from cardgw.apdu.iso7816 import BASIC
from cardgw.errors import MalformedAnswer, ParameterError
from cardgw.scp.errors import KeysDiffer, WrongProtocol
from cardgw.scp.families import STRICT, Family
from cardgw.scp.handshake_commands import check_challenge, external_authenticate, initialize_update, read_offer
from cardgw.scp.kdf import Constant, SessionKeys, cryptogram, pseudo_random_challenge, session_keys
from cardgw.scp.keys import Keys, KeySet
from cardgw.scp.level import S8, S16, Implementation, Level, parse_level
from cardgw.scp.messaging import SecureMessaging
from cardgw.scp.primitives import BLOCK, Cmac
from cardgw.scp.session import Handshake

PROTOCOL = 0x03
DIVERSIFICATION, KEY_INFORMATION, COUNTER = 10, 3, 3
"""Bytes of the parts of the answer to INITIALIZE UPDATE (Amendment D, table 7-2)."""


@frozen
class Offer:
    """
    The answer to INITIALIZE UPDATE.

    @ivar diversification: the key diversification data, 10 bytes.
    @ivar version: the key version number.
    @ivar challenge: of the card, 8 or 16 bytes.
    @ivar cryptogram: as long.
    @ivar counter: the sequence counter; C{None} where the challenge is random.
    """

    diversification: bytes = field(repr=False)
    version: int
    implementation: Implementation
    challenge: bytes = field(repr=False)
    cryptogram: bytes = field(repr=False)
    counter: int | None = None

    @classmethod
    def decode(cls, octets: bytes, size: int) -> Self:
        """
        @param size: of challenge and cryptogram.
        @raise WrongProtocol: the card speaks another one.
        @raise MalformedAnswer: it is neither as long as it must be.
        """
        if len(octets) < DIVERSIFICATION + KEY_INFORMATION:
            raise MalformedAnswer(f"INITIALIZE UPDATE: {len(octets)} bytes are too few")
        version, protocol, value = octets[DIVERSIFICATION : DIVERSIFICATION + KEY_INFORMATION]
        if protocol != PROTOCOL:
            raise WrongProtocol.of(version, protocol, PROTOCOL)
        implementation = Implementation(value)
        end = DIVERSIFICATION + KEY_INFORMATION + 2 * size
        length = end + COUNTER * implementation.pseudo_random
        if len(octets) != length:
            raise MalformedAnswer(f"INITIALIZE UPDATE: with i={value:02X} there must be {length} bytes, not {len(octets)}")
        counter = int.from_bytes(octets[end:], "big") if implementation.pseudo_random else None
        challenge, proof = octets[end - 2 * size : end - size], octets[end - size : end]
        return cls(octets[:DIVERSIFICATION], version, implementation, challenge, proof, counter)


class Scp03Options(TypedDict, total=False):
    """
    What may be said besides: see L{scp03}.
    """

    application: bytes | None
    mac_length: int
    family: Family
    entropy: Callable[[int], bytes]
    verify_challenge: bool


def scp03(
    keys: Keys,
    level: int = Level.FULL,
    *,
    application: bytes | None = None,
    number: int = BASIC,
    mac_length: int = S8,
    family: Family = STRICT,
    entropy: Callable[[int], bytes] = token_bytes,
    verify_challenge: bool = True,
) -> Handshake:
    """
    Authenticate to the application that is selected, and have it authenticate itself.

    @param level: one of L{cardgw.scp.level.LEVELS}.
    @param application: its AID, which is needed to verify a pseudo-random challenge.
    @param number: the logical channel.
    @param mac_length: L{S8} or L{S16}; a card has one of both, and refuses the other.
    @param entropy: gives so many random bytes.
    @param verify_challenge: whether a pseudo-random challenge must be the one that follows from keys, counter and AID.
    @raise LevelNotPossible: there is no such level, or not on this card.
    @raise KeysDiffer: the card has other keys.
    @raise HostRefused: the card says that the host has.
    @raise CardError: the card answers with something else.
    """
    wanted = parse_level(level)
    if mac_length not in (S8, S16):
        raise ParameterError(f"MACs of SCP03 have {S8} or {S16} bytes, not {mac_length}")
    challenge = entropy(mac_length)
    answer = yield initialize_update(keys.version, number, challenge)
    offer = read_offer(answer, keys.version, partial(Offer.decode, size=mac_length))
    offer.implementation.refuse(wanted)
    static = _aes(keys.for_card(offer.diversification))
    context = challenge + offer.challenge
    session = session_keys(static, context)
    messaging = SecureMessaging(session, Level.C_MAC, mac_length=mac_length, family=family)
    try:
        proof = _verify_card(session, offer, context)
        if verify_challenge and offer.counter is not None:
            challenge_of = partial(pseudo_random_challenge, static.enc, offer.counter, size=mac_length)
            check_challenge(offer, application, challenge_of)
        yield from external_authenticate(messaging, offer.version, number, wanted, proof)
    except BaseException:
        messaging.end("the authentication failed")
        raise
    messaging.authenticated(wanted)
    return messaging


def _aes(keys: KeySet) -> KeySet:
    if any(key.block != BLOCK for key in (keys.enc, keys.mac, keys.dek)):
        raise ParameterError("SCP03 needs AES keys")
    return keys


def _verify_card(keys: SessionKeys, offer: Offer, context: bytes) -> bytes:
    """
    @return: the cryptogram by which the host shows that it has the keys, too.
    """
    cmac, size = Cmac(keys.s_mac), len(offer.cryptogram)
    if not hmac.compare_digest(cryptogram(cmac, Constant.CARD_CRYPTOGRAM, size, context), offer.cryptogram):
        raise KeysDiffer(f"its cryptogram was not made with keys {offer.version:02X} as they are known here")
    return cryptogram(cmac, Constant.HOST_CRYPTOGRAM, size, context)
