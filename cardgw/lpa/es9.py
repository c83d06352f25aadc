# -*- test-case-name: tests.lpa.test_es9 -*-
"""
ES9+: what the LPA says to an SM-DP+, JSON over HTTPS (SGP.22 5.6, 6.5.2); and ES11, the same with an SM-DS (5.8).

Only the outside of each answer is checked here: status, fields, base64, the tag of each data object, the echo of the
transactionId.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from cardgw.apdu.tlv import only
from cardgw.interfaces import IHTTPClient
from cardgw.lpa.certificates import Role
from cardgw.lpa.reasons import Reason, es9_reason
from cardgw.lpa.server_errors import AddressRefused, HttpStatusError, MalformedServerAnswer, ServerError, shown

PATH = "/gsma/rsp2/es9plus/"
HEADERS: Mapping[str, str] = {
    "User-Agent": "gsma-rsp-lpad",
    "X-Admin-Protocol": "gsma/rsp/v2.2.2",
    "Content-Type": "application/json",
}
"""SGP.22 6.5.1.2 to 6.5.1.4."""
OK, NO_CONTENT, SERVER_ERRORS = 200, 204, 500
SECRET_MIN = 4
"""Shorter texts are no secrets, and may be anywhere."""
SUCCESS = {"Executed-Success", "Executed-WithWarning"}
"""SGP.22 6.5.1.4: the function has been carried out."""
FAILURE = {"Failed", "Expired"}

OCTET_STRING, SEQUENCE, SIGNATURE = 0x04, 0x30, 0x5F37
STORE_METADATA, BOUND_PROFILE_PACKAGE = 0xBF25, 0xBF36
_ADDRESS = re.compile(r"[^/?#\\@]+")
_TRANSACTION_ID = re.compile(r"([0-9A-Fa-f]{2}){1,16}")


class Es9Error(ServerError):
    """
    The server refused the request.

    @ivar function: of ES9+, for example C{"authenticateClient"}.
    @ivar subject: the subject code, for example C{"8.2.6"}; may be empty.
    @ivar reason: the reason code, for example C{"3.8"}; may be empty.
    @ivar message: the server's own words; may be empty.
    """

    def __init__(self, function: str, subject: str, reason: str, message: str = "") -> None:
        self._known: Reason | None = es9_reason(subject, reason)
        codes = f"{subject or '?'}/{reason or '?'}" if subject or reason else "no reason given"
        super().__init__(
            f"{function} {codes}{f' ({message})' if message else ''}", hint=self._known.todo if self._known is not None else ""
        )
        self.function, self.subject, self.reason, self.message = function, subject, reason, message

    @property
    def sentence(self) -> str:
        """
        What happened.
        """
        return self._known.what.rstrip(".") if self._known is not None else super().sentence

    @property
    def brief(self) -> str:
        """
        The same for a small display.
        """
        return self._known.brief if self._known is not None else super().brief


class WrongTransaction(MalformedServerAnswer):
    """
    The server answered for another session.
    """


@frozen
class InitiateAuthentication:
    """
    The answer to initiateAuthentication; each C{bytes} is one whole data object as received.
    """

    transaction_id: str
    server_signed1: bytes = field(repr=False)
    server_signature1: bytes = field(repr=False)
    ci_key_id: bytes
    certificate: bytes = field(repr=False)


@frozen
class AuthenticateClient:
    """
    The answer to authenticateClient; each C{bytes} is one whole data object as received.
    """

    transaction_id: str
    metadata: bytes = field(repr=False)
    smdp_signed2: bytes = field(repr=False)
    smdp_signature2: bytes = field(repr=False)
    certificate: bytes = field(repr=False)


def _without_spaces(address: str) -> str:
    """
    Some operators' notification addresses have spaces in them.
    """
    return "".join(address.split())


@frozen
class _Answer:
    """
    The JSON object of an answer that says it was a success.
    """

    function: str
    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        """
        @raise MalformedServerAnswer: it is missing or not a text.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            raise MalformedServerAnswer(f"{self.function}: {name} is {'missing' if value is None else 'not a text'}")
        return value

    def items(self, name: str) -> list[Any]:
        """
        @raise MalformedServerAnswer: it is missing or not a list.
        """
        value = self.values.get(name)
        if not isinstance(value, list):
            raise MalformedServerAnswer(f"{self.function}: {name} is {'missing' if value is None else 'not a list'}")
        return value

    def tlv(self, name: str, tag: int) -> bytes:
        """
        @return: one whole data object.
        @raise MalformedServerAnswer: it is missing, not base64 or another object.
        """
        text = "".join(self.text(name).split()).rstrip("=")
        try:
            return only(b64decode(text + "=" * (-len(text) % 4), validate=True), tag).raw
        except Base64Error:
            raise MalformedServerAnswer(f"{self.function}: {name} is not base64") from None
        except ValueError as problem:
            raise MalformedServerAnswer(f"{self.function}: {name}: {problem}") from None

    def same_transaction(self, expected: str) -> None:
        """
        @raise WrongTransaction: it is about another session.
        """
        if self.text("transactionId").lower() != expected.lower():
            raise WrongTransaction(f"{self.function}: another transactionId")


@frozen
class Es9:
    """
    One SM-DP+ or SM-DS, as one card sees it.

    @ivar host: its address as the card or the activation code has it.
    @ivar trusted: key identifiers of the CIs that the card trusts.
    @ivar role: what its TLS certificate must be good for.
    @ivar secret: a text that it may know, and that is not to be seen in what it says of errors: the matching id.
    """

    http: IHTTPClient = field(repr=False)
    host: str = field(converter=_without_spaces)
    trusted: frozenset[bytes] = frozenset()
    role: Role = Role.TLS
    secret: str = field(default="", repr=False)

    async def initiate_authentication(self, challenge: bytes, info1: bytes) -> InitiateAuthentication:
        """
        Open a session (SGP.22 5.6.1).

        @param challenge: 16 bytes.
        @param info1: EUICCInfo1, the whole data object.
        """
        values = {"smdpAddress": self.host, "euiccChallenge": _base64(challenge), "euiccInfo1": _base64(info1)}
        answer = await self._call("initiateAuthentication", values)
        transaction_id = answer.text("transactionId")
        if not _TRANSACTION_ID.fullmatch(transaction_id):
            raise MalformedServerAnswer("initiateAuthentication: transactionId is not hexadecimal, 1 to 16 bytes")
        return InitiateAuthentication(
            transaction_id,
            answer.tlv("serverSigned1", SEQUENCE),
            answer.tlv("serverSignature1", SIGNATURE),
            answer.tlv("euiccCiPKIdToBeUsed", OCTET_STRING),
            answer.tlv("serverCertificate", SEQUENCE),
        )

    async def authenticate_client(self, transaction_id: str, response: bytes) -> AuthenticateClient:
        """
        Show the server who the eUICC is; the answer is about the profile (SGP.22 5.6.3).

        @param transaction_id: exactly as the server gave it.
        @param response: AuthenticateServerResponse, the whole data object.
        """
        answer = await self._authenticate(transaction_id, response)
        return AuthenticateClient(
            answer.text("transactionId"),
            answer.tlv("profileMetadata", STORE_METADATA),
            answer.tlv("smdpSigned2", SEQUENCE),
            answer.tlv("smdpSignature2", SIGNATURE),
            answer.tlv("smdpCertificate", SEQUENCE),
        )

    async def authenticate_for_events(self, transaction_id: str, response: bytes) -> list[Any]:
        """
        Show an SM-DS who the eUICC is; the answer is where profiles wait for it (SGP.22 5.8.2).

        @param response: see L{authenticate_client}.
        @return: what the list C{eventEntries} has in it, whatever that is.
        """
        return (await self._authenticate(transaction_id, response)).items("eventEntries")

    async def _authenticate(self, transaction_id: str, response: bytes) -> _Answer:
        values = {"transactionId": transaction_id, "authenticateServerResponse": _base64(response)}
        answer = await self._call("authenticateClient", values)
        answer.same_transaction(transaction_id)
        return answer

    async def get_bound_profile_package(self, transaction_id: str, response: bytes) -> bytes:
        """
        Get the profile, encrypted for this eUICC (SGP.22 5.6.2).

        @param response: PrepareDownloadResponse, the whole data object.
        @return: BoundProfilePackage, the whole data object.
        """
        values = {"transactionId": transaction_id, "prepareDownloadResponse": _base64(response)}
        answer = await self._call("getBoundProfilePackage", values)
        answer.same_transaction(transaction_id)
        return answer.tlv("boundProfilePackage", BOUND_PROFILE_PACKAGE)

    async def handle_notification(self, pending: bytes) -> None:
        """
        Deliver a notification (SGP.22 5.6.4).  The server has it when this returns.

        @param pending: the whole data object.
        """
        await self._call("handleNotification", {"pendingNotification": _base64(pending)}, answered=False)

    async def cancel_session(self, transaction_id: str, response: bytes) -> None:
        """
        Give a session up (SGP.22 5.6.5).

        @param response: CancelSessionResponse, the whole data object.
        """
        values = {"transactionId": transaction_id, "cancelSessionResponse": _base64(response)}
        await self._call("cancelSession", values, answered=False)

    async def _call(self, function: str, values: Mapping[str, str], *, answered: bool = True) -> _Answer:
        if not _ADDRESS.fullmatch(self.host):  # a card could choose where on a host its data goes
            raise AddressRefused(f"{shown(self.host)!r} is not a host name", hint="")
        body = json.dumps(values, separators=(",", ":")).encode("ascii")
        status, answer = await self.http.post(f"https://{self.host}{PATH}{function}", body, HEADERS, self.trusted, self.role)
        if status not in (OK, NO_CONTENT):
            raise HttpStatusError(status, function, hint="Try again later." if status >= SERVER_ERRORS else "")
        if not answered and not answer.strip():
            return _Answer(function, {})
        return _checked(function, answer, self.secret)


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode("ascii")


def _checked(function: str, octets: bytes, secret: str) -> _Answer:
    """
    Read the JSON, and its header (SGP.22 6.5.1.4).

    @param secret: see L{Es9}.
    """
    try:
        values = json.loads(octets)
    except (ValueError, RecursionError):
        raise MalformedServerAnswer(f"{function}: {'not JSON' if octets.strip() else 'empty'}") from None
    execution = _table(_table(_table(values), "header"), "functionExecutionStatus")
    status = _word(execution, "status", secret)
    if status in SUCCESS:
        return _Answer(function, values)
    if status in FAILURE:
        data = _table(execution, "statusCodeData")
        raise Es9Error(function, *(_word(data, name, secret) for name in ("subjectCode", "reasonCode", "message")))
    raise MalformedServerAnswer(f"{function}: {f'unknown status {status}' if status else 'no status'} in its header")


def _table(value: Any, name: str = "") -> dict[str, Any]:
    found = value.get(name) if name else value
    return found if isinstance(found, dict) else {}


def _word(values: Mapping[str, Any], name: str, secret: str) -> str:
    value = values.get(name)
    if not isinstance(value, str):
        return ""
    return shown(value if len(secret) < SECRET_MIN else re.sub(re.escape(secret), "***", value, flags=re.IGNORECASE))
