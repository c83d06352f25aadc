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
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from attrs import frozen
from cryptography import x509

from cardgw.apdu import tlv
from cardgw.virtual import smdp_answers as codes
from cardgw.virtual.certificates import Identity, PublicKey
from cardgw.virtual.pki import Pki
from cardgw.virtual.rsp_calls import Calls, Request, Result
from cardgw.virtual.rsp_handshake import Handshake, Part, same_transaction
from cardgw.virtual.smdp_answers import Refusal, encode_oid, octets, pack, shape, text
from cardgw.virtual.smdp_binding import bind
from cardgw.virtual.smdp_checks import check_signature
from cardgw.virtual.smdp_notifications import Notification, read_notification
from cardgw.virtual.smdp_orders import Order, Orders, check_confirmation
from cardgw.virtual.smdp_sessions import Session, State, signature

PREPARE_DOWNLOAD, CANCEL_SESSION = 0xBF21, 0xBF41
OK = 0xA0
PART = Part(
    "SM-DP+",
    lambda pki: pki.dp_auth,
    codes.SMDP_ADDRESS,
    codes.SECURITY_CONFIGURATION,
    codes.SVN,
    codes.SMDP_CERTIFICATE,
)
FUNCTIONS = ("initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification", "cancelSession")


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


class Smdp(Calls):
    """
    The server's state and its functions.

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
        self.notifications: list[Notification] = []
        self.cancellations: list[Cancellation] = []
        self.heard: Callable[[Notification | Cancellation], object] = lambda _: None
        self._now, self._entropy = now, entropy
        self._handshake = Handshake(PART, lambda: self.hierarchies, self.host, clock=clock, now=now, entropy=entropy)
        self.sessions = self._handshake.sessions
        functions = (self._handshake.initiate, self._authenticate, self._deliver, self._notify, self._cancel)
        super().__init__(dict(zip(FUNCTIONS, functions, strict=True)))

    def add(self, order: Order) -> Order:
        """
        Accept an order.
        """
        self.orders.add(order)
        return order

    def _authenticate(self, request: Request) -> Result:
        session, matching_id = self._handshake.authenticate(request)
        session.order = self.orders.find(matching_id, session.eid)
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
            signed, proof = shape(
                self._handshake.response(request, "prepareDownloadResponse", PREPARE_DOWNLOAD).value, 0x30, 0x5F37
            )
            values = signed.children()
            point, given = values.need(0x5F49).value, values.find(0x04)
        except ValueError as problem:
            raise Refusal(codes.FUNCTION, codes.INVALID, f"prepareDownloadResponse: {problem}") from None
        check_signature(key, proof, signed.raw, session.smdp_signature2)
        same_transaction(session, values.value(0x80))
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
        same_transaction(session, identifier.value)
        if oid.value != encode_oid(session.pki.smdp_oid):
            raise Refusal(codes.SMDP, codes.INVALID_ASSOCIATION, "the eUICC cancelled a session of another SM-DP+")
        if session.euicc_key is not None:
            check_signature(session.euicc_key, proof, signed.raw)
        return code

    def _key_of(self, transaction_id: bytes) -> PublicKey | None:
        session = self.sessions.find(transaction_id.hex())
        return None if session is None else session.euicc_key

    def _ci_of(self, eum: bytes) -> Identity:
        issuer = x509.load_der_x509_certificate(eum).issuer
        return next((pki.ci for pki in self.hierarchies if pki.ci.certificate.subject == issuer), self.hierarchies[0].ci)
