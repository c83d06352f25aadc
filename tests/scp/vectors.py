"""
Published vectors for the tests of L{cardgw.scp}, read from where they lie beside the checkout.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import SkipTest

from cardgw.scp.keys import KeySet

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    """
    All of one file.
    """
    path = VECTORS / f"{name}.json"
    if not path.exists():
        raise SkipTest(f"the published vectors are not at {VECTORS}")
    found: list[dict[str, Any]] = json.loads(path.read_text())["vectors"]
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
