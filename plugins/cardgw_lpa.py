# -*- test-case-name: tests.gateway.test_registry -*-
"""
Operations of an LPA on the profiles and settings of an eUICC.
"""

from cardgw.lazy import LazyOperation

info = LazyOperation(
    "lpa.info",
    "tell the EID, the capabilities, the memory and the servers of an eUICC",
    "cardgw.operations.lpa_info.CardInfo",
)
profiles = LazyOperation("lpa.profiles", "list the profiles on an eUICC", "cardgw.operations.lpa_info.ListProfiles")
enable = LazyOperation("lpa.enable", "enable a profile in place of the present one", "cardgw.operations.lpa_switch.EnableProfile")
disable = LazyOperation("lpa.disable", "disable a profile", "cardgw.operations.lpa_switch.DisableProfile")
delete = LazyOperation("lpa.delete", "delete a profile for good", "cardgw.operations.lpa_manage.DeleteProfile")
nickname = LazyOperation("lpa.nickname", "give a profile a nickname", "cardgw.operations.lpa_manage.SetNickname")
default_smdp = LazyOperation(
    "lpa.default-smdp", "set the default SM-DP+ of an eUICC", "cardgw.operations.lpa_manage.SetDefaultSmdp"
)
reset = LazyOperation(
    "lpa.reset",
    "delete all profiles of a kind, or the default SM-DP+, from an eUICC",
    "cardgw.operations.lpa_manage.ResetMemory",
)
