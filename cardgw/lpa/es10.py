# -*- test-case-name: tests.lpa.test_es10 -*-
"""
Requests and answers of the ES10b functions that a download needs (SGP.22 5.7), as bytes and values; no I/O.

Numbers in context-specific tags are those of the AUTOMATIC TAGS of SGP.22 annex H.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from attrs import frozen
from cryptography import x509
from cryptography.x509.oid import NameOID

from cardgw.apdu.tlv import Tlv, Tlvs, decode, encode, only
from cardgw.errors import MalformedAnswer
from cardgw.lpa.certificates import UNREADABLE
from cardgw.lpa.errors import Es10Error

GET_EUICC_INFO1 = bytes.fromhex("BF2000")
GET_EUICC_INFO2 = bytes.fromhex("BF2200")
GET_EUICC_CHALLENGE = bytes.fromhex("BF2E00")
CHALLENGE_SIZE = 16
RULES = ("pprUpdateControl", "ppr1", "ppr2", "ppr3")
"""Bits of PprIds (SGP.22 annex H, 2.8.1.1)."""


class CancelReason(IntEnum):
    """
    Why a session is given up (SGP.22 5.7.14).
    """

    END_USER_REJECTION = 0
    POSTPONED = 1
    TIMEOUT = 2
    PPR_NOT_ALLOWED = 3
    METADATA_MISMATCH = 4
    LOAD_BPP_EXECUTION_ERROR = 5
    UNDEFINED = 127


@frozen
class EuiccInfo1:
    """
    What an eUICC tells a server before it knows it (SGP.22 5.7.8).

    @ivar raw: the whole data object BF20, as the server wants it.
    @ivar svn: highest version of SGP.22, C{"2.2.0"}.
    @ivar verification: key identifiers of the CIs by whose certificates it checks servers.
    @ivar signing: key identifiers of the CIs under which it can sign.
    """

    raw: bytes
    svn: str
    verification: tuple[bytes, ...]
    signing: tuple[bytes, ...]


@frozen
class EuiccInfo2:
    """
    The part of EUICCInfo2 that decides about a download (SGP.22 5.7.8).

    @ivar svn: highest version of SGP.22.
    @ivar free_nvm: free non-volatile memory in bytes, where told.
    @ivar forbidden: policy rules that the eUICC never accepts, of L{RULES}.
    """

    svn: str
    free_nvm: int | None
    forbidden: frozenset[str]


@frozen
class Authenticated:
    """
    A good answer to AuthenticateServer.

    @ivar raw: the whole data object BF38, for authenticateClient.
    @ivar signature: euiccSignature1, the whole data object 5F37; the server's next signature covers it.
    @ivar eid: 32 digits, or empty where the certificate of the eUICC cannot be read.
    """

    raw: bytes
    signature: bytes
    eid: str
    info2: EuiccInfo2


@contextmanager
def reading(function: str) -> Iterator[None]:
    """
    Turns C{ValueError} from decoding an answer into L{MalformedAnswer} that names the function.
    """
    try:
        yield
    except ValueError as problem:
        raise MalformedAnswer(f"{function}: {problem}") from None


def named_bits(bits: bytes, names: tuple[str, ...]) -> frozenset[str]:
    """
    The names of those bits that are set in the value of a BIT STRING (ITU-T X.690, 8.6).
    """
    return frozenset(name for at, name in enumerate(names) if len(bits) > 1 + at // 8 and bits[1 + at // 8] & (0x80 >> at % 8))


def version(octets: bytes) -> str:
    """
    A VersionType in the usual form: C{"2.2.0"}.
    """
    return ".".join(str(octet) for octet in octets)


def parse_challenge(answer: bytes) -> bytes:
    """
    The eUICC's challenge, 16 bytes (SGP.22 5.7.7).
    """
    with reading("GetEUICCChallenge"):
        challenge = only(answer, 0xBF2E).children().need(0x80).value
        if len(challenge) != CHALLENGE_SIZE:
            raise ValueError(f"a challenge of {len(challenge)} bytes")
        return challenge


def parse_info1(answer: bytes) -> EuiccInfo1:
    """
    EUICCInfo1 (SGP.22 5.7.8).
    """
    with reading("GetEUICCInfo1"):
        found = only(answer, 0xBF20)
        fields = found.children()
        return EuiccInfo1(found.raw, version(fields.value(0x82)), _key_ids(fields, 0xA9), _key_ids(fields, 0xAA))


def _key_ids(fields: Tlvs, tag: int) -> tuple[bytes, ...]:
    return tuple(item.value for item in decode(fields.value(tag)).every(0x04))


def parse_info2(info: Tlv) -> EuiccInfo2:
    """
    EUICCInfo2, from its data object BF22.

    @raise ValueError: it is not TLV.
    """
    fields = info.children()
    memory = decode(fields.value(0x84)).find(0x82)
    free = None if memory is None or not memory.value else int.from_bytes(memory.value, "big")
    return EuiccInfo2(version(fields.value(0x82)), free, named_bits(fields.value(0x99), RULES))


def authenticate_server(signed1: bytes, signature1: bytes, ci_key_id: bytes, certificate: bytes, context: bytes) -> bytes:
    """
    AuthenticateServerRequest (SGP.22 5.7.13), from data objects as the server gave them.

    @param context: ctxParams1, see L{context_parameters}.
    """
    return encode(0xBF38, signed1, signature1, ci_key_id, certificate, context)


def context_parameters(matching_id: str, tac: bytes, imei: bytes = b"") -> bytes:
    """
    CtxParamsForCommonAuthentication (SGP.22 5.7.13).

    @param matching_id: left out where empty: any profile that waits for this eUICC.
    @param tac: 4 bytes; C{imei}: 8 bytes or none; coded as SGP.22 4.2 says.
    """
    device = encode(0x80, tac) + encode(0xA1) + (encode(0x82, imei) if imei else b"")
    return encode(0xA0, encode(0x80, matching_id.encode()) if matching_id else b"", encode(0xA1, device))


def parse_authenticated(answer: bytes) -> Authenticated:
    """
    AuthenticateServerResponse.

    @raise Es10Error: the eUICC does not accept the server.
    """
    with reading("AuthenticateServer"):
        found = only(answer, 0xBF38)
        fields = _accepted("AuthenticateServer", found)
        signed, signature, certificate = fields.need(0x30), fields.need(0x5F37), fields.every(0x30)[1:]
        info2 = parse_info2(signed.children().need(0xBF22))
        return Authenticated(found.raw, signature.raw, _eid(certificate[0].raw) if certificate else "", info2)


def _accepted(function: str, answer: Tlv) -> Tlvs:
    """
    What is in the OK branch (A0) of an answer; the other one (A1) has an error code in it.
    """
    fields = answer.children()
    good = fields.find(0xA0)
    if good is not None:
        return good.children()
    error = fields.need(0xA1).children()
    code = error.find(0x81) or error.need(0x02)
    raise Es10Error(function, int.from_bytes(code.value, "big"))


def _eid(certificate: bytes) -> str:
    """
    The EID is the serial number in the subject of the eUICC's certificate (SGP.22 4.5.2.1).
    """
    try:
        subject = x509.load_der_x509_certificate(certificate).subject
    except UNREADABLE:
        return ""
    found = subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return str(found[0].value) if found else ""


def prepare_download(signed2: bytes, signature2: bytes, hash_cc: bytes, certificate: bytes) -> bytes:
    """
    PrepareDownloadRequest (SGP.22 5.7.5), from data objects as the server gave them.

    @param hash_cc: 32 bytes, or none where no confirmation code is wanted.
    """
    return encode(0xBF21, signed2, signature2, encode(0x04, hash_cc) if hash_cc else b"", certificate)


def parse_prepared(answer: bytes) -> bytes:
    """
    PrepareDownloadResponse: the whole data object BF21, for getBoundProfilePackage.

    @raise Es10Error: the eUICC does not accept what the server signed.
    """
    with reading("PrepareDownload"):
        found = only(answer, 0xBF21)
        _accepted("PrepareDownload", found)
        return found.raw


def cancel_session(transaction_id: bytes, reason: CancelReason) -> bytes:
    """
    CancelSessionRequest (SGP.22 5.7.14).
    """
    return encode(0xBF41, encode(0x80, transaction_id), encode(0x81, bytes((reason,))))


def parse_cancelled(answer: bytes) -> bytes:
    """
    CancelSessionResponse: the whole data object BF41, for ES9+ cancelSession.

    @raise Es10Error: the eUICC knows no such session.
    """
    with reading("CancelSession"):
        found = only(answer, 0xBF41)
        fields = found.children()
        if fields.find(0xA0) is None:
            raise Es10Error("CancelSession", int.from_bytes(fields.need(0x81).value, "big"))
        return found.raw
