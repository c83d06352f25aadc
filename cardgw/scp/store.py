# -*- test-case-name: tests.scp.test_store -*-
"""
What a security domain gives away for SCP11: its certificates, and the authorities whose certificates it takes (GlobalPlatform
Card Specification 2.3 Amendment F, 7.4 and 7.5).  Commands and answers, no decisions.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import NOT_FOUND, OK
from cardgw.errors import MalformedAnswer, UnexpectedStatus
from cardgw.scp import gp_certificate, x509_certificate
from cardgw.scp.certificate import Certificate
from cardgw.scp.certificate_errors import ScpCertificateMalformed
from cardgw.scp.gp_certificate import GpCertificate
from cardgw.scp.x509_certificate import X509Certificate

CLA_GP, INS_GET_DATA = 0x80, 0xCA
CERTIFICATE_STORE, KLOC_IDENTIFIERS = 0xBF21, 0xFF33
"""Tags: the certificates of a key; the authorities for off-card entities."""
CONTROL_REFERENCE, KEY_REFERENCE = 0xA6, 0x83
CA_IDENTIFIER = 0x42
MOST_CERTIFICATES = 16


@frozen
class KeyReference:
    """
    Which key.

    @ivar kid: its identifier, 0 to 255.
    @ivar kvn: its version, 0 to 255.
    """

    kid: int
    kvn: int

    def __attrs_post_init__(self) -> None:
        if (self.kid | self.kvn) & ~0xFF:
            raise ValueError("a key identifier and a key version are bytes, 0 to 255")

    def encode(self) -> bytes:
        """
        The data object 83.
        """
        return tlv.encode(KEY_REFERENCE, bytes((self.kid, self.kvn)))

    def __str__(self) -> str:
        return f"key {self.kid:02X} of version {self.kvn:02X}"


@frozen
class Authority:
    """
    An authority that the card knows.

    @ivar identifier: its subject key identifier, or its name in certificates of GlobalPlatform's own form.
    @ivar key: where the card keeps its public key.
    """

    identifier: bytes
    key: KeyReference


def get_certificates(key: KeyReference, cla: int = CLA_GP) -> Command:
    """
    GET DATA for the certificates of a key.

    @param cla: 80, or 00: cards differ.
    """
    data = tlv.encode(CONTROL_REFERENCE, key.encode())
    return Command(cla, INS_GET_DATA, CERTIFICATE_STORE >> 8, CERTIFICATE_STORE & 0xFF, data, SHORT_LE)


def read_certificates(response: Response) -> tuple[Certificate, ...]:
    """
    The answer to it: in one data object BF21, or one after the other without anything around them.

    @param response: whole: what followed after 61xx is in it.
    @return: in the order of the card, which ought to have the leaf last; none if the card has none.
    @raise UnexpectedStatus: the card refuses.
    @raise ScpCertificateMalformed: these are no certificates.
    """
    if response.status in NOT_FOUND:
        return ()
    if response.status not in OK:
        raise UnexpectedStatus(response, "GET DATA of BF21")
    return parse_certificates(response.data)


def parse_certificates(octets: bytes) -> tuple[Certificate, ...]:
    """
    Certificates in either form of the store and in either form of certificate.

    @raise ScpCertificateMalformed: these are none, or more than L{MOST_CERTIFICATES}.
    """
    items = _items(octets)
    if len(items) == 1 and items[0].tag == CERTIFICATE_STORE:
        items = _items(items[0].value)
    if len(items) > MOST_CERTIFICATES:
        raise ScpCertificateMalformed(f"{len(items)} certificates, at most {MOST_CERTIFICATES} are read")
    return tuple(_certificate(item) for item in items)


def parse_certificate(octets: bytes) -> Certificate:
    """
    One certificate, whichever form it has.

    @raise ScpCertificateMalformed: it is none, or there is more.
    """
    items = _items(octets)
    if len(items) != 1:
        raise ScpCertificateMalformed(f"{len(items)} data objects, expected one certificate")
    return _certificate(items[0])


def _items(octets: bytes) -> tlv.Tlvs:
    try:
        return tlv.decode(octets)
    except ValueError as problem:
        raise ScpCertificateMalformed(str(problem)) from None


def _certificate(item: tlv.Tlv) -> Certificate:
    if item.tag == gp_certificate.TAG and _holds_x509(item.value):
        return X509Certificate.decode(item.value)
    if item.tag == gp_certificate.TAG:
        return GpCertificate.decode(item.raw)
    if item.tag == x509_certificate.TAG:
        return X509Certificate.decode(item.raw)
    raise ScpCertificateMalformed(f"data object {item.tag:X} is no certificate")


def _holds_x509(value: bytes) -> bool:
    """
    Some cards put X.509 into 7F21, where another form belongs.
    """
    return value[:1] == bytes((x509_certificate.TAG,))


def encode_store(certificates: Sequence[Certificate], *, wrapped: bool = True) -> bytes:
    """
    What L{parse_certificates} reads: the form that a card answers, or that is stored on it.

    @param wrapped: in one data object BF21.
    """
    octets = b"".join(certificate.raw for certificate in certificates)
    return tlv.encode(CERTIFICATE_STORE, octets) if wrapped else octets


def get_authorities() -> Command:
    """
    GET DATA for the authorities that the card knows.
    """
    return Command(CLA_GP, INS_GET_DATA, KLOC_IDENTIFIERS >> 8, KLOC_IDENTIFIERS & 0xFF, expected=SHORT_LE)


def read_authorities(response: Response) -> tuple[Authority, ...]:
    """
    The answer to it.

    @return: in the order of the card; none if it has none.
    @raise UnexpectedStatus: the card refuses.
    @raise MalformedAnswer: it is no list of authorities.
    """
    if response.status in NOT_FOUND:
        return ()
    if response.status not in OK:
        raise UnexpectedStatus(response, f"GET DATA of {KLOC_IDENTIFIERS:04X}")
    try:
        return _authorities(response.data)
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of {KLOC_IDENTIFIERS:04X}: {problem}") from None


def _authorities(octets: bytes) -> tuple[Authority, ...]:
    items = tlv.decode(octets)
    if len(items) == 1 and items[0].tag == KLOC_IDENTIFIERS:
        items = items[0].children()
    if len(items) % 2:
        raise ValueError("an authority has a name and a key")
    return tuple(_authority(name, key) for name, key in zip(items[::2], items[1::2], strict=True))


def _authority(name: tlv.Tlv, key: tlv.Tlv) -> Authority:
    if name.tag != CA_IDENTIFIER or key.tag != KEY_REFERENCE:
        raise ValueError(f"data objects 42 and 83 are expected, not {name.tag:X} and {key.tag:X}")
    if len(key.value) != 2:
        raise ValueError(f"a key reference has {len(key.value)} bytes, expected 2")
    return Authority(name.value, KeyReference(*key.value))
