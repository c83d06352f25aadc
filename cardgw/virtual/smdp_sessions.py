# -*- test-case-name: tests.virtual.test_smdp_sessions -*-
"""
RSP sessions of an SM-DP+, each known by its transaction identifier.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import define, field

from cardgw.apdu import tlv
from cardgw.virtual.certificates import Identity, PublicKey
from cardgw.virtual.pki import Pki
from cardgw.virtual.smdp_answers import TRANSACTION_ID, UNKNOWN, Refusal
from cardgw.virtual.smdp_orders import Order

SESSION_SECONDS = 3600.0
"""Long enough for the slowest card and a card holder who has to think."""


class State(Enum):
    """
    How far a session has come.
    """

    INITIATED = "initiated"
    AUTHENTICATED = "authenticated"
    BOUND = "bound"
    ENDED = "ended"


SIGNED1_TAGS = (0x80, 0x81, 0x83, 0x84)
"""Tags in ServerSigned1 (SGP.22 5.6.1)."""


@define
class Session:
    """
    One session.

    @ivar transaction_id: 16 bytes.
    @ivar pki: the identities that the server uses in it.
    @ivar address: the server address that was signed.
    @ivar euicc_key: the eUICC's public key, once authenticated.
    @ivar euicc_signature1: as received, the whole 5F37.
    @ivar smdp_signature2: as sent, the whole 5F37.
    """

    transaction_id: bytes
    pki: Pki
    euicc_challenge: bytes
    server_challenge: bytes
    address: str
    started: float
    state: State = State.INITIATED
    euicc_key: PublicKey | None = None
    eid: bytes = b""
    order: Order | None = None
    euicc_signature1: bytes = field(default=b"", repr=False)
    smdp_signature2: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """
        The transaction identifier as JSON has it: upper-case hexadecimal.
        """
        return self.transaction_id.hex().upper()

    def signed1(self, **changes: bytes) -> bytes:
        """
        ServerSigned1 (SGP.22 5.6.1), the whole sequence.

        @param changes: other values by name, for tests: C{transaction_id}, C{euicc_challenge}, C{address},
            C{server_challenge}.
        """
        values = {
            "transaction_id": self.transaction_id,
            "euicc_challenge": self.euicc_challenge,
            "address": self.address.encode(),
            "server_challenge": self.server_challenge,
        } | changes
        return tlv.encode(0x30, *(tlv.encode(tag, value) for tag, value in zip(SIGNED1_TAGS, values.values(), strict=True)))

    def signed2(self, confirmation: bool, transaction_id: bytes | None = None) -> bytes:
        """
        SmdpSigned2 (SGP.22 5.6.3), the whole sequence.

        @param confirmation: C{ccRequiredFlag}.
        @param transaction_id: another one, for tests.
        """
        identifier = self.transaction_id if transaction_id is None else transaction_id
        return tlv.encode(0x30, tlv.encode(0x80, identifier), tlv.encode(0x01, b"\xff" if confirmation else b"\0"))


def signature(identity: Identity, message: bytes) -> bytes:
    """
    A signature as a data object, 5F37.
    """
    return tlv.encode(0x5F37, identity.sign(message))


class Sessions:
    """
    All sessions, forgotten when they are too old.
    """

    def __init__(self, clock: Callable[[], float], lifetime: float = SESSION_SECONDS) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._by_name: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def add(self, session: Session) -> None:
        """
        Remember a session, and forget those that are too old.
        """
        oldest = self._clock() - self._lifetime
        for name in list(self._by_name):
            if self._by_name[name].started > oldest:
                break
            del self._by_name[name]
        self._by_name[session.name] = session

    def find(self, transaction_id: str) -> Session | None:
        """
        The session with this identifier, in hexadecimal of either case.
        """
        session = self._by_name.get(transaction_id.upper())
        if session is None or session.started + self._lifetime < self._clock():
            return None
        return session

    def need(self, transaction_id: str, *states: State) -> Session:
        """
        The session with this identifier, in one of these states.

        @raise Refusal: 8.10.1/3.9: there is none.
        """
        session = self.find(transaction_id)
        if session is None or session.state not in states:
            raise Refusal(TRANSACTION_ID, UNKNOWN, "no RSP session with this transactionId waits for this function")
        return session
