# -*- test-case-name: tests.virtual.test_euicc_crl -*-
"""
Revocation lists of the software eUICC (ES10b.LoadCRL, SGP.22 5.7.12, 4.6).  A card has no clock: dates only tell which list is
newer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import IntEnum

from attrs import Factory, define, frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from cardgw.apdu import tlv
from cardgw.apdu.tlv import Tlvs, encode
from cardgw.virtual.euicc_identity import UNUSABLE, Identity, key_id
from cardgw.virtual.euicc_values import read_integer, shaped, write_integer

LOAD_CRL = 0xBF35
TOTAL_PARTS = x509.ObjectIdentifier("2.23.146.1.2.0.2")
"""C{id-rsp-totalPartialCrlNumber} (SGP.22 annex H)."""
PART_NUMBER = x509.ObjectIdentifier("2.23.146.1.2.0.3")
"""C{id-rsp-partialCrlNumber}."""
UNDERSTOOD = {
    TOTAL_PARTS,
    PART_NUMBER,
    x509.AuthorityKeyIdentifier.oid,
    x509.CRLNumber.oid,
    x509.DeltaCRLIndicator.oid,
    x509.IssuingDistributionPoint.oid,
}
"""Extensions that may be critical."""


class Code(IntEnum):
    """
    C{LoadCRLResponseError} (SGP.22 annex H).
    """

    INVALID_SIGNATURE = 1
    INVALID_FORMAT = 2
    NO_MEMORY = 3
    UNKNOWN_KEY = 4
    FRESHER_LOADED = 5
    BASE_MISSING = 6


class _Refused(Exception):
    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


@frozen
class _Given:
    """
    What a list says.

    @ivar key: the key identifier of its issuer.
    @ivar part: which of how many it is.
    @ivar base: the number of the list to which it adds, or C{None}.
    @ivar serials: of the certificates that it names.
    """

    crl: x509.CertificateRevocationList
    key: bytes
    number: int
    part: tuple[int, int]
    base: int | None
    serials: frozenset[int]

    @property
    def issued(self) -> datetime:
        """
        When it was issued (thisUpdate).
        """
        return self.crl.last_update_utc


@define
class _Loaded:
    """
    What is known of one CI's lists.

    @ivar parts: the numbers of the parts that are there, of C{total}.
    """

    number: int
    issued: datetime
    total: int
    parts: set[int]
    serials: set[int]

    def missing(self) -> list[int]:
        """
        The numbers of those that are not.
        """
        return [number for number in range(1, self.total + 1) if number not in self.parts]


@define
class Revocations:
    """
    The lists.

    @ivar free: gives the bytes that there are left.
    """

    identity: Identity
    free: Callable[[], int]
    _loaded: dict[bytes, _Loaded] = Factory(dict)

    def functions(self) -> dict[int, Callable[[Tlvs], bytes]]:
        """
        Tags of requests to what answers them.
        """
        return {LOAD_CRL: self._load}

    def revoked(self, der: bytes, root: x509.Certificate) -> bool:
        """
        Whether a list names this certificate.

        @param root: the CI that issued it.
        """
        loaded = self._loaded.get(key_id(root))
        return loaded is not None and x509.load_der_x509_certificate(der).serial_number in loaded.serials

    def _load(self, request: Tlvs) -> bytes:
        der = encode(0x30, shaped(request, 0xA0)[0].value)
        try:
            missing = self._take(_read(der), len(der))
        except _Refused as refusal:
            return encode(LOAD_CRL, encode(0x81, bytes((refusal.code,))))
        numbers = b"".join(encode(0x02, write_integer(each)) for each in missing)
        return encode(LOAD_CRL, encode(0xA0, encode(0xA0, numbers) if missing else b""))

    def _take(self, given: _Given, size: int) -> list[int]:
        self._check(given)
        loaded = self._loaded.get(given.key)
        if loaded is not None and (given.number < loaded.number or given.issued < loaded.issued):
            raise _Refused(Code.FRESHER_LOADED)
        if given.base is not None and (loaded is None or loaded.number < given.base or loaded.missing()):
            raise _Refused(Code.BASE_MISSING)
        if size > self.free():
            raise _Refused(Code.NO_MEMORY)
        number, total = given.part
        fresh = _Loaded(given.number, given.issued, total, {number}, set(given.serials))
        if loaded is not None and given.base is not None:
            fresh.serials |= loaded.serials
        elif loaded is not None and (loaded.number, loaded.total) == (given.number, total):
            fresh.parts |= loaded.parts
            fresh.serials |= loaded.serials
        elif loaded is not None and fresh.missing():
            fresh.serials |= loaded.serials  # what is revoked stays so until the new list is complete
        self._loaded[given.key] = fresh
        return fresh.missing()

    def _check(self, given: _Given) -> None:
        root = self.identity.roots.get(given.key)
        if root is None:
            raise _Refused(Code.UNKNOWN_KEY)
        key = root.public_key()
        try:
            good = given.crl.issuer == root.subject and given.crl.is_signature_valid(key)  # type: ignore[arg-type]
        except (TypeError, InvalidSignature):
            good = False
        if not good:
            raise _Refused(Code.INVALID_SIGNATURE)


def _read(der: bytes) -> _Given:
    try:
        crl = x509.load_der_x509_crl(der)
        found = {each.oid: each for each in crl.extensions}
        if any(each.critical and oid not in UNDERSTOOD for oid, each in found.items()):
            raise ValueError("a critical extension is not known")
        authority = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        base = found.get(x509.DeltaCRLIndicator.oid)
        return _Given(
            crl,
            authority.key_identifier or b"",
            crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number,
            _part(crl.extensions),
            base.value.crl_number if base is not None and isinstance(base.value, x509.DeltaCRLIndicator) else None,
            frozenset(each.serial_number for each in crl),
        )
    except UNUSABLE:
        raise _Refused(Code.INVALID_FORMAT) from None


def _part(extensions: x509.Extensions) -> tuple[int, int]:
    """
    @raise ValueError: there is no such part.
    """
    found = {each.oid: each.value for each in extensions if isinstance(each.value, x509.UnrecognizedExtension)}
    if TOTAL_PARTS not in found and PART_NUMBER not in found:
        return 1, 1
    number, total = (read_integer(tlv.only(found[oid].value, 0x02).value) for oid in (PART_NUMBER, TOTAL_PARTS) if oid in found)
    if not 1 <= number <= total:
        raise ValueError("no such part")
    return number, total
