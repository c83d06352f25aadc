# -*- test-case-name: tests.bench.test_pcsc -*-
"""
A software card that costs little, in a process of its own: C{python -m bench.card PORT}.  It has no application, and does all
else that it is told at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import react

from cardgw.apdu.atr import make_atr
from cardgw.virtual.vicc import Outcome, dial

ATR = make_atr(b"\x80", 1)
"""T=1, and nothing that is told of it."""
_NOT_THERE = {0xA4: b"\x6a\x82", 0x70: b"\x68\x81", 0xCA: b"\x6a\x88"}
"""SELECT, MANAGE CHANNEL, GET DATA."""
_DONE = b"\x90\x00"


def answer(command: bytes) -> bytes:
    """
    What the card answers.
    """
    return _NOT_THERE.get(command[1], _DONE)


def insert(reactor: Any, port: str) -> Deferred[Outcome]:
    """
    Put it into the reader that waits at a TCP port of loopback.
    """
    return dial(reactor, TCP4ClientEndpoint(reactor, "127.0.0.1", int(port)), answer, ATR)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The command line.
    """
    react(insert, sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    main()
