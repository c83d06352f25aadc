# -*- test-case-name: tests.lpa.test_profile_json -*-
"""
L{cardgw.lpa.profile_json}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.metadata import Notification, Owner
from cardgw.lpa.profile_json import profile_json, rules_json
from cardgw.lpa.profiles import Profile

LPAC_KEYS = (
    "iccid",
    "isdpAid",
    "profileState",
    "profileNickname",
    "serviceProviderName",
    "profileName",
    "iconType",
    "icon",
    "profileClass",
)
"""What lpac was seen to print of each profile, in its order."""


class ProfileTests(SynchronousTestCase):
    """
    L{profile_json}.
    """

    def test_least(self) -> None:
        """
        The keys that lpac prints are always there.
        """
        self.assertEqual(profile_json(Profile("")), dict.fromkeys(LPAC_KEYS))

    def test_values(self) -> None:
        """
        The values are written as lpac writes them.
        """
        found = profile_json(
            Profile("8999", b"\xa0\1", "enabled", "Mine", "SP", "Name", "operational", icon_type="jpg", icon=b"\xff\xd8"),
            icons=True,
        )
        values = ("8999", "a001", "enabled", "Mine", "SP", "Name", "jpeg", "/9g=", "operational")
        self.assertEqual(found, dict(zip(LPAC_KEYS, values, strict=True)))

    def test_noIcons(self) -> None:
        """
        An icon that nobody wanted is left out even if the card gave it.
        """
        found = profile_json(Profile("8999", icon_type="png", icon=b"icon"))
        self.assertEqual((found["iconType"], found["icon"]), (None, None))

    def test_more(self) -> None:
        """
        What lpac does not print has the names of SGP.22.
        """
        profile = Profile(
            "8999",
            policy_rules=frozenset({"ppr2", "ppr1"}),
            owner=Owner(bytes.fromhex("62f210"), b"\1"),
            notifications=(Notification(frozenset({"delete", "enable"}), "a.test"),),
            dp_data=b"\6\1\x2a",
        )
        found = profile_json(profile)
        self.assertEqual(
            {key: value for key, value in found.items() if key not in LPAC_KEYS},
            {
                "profilePolicyRules": ["ppr1", "ppr2"],
                "profileOwner": {"plmn": "62f210", "gid1": "01", "gid2": None},
                "notificationConfigurationInfo": [
                    {"profileManagementOperation": ["enable", "delete"], "notificationAddress": "a.test"}
                ],
                "dpProprietaryData": "06012a",
            },
        )

    def test_rules(self) -> None:
        """
        Rules are in the order of their bits.
        """
        self.assertEqual(rules_json({"ppr2", "pprUpdateControl", "ppr1"}), ["pprUpdateControl", "ppr1", "ppr2"])
