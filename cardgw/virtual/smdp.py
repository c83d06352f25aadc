# -*- test-case-name: tests.virtual.test_smdp,tests.virtual.test_smdp_later -*-
"""
An SM-DP+ without I/O: ES9+ of SGP.22 5.6, JSON values in and out, strict as a real one.

    >>> smdp = Smdp(make_pki(host="smdp.example.test"))
    >>> smdp.add(Order("PROFILE-1", make_package(make_iccid(1))))
    >>> answer = smdp.handle("initiateAuthentication", {"smdpAddress": "smdp.example.test", ...})
"""

from __future__ import annotations

import os
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from attrs import frozen
from cryptography import x509

from cardgw.apdu import tlv
from cardgw.apdu.tlv import Tlv
from cardgw.virtual import smdp_answers as codes
from cardgw.virtual.certificates import Identity, PublicKey
from cardgw.virtual.pki import Pki
from cardgw.virtual.smdp_answers import Refusal, encode_oid, failure, header, octets, pack, shape, text
from cardgw.virtual.smdp_binding import bind
from cardgw.virtual.smdp_checks import Euicc, check_euicc, check_signature
from cardgw.virtual.smdp_notifications import Notification, read_notification
from cardgw.virtual.smdp_orders import Order, Orders, check_confirmation
from cardgw.virtual.smdp_sessions import Session, Sessions, State, signature
from cardgw.virtual.smdp_tamper import Answer, Tampering

TRANSACTION_ID_BYTES = 16
CHALLENGE_BYTES = 16
OLDEST_VERSION = 2
"""Major number of the oldest SVN that is served."""
AUTHENTICATE_SERVER, PREPARE_DOWNLOAD, CANCEL_SESSION, EUICC_INFO1, EUICC_INFO2 = 0xBF38, 0xBF21, 0xBF41, 0xBF20, 0xBF22
OK, ERROR = 0xA0, 0xA1
FUNCTIONS = ("initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification", "cancelSession")
KNOWN_CHAINS = 1000
"""Certificate chains of eUICCs that are not checked again."""
Request: TypeAlias = Mapping[str, Any]
Result: TypeAlias = tuple[dict[str, Any] | None, Session | None]


@frozen
class Cancellation:
    """
    One cancelled session.

    @ivar reason: C{CancelSessionReason} (SGP.22 5.7.14), or C{None} where the eUICC answered with an error.
    @ivar verified: whether the eUICC had been authenticated, so that its signature could be and was checked.
    """

    transaction_id: str
    reason: int | None
    verified: bool


def _untouched(answer: Answer) -> None:
    return None


class Smdp:
    """
    The server's state and its functions.

    @ivar tamper: wrong answers by function name, see L{cardgw.virtual.smdp_tamper}.
    @ivar notifications: all received, in their order.
    @ivar cancellations: all cancelled sessions, in their order.
    @ivar heard: called with each notification and cancellation; replace it to be told.
    """

    def __init__(
        self,
        *hierarchies: Pki,
        host: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """
        @param hierarchies: one or more; an eUICC is served with the first whose CI it trusts.
        @param host: its own name; that of the TLS certificate where C{None}.
        @param clock: seconds, for the age of sessions.
        @param now: the time for certificates.
        """
        self.hierarchies = hierarchies
        self.host = host or hierarchies[0].host
        self.orders = Orders()
        self.sessions = Sessions(clock)
        self.tamper: dict[str, Tampering] = {}
        self.notifications: list[Notification] = []
        self.cancellations: list[Cancellation] = []
        self.heard: Callable[[Notification | Cancellation], object] = lambda _: None
        self._clock, self._now, self._entropy = clock, now, entropy
        functions = (self._initiate, self._authenticate, self._deliver, self._notify, self._cancel)
        self._functions: dict[str, Callable[[Request], Result]] = dict(zip(FUNCTIONS, functions, strict=True))
        self._refusals: defaultdict[str, deque[Refusal]] = defaultdict(deque)
        self._checked = lru_cache(KNOWN_CHAINS)(self._check_chain)

    def add(self, order: Order) -> Order:
        """
        Accept an order.
        """
        self.orders.add(order)
        return order

    def fail_next(self, function: str, subject: str, reason: str, message: str = "") -> None:
        """
        Refuse the next call of a function with this pair of codes; several calls of this queue up.
        """
        self._refusals[function].append(Refusal(subject, reason, message))

    def handle(self, function: str, request: Request) -> dict[str, Any] | None:
        """
        Answer one call.

        @param function: the last part of the path: C{initiateAuthentication} and so on.
        @return: the JSON object to send, or C{None}: nothing, with HTTP status 204.
        @raise LookupError: there is no such function.
        """
        run = self._functions[function]
        try:
            if self._refusals[function]:
                raise self._refusals[function].popleft()
            values, session = run(request)
        except Refusal as refusal:
            return failure(refusal)
        if values is None:
            return None
        answer = Answer({"header": header()} | values, session)
        self.tamper.get(function, _untouched)(answer)
        return answer.values

    def _initiate(self, request: Request) -> Result:
        address, challenge = text(request, "smdpAddress"), octets(request, "euiccChallenge")
        if address.partition(":")[0].lower() != self.host.lower():
            raise Refusal(codes.SMDP_ADDRESS, codes.REFUSED, "this is another SM-DP+")
        if len(challenge) != CHALLENGE_BYTES:
            raise Refusal(codes.FUNCTION, codes.INVALID, f"euiccChallenge has {CHALLENGE_BYTES} bytes")
        pki = self._choose(octets(request, "euiccInfo1"))
        identifier, ours = self._entropy(TRANSACTION_ID_BYTES), self._entropy(CHALLENGE_BYTES)
        session = Session(identifier, pki, challenge, ours, self.host, self._clock())
        self.sessions.add(session)
        signed = session.signed1()
        return {
            "transactionId": session.name,
            "serverSigned1": pack(signed),
            "serverSignature1": pack(signature(pki.dp_auth, signed)),
            "euiccCiPKIdToBeUsed": pack(tlv.encode(0x04, pki.ci_id)),
            "serverCertificate": pack(pki.dp_auth.der),
        }, session

    def _choose(self, info: bytes) -> Pki:
        try:
            version, verifies, signs = shape(tlv.only(info, EUICC_INFO1).value, 0x82, 0xA9, 0xAA)
            verifying = {item.value for item in verifies.children()}
            signing = {item.value for item in signs.children()}
        except ValueError as problem:
            raise Refusal(codes.FUNCTION, codes.INVALID, f"euiccInfo1: {problem}") from None
        if not version.value or version.value[0] < OLDEST_VERSION:
            raise Refusal(codes.SVN, codes.UNSUPPORTED, "the eUICC speaks an older SGP.22")
        if not any(pki.ci_id in signing for pki in self.hierarchies):
            raise Refusal(codes.SECURITY_CONFIGURATION, codes.UNSUPPORTED, "the eUICC has no certificate below a known CI")
        chosen = next((pki for pki in self.hierarchies if pki.ci_id in signing & verifying), None)
        if chosen is None:
            raise Refusal(
                codes.SMDP_CERTIFICATE, codes.UNAVAILABLE, "the eUICC trusts no CI that this SM-DP+ has a certificate of"
            )
        return chosen

    def _authenticate(self, request: Request) -> Result:
        session = self.sessions.need(text(request, "transactionId"), State.INITIATED)
        try:
            response = self._response(request, "authenticateServerResponse", AUTHENTICATE_SERVER)
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
        self._same_transaction(session, values.value(0x80))
        if values.value(0x84) != session.server_challenge or values.value(0x83).decode("utf-8", "replace") != session.address:
            raise Refusal(codes.EUICC, codes.VERIFICATION_FAILED, "the eUICC signed another challenge or address")
        session.euicc_key, session.eid, session.euicc_signature1 = card.key, card.eid, proof.raw
        session.order = self.orders.find(matching_id, card.eid)
        return self._offer(session, session.order), session

    def _offer(self, session: Session, order: Order) -> dict[str, Any]:
        signed = session.signed2(order.confirmation_code is not None)
        session.smdp_signature2 = signature(session.pki.dp_pb, signed + session.euicc_signature1)
        session.state = State.AUTHENTICATED
        return {
            "transactionId": session.name,
            "profileMetadata": pack(order.metadata(self.host)),
            "smdpSigned2": pack(signed),
            "smdpSignature2": pack(session.smdp_signature2),
            "smdpCertificate": pack(session.pki.dp_pb.der),
        }

    def _deliver(self, request: Request) -> Result:
        session = self.sessions.need(text(request, "transactionId"), State.AUTHENTICATED)
        order, key = session.order, session.euicc_key
        assert order is not None and key is not None
        try:
            signed, proof = shape(self._response(request, "prepareDownloadResponse", PREPARE_DOWNLOAD).value, 0x30, 0x5F37)
            values = signed.children()
            point, given = values.need(0x5F49).value, values.find(0x04)
        except ValueError as problem:
            raise Refusal(codes.FUNCTION, codes.INVALID, f"prepareDownloadResponse: {problem}") from None
        check_signature(key, proof, signed.raw, session.smdp_signature2)
        self._same_transaction(session, values.value(0x80))
        check_confirmation(order, None if given is None else given.value, session.transaction_id)
        entropy = self._entropy if order.fresh_keys else None
        metadata = order.metadata(self.host)
        try:
            bound = bind(session, order.package, metadata, point, entropy)
        except ValueError:
            raise Refusal(codes.EUICC, codes.VERIFICATION_FAILED, "the one-time key of the eUICC is not on the curve") from None
        session.state = State.BOUND
        return {"transactionId": session.name, "boundProfilePackage": pack(bound)}, session

    def _notify(self, request: Request) -> Result:
        raw = octets(request, "pendingNotification")
        found = read_notification(raw, self._key_of, self._ci_of, self._now())
        self.notifications.append(found)
        session = self.sessions.find(found.transaction_id.hex())
        if found.verified and session is not None and session.state is State.BOUND:
            session.state = State.ENDED
            if found.error is None and session.order is not None:
                session.order.installed += 1
        self.heard(found)
        return None, None

    def _cancel(self, request: Request) -> Result:
        name = text(request, "transactionId")
        session = self.sessions.need(name, State.INITIATED, State.AUTHENTICATED, State.BOUND)
        reason = self._cancel_reason(session, octets(request, "cancelSessionResponse"))
        session.state = State.ENDED
        found = Cancellation(session.name, reason, reason is not None and session.euicc_key is not None)
        self.cancellations.append(found)
        self.heard(found)
        return {}, session

    def _cancel_reason(self, session: Session, response: bytes) -> int | None:
        try:
            (choice,) = tlv.only(response, CANCEL_SESSION).children()
            if choice.tag != OK:
                return None
            signed, proof = shape(choice.value, 0x30, 0x5F37)
            identifier, oid, reason = shape(signed.value, 0x80, 0x81, 0x82)
            code = int.from_bytes(reason.value, "big")
        except ValueError as problem:
            raise Refusal(codes.FUNCTION, codes.INVALID, f"cancelSessionResponse: {problem}") from None
        self._same_transaction(session, identifier.value)
        if oid.value != encode_oid(session.pki.smdp_oid):
            raise Refusal(codes.SMDP, codes.INVALID_ASSOCIATION, "the eUICC cancelled a session of another SM-DP+")
        if session.euicc_key is not None:
            check_signature(session.euicc_key, proof, signed.raw)
        return code

    def _response(self, request: Request, name: str, tag: int) -> Tlv:
        (choice,) = tlv.only(octets(request, name), tag).children()
        if choice.tag == OK:
            return choice
        reason = next((item.value.hex() for item in choice.children() if item.tag != 0x80), "none")
        raise Refusal(codes.EUICC, codes.EXECUTION_ERROR, f"the eUICC answered with error {reason}")

    def _same_transaction(self, session: Session, identifier: bytes) -> None:
        if identifier != session.transaction_id:
            raise Refusal(codes.TRANSACTION_ID, codes.UNKNOWN, "the eUICC signed another transactionId")

    def _check_chain(self, euicc: bytes, eum: bytes, pki: Pki) -> Euicc:
        return check_euicc(euicc, eum, pki.ci, self._now())

    def _key_of(self, transaction_id: bytes) -> PublicKey | None:
        session = self.sessions.find(transaction_id.hex())
        return None if session is None else session.euicc_key

    def _ci_of(self, eum: bytes) -> Identity:
        issuer = x509.load_der_x509_certificate(eum).issuer
        return next((pki.ci for pki in self.hierarchies if pki.ci.certificate.subject == issuer), self.hierarchies[0].ci)
