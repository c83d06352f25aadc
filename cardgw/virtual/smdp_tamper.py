# -*- test-case-name: tests.virtual.test_smdp_tamper -*-
"""
Wrong answers for tests of LPAs.  A tampering changes an answer of the SM-DP+ before it is sent:

    >>> smdp.tamper["authenticateClient"] = broken_signature("smdpSignature2")

Wrong certificates come from the PKI instead: C{Smdp(pki.replaced("dp_auth", Fault.WRONG_POLICY))}.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.virtual.smdp_answers import header, pack
from cardgw.virtual.smdp_sessions import Session, signature

OTHER_TRANSACTION = "0" * 31 + "1"


@frozen
class Answer:
    """
    What a tampering may change.

    @ivar values: the JSON object.
    @ivar session: the session it is about, or C{None}.
    """

    values: dict[str, Any]
    session: Session | None


Tampering: TypeAlias = Callable[[Answer], None]


def together(*tamperings: Tampering) -> Tampering:
    """
    Several, one after another.
    """

    def change(answer: Answer) -> None:
        for each in tamperings:
            each(answer)

    return change


def field(name: str, value: Any) -> Tampering:
    """
    Another value of a JSON field; C{None} leaves the field out.
    """

    def change(answer: Answer) -> None:
        answer.values[name] = value
        if value is None:
            del answer.values[name]

    return change


def other_transaction() -> Tampering:
    """
    A transactionId of another session.
    """
    return field("transactionId", OTHER_TRANSACTION)


def octets(name: str, edit: Callable[[bytes], bytes]) -> Tampering:
    """
    Edit the bytes of a base64 field.
    """

    def change(answer: Answer) -> None:
        answer.values[name] = pack(edit(b64decode(answer.values[name])))

    return change


def flipped_bit(name: str, position: int = -1) -> Tampering:
    """
    The lowest bit of one byte of a base64 field is wrong.
    """

    def edit(value: bytes) -> bytes:
        changed = bytearray(value)
        changed[position] ^= 1
        return bytes(changed)

    return octets(name, edit)


def broken_signature(name: str) -> Tampering:
    """
    The signature in this field (C{serverSignature1}, C{smdpSignature2}) is wrong.
    """
    return flipped_bit(name)


def spaced(name: str) -> Tampering:
    """
    Base64 with line breaks and spaces, as some servers write it.
    """

    def change(answer: Answer) -> None:
        value = answer.values[name]
        answer.values[name] = " " + "\r\n".join(value[at : at + 64] for at in range(0, len(value), 64)) + "\n"

    return change


def unpadded(name: str) -> Tampering:
    """
    Base64 without its padding.
    """

    def change(answer: Answer) -> None:
        answer.values[name] = answer.values[name].rstrip("=")

    return change


def status(word: str) -> Tampering:
    """
    Another execution status, C{Executed-WithWarning} for example.
    """
    return field("header", header(word))


def signed2(transaction_id: bytes | None = None, confirmation: bool | None = None) -> Tampering:
    """
    Another smdpSigned2, with a signature that is right (authenticateClient).

    @param transaction_id: another one inside it.
    @param confirmation: another C{ccRequiredFlag}.
    """

    def change(answer: Answer) -> None:
        session = answer.session
        assert session is not None and session.order is not None
        required = (session.order.confirmation_code is not None) if confirmation is None else confirmation
        signed = session.signed2(required, transaction_id)
        session.smdp_signature2 = signature(session.pki.dp_pb, signed + session.euicc_signature1)
        answer.values.update({"smdpSigned2": pack(signed), "smdpSignature2": pack(session.smdp_signature2)})

    return change


def signed1(**changes: bytes) -> Tampering:
    """
    Another serverSigned1, with a signature that is right (initiateAuthentication).

    @param changes: values by name: C{transaction_id}, C{euicc_challenge}, C{address}, C{server_challenge}.
    """

    def change(answer: Answer) -> None:
        session = answer.session
        assert session is not None
        signed = session.signed1(**changes)
        proof = signature(session.pki.dp_auth, signed)
        answer.values.update({"serverSigned1": pack(signed), "serverSignature1": pack(proof)})

    return change


def package(edit: Callable[[list[bytes]], list[bytes]]) -> Tampering:
    """
    Edit the parts of the bound profile package: BF23, A0, A1, A2 (where it is), A3; the outer length stays right.
    """

    def change(value: bytes) -> bytes:
        return tlv.encode(0xBF36, *edit([item.raw for item in tlv.only(value, 0xBF36).children()]))

    return octets("boundProfilePackage", change)


def truncated_package(count: int = 100) -> Tampering:
    """
    The bound profile package without its last bytes.
    """
    return octets("boundProfilePackage", lambda value: value[:-count])


def reordered_package() -> Tampering:
    """
    The metadata comes before the configuration of the ISD-P (A1 before A0).
    """
    return package(lambda parts: [parts[0], parts[2], parts[1], *parts[3:]])
