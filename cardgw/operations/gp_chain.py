# -*- test-case-name: tests.operations.test_gp_chain -*-
"""
Certificates as people have them, and as people read them.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from cardgw.errors import ParameterError
from cardgw.fields import Kind, each_of, text
from cardgw.operations.gp_shown import hexadecimal
from cardgw.scp.certificate import Certificate, is_issued_by
from cardgw.scp.certificate_errors import ScpCertificateMalformed
from cardgw.scp.key_pair import called
from cardgw.scp.store import parse_certificate

_PEM = re.compile("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def _all(value: Any) -> tuple[bytes, ...]:
    return tuple(octets for each in each_of(text).parse(value) for octets in _some(each))


def _some(written: str) -> Sequence[bytes]:
    blocks = _PEM.findall(written)
    if not blocks and "-----" in written:
        raise ParameterError("certificates: there is none in the PEM text")
    try:
        return [b64decode("".join(each.split()), validate=True) for each in blocks] or [bytes.fromhex(written)]
    except (binascii.Error, ValueError):
        raise ParameterError("certificates: expected hexadecimal, or PEM") from None


certificates = Kind(
    "certificates in hexadecimal (X.509 in DER, or a data object 7F21), or PEM",
    _all,
    schema={"anyOf": [text.schema, each_of(text).schema]},
)
"""A list of them, or a text with one in hexadecimal, or with any number in PEM."""


def read_certificate(octets: bytes) -> Certificate | None:
    """
    @return: C{None} for what cannot be read here.
    """
    try:
        return parse_certificate(octets)
    except ScpCertificateMalformed:
        return None


def check_chain(chain: Sequence[bytes]) -> None:
    """
    Whether each certificate is issued by the one before it, as far as they can be read.  Signatures are left to the card.

    @raise ParameterError: one is not.
    """
    found = [read_certificate(each) for each in chain]
    for number, (above, below) in enumerate(pairwise(found), 2):
        if above is not None and below is not None and not is_issued_by(below, above):
            raise ParameterError(
                f"certificates: number {number} is not issued by the one before it", hint="That of the key is the last one."
            )


def certificate_json(octets: bytes) -> dict[str, Any] | None:
    """
    What a certificate says, nothing of which is checked; C{None} for what cannot be read here.
    """
    found = read_certificate(octets)
    if found is None:
        return None
    facts = found.facts
    return {
        "name": facts.name,
        "serial": hexadecimal(facts.serial),
        "begins": None if facts.begins is None else facts.begins.isoformat(),
        "ends": facts.ends.isoformat(),
        "key": called(facts.key),
        "key_identifier": hexadecimal(facts.key_identifier),
        "issuer_key_identifier": hexadecimal(facts.issuer_key_identifier),
    }
