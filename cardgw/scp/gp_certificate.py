# -*- test-case-name: tests.scp.test_gp_certificate -*-
"""
Certificates in GlobalPlatform's own form (GlobalPlatform Card Specification 2.3 Amendment F, tables 6-12 and 6-13): read, made
and signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Self

from attrs import evolve, field, frozen

from cardgw.apdu import tlv
from cardgw.scp.certificate import Facts, Usage
from cardgw.scp.certificate_errors import ScpCertificateMalformed
from cardgw.scp.curves import (
    PrivateKey,
    PublicKey,
    curve_by_reference,
    curve_of,
    decode_point,
    encode_point,
    is_der_signature,
    is_signature,
    sign,
)

TAG = 0x7F21
SERIAL, ISSUER, SUBJECT, USAGE, BEGINS, ENDS, KEY, SIGNATURE = 0x93, 0x42, 0x5F20, 0x95, 0x5F25, 0x5F24, 0x7F49, 0x5F37
DISCRETIONARY, DISCRETIONARY_OBJECTS, RESTRICTIONS = 0x53, 0x73, 0xBF20
POINT, PARAMETER_REFERENCE = 0xB0, 0xF0
ORDER = (SERIAL, ISSUER, SUBJECT, USAGE, BEGINS, ENDS, DISCRETIONARY, DISCRETIONARY_OBJECTS, RESTRICTIONS, KEY, SIGNATURE)
NEEDED = frozenset({SERIAL, ISSUER, SUBJECT, USAGE, ENDS, KEY, SIGNATURE})
MOST_NAME = 20
"""Bytes in the serial number and in the names of issuer and subject: 16 by the table, 20 where they are key identifiers."""
CENTURIES_AS_NUMBERS = (19, 20)
"""First byte of a date whose pairs of digits are written as numbers: as two digits, that would be long ago."""
USAGES: Mapping[bytes, Usage] = {b"\x82": Usage.CERTIFICATES, b"\x00\x80": Usage.AGREEMENT}


@frozen
class GpCertificate:
    """
    One certificate.

    @ivar raw: the data object 7F21.
    @ivar discretionary: the value of the data object 53 or 73, C{b""} without one.
    @ivar restrictions: the value of BF20, what a key may be used for (SCP11c); C{b""} without one.
    """

    raw: bytes = field(repr=False)
    facts: Facts
    discretionary: bytes
    restrictions: bytes
    _signed: bytes = field(repr=False)
    _signature: bytes = field(repr=False)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: one data object 7F21.
        @raise ScpCertificateMalformed: it is something else.
        """
        try:
            items = tlv.only(octets, TAG).children()
            _check_order(items)
            return cls(
                octets,
                _facts(items),
                items.value(DISCRETIONARY) or items.value(DISCRETIONARY_OBJECTS),
                items.value(RESTRICTIONS),
                b"".join(item.raw for item in items[:-1]),
                items.value(SIGNATURE),
            )
        except ValueError as problem:
            raise ScpCertificateMalformed(f"7F21: {problem}") from None

    def is_signed_with(self, key: PublicKey) -> bool:
        """
        See L{cardgw.scp.certificate.Certificate.is_signed_with}.  The signature is r and s, or what X.509 makes of them, as some
        write it.
        """
        return is_signature(key, self._signature, self._signed) or is_der_signature(key, self._signature, self._signed)


def _check_order(items: tlv.Tlvs) -> None:
    """
    The signature is over the data objects as they come, so that there is one right way alone to write them.
    """
    tags = [item.tag for item in items]
    unknown = [tag for tag in tags if tag not in ORDER]
    if unknown:
        raise ValueError(f"data object {unknown[0]:X} is unknown")
    if missing := NEEDED.difference(tags):
        raise ValueError(f"data object {min(missing):X} is missing")
    if tags != sorted(set(tags), key=ORDER.index):
        raise ValueError("data objects are repeated or in another order")


def _facts(items: tlv.Tlvs) -> Facts:
    serial, issuer, subject = (_name(items, tag) for tag in (SERIAL, ISSUER, SUBJECT))
    usage = USAGES.get(items.value(USAGE))
    if usage is None:
        raise ValueError(f"key usage {items.value(USAGE).hex().upper() or 'of no bytes'} is unknown")
    begins = items.find(BEGINS)
    return Facts(
        name=f"the certificate {serial.hex().upper()} of {subject.hex().upper()}",
        subject=subject,
        issuer=issuer,
        serial=serial,
        key=_key(items.need(KEY).children()),
        usage=usage,
        begins=None if begins is None else datetime.combine(_day(begins.value), time.min, UTC),
        ends=datetime.combine(_day(items.value(ENDS)), time.max, UTC),
    )


def _name(items: tlv.Tlvs, tag: int) -> bytes:
    value = items.value(tag)
    if not 1 <= len(value) <= MOST_NAME:
        raise ValueError(f"data object {tag:X} has {len(value)} bytes, expected 1 to {MOST_NAME}")
    return value


def _key(items: tlv.Tlvs) -> PublicKey:
    reference = items.value(PARAMETER_REFERENCE)
    if len(reference) != 1:
        raise ValueError(f"the key parameter reference has {len(reference)} bytes, expected one")
    return decode_point(curve_by_reference(reference[0]), items.value(POINT))


def _day(octets: bytes) -> date:
    """
    Digits, two in a byte; some write each two as a number instead.
    """
    digits = octets.hex()
    if len(octets) == 4 and octets[0] in CENTURIES_AS_NUMBERS:
        digits = "".join(f"{each:02}" for each in octets)
    if len(digits) != 8 or not digits.isdecimal():
        raise ValueError(f"{octets.hex() or 'nothing'} is no date")
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


@frozen
class GpPlan:
    """
    What a new certificate is to say.

    @ivar serial: 1 to 16 bytes; likewise C{issuer} and C{subject}.
    @ivar ends: the last day on which it is valid.
    @ivar discretionary: bytes for the data object 53; none for C{b""}.
    @ivar restrictions: bytes for the data object BF20, likewise.
    """

    serial: bytes
    issuer: bytes
    subject: bytes
    usage: Usage
    ends: date
    begins: date | None = None
    discretionary: bytes = b""
    restrictions: bytes = b""

    def issue(self, key: PublicKey, signer: PrivateKey) -> GpCertificate:
        """
        Make it.

        @raise ValueError: a name is too short or too long, or the usage is not exactly one.
        """
        body = b"".join(_optional(tag, value) for tag, value in self._values(key))
        unsigned = tlv.encode(TAG, body, tlv.encode(SIGNATURE, bytes(2 * curve_of(signer).size)))
        try:
            made = GpCertificate.decode(unsigned)
        except ScpCertificateMalformed as problem:
            raise ValueError(problem.detail) from None
        signature = sign(signer, body)
        return evolve(made, raw=tlv.encode(TAG, body, tlv.encode(SIGNATURE, signature)), signature=signature)

    def _values(self, key: PublicKey) -> tuple[tuple[int, bytes], ...]:
        usage = next((code for code, usage in USAGES.items() if usage == self.usage), b"")
        point = tlv.encode(POINT, encode_point(key)) + tlv.encode(PARAMETER_REFERENCE, bytes((curve_of(key).reference,)))
        return (
            (SERIAL, self.serial),
            (ISSUER, self.issuer),
            (SUBJECT, self.subject),
            (USAGE, usage),
            (BEGINS, b"" if self.begins is None else _digits(self.begins)),
            (ENDS, _digits(self.ends)),
            (DISCRETIONARY, self.discretionary),
            (RESTRICTIONS, self.restrictions),
            (KEY, point),
        )


def _digits(day: date) -> bytes:
    return bytes.fromhex(f"{day.year:04}{day.month:02}{day.day:02}")


def _optional(tag: int, value: bytes) -> bytes:
    return tlv.encode(tag, value) if value else b""
