# -*- test-case-name: tests.bench.test_scp -*-
"""
A package to be loaded: as long as is wanted, without applets, and with nothing in it that could run.
"""

from __future__ import annotations

from cardgw.gp.cap_components import LOAD_ORDER, MAGIC, REQUIRED, Component

PACKAGE = bytes.fromhex("F063617264677701")
_TABLE = 22
"""Bytes of the sizes in the directory of format 2.1."""


def _frame(component: Component, info: bytes) -> bytes:
    return bytes((component,)) + len(info).to_bytes(2, "big") + info


def make_package(size: int) -> bytes:
    """
    @param size: bytes in the load file data block, at least 100.
    @return: an IJC file.
    """
    infos = dict.fromkeys(REQUIRED, b"\0\0")
    infos[Component.Header] = MAGIC + bytes((1, 2, 0)) + bytes((0, 1, len(PACKAGE))) + PACKAGE
    infos[Component.Import] = b"\0"
    infos[Component.Directory] = bytes(_TABLE + 9)
    infos[Component.Method] = bytes(size - sum(3 + len(info) for each, info in infos.items() if each is not Component.Method) - 3)
    sizes = (len(infos.get(each, b"")) for each in Component if each <= Component.Descriptor)
    infos[Component.Directory] = b"".join(each.to_bytes(2, "big") for each in sizes) + bytes(9)
    return b"".join(_frame(each, infos[each]) for each in LOAD_ORDER if each in infos)
