# -*- test-case-name: tests.virtual.test_smdp,tests.virtual.test_smds -*-
"""
Common mutual authentication (SGP.22 3.0.1), the server's side of it: initiateAuthentication, and the first half of
authenticateClient.  An SM-DP+ and an SM-DS do the same, under different subject codes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.apdu.tlv import Tlv
from cardgw.virtual import smdp_answers as codes
from cardgw.virtual.certificates import Identity
from cardgw.virtual.pki import Pki
from cardgw.virtual.rsp_calls import Request
from cardgw.virtual.smdp_answers import Refusal, octets, pack, shape, text
from cardgw.virtual.smdp_checks import Euicc, check_euicc, check_signature
from cardgw.virtual.smdp_sessions import Session, Sessions, State, signature

TRANSACTION_ID_BYTES = 16
CHALLENGE_BYTES = 16
OLDEST_VERSION = 2
"""Major number of the oldest SVN that is served."""
AUTHENTICATE_SERVER, EUICC_INFO1, EUICC_INFO2 = 0xBF38, 0xBF20, 0xBF22
OK = 0xA0
KNOWN_CHAINS = 1000
"""Certificate chains of eUICCs that are not checked again."""


@frozen
class Part:
    """
    What kind of server it is.

    @ivar name: for people.
    @ivar identity: gives its identity for authentication.
    @ivar address: subject code (SGP.22 5.2.6.1), like those that follow.
    """

    name: str
    identity: Callable[[Pki], Identity]
    address: str
    security: str
    version: str
    certificate: str


class Handshake:
    """
    @ivar sessions: those that were begun.
    """

    def __init__(
        self,
        part: Part,
        hierarchies: Callable[[], tuple[Pki, ...]],
        host: str,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        entropy: Callable[[int], bytes],
    ) -> None:
        """
        @param hierarchies: gives them; an eUICC is served with the first whose CI it trusts.
        @param host: the server's own name.
        @param clock: seconds, for the age of sessions.
        @param now: the time for certificates.
        """
        self.sessions = Sessions(clock)
        self._part, self._hierarchies, self._host = part, hierarchies, host
        self._clock, self._now, self._entropy = clock, now, entropy
        self._checked = lru_cache(KNOWN_CHAINS)(self._check_chain)

    def initiate(self, request: Request) -> tuple[dict[str, Any], Session]:
        """
        The answer to initiateAuthentication (SGP.22 5.6.1, 5.8.1).

        @return: the fields of the answer.
        @raise Refusal: the eUICC cannot be served.
        """
        address, challenge = text(request, "smdpAddress"), octets(request, "euiccChallenge")
        if address.partition(":")[0].lower() != self._host.lower():
            raise Refusal(self._part.address, codes.REFUSED, f"this is another {self._part.name}")
        if len(challenge) != CHALLENGE_BYTES:
            raise Refusal(codes.FUNCTION, codes.INVALID, f"euiccChallenge has {CHALLENGE_BYTES} bytes")
        pki = self._choose(octets(request, "euiccInfo1"))
        identifier, ours = self._entropy(TRANSACTION_ID_BYTES), self._entropy(CHALLENGE_BYTES)
        session = Session(identifier, pki, challenge, ours, self._host, self._clock())
        self.sessions.add(session)
        signed, identity = session.signed1(), self._part.identity(pki)
        return {
            "transactionId": session.name,
            "serverSigned1": pack(signed),
            "serverSignature1": pack(signature(identity, signed)),
            "euiccCiPKIdToBeUsed": pack(tlv.encode(0x04, pki.ci_id)),
            "serverCertificate": pack(identity.der),
        }, session

    def _choose(self, info: bytes) -> Pki:
        try:
            version, verifies, signs = shape(tlv.only(info, EUICC_INFO1).value, 0x82, 0xA9, 0xAA)
            verifying = {item.value for item in verifies.children()}
            signing = {item.value for item in signs.children()}
        except ValueError as problem:
            raise Refusal(codes.FUNCTION, codes.INVALID, f"euiccInfo1: {problem}") from None
        part = self._part
        if not version.value or version.value[0] < OLDEST_VERSION:
            raise Refusal(part.version, codes.UNSUPPORTED, "the eUICC speaks an older SGP.22")
        if not any(pki.ci_id in signing for pki in self._hierarchies()):
            raise Refusal(part.security, codes.UNSUPPORTED, "the eUICC has no certificate below a known CI")
        chosen = next((pki for pki in self._hierarchies() if pki.ci_id in signing & verifying), None)
        if chosen is None:
            reason = f"the eUICC trusts no CI that this {part.name} has a certificate of"
            raise Refusal(part.certificate, codes.UNAVAILABLE, reason)
        return chosen

    def authenticate(self, request: Request) -> tuple[Session, str]:
        """
        Check who the eUICC is that sends authenticateClient (SGP.22 5.6.3, 5.8.2).

        @return: the session, which knows the eUICC now, and the matching id; may be empty.
        @raise Refusal: it is not authentic.
        """
        session = self.sessions.need(text(request, "transactionId"), State.INITIATED)
        try:
            response = self.response(request, "authenticateServerResponse", AUTHENTICATE_SERVER)
            signed, proof, euicc, eum = shape(response.value, 0x30, 0x5F37, 0x30, 0x30)
            values = signed.children()
            context = values.need(0xA0).children()
            context.need(0xA1).children().need(0x80)
            matching_id = context.value(0x80).decode()
            values.need(EUICC_INFO2)
        except ValueError as problem:
            raise Refusal(codes.FUNCTION, codes.INVALID, f"authenticateServerResponse: {problem}") from None
        card = self._checked(euicc.raw, eum.raw, session.pki)
        check_signature(card.key, proof, signed.raw)
        same_transaction(session, values.value(0x80))
        if values.value(0x84) != session.server_challenge or values.value(0x83).decode("utf-8", "replace") != session.address:
            raise Refusal(codes.EUICC, codes.VERIFICATION_FAILED, "the eUICC signed another challenge or address")
        session.euicc_key, session.eid, session.euicc_signature1 = card.key, card.eid, proof.raw
        return session, matching_id

    def response(self, request: Request, name: str, tag: int) -> Tlv:
        """
        The OK branch of an eUICC's answer.

        @raise Refusal: it is the other one.
        @raise ValueError: it is no such answer.
        """
        (choice,) = tlv.only(octets(request, name), tag).children()
        if choice.tag == OK:
            return choice
        reason = next((item.value.hex() for item in choice.children() if item.tag != 0x80), "none")
        raise Refusal(codes.EUICC, codes.EXECUTION_ERROR, f"the eUICC answered with error {reason}")

    def _check_chain(self, euicc: bytes, eum: bytes, pki: Pki) -> Euicc:
        return check_euicc(euicc, eum, pki.ci, self._now())


def same_transaction(session: Session, identifier: bytes) -> None:
    """
    @raise Refusal: the eUICC signed another session's.
    """
    if identifier != session.transaction_id:
        raise Refusal(codes.TRANSACTION_ID, codes.UNKNOWN, "the eUICC signed another transactionId")
