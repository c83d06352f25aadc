# -*- test-case-name: tests.scp.test_scp03,tests.scp.test_scp02 -*-
"""
What the handshakes of SCP03 and SCP02 have in common, the host's side: INITIALIZE UPDATE and EXTERNAL AUTHENTICATE
(GlobalPlatform Card Specification 2.3.1, E.5; Amendment D 1.1.1, 7.1).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Generator
from typing import Protocol, TypeVar

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.iso7816 import class_byte
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK
from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.scp.errors import ChallengeDiffers, HostRefused, KeysDiffer
from cardgw.scp.level import Level
from cardgw.scp.session import Session

INS_INITIALIZE_UPDATE, INS_EXTERNAL_AUTHENTICATE = 0x50, 0x82


class Offered(Protocol):
    """
    The answer to INITIALIZE UPDATE.
    """

    @property
    def version(self) -> int:
        """
        The key version number.
        """

    @property
    def challenge(self) -> bytes:
        """
        That of the card.
        """


_O = TypeVar("_O", bound=Offered)


def initialize_update(version: int, number: int, challenge: bytes) -> Command:
    """
    @param version: the key version number; 0 for whichever the card uses first.
    @param number: the logical channel.
    @param challenge: that of the host.
    """
    return Command(class_byte(0x80, number), INS_INITIALIZE_UPDATE, version, 0x00, challenge, SHORT_LE)


def read_offer(response: Response, version: int, decode: Callable[[bytes], _O]) -> _O:
    """
    @param version: the one that was asked for.
    @raise UnexpectedStatus: the card refuses.
    @raise KeysDiffer: it offers other keys.
    @raise CardError: what C{decode} raises.
    """
    if response.status not in OK:
        raise UnexpectedStatus(response, f"INITIALIZE UPDATE with keys {version:02X}")
    offer = decode(response.data)
    if version not in (0, offer.version):
        raise KeysDiffer(f"keys {version:02X} were asked for, and keys {offer.version:02X} offered")
    return offer


def check_challenge(offer: Offered, application: bytes | None, expected: Callable[[bytes], bytes]) -> None:
    """
    @param application: its AID.
    @param expected: gives the pseudo-random challenge for an AID.
    @raise ParameterError: there is no AID.
    @raise ChallengeDiffers: the card's challenge is another one.
    """
    if application is None:
        raise ParameterError(
            "the card makes its challenge of its keys and the AID of the application, but that is not given",
            hint="Give the AID, or leave the challenge unverified.",
        )
    if not hmac.compare_digest(expected(application), offer.challenge):
        raise ChallengeDiffers(f"keys {offer.version:02X}, application {application.hex().upper()}")


def external_authenticate(
    messaging: Session, version: int, number: int, level: Level, proof: bytes
) -> Generator[Command, Response, None]:
    """
    Show the card that the host has its keys.

    @param messaging: at the level C-MAC.
    @param level: the one that begins then.
    @param proof: the host cryptogram.
    @raise HostRefused: the card does not accept it.
    """
    plain = Command(class_byte(0x80, number), INS_EXTERNAL_AUTHENTICATE, int(level), 0x00, proof)
    response = messaging.unwrap(plain, (yield messaging.wrap(plain)))
    if response.status not in OK:
        raise HostRefused(response, f"EXTERNAL AUTHENTICATE with keys {version:02X}")
