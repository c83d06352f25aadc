# -*- test-case-name: tests.lpa.test_activation -*-
"""
Activation codes as people type, paste and scan them (SGP.22 4.1).

    [LPA:]1$<SM-DP+ address>$<matching id>[$<SM-DP+ OID>[$<confirmation>]][#<IMEI>]

The last field is C{1} where a confirmation code is needed; as estkme-cloud had it, it may be the confirmation code itself.  Links
(C{https://…/LPA:1$…}, C{https://…?carddata=LPA:1$…}, C{lpa:1$…}), percent-encoding and white space around are accepted.  So is
C{<address>:<port>}: whether a server may be asked there is for L{cardgw.lpa.guard} to say.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from attrs import field, frozen

from cardgw.errors import ParameterError
from cardgw.lpa.imei import clean_imei

FORMAT = "1"
"""The only version of the format (SGP.22 4.1)."""
LONGEST = 255
"""Most characters (SGP.22 4.1), links and extensions not counted."""
HOST_MAX = 253
LABELS = 2
"""Least labels of a host name that is known to everybody."""
PORT_MAX = 65535
FIELDS = 5
CONFIRMATION_NEEDED = "1"
_LINK = re.compile(r"^(?:https?://(?:[^$]*?[/=])?|qr\.esim\.cyou/)(?=(?:lpa:)?[0-9]*\$)", re.IGNORECASE)
_ENCODED = re.compile(r"%(?:24|3a)", re.IGNORECASE)
_SCHEME = re.compile(r"^lpa:(?://)?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_MATCHING_ID = re.compile(r"[A-Za-z0-9._-]*")
"""SGP.22 4.1 has letters, digits and hyphens; test servers have points and underscores too."""
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")


class ActivationCodeError(ParameterError):
    """
    The activation code is not right.
    """

    hint = "It looks like LPA:1$<SM-DP+ address>$<matching id>."

    @property
    def brief(self) -> str:
        """
        See L{cardgw.errors.CardGatewayError.brief}.
        """
        return f"Wrong activation code: {self.detail}."


@frozen
class ActivationCode:
    """
    What an activation code says.

    @ivar host: the SM-DP+, in lower case, with its port where it came along; empty for the default one of the eUICC.
    @ivar matching_id: may be empty.
    @ivar oid: of the SM-DP+, which its certificate must have; empty where any may do.
    @ivar confirmation_required: a confirmation code will be asked for.
    @ivar confirmation_code: where it came along.
    @ivar imei: 15 digits, where it came along.
    """

    host: str
    matching_id: str = field(default="", repr=False)
    oid: str = ""
    confirmation_required: bool = False
    confirmation_code: str | None = field(default=None, repr=False)
    imei: str | None = field(default=None, repr=False)

    def format(self) -> str:
        """
        The text again, without link and white space.  It has the confirmation code in it, if that is known.
        """
        last = self.confirmation_code or (CONFIRMATION_NEEDED if self.confirmation_required else "")
        tail = "".join(f"${each}" for each in (self.oid, last)) if last else f"${self.oid}" if self.oid else ""
        return f"LPA:{FORMAT}${self.host}${self.matching_id}{tail}" + (f"#{self.imei}" if self.imei else "")


def parse_activation_code(text: str) -> ActivationCode:
    """
    Read an activation code in any of its forms.

    @raise ActivationCodeError: it is none; the detail says what is wrong, and does not repeat what was typed.
    """
    body, _, imei = _unwrapped(text).partition("#")
    if not body:
        raise ActivationCodeError("it is empty")
    if len(body) > LONGEST:
        raise ActivationCodeError(f"it has {len(body)} characters, at most {LONGEST} are allowed")
    fields = [each.strip() for each in body.split("$")]
    if fields[0] != FORMAT:
        version = fields[0].isdecimal() and fields[0].isascii()
        raise ActivationCodeError("its version is not 1" if version else "it does not begin with LPA:1$")
    if len(fields) < 2:
        raise ActivationCodeError("the SM-DP+ address is missing")
    while len(fields) > FIELDS and not fields[-1]:
        fields.pop()
    if len(fields) > FIELDS:
        raise ActivationCodeError(f"it has {len(fields)} fields, at most {FIELDS} are allowed")
    host, matching_id, oid, confirmation = (fields[1:] + [""] * FIELDS)[: FIELDS - 1]
    return ActivationCode(
        _host(host), _matching_id(matching_id), _oid(oid), bool(confirmation), _code(confirmation), _imei(imei.strip())
    )


def server_address(text: str) -> str:
    """
    The address of a server, given alone.

    @return: in lower case, with its port where it came along.
    @raise ActivationCodeError: an activation code could not have it; the detail says why.
    """
    host = _host(text.strip())
    if not host:
        raise ActivationCodeError("the SM-DP+ address is missing")
    return host


def _unwrapped(text: str) -> str:
    """
    Without white space, link, percent-encoding and scheme.  The encoding shows in front of the first C{$}, or in there being
    none; a C{%24} further on is part of a confirmation code, of which a wrong one costs a try.
    """
    body = text.strip().strip("\ufeff\u200b\0").strip()
    if _ENCODED.search(body.partition("$")[0]):
        body = unquote(body)
    return _SCHEME.sub("", _LINK.sub("", body)).strip()


def _host(text: str) -> str:
    if "/" in text:
        raise ActivationCodeError("the SM-DP+ address has a scheme or a path, a host name is expected")
    name, colon, port = text.partition(":")
    if text:
        name = _host_name(name.removesuffix("."))
    if not colon:
        return name
    if not _PORT.fullmatch(port) or int(port) > PORT_MAX:
        raise ActivationCodeError("the port of the SM-DP+ address is not a number from 1 to 65535")
    return f"{name}:{port}"


def _host_name(text: str) -> str:
    """
    In lower case, and in the form that DNS knows (RFC 3490).
    """
    try:
        name = (text if text.isascii() else text.encode("idna").decode()).lower()
    except UnicodeError:
        name = ""
    labels = name.split(".")
    if len(name) > HOST_MAX or len(labels) < LABELS or not all(_LABEL.fullmatch(label) for label in labels):
        raise ActivationCodeError("the SM-DP+ address is not a host name")
    return name


def _matching_id(text: str) -> str:
    match = _MATCHING_ID.match(text)
    end = match.end() if match else 0
    if end < len(text):
        raise ActivationCodeError(
            f"character {end + 1} of the matching id is not allowed; letters, digits, hyphens, points and underscores are"
        )
    return text


def _oid(text: str) -> str:
    if text and not _OID.fullmatch(text):
        raise ActivationCodeError("the OID of the SM-DP+ is not like 1.3.6.1")
    return text


def _code(text: str) -> str | None:
    if not text.isprintable():
        raise ActivationCodeError("the confirmation code has a character in it that cannot be typed")
    return text if text not in ("", CONFIRMATION_NEEDED) else None


def _imei(text: str) -> str | None:
    if not text:
        return None
    try:
        return clean_imei(text)
    except ValueError as problem:
        raise ActivationCodeError(str(problem)) from None
