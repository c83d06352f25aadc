# -*- test-case-name: tests.lpa.test_crl -*-
"""
Lists of revoked certificates (CRLs) for an eUICC (ES10b.LoadCRL, SGP.22 5.7.12, 4.6): it refuses servers whose certificates one
of them names.  An eUICC has no clock, and checks signature and number of a list itself.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cardgw.apdu.tlv import Tlv, encode, only
from cardgw.errors import UnexpectedStatus
from cardgw.interfaces import ISession
from cardgw.lpa.certificates import UNREADABLE
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.es10 import reading
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.server_errors import shown

CRL_MAX = 256 * 255
"""Most bytes: as many blocks of STORE DATA as can be counted (SGP.22 5.7.2)."""
LOAD_CRL = 0xBF35
OK, MISSING_PARTS, ERROR, INTEGER, SEQUENCE = 0xA0, 0xA0, 0x81, 0x02, 0x30
NO_SUPPORT = "Not every eUICC takes revocation lists; lpa.info tells (crlSupport in rspCapability)."
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


@frozen
class RevocationList:
    """
    A list of revoked certificates.

    @ivar der: the list itself.
    @ivar issuer: whose certificates it is about.
    @ivar number: increases from list to list; C{None} where it has none.
    @ivar since: when it was issued.
    @ivar until: when the next one was to come, or C{None}.
    @ivar count: how many certificates it names.
    """

    der: bytes = field(repr=False)
    issuer: str
    number: int | None
    since: datetime
    until: datetime | None
    count: int

    def doubts(self, now: float) -> list[str]:
        """
        What makes one ask whether it is the right list; eUICCs take it all the same.

        @param now: seconds since 1970.
        """
        moment = datetime.fromtimestamp(now, UTC)
        found = []
        if self.until is not None and moment > self.until:
            found.append(f"The list has expired on {_day(self.until)}; there should be a newer one.")
        if moment < self.since:
            found.append(f"The list is valid from {_day(self.since)} on only.")
        return found

    def facts(self) -> dict[str, Any]:
        """
        What a result tells about it.
        """
        return {
            "issuer": self.issuer,
            "crlNumber": self.number,
            "thisUpdate": self.since.isoformat(),
            "nextUpdate": None if self.until is None else self.until.isoformat(),
            "revokedCertificates": self.count,
        }


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def read_crl(text: str) -> RevocationList:
    """
    A revocation list as people have it.

    @param text: DER in hexadecimal or base64, or PEM.
    @raise ValueError: it is none; the text says why.
    """
    compact = "".join(text.split()).replace(":", "")
    if not compact:
        raise ValueError("it is empty")
    if "-----" in compact:
        return examine_crl(_from_pem(text.strip().encode("ascii", "replace")))
    if _HEX.fullmatch(compact):
        return examine_crl(bytes.fromhex(compact))
    try:
        return examine_crl(b64decode(compact, validate=True))
    except Base64Error:
        raise ValueError("it is neither hexadecimal nor base64 nor PEM") from None


def _from_pem(text: bytes) -> bytes:
    found = _PEM.search(text)
    kind = found.group(1).decode("ascii") if found is not None else ""
    if kind != "X509 CRL":
        raise ValueError(f"it is a PEM text with {kind or 'nothing'} in it, not X509 CRL")
    try:
        return x509.load_pem_x509_crl(text).public_bytes(Encoding.DER)
    except UNREADABLE:
        raise ValueError("the PEM text is damaged") from None


def examine_crl(der: bytes) -> RevocationList:
    """
    Read a revocation list.

    @raise ValueError: it is none, a broken one, or too large.
    """
    if len(der) > CRL_MAX:
        raise ValueError(f"it has {len(der)} bytes, at most {CRL_MAX} can be sent to an eUICC")
    try:
        only(der, SEQUENCE)
        found = x509.load_der_x509_crl(der)
        extensions = {each.oid: each.value for each in found.extensions}
        number = extensions.get(x509.CRLNumber.oid)
        return RevocationList(
            der,
            shown(found.issuer.rfc4514_string()),
            number.crl_number if isinstance(number, x509.CRLNumber) else None,
            found.last_update_utc,
            found.next_update_utc,
            len(found),
        )
    except UNREADABLE:
        raise ValueError("it is no revocation list (CertificateList in DER)") from None


def load_crl_request(der: bytes) -> bytes:
    """
    LoadCRLRequest.  The tags of SGP.22 annex H are automatic, so that of the list, a sequence, is A0.
    """
    return encode(LOAD_CRL, encode(OK, only(der, SEQUENCE).value))


def parse_loaded(answer: bytes) -> tuple[int, ...]:
    """
    LoadCRLResponse.

    @return: the numbers of those parts that are still missing, where the list comes in parts.
    @raise Es10Error: the eUICC does not take the list.
    @raise MalformedAnswer: it cannot be read.
    """
    with reading("LoadCRL"):
        fields = only(answer, LOAD_CRL).children()
        good = fields.find(OK)
        if good is None:
            error = fields.find(ERROR) or fields.need(INTEGER)
            raise Es10Error("LoadCRL", int.from_bytes(error.value, "big"))
        missing = good.children().find(MISSING_PARTS)
        return () if missing is None else tuple(_number(each) for each in missing.children())


def _number(item: Tlv) -> int:
    """
    An INTEGER, or, as older versions of the standard have it, a sequence of one.
    """
    if item.tag == SEQUENCE:
        (item,) = item.children() or (item,)
    if not item.value:
        raise ValueError("the number of a missing part is empty")
    return int.from_bytes(item.value, "big")


async def load_crl(session: ISession, isdr: Isdr, crl: RevocationList) -> dict[str, Any]:
    """
    Give an eUICC a revocation list.

    @return: see L{RevocationList.facts}, C{missingParts}, and C{warnings} for people, if any.
    @raise Es10Error: it does not take it.
    @raise UnexpectedStatus: likewise; it may not know such lists at all.
    """
    doubts = crl.doubts(session.clock.seconds())
    for each in doubts:
        session.log.warn("{doubt}", doubt=each)
    session.stage("es10b_load_crl", issuer=crl.issuer)
    try:
        missing = parse_loaded(await isdr.command(load_crl_request(crl.der), slow=True))
    except UnexpectedStatus as problem:
        problem.hint = problem.hint or NO_SUPPORT
        raise
    return crl.facts() | {"missingParts": list(missing)} | ({"warnings": doubts} if doubts else {})
