# -*- test-case-name: tests.scp.test_scp02 -*-
"""
The handshake of SCP02, the host's side (GlobalPlatform Card Specification 2.3.1, E.1.2 and E.5).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Generator
from secrets import token_bytes
from typing import Self, TypedDict

from attrs import field, frozen

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.iso7816 import BASIC, class_byte
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK
from cardgw.errors import MalformedAnswer, ParameterError, UnexpectedStatus
from cardgw.scp.errors import ChallengeDiffers, HostRefused, KeysDiffer, WrongProtocol
from cardgw.scp.families import STRICT, Family
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

INS_INITIALIZE_UPDATE, INS_EXTERNAL_AUTHENTICATE = 0x50, 0x82
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
    update = Command(class_byte(0x80, number), INS_INITIALIZE_UPDATE, keys.version, 0x00, challenge, SHORT_LE)
    offer = _offer((yield update), keys.version)
    session = session_keys(_des(keys.for_card(offer.diversification)), offer.counter)
    messaging = Scp02Messaging(session, Level.C_MAC, form, family=family)
    try:
        proof = _verify_card(session, offer, challenge)
        if verify_challenge and form.pseudo_random:
            _verify_challenge(session, offer, application)
        plain = Command(class_byte(0x80, number), INS_EXTERNAL_AUTHENTICATE, int(wanted), 0x00, proof)
        response = messaging.unwrap(plain, (yield messaging.wrap(plain)))
        if response.status not in OK:
            raise HostRefused(response, f"EXTERNAL AUTHENTICATE with keys {offer.version:02X}")
    except BaseException:
        messaging.end("the authentication failed")
        raise
    messaging.authenticated(wanted)
    return messaging


def _offer(response: Response, version: int) -> Scp02Offer:
    if response.status not in OK:
        raise UnexpectedStatus(response, f"INITIALIZE UPDATE with keys {version:02X}")
    offer = Scp02Offer.decode(response.data)
    if version not in (0, offer.version):
        raise KeysDiffer(f"keys {version:02X} were asked for, and keys {offer.version:02X} offered")
    return offer


def _des(keys: KeySet) -> KeySet:
    if any(key.block != DES_BLOCK for key in (keys.enc, keys.mac, keys.dek)):
        raise ParameterError("SCP02 needs triple DES keys")
    return keys


def _verify_challenge(keys: SessionKeys, offer: Scp02Offer, application: bytes | None) -> None:
    if application is None:
        raise ParameterError(
            "the card makes its challenge of its keys and the AID of the application, but that is not given",
            hint="Give the AID, or leave the challenge unverified.",
        )
    if not hmac.compare_digest(pseudo_random_challenge(keys.s_mac, application), offer.challenge):
        raise ChallengeDiffers(f"keys {offer.version:02X}, application {application.hex().upper()}")


def _verify_card(keys: SessionKeys, offer: Scp02Offer, challenge: bytes) -> bytes:
    """
    @return: the cryptogram by which the host shows that it has the keys, too.
    """
    if not hmac.compare_digest(card_cryptogram(keys.s_enc, challenge, offer.counter, offer.challenge), offer.cryptogram):
        raise KeysDiffer(f"its cryptogram was not made with keys {offer.version:02X} as they are known here")
    return host_cryptogram(keys.s_enc, challenge, offer.counter, offer.challenge)
