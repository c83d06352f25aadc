# -*- test-case-name: tests.operations.test_gp_warnings -*-
"""
What whoever administers a card should know before: each begins with what is wrong.
"""

from __future__ import annotations

from typing import Any

from cardgw.errors import CardGatewayError
from cardgw.scp.keys import AesKey, DesKey, StaticKey

_TRIAL = bytes(range(0x40, 0x50))
"""The key that cards for trial are sold with."""
TRIAL = frozenset((AesKey(_TRIAL).kcv(), DesKey(_TRIAL).kcv()))
"""Its check values."""


def warnings_of(keys: Any, name: str, identity: str, failed: int) -> list[str]:
    """
    @param keys: a key set; of those that are no L{cardgw.scp.keys.KeySet} and no
        L{cardgw.scp.diversification.MasterKeys} nothing is told.
    @param name: what settings call it.
    @param identity: of the card; empty for a card that does not tell.
    @param failed: how many authentications with these keys have failed.
    """
    found = []
    if failed:
        times = "once" if failed == 1 else f"{failed} times"
        found.append(f"authentication with {name} has failed {times} before; the card may block its keys for good.")
    if _is_for_trial(getattr(keys, "enc", None)):
        found.append(for_trial(name))
    if not identity:
        found.append(
            "the card does not tell who it is: failures are counted for all such cards together, and a load that breaks off is "
            "not cleaned up by itself."
        )
    return found


def for_trial(name: str) -> str:
    """
    The warning of keys that everybody knows.
    """
    return f"the keys {name} are those that cards for trial are sold with (4041…4F): they protect nothing."


def _is_for_trial(key: StaticKey | None) -> bool:
    try:
        return key is not None and key.kcv() in TRIAL
    except CardGatewayError:  # a key in a token may not tell
        return False
