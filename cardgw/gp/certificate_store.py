# -*- test-case-name: tests.gp.test_certificate_store -*-
"""
What a security domain keeps for SCP11 (GlobalPlatform Card Specification 2.3, Amendment F 1.3, 7): its own certificates, who may
certify those that speak to it, and which of them it lets in.

Certificates are bytes here: X.509 in DER, or those of GlobalPlatform (data object 7F21).  Nothing here trusts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.script import Script
from cardgw.errors import MalformedAnswer, ParameterError
from cardgw.gp.commands import check_byte, get_data
from cardgw.gp.store_data import Structure, store_data

CERTIFICATES, CERTIFICATE, X509 = 0xBF21, 0x7F21, 0x30
"""Tags: the store, a certificate of GlobalPlatform, and a sequence of ASN.1."""
OFF_CARD_ISSUERS, ON_CARD_ISSUERS = 0xFF33, 0xFF34
"""Tags: who certifies those that speak to the card (KLOC), and the card itself (KLCC)."""
_CONTROL, _KEY, _ISSUER, _ON_CARD, _ALLOWED, _SERIAL, _COUNTER = 0xA6, 0x83, 0x42, 0x80, 0x70, 0x93, 0x92
MOST_COUNTER = 0x7FFF
_MOST_ISSUER = 64


@frozen
class KeyReference:
    """
    Which key.

    @ivar identifier: 11, 13 and 15 for the card's own keys of SCP11a, b and c; 10 and 20 to 2F for those that certify.
    @ivar version: its key version number.
    """

    identifier: int
    version: int

    def __attrs_post_init__(self) -> None:
        check_byte(self.identifier, "key identifier", 0, 0x7F)
        check_byte(self.version, "key version")

    def encode(self) -> bytes:
        """
        The data object 83.
        """
        return tlv.encode(_KEY, bytes((self.identifier, self.version)))


def get_certificates(key: KeyReference) -> Command:
    """
    GET DATA for the certificates of a key.  A card that has none answers 6A88.
    """
    return get_data(CERTIFICATES, tlv.encode(_CONTROL, key.encode()))


def parse_certificates(answer: bytes) -> tuple[bytes, ...]:
    """
    The answer to that: in a data object BF21, or bare; an X.509 certificate in a data object 7F21 is taken out of it.

    @return: certificates, that of the key last.
    @raise MalformedAnswer: it is something else.
    """
    try:
        found = tlv.decode(answer)
        if len(found) == 1 and found[0].tag == CERTIFICATES:
            found = found[0].children()
        return tuple(_certificate(each) for each in found)
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of BF21: {problem}") from None


def _certificate(item: tlv.Tlv) -> bytes:
    if item.tag == X509:
        return item.raw
    if item.tag != CERTIFICATE:
        raise ValueError(f"expected certificates, found {item.tag:X}")
    return item.value if item.value[:1] == bytes((X509,)) else item.raw


def store_certificates(key: KeyReference, certificates: Sequence[bytes], size: int) -> Script:
    """
    STORE DATA for the certificates of a key of the card's own.

    @param certificates: that of the key last.
    @param size: most bytes in a block, of plain data.
    @raise ParameterError: there are none, or one is none.
    """
    if not certificates:
        raise ParameterError("certificates: there are none")
    for each in certificates:
        _check_certificate(each)
    return _store(tlv.encode(_CONTROL, key.encode()) + tlv.encode(CERTIFICATES, *certificates), size)


def _check_certificate(octets: bytes) -> None:
    try:
        if len(tlv.decode(octets)) != 1 or tlv.decode(octets)[0].tag not in {X509, CERTIFICATE}:
            raise ValueError
    except ValueError:
        raise ParameterError("certificates: one is neither X.509 in DER nor a data object 7F21") from None


def store_allow_list(key: KeyReference, serials: Iterable[bytes], size: int, counter: int | None = None) -> Script:
    """
    STORE DATA for the serial numbers of certificates that a card lets in; none lets in all that are certified.

    @param key: of whoever certifies them.
    @param counter: of the list, 1 to L{MOST_COUNTER}: in SCP11c, where commands can be sent again, a card takes no list whose
        counter is not higher than before; C{None} for none.
    """
    counted = b""
    if counter is not None:
        counted = tlv.encode(_COUNTER, check_byte(counter, "counter of the list", 1, MOST_COUNTER).to_bytes(2, "big"))
    listed = tlv.encode(_ALLOWED, *(tlv.encode(_SERIAL, _some(each, "serial number")) for each in serials))
    return _store(tlv.encode(_CONTROL, key.encode()) + counted + listed, size)


def store_issuer(key: KeyReference, issuer: bytes, size: int, *, on_card: bool = False) -> Script:
    """
    STORE DATA for the identifier of whoever certifies.

    @param key: their public key, which the card has.
    @param issuer: the subject key identifier, or the CA identifier of certificates of GlobalPlatform.
    @param on_card: they certify the card, not those that speak to it.
    """
    first = tlv.encode(_ON_CARD, b"\x01") if on_card else b""
    return _store(tlv.encode(_CONTROL, first, tlv.encode(_ISSUER, _some(issuer, "issuer")), key.encode()), size)


def _some(octets: bytes, what: str) -> bytes:
    if not 1 <= len(octets) <= _MOST_ISSUER:
        raise ParameterError(f"{what}: expected 1 to {_MOST_ISSUER} bytes, got {len(octets)}")
    return octets


def _store(data: bytes, size: int) -> Script:
    return store_data(data, size, Structure.BER)


def parse_issuers(answer: bytes, tag: int = OFF_CARD_ISSUERS) -> dict[KeyReference, bytes]:
    """
    The answer to GET DATA for identifiers of those who certify: pairs of data objects 42 and 83.

    @param tag: L{OFF_CARD_ISSUERS} or L{ON_CARD_ISSUERS}.
    @raise MalformedAnswer: it is something else.
    """
    try:
        found = tlv.decode(answer)
        if len(found) == 1 and found[0].tag == tag:
            found = found[0].children()
        if [each.tag for each in found] != [_ISSUER, _KEY] * (len(found) // 2):
            raise ValueError("expected pairs of data objects 42 and 83")
        return {_reference(key.value): issuer.value for issuer, key in zip(found[::2], found[1::2], strict=True)}
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of {tag:04X}: {problem}") from None


def _reference(octets: bytes) -> KeyReference:
    if len(octets) != 2 or octets[0] > 0x7F:
        raise ValueError("a key is told by its identifier and its version")
    return KeyReference(octets[0], octets[1])
