# -*- test-case-name: tests.lpa.test_profile_json -*-
"""
A profile as a C{dict} for JSON: the names are those of SGP.22 annex H, the values are written as lpac writes them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from cardgw.lpa.es10 import RULES
from cardgw.lpa.metadata import Notification
from cardgw.lpa.notification import EVENTS
from cardgw.lpa.profiles import Profile

_ICON_TYPES = {"jpg": "jpeg"}
"""Where lpac has another word than SGP.22."""


def operator_json(code: str, gid1: bytes, gid2: bytes) -> dict[str, Any]:
    """
    OperatorId.

    @param code: MCC and MNC as coded, in hexadecimal.
    """
    return {"plmn": code or None, "gid1": gid1.hex() or None, "gid2": gid2.hex() or None}


def rules_json(rules: Iterable[str]) -> list[str]:
    """
    PprIds, in the order of their bits.
    """
    return sorted(rules, key=RULES.index)


def named_json(profile: Profile) -> dict[str, Any]:
    """
    Which profile it is.
    """
    return {"iccid": profile.iccid or None, "isdpAid": profile.aid.hex() or None}


def profile_json(profile: Profile, *, icons: bool = False) -> dict[str, Any]:
    """
    ProfileInfo.  What the card does not tell is C{None} where lpac has a key for it, and absent elsewhere.

    @param icons: with the icon in base 64.
    """
    found: dict[str, Any] = {
        **named_json(profile),
        "profileState": profile.state or None,
        "profileNickname": profile.nickname or None,
        "serviceProviderName": profile.provider or None,
        "profileName": profile.name or None,
        "iconType": _ICON_TYPES.get(profile.icon_type or "", profile.icon_type) if icons else None,
        "icon": (b64encode(profile.icon).decode() or None) if icons else None,
        "profileClass": profile.profile_class,
    }
    return found | {key: value for key, value in _more(profile).items() if value}


def _more(profile: Profile) -> dict[str, Any]:
    owner = profile.owner
    return {
        "notificationConfigurationInfo": [_notification(each) for each in profile.notifications],
        "profileOwner": owner and operator_json(owner.mcc_mnc.hex(), owner.gid1, owner.gid2),
        "dpProprietaryData": profile.dp_data.hex(),
        "profilePolicyRules": rules_json(profile.policy_rules),
    }


def _notification(each: Notification) -> dict[str, Any]:
    events = [event for event in EVENTS if event in each.events]
    return {"profileManagementOperation": events, "notificationAddress": each.address}
