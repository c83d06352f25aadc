# -*- test-case-name: tests.scp.test_scp02 -*-
"""
The handshake of SCP02, the host's side (GlobalPlatform Card Specification 2.3.1, E.1.2 and E.5).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Generator
from functools import partial
from secrets import token_bytes
from typing import Self, TypedDict

from attrs import field, frozen

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import BASIC
from cardgw.apdu.response import Response
from cardgw.errors import MalformedAnswer, ParameterError
from cardgw.scp.errors import KeysDiffer, WrongProtocol
from cardgw.scp.families import STRICT, Family
from cardgw.scp.handshake_commands import check_challenge, external_authenticate, initialize_update, read_offer
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.keys import DES_BLOCK, Keys, KeySet
from cardgw.scp.level import Level
from cardgw.scp.scp02_messaging import Scp02Messaging
from cardgw.scp.scp02_terms import (
    CHALLENGE,
    COUNTER,
    PROTOCOL,
    Scp02Implementation,
    card_cryptogram,
    host_cryptogram,
    pseudo_random_challenge,
    session_keys,
)

DIVERSIFICATION = 10
LENGTH = 28
"""Bytes of the answer to INITIALIZE UPDATE (table E-8)."""


@frozen
class Scp02Offer:
    """
    The answer to INITIALIZE UPDATE.

    @ivar diversification: the key diversification data, 10 bytes.
    @ivar version: the key version number.
    @ivar counter: the sequence counter, 2 bytes.
    @ivar challenge: of the card, 6 bytes.
    @ivar cryptogram: 8 bytes.
    """

    diversification: bytes = field(repr=False)
    version: int
    counter: bytes
    challenge: bytes = field(repr=False)
    cryptogram: bytes = field(repr=False)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @raise WrongProtocol: the card speaks another one.
        @raise MalformedAnswer: it is not as long as it must be.
        """
        if len(octets) <= DIVERSIFICATION + 1:
            raise MalformedAnswer(f"INITIALIZE UPDATE: {len(octets)} bytes are too few")
        version, protocol = octets[DIVERSIFICATION : DIVERSIFICATION + 2]
        if protocol != PROTOCOL:
            raise WrongProtocol.of(version, protocol, PROTOCOL)
        if len(octets) != LENGTH:
            raise MalformedAnswer(f"INITIALIZE UPDATE: there must be {LENGTH} bytes, not {len(octets)}")
        rest = octets[DIVERSIFICATION + 2 :]
        return cls(octets[:DIVERSIFICATION], version, rest[:COUNTER], rest[COUNTER:CHALLENGE], rest[CHALLENGE:])


class Scp02Options(TypedDict, total=False):
    """
    What may be said besides: see L{scp02}.
    """

    implementation: int
    application: bytes | None
    family: Family
    entropy: Callable[[int], bytes]
    verify_challenge: bool


SCP02_LEVEL = Level.C_MAC | Level.C_DECRYPTION
"""The highest that each card of SCP02 has."""


def scp02(
    keys: Keys,
    level: int = SCP02_LEVEL,
    *,
    implementation: int = 0x15,
    application: bytes | None = None,
    number: int = BASIC,
    family: Family = STRICT,
    entropy: Callable[[int], bytes] = token_bytes,
    verify_challenge: bool = True,
) -> Generator[Command, Response, Scp02Messaging]:
    """
    Authenticate to the application that is selected, and have it authenticate itself: a L{cardgw.scp.session.Handshake}.

    @param keys: triple DES keys.
    @param level: one of L{cardgw.scp.scp02_terms.LEVELS}.
    @param implementation: the parameter i, from the card data: 15, 55, and 35, 75 with R-MAC.
    @param application: its AID, which is needed to verify a pseudo-random challenge.
    @param number: the logical channel.
    @param entropy: gives so many random bytes.
    @param verify_challenge: whether a pseudo-random challenge must be the one that follows from keys, counter and AID.
    @raise LevelNotPossible: there is no such level, or not in this form of SCP02.
    @raise KeysDiffer: the card has other keys.
    @raise HostRefused: the card says that the host has.
    @raise CardError: the card answers with something else.
    """
    form, wanted = Scp02Implementation(implementation), Level(level)
    form.refuse(wanted)
    challenge = entropy(CHALLENGE)
    answer = yield initialize_update(keys.version, number, challenge)
    offer = read_offer(answer, keys.version, Scp02Offer.decode)
    session = session_keys(_des(keys.for_card(offer.diversification)), offer.counter)
    messaging = Scp02Messaging(session, Level.C_MAC, form, family=family)
    try:
        proof = _verify_card(session, offer, challenge)
        if verify_challenge and form.pseudo_random:
            check_challenge(offer, application, partial(pseudo_random_challenge, session.s_mac))
        yield from external_authenticate(messaging, offer.version, number, wanted, proof)
    except BaseException:
        messaging.end("the authentication failed")
        raise
    messaging.authenticated(wanted)
    return messaging


def _des(keys: KeySet) -> KeySet:
    if any(key.block != DES_BLOCK for key in (keys.enc, keys.mac, keys.dek)):
        raise ParameterError("SCP02 needs triple DES keys")
    return keys


def _verify_card(keys: SessionKeys, offer: Scp02Offer, challenge: bytes) -> bytes:
    """
    @return: the cryptogram by which the host shows that it has the keys, too.
    """
    if not hmac.compare_digest(card_cryptogram(keys.s_enc, challenge, offer.counter, offer.challenge), offer.cryptogram):
        raise KeysDiffer(f"its cryptogram was not made with keys {offer.version:02X} as they are known here")
    return host_cryptogram(keys.s_enc, challenge, offer.counter, offer.challenge)
