# -*- test-case-name: tests.operations.test_gp_warnings -*-
"""
What whoever administers a card should know before: each begins with what is wrong.
"""

from __future__ import annotations

from typing import Any

from cardgw.scp.keys import AES_LENGTHS, AesKey, DesKey, StaticKey

_TRIAL = [bytes(range(0x40, 0x40 + length)) for length in AES_LENGTHS]
"""The key that cards for trial are sold with, and what it is where keys are longer."""
TRIAL = frozenset((*(AesKey(each).kcv() for each in _TRIAL), DesKey(_TRIAL[0]).kcv()))
"""Their check values."""
UNPROTECTED = (
    "the answers of the card are not protected, because it says that it cannot; nobody knows whether it is the card that says "
    "so. Give the level: 33 makes sure, and 03 is for a card that has no more."
)


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
        found.append(f"authentication with {name} has failed {times(failed)} before; the card may block its keys for good.")
    if are_for_trial(keys):
        found.append(for_trial(name))
    if not identity:
        found.append(
            "the card does not tell who it is: failures are counted for all such cards together, and a load that breaks off is "
            "not cleaned up by itself."
        )
    return found


def times(count: int) -> str:
    """
    How often something has happened, in words.
    """
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def for_trial(name: str) -> str:
    """
    The warning of keys that everybody knows.
    """
    return f"the keys {name} are those that cards for trial are sold with (4041…4F): they protect nothing."


def are_for_trial(keys: Any) -> bool:
    """
    Whether one of the keys of a set, or of master keys, is one that everybody knows.  Those in tokens are not asked.
    """
    return any(_is_for_trial(getattr(keys, name, None)) for name in ("enc", "mac", "dek"))


def _is_for_trial(key: StaticKey | None) -> bool:
    return isinstance(key, AesKey | DesKey) and key.kcv() in TRIAL  # a token would keep the gateway waiting
