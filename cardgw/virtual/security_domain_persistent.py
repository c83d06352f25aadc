# -*- test-case-name: tests.virtual.test_security_domain_persistent -*-
"""
The software card written down and read again: registry, keys, counters, what was stored.  It is one JSON object, bytes as
hexadecimal.  B{Keys are in it as they are}: those of a toy.  What kind of card it is is not in it, nor sessions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import Privilege
from cardgw.scp.store import KeyReference
from cardgw.virtual.security_domain_keys import KeyRing, StoredKey
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_state import Card

_FORMAT = 1


def save_card(card: Card, path: Path) -> None:
    """
    Write it, readable by its owner alone.

    @raise OSError: it cannot be written.
    """
    items = [_item(each) for each in card.registry.items.values()]
    text = json.dumps({"format": _FORMAT, "receipts": card.receipts, "items": items}, indent=1)
    made = path.with_name(path.name + ".new")
    made.unlink(missing_ok=True)
    made.touch(mode=0o600, exist_ok=False)
    made.write_text(text + "\n", "utf-8")
    made.replace(path)


def restore_card(card: Card, path: Path) -> None:
    """
    Read it, in place of what is on the card.

    @raise OSError: it cannot be read.
    @raise ValueError: it is something else; the text does not show what is in it.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["format"] != _FORMAT:
            raise ValueError
        items = [_read_item(each, card.options.key_versions) for each in found["items"]]
        (isd,) = (each for each in items if each.kind is Kind.ISD)
        receipts = int(found["receipts"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{path}: it is not what a software card has written") from None
    card.registry.isd, card.registry.items, card.receipts = isd, {each.aid: each for each in items}, receipts


def _item(item: Item) -> dict[str, Any]:
    return {
        "aid": item.aid.hex(),
        "kind": item.kind.value,
        "state": item.state,
        "domain": item.domain.hex(),
        "privileges": int(item.privileges),
        "load_file": item.load_file.hex(),
        "version": item.version.hex(),
        "modules": [each.hex() for each in item.modules],
        "size": item.size,
        "implicit": list(item.implicit),
        "data": {str(tag): value.hex() for tag, value in item.data.items()},
        "ring": None if item.ring is None else _ring(item.ring),
    }


def _read_item(found: Mapping[str, Any], most: int) -> Item:
    return Item(
        bytes.fromhex(found["aid"]),
        Kind(found["kind"]),
        int(found["state"]),
        bytes.fromhex(found["domain"]),
        Privilege(found["privileges"]),
        bytes.fromhex(found["load_file"]),
        bytes.fromhex(found["version"]),
        tuple(map(bytes.fromhex, found["modules"])),
        int(found["size"]),
        tuple(map(int, found["implicit"])),
        {int(tag): bytes.fromhex(value) for tag, value in found["data"].items()},
        None if found["ring"] is None else _read_ring(found["ring"], most),
    )


def _ring(ring: KeyRing) -> dict[str, Any]:
    return {
        "versions": _keys(ring.versions),
        "factory": _keys(ring.factory),
        "counters": {str(version): count for version, count in ring.counters.items()},
        "failures": {str(version): count for version, count in ring.failures.items()},
        "attempts": [[*_pair(key), count] for key, count in ring.attempts.items()],
        "certificates": [[*_pair(key), *(each.hex() for each in found)] for key, found in ring.certificates.items()],
        "issuers": [[*_pair(key), name.hex()] for key, name in ring.issuers.items()],
        "card_issuers": [[*_pair(key), name.hex()] for key, name in ring.card_issuers.items()],
        "allowed": [[*_pair(key), *(each.hex() for each in sorted(found))] for key, found in ring.allowed.items()],
        "lists": [[*_pair(key), count] for key, count in ring.lists.items()],
    }


def _read_ring(found: Mapping[str, Any], most: int) -> KeyRing:
    ring = KeyRing(most)
    ring.versions, ring.factory = _read_keys(found["versions"]), _read_keys(found["factory"])
    ring.counters = {int(version): int(count) for version, count in found["counters"].items()}
    ring.failures = {int(version): int(count) for version, count in found["failures"].items()}
    ring.attempts = {KeyReference(kid, kvn): int(count) for kid, kvn, count in found["attempts"]}
    ring.certificates = {KeyReference(kid, kvn): tuple(map(bytes.fromhex, each)) for kid, kvn, *each in found["certificates"]}
    ring.issuers = {KeyReference(kid, kvn): bytes.fromhex(name) for kid, kvn, name in found["issuers"]}
    ring.card_issuers = {KeyReference(kid, kvn): bytes.fromhex(name) for kid, kvn, name in found["card_issuers"]}
    ring.allowed = {KeyReference(kid, kvn): frozenset(map(bytes.fromhex, each)) for kid, kvn, *each in found["allowed"]}
    ring.lists = {KeyReference(kid, kvn): int(count) for kid, kvn, count in found.get("lists", ())}
    return ring


def _keys(versions: Mapping[int, Mapping[int, StoredKey]]) -> list[list[Any]]:
    return [
        [version, key, each.type, each.value.hex(), each.curve, each.check.hex(), each.exponent.hex()]
        for version, keys in versions.items()
        for key, each in keys.items()
    ]


def _read_keys(rows: list[list[Any]]) -> dict[int, dict[int, StoredKey]]:
    found: dict[int, dict[int, StoredKey]] = {}
    for version, key, kind, value, curve, check, exponent in rows:
        made = StoredKey(int(kind), bytes.fromhex(value), curve, bytes.fromhex(check), bytes.fromhex(exponent))
        found.setdefault(int(version), {})[int(key)] = made
    return found


def _pair(reference: KeyReference) -> tuple[int, int]:
    return reference.kid, reference.kvn
