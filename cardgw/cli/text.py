# -*- test-case-name: tests.cli.test_text -*-
"""
Texts for a terminal.  What a card or a server has named could hold control characters: they are never printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from cardgw.identities import AGENT, CUID, FORMS, IIN_CIN, UID
from cardgw.virtual.demo_view import STAGES as OF_DOWNLOADS

STAGES: Mapping[str, str] = {
    **OF_DOWNLOADS,
    "es9p_initiate_authentication": "the server answers the challenge",
    "es9p_handle_notification": "the SM-DP+ is told what happened",
    "es10a_set_default_dp_address": "the eUICC learns its default SM-DP+",
    "es10b_list_notification": "the eUICC lists its notifications",
    "es10b_retrieve_notifications_list": "the eUICC hands out its notifications",
    "es10b_load_crl": "the eUICC loads a list of revoked certificates",
    "es10c_get_eid": "the eUICC tells its EID",
    "es10c_ex_get_euiccinfo2": "the eUICC tells what it is",
    "es10c_get_profiles_info": "the eUICC lists its profiles",
    "es10c_enable_profile": "the eUICC enables the profile",
    "es10c_disable_profile": "the eUICC disables the profile",
    "es10c_delete_profile": "the eUICC deletes the profile",
    "es10c_set_nickname": "the eUICC learns the nickname",
    "es10c_euicc_memory_reset": "the eUICC clears its memory",
    "es11_authenticate_client": "the SM-DS checks the eUICC",
    "es10a_get_euicc_configured_addresses": "the eUICC tells its servers",
    "apdu_script": "the card is sent the script",
    "gp_identify": "the card tells who it is",
    "gp_authenticate": "the card and the gateway authenticate each other",
    "gp_info": "the card tells what it is",
    "gp_registry": "the card lists what is on it",
    "gp_clean_up": "what is left of a load that broke off is deleted",
    "gp_replace": "what the card has of it is deleted",
    "gp_load": "the card is loaded",
    "gp_install": "the card installs the application",
    "gp_make_selectable": "the card makes the application selectable",
    "gp_extradite": "the card gives it to another security domain",
    "gp_set_privileges": "the card changes what it may do",
    "gp_delete": "the card deletes",
    "gp_put_keys": "the card gets the keys",
    "gp_delete_keys": "the card deletes keys",
    "gp_get_data": "the card hands out data",
    "gp_store_data": "the card stores data",
    "gp_get_certificates": "the card hands out certificates",
    "gp_store_certificates": "the card stores certificates",
    "gp_set_status": "the card changes its state",
    "gp_script": "the card is sent the script, protected",
    "attaching": "the card is being put into the reader",
    "attached": "in the reader until cancelled",
    "use_data": "data is transferred",
    "cat_busy": "the card is busy with a menu or a message",
}
"""Stages (most have lpac's names) and what happens in them."""
WARNINGS = "warnings"
"""The fact of a stage that tells what is to be told as warnings."""
_ALONE = ("provider", "name", "host", "iccid", "address", "reader")
"""Facts that need no word beside them."""
_UNITS = ((86400 * 365, "y"), (86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_LIFETIME = re.compile(r"([1-9][0-9]{0,8}) ?(s|min|h|d|w|y)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
_SHORT_TAIL, _TAIL = 4, 6
_OTHERS = "|".join(f"{scheme}:{FORMS[scheme]}" for scheme in (CUID, IIN_CIN, UID, AGENT))
_PERSONAL = re.compile(rf"(?<![a-z])(?:{_OTHERS})|(?<![0-9])[0-9]{{18,32}}(?![0-9])")


def clean(text: Any) -> str:
    """
    A text without what would control the terminal or turn what is beside it around; lines stay lines.
    """
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in str(text))


def flat(text: Any) -> str:
    """
    The same in one line.
    """
    return clean(" ".join(str(text).split("\n")))


def sentence(text: Any) -> str:
    """
    The same with a full stop, so that something can be said after it.
    """
    told = flat(text).rstrip()
    return told if not told or told.endswith((".", "?", "!")) else f"{told}."


def stage_text(name: str, facts: Mapping[str, Any]) -> str:
    """
    A stage as a sentence, with what is known by then.
    """
    told = [str(facts[key]) for key in _ALONE if facts.get(key)]
    told += [_fact(key, value) for key, value in facts.items() if key not in (*_ALONE, WARNINGS) and _tells(value)]
    sentence = STAGES.get(name, name.replace("_", " "))
    return flat(f"{sentence}: {', '.join(told)}" if told else sentence)


def warning(text: Any) -> str:
    """
    A warning as a line; it begins with what is wrong.
    """
    return f"WARNING: {flat(text)}"


def _tells(value: Any) -> bool:
    return value is not False and value not in (None, "", [])


def _fact(key: str, value: Any) -> str:
    if value is True:
        return key
    return f"{key} {' '.join(map(str, value)) if isinstance(value, list) else value}"


def segment(name: str) -> str:
    """
    A name as part of a path.
    """
    return quote(name, safe=":")


def digits_of(identity: str | None) -> str:
    """
    An EID without what is before it, other identities as they are; a dash for none.
    """
    return (identity or "-").removeprefix("eid:")


def tail_of(identity: str | None) -> str:
    """
    The end of an identity, which is good enough for C{--card}; short names as they are.
    """
    digits = digits_of(identity)
    return f"\u2026{digits[-_TAIL:]}" if len(digits) > 2 * _TAIL else digits


def seconds_of(text: str | None) -> float | None:
    """
    A time of the API in seconds since 1970, or C{None} where it is none.
    """
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except ValueError:
        return None


def age(text: str | None, now: float) -> str:
    """
    How long ago something was, or how long it will take: C{3 min}.
    """
    moment = seconds_of(text)
    if moment is None:
        return "-"
    passed = abs(now - moment)
    size, unit = next(((size, unit) for size, unit in _UNITS if passed >= size), (1, "s"))
    return f"{int(passed // size)} {unit}"


def due(text: str | None, now: float) -> str:
    """
    When something will be: C{in 3 min}, or C{now} if it should have been.
    """
    moment = seconds_of(text)
    return "now" if moment is None or moment <= now else f"in {age(text, now)}"


def moment(text: str | None) -> str:
    """
    A time of the API for people, in their own time zone.
    """
    seconds = seconds_of(text)
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def lifetime(text: str) -> int:
    """
    A duration as people write it (C{30d}, C{12h}, C{90min}), in seconds.

    @raise ValueError: it is none.
    """
    found = _LIFETIME.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("write it like 30d, 12h or 90min")
    return int(found[1]) * _SECONDS[found[2]]


def shortened(text: str) -> str:
    """
    A text in which EIDs, ICCIDs and other identities of cards, which are personal, have their last digits only.
    """
    return _PERSONAL.sub(lambda found: "\u2026" + found[0][-_SHORT_TAIL:], text)
