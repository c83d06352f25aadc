# -*- test-case-name: tests.virtual.test_euicc_auth,tests.virtual.test_euicc_prepare -*-
"""
The RSP session of the software eUICC: challenge, AuthenticateServer, PrepareDownload, CancelSession (SGP.22 5.7.5, 5.7.7,
5.7.13, 5.7.14).  Signatures are checked and made over the raw data objects.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from attrs import define, field
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cardgw.apdu.tlv import Tlv, Tlvs, encode
from cardgw.virtual.euicc_identity import (
    DP_AUTH,
    DP_PB,
    DS_AUTH,
    CertificateRefused,
    Chain,
    CurveRefused,
    Identity,
    OidMissing,
    Random,
    Server,
    check_server,
    make_key,
)
from cardgw.virtual.euicc_values import read_integer, shaped, write_oid

PREPARE_DOWNLOAD, GET_CHALLENGE, AUTHENTICATE_SERVER, CANCEL_SESSION = 0xBF21, 0xBF2E, 0xBF38, 0xBF41
SIGNATURE, ONE_TIME_KEY = 0x5F37, 0x5F49
CHALLENGE_BYTES = 16
TRANSACTION_ID_MAX = 16
HASH_BYTES = 32
TAC_BYTES, IMEI_BYTES = 4, 8
CANCEL_REASONS = frozenset((0, 1, 2, 3, 4, 5, 127))
"""C{CancelSessionReason} (SGP.22 5.7.14)."""
CANCEL_INVALID_TRANSACTION = 5


class Code(IntEnum):
    """
    C{AuthenticateErrorCode} and C{DownloadErrorCode}; two have another meaning in each (SGP.22 annex H).
    """

    INVALID_CERTIFICATE = 1
    INVALID_SIGNATURE = 2
    UNSUPPORTED_CURVE = 3
    NO_SESSION = 4
    INVALID_OID = 5
    INVALID_TRANSACTION = 5
    CHALLENGE_MISMATCH = 6
    UNKNOWN_CI = 7
    UNDEFINED = 127


class _Failed(Exception):
    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


@define
class Session:
    """
    What the eUICC knows of the RSP session.

    @ivar challenge: its own, 16 bytes.
    @ivar transaction_id: empty until the server is authenticated; the same holds for all that follows.
    @ivar address: the server's, where the result of an installation goes.
    @ivar server: C{CERT.DPauth}.
    @ivar root: the CI of both sides.
    @ivar signature1: C{euiccSignature1}, the whole data object.
    @ivar binder: C{CERT.DPpb}, once a download was prepared.
    @ivar one_time: the eUICC's one-time key pair, likewise.
    @ivar loaded: a package was begun; there is no second try in the same session.
    """

    challenge: bytes
    transaction_id: bytes = b""
    address: str = ""
    server: Server | None = None
    chain: Chain | None = None
    root: x509.Certificate | None = None
    signature1: bytes = b""
    binder: Server | None = None
    one_time: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)
    loaded: bool = False

    def signer(self) -> Chain:
        """
        The identity in use.
        """
        assert self.chain is not None
        return self.chain

    def oid(self) -> bytes:
        """
        The OID of the server, the value octets alone.
        """
        assert self.server is not None
        return write_oid(self.server.oid)


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """
    The public key, uncompressed: 65 bytes.
    """
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@define
class Rsp:
    """
    The one session that there can be.

    @ivar info2: gives EUICCInfo2, the whole BF22.
    @ivar revoked: whether a certificate of a server, DER, below this CI has been revoked.
    @ivar unused: the one-time key of a package that was not installed; a server may bind to it again.
    """

    identity: Identity
    random: Random
    info2: Callable[[], bytes]
    revoked: Callable[[bytes, x509.Certificate], bool]
    session: Session | None = None
    unused: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)

    def functions(self) -> dict[int, Callable[[Tlvs], bytes]]:
        """
        Tags of requests to what answers them.
        """
        return {
            GET_CHALLENGE: self._challenge,
            AUTHENTICATE_SERVER: self._authenticate,
            PREPARE_DOWNLOAD: self._prepare,
            CANCEL_SESSION: self._cancel,
        }

    def _challenge(self, request: Tlvs) -> bytes:
        shaped(request)
        self.session = Session(self.random(CHALLENGE_BYTES))
        return encode(GET_CHALLENGE, encode(0x80, self.session.challenge))

    def _authenticate(self, request: Tlvs) -> bytes:
        signed, proof, ci_id, certificate, context = shaped(request, 0x30, SIGNATURE, 0x04, 0x30, 0xA0)
        values = shaped(signed.children(), 0x80, 0x81, 0x83, 0x84)
        transaction_id = _transaction_id(values[0])
        _check_context(context)
        # A challenge is good for one attempt.
        session, self.session = self.session, None
        try:
            if session is None or session.transaction_id:
                raise _Failed(Code.NO_SESSION)
            session.server = self._check_server(session, signed, proof, ci_id.value, certificate)
            if values.value(0x81) != session.challenge:
                raise _Failed(Code.CHALLENGE_MISMATCH)
        except _Failed as failure:
            return _error(AUTHENTICATE_SERVER, transaction_id, failure.code)
        session.transaction_id, session.address = transaction_id, values.value(0x83).decode()
        self.session = session
        return self._authenticated(session, values, context)

    def _check_server(self, session: Session, signed: Tlv, proof: Tlv, ci_id: bytes, certificate: Tlv) -> Server:
        chosen = self.identity.choose(ci_id)
        if chosen is None:
            raise _Failed(Code.UNKNOWN_CI)
        session.chain, session.root = chosen
        try:
            server = check_server(certificate.raw, session.root, DP_AUTH, DS_AUTH)
        except CertificateRefused:
            raise _Failed(Code.INVALID_CERTIFICATE) from None
        except CurveRefused:
            raise _Failed(Code.UNSUPPORTED_CURVE) from None
        except OidMissing:
            raise _Failed(Code.INVALID_OID) from None
        if self.revoked(certificate.raw, session.root):
            raise _Failed(Code.INVALID_CERTIFICATE)
        if not server.signed(proof.value, signed.raw):
            raise _Failed(Code.INVALID_SIGNATURE)
        return server

    def _authenticated(self, session: Session, values: Tlvs, context: Tlv) -> bytes:
        chain = session.signer()
        ours = encode(0x30, values.need(0x80).raw, values.need(0x83).raw, values.need(0x84).raw, self.info2(), context.raw)
        session.signature1 = encode(SIGNATURE, chain.sign(ours))
        return encode(AUTHENTICATE_SERVER, encode(0xA0, ours, session.signature1, chain.euicc, chain.eum))

    def _prepare(self, request: Tlvs) -> bytes:
        shaped(request, 0x30, SIGNATURE, 0x04, 0x30, optional=frozenset((0x04,)))
        signed, proof, hash_cc, certificate = request[0], request[1], request.find(0x04), request[-1]
        values = shaped(signed.children(), 0x80, 0x01, ONE_TIME_KEY, optional=frozenset((ONE_TIME_KEY,)))
        transaction_id = _transaction_id(values[0])
        if len(values[1].value) != 1 or (hash_cc is not None and len(hash_cc.value) != HASH_BYTES):
            raise ValueError("ccRequiredFlag is a BOOLEAN, hashCc has 32 bytes")
        session = self.session
        try:
            if session is None or not session.transaction_id:
                raise _Failed(Code.NO_SESSION)
            if transaction_id != session.transaction_id:
                raise _Failed(Code.INVALID_TRANSACTION)
            session.binder = self._check_binder(session, signed, proof, certificate)
            if values[1].value != b"\0" and hash_cc is None:
                raise _Failed(Code.UNDEFINED)
        except _Failed as failure:
            return _error(PREPARE_DOWNLOAD, transaction_id, failure.code)
        session.one_time = self._one_time(session.binder.key.curve, values.value(ONE_TIME_KEY))
        return _prepared(session, proof, hash_cc)

    def _check_binder(self, session: Session, signed: Tlv, proof: Tlv, certificate: Tlv) -> Server:
        assert session.root is not None and session.server is not None
        try:
            binder = check_server(certificate.raw, session.root, DP_PB)
        except (CertificateRefused, OidMissing):
            raise _Failed(Code.INVALID_CERTIFICATE) from None
        except CurveRefused:
            raise _Failed(Code.UNSUPPORTED_CURVE) from None
        if binder.oid != session.server.oid or self.revoked(certificate.raw, session.root):
            raise _Failed(Code.INVALID_CERTIFICATE)
        if not binder.signed(proof.value, signed.raw + session.signature1):
            raise _Failed(Code.INVALID_SIGNATURE)
        return binder

    def _one_time(self, curve: ec.EllipticCurve, wanted: bytes) -> ec.EllipticCurvePrivateKey:
        if self.unused is None or not wanted or point(self.unused) != wanted:
            self.unused = make_key(curve, self.random)
        return self.unused

    def _cancel(self, request: Tlvs) -> bytes:
        transaction_id, reason = shaped(request, 0x80, 0x81)
        if read_integer(reason.value) not in CANCEL_REASONS:
            raise ValueError("no such reason")
        session = self.session
        if session is None or not session.transaction_id or session.transaction_id != transaction_id.value:
            return encode(CANCEL_SESSION, encode(0x81, bytes((CANCEL_INVALID_TRANSACTION,))))
        self.session = None
        signed = encode(0x30, transaction_id.raw, encode(0x81, session.oid()), encode(0x82, reason.value))
        return encode(CANCEL_SESSION, encode(0xA0, signed, encode(SIGNATURE, session.signer().sign(signed))))


def _prepared(session: Session, proof: Tlv, hash_cc: Tlv | None) -> bytes:
    assert session.one_time is not None
    key = encode(ONE_TIME_KEY, point(session.one_time))
    signed = encode(0x30, encode(0x80, session.transaction_id), key, hash_cc.raw if hash_cc is not None else b"")
    signature = session.signer().sign(signed + proof.raw)
    return encode(PREPARE_DOWNLOAD, encode(0xA0, signed, encode(SIGNATURE, signature)))


def _transaction_id(item: Tlv) -> bytes:
    if not 1 <= len(item.value) <= TRANSACTION_ID_MAX:
        raise ValueError("a transactionId has 1 to 16 bytes")
    return item.value


def _check_context(context: Tlv) -> None:
    """
    C{ctxParams1}: a matching identifier, if any, and the device.

    @raise ValueError: it is something else.
    """
    items = shaped(context.children(), 0x80, 0xA1, optional=frozenset((0x80,)))
    device = items.need(0xA1).children()
    shaped(device, 0x80, 0xA1, 0x82, optional=frozenset((0x82,)))
    imei = device.find(0x82)
    if len(device.value(0x80)) != TAC_BYTES or (imei is not None and len(imei.value) != IMEI_BYTES):
        raise ValueError("a TAC has 4 bytes, an IMEI 8")


def _error(tag: int, transaction_id: bytes, code: Code) -> bytes:
    return encode(tag, encode(0xA1, encode(0x80, transaction_id), encode(0x02, bytes((code,)))))
