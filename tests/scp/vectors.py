"""
Vectors for the tests of L{cardgw.scp}: published ones, read from where they lie beside the checkout, and frozen ones of our own
for what is not published: they say that nothing changes, not that it is right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import SkipTest

from cardgw.scp.keys import KeySet

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors"
FROZEN = Path(__file__).parent / "frozen"


def vectors(name: str) -> list[dict[str, Any]]:
    """
    All of one file.
    """
    path = VECTORS / f"{name}.json"
    if not path.exists():
        raise SkipTest(f"the published vectors are not at {VECTORS}")
    found: list[dict[str, Any]] = json.loads(path.read_text())["vectors"]
    return found


def frozen(name: str) -> list[dict[str, Any]]:
    """
    All of one file of ours.
    """
    found: list[dict[str, Any]] = json.loads((FROZEN / f"{name}.json").read_text())["vectors"]
    return found


def key_set(vector: dict[str, Any]) -> KeySet:
    """
    The keys of a vector of SCP03.
    """
    enc, mac, dek = (bytes.fromhex(vector[name]) for name in ("key_enc", "key_mac", "key_dek"))
    return KeySet.of_aes(int(vector["kvn"], 16), enc, mac, dek)


def exchanges(vector: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """
    Commands and answers.
    """
    for each in vector["exchanges"]:
        yield bytes.fromhex(each["command"]), bytes.fromhex(each["response"])


def fixed(octets: bytes) -> Callable[[int], bytes]:
    """
    Entropy that is known.
    """

    def give(size: int) -> bytes:
        if size != len(octets):
            raise AssertionError(f"{size} bytes are wanted, there are {len(octets)}")
        return octets

    return give
