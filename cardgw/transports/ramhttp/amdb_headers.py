# -*- test-case-name: tests.transports.ramhttp.test_amdb_headers -*-
"""
The HTTP headers of GlobalPlatform Amendment B (1.1.3, 3.4 and annex A), and of the profile for administration agents on devices.
No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from urllib.parse import parse_qsl

from cardgw.identities import EID, agent_identity, psk_identity, psk_name
from cardgw.values import Psk

PROTOCOL, FROM, STATUS, RESUME = "x-admin-protocol", "x-admin-from", "x-admin-script-status", "x-admin-resume"
"""Of requests, in lower case."""
CONTENT_TYPE = "content-type"
NAME = "globalplatform-remote-admin"
VERSION = f"{NAME}/1.0"
TYPE = "application/vnd.globalplatform.card-content-mgt;version=1.0"
ANSWER_TYPES = ("application/vnd.globalplatform.card-content-mgt-response", "application/vnd.etsi.scp.response-data")
"""Types of what cards answer, without parameters."""
SESSION, NUMBER = "s", "n"
"""In the query of the addresses that we give."""
AGENT_MAX = 256
"""Characters of the name of an agent, at most: that of SGP.02 has 91."""
RID = 5
"""Bytes of an AID that name its owner (ISO/IEC 7816-5)."""
_VERSION = re.compile(rf"{NAME}/[0-9][0-9.]{{0,8}}", re.IGNORECASE)
_INITIATION = b"\xe8"


class Status(Enum):
    """
    C{X-Admin-Script-Status}; the last three are of the profile for administration agents.
    """

    OK = "ok"
    UNKNOWN_APPLICATION = "unknown-application"
    NOT_A_SECURITY_DOMAIN = "not-a-security-domain"
    SECURITY_ERROR = "security-error"
    UNAVAILABLE_SE = "unavailable-se"
    TEMPORARILY_UNAVAILABLE = "temporarily-unavailable-application"
    FORMAT_ERROR = "script-format-error"


def status_of(text: str) -> Status | None:
    """
    What a card says of a script; C{None} where it is no word of the standard.
    """
    try:
        return Status(text.strip().lower())
    except ValueError:
        return None


def is_ours(headers: Mapping[str, str], body: bytes) -> bool:
    """
    Whether a POST is of Amendment B.  Old CardContact clients name its protocol, but send a body of their own.

    @param headers: by lower-case names.
    """
    if body[:1] == _INITIATION:
        return False
    if FROM in headers or STATUS in headers or RESUME in headers:
        return True
    if headers.get(CONTENT_TYPE, "").partition(";")[0].strip().lower() in ANSWER_TYPES:
        return True
    return not body and headers.get(PROTOCOL, "").lower().startswith(NAME)


def is_resumed(headers: Mapping[str, str]) -> bool:
    """
    Whether the card's side comes back after its connection broke.
    """
    return headers.get(RESUME, "").strip().lower() == "true"


def version_of(headers: Mapping[str, str]) -> str:
    """
    The protocol, with the version that the card's side speaks.
    """
    given = headers.get(PROTOCOL, "").strip()
    return given if _VERSION.fullmatch(given) else VERSION


def target_of(aid: bytes) -> str:
    """
    C{X-Admin-Targeted-Application} for an application.
    """
    return f"//aid/{aid[:RID].hex().upper()}/{aid[RID:].hex().upper()}"


def next_uri(base: str, session: str, number: int) -> str:
    """
    C{X-Admin-Next-URI}: a path, with a query.

    @param base: the path of the transport.
    @param number: of the script that is answered there.
    """
    return f"{base or '/'}?{SESSION}={session}&{NUMBER}={number}"


def place_in(query: str) -> tuple[str, int]:
    """
    The session and the number in the query of an address that we gave; empty and 0 where it is another one.
    """
    try:
        found = dict(parse_qsl(query, max_num_fields=8))
    except ValueError:
        return "", 0
    number = found.get(NUMBER, "")
    return found.get(SESSION, ""), int(number) if re.fullmatch("[0-9]{1,9}", number) else 0


def is_agent(name: str) -> bool:
    """
    Whether this can be the name of an agent.
    """
    return 1 <= len(name) <= AGENT_MAX and name.isascii() and name.isprintable()


def agent_of(headers: Mapping[str, str], psk: bytes | None, bound: str) -> str:
    """
    The name of the agent: what it says, or else the one to whom its key belongs, or its identity of TLS-PSK.

    @param bound: the agent whom its key belongs to; empty for anybody.
    """
    given = headers.get(FROM, "").strip()
    return given or bound or ("" if psk is None else psk_name(psk))


def identity_of(agent: str, psk: bytes | None) -> str:
    """
    Who the card is: its EID, where agent or identity of TLS-PSK tell it, or else the agent's name.
    """
    named = agent_identity(agent)
    return named if named.startswith(f"{EID}:") else psk_identity(psk or b"") or named


def contradiction(agent: str, psk: bytes, key: Psk) -> str:
    """
    Why an agent cannot be who it says, by its key; empty where it can.
    """
    if key.agent:
        return "its key belongs to another agent" if agent != key.agent else ""
    proven, claimed = psk_identity(psk), agent_identity(agent)
    if proven and claimed.startswith(f"{EID}:") and claimed != proven:
        return "its key belongs to another card"
    if claimed in key.others and claimed not in (proven, agent_identity(psk_name(psk))):
        return "this card has a key of its own"
    return ""
