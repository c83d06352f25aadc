# -*- test-case-name: tests.scp.test_secrets,tests.scp.test_dropped -*-
"""
What hangs on a session, and the keys of cards and hosts for the tests.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from cardgw.scp.kdf import SessionKeys
from cardgw.scp.scp02 import scp02
from cardgw.scp.scp03 import scp03
from cardgw.scp.scp11 import scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.session import Handshake
from tests.scp import rig, scp02_rig
from tests.scp.scp11_rig import card, make_pki, plan


def reachable(*roots: object) -> Iterator[object]:
    """
    All that hangs on some objects, but for classes, modules and functions without variables of their own.
    """
    seen: dict[int, object] = {}
    waiting = list(roots)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, (type, ModuleType)):
            continue
        seen[id(thing)] = thing
        yield thing
        if isinstance(thing, FunctionType):
            waiting.extend(cell.cell_contents for cell in thing.__closure__ or ())
        else:
            waiting.extend(gc.get_referents(thing))


def written(key: bytes) -> tuple[str, ...]:
    """
    How a key would look in a text.
    """
    return repr(key)[2:-1], key.hex(), key.hex().upper(), str(list(key))[1:-1], str(int.from_bytes(key, "big"))


def handshakes() -> list[tuple[Any, Callable[[], Handshake]]]:
    """
    Cards, and how to open sessions to them.
    """

    def agreed(variant: Variant) -> Callable[[], Handshake]:
        return lambda: scp11(plan(Terms(variant, key_length=24)))

    found: list[tuple[Any, Callable[[], Handshake]]] = [(card(), agreed(variant)) for variant in Variant]
    found.append((rig.Card(size=32), lambda: scp03(rig.keys_of(32), application=rig.AID)))
    found.append((scp02_rig.Card(), lambda: scp02(scp02_rig.KEYS, implementation=0x55, application=scp02_rig.AID)))
    return found


def session_keys_of(*things: object) -> list[bytes]:
    """
    Keys of sessions that hang on some things.
    """
    found = [thing for thing in reachable(*things) if isinstance(thing, SessionKeys)]
    return [key for each in found for key in (each.s_enc, each.s_mac, each.s_rmac) if key]


def static_keys() -> list[bytes]:
    """
    Those of all cards and hosts here.
    """
    sets = (rig.keys_of(32), scp02_rig.KEYS)
    symmetric = [key.put(bytes) for each in sets for key in (each.enc, each.mac, each.dek)]  # type: ignore[attr-defined]
    private = [make_pki(owner).key.private_numbers().private_value.to_bytes(32, "big") for owner in ("card", "host")]
    return symmetric + private
