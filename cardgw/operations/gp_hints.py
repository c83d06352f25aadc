# -*- test-case-name: tests.operations.test_gp_hints -*-
"""
What to do about a status word with which a card refuses an operation, where nobody knows better.
"""

from __future__ import annotations

from collections.abc import Mapping

_HINTS: Mapping[int, str] = {
    0x6700: "The card may have another length of MACs (mac_length), or want shorter commands.",
    0x6982: "The card does not let this host or this security domain do that.",
    0x6985: "The card does not allow this in its state, or to this security domain: gp.registry tells both. A terminated card "
    "allows nothing.",
    0x6A84: "The card has no room for it.",
    0x6A88: "The card does not have what was named: gp.registry tells what is on it, and gp.info which keys.",
}
"""By status word (GlobalPlatform Card Specification 2.3.1, 11.1.3 and the tables of each command)."""
_OF_OPERATIONS: Mapping[tuple[str, int], str] = {
    ("gp.keys.put", 0x6985): "The card may have keys of this version already: replaces says which ones are to go.",
}
_NO_KEYS = "It needs a secure channel: keys names a key set."
_NOT_ALLOWED = 0x6982


def hint_of(operation: str, status: int, *, keys: str) -> str:
    """
    A sentence or two; empty where there is nothing to say.

    @param operation: its name.
    @param keys: the name of the key set that was given, or an empty string.
    """
    if status == _NOT_ALLOWED and not keys:
        return _NO_KEYS
    return _OF_OPERATIONS.get((operation, status)) or _HINTS.get(status, "")
