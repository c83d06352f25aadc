# -*- test-case-name: tests.bench.test_scp -*-
"""
The software card of GlobalPlatform, in a process of its own, that writes down how many commands it got: C{python -m bench.domain
PORT FILE}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import react

from cardgw.gp.commands import Ins
from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.vicc import Outcome, dial


class Tally:
    """
    A card whose commands are counted.

    @ivar commands: all of them.
    @ivar loads: LOAD.
    """

    def __init__(self) -> None:
        self.card = VirtualSecurityDomain()
        self.commands = self.loads = 0

    def __call__(self, command: bytes) -> bytes:
        """
        One command.
        """
        self.commands += 1
        self.loads += command[1] == Ins.LOAD
        return self.card(command)


def insert(reactor: Any, port: str, file: str) -> Deferred[Outcome]:
    """
    Put it into the reader that waits at a TCP port of loopback.
    """
    tally, path = Tally(), Path(file)

    def answer(command: bytes) -> bytes:
        response = tally(command)
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"commands": tally.commands, "loads": tally.loads}))
        new.replace(path)
        return response

    def watch(what: str, _: dict[str, Any]) -> None:
        if what == "reset":
            tally.card.reset()

    return dial(reactor, TCP4ClientEndpoint(reactor, "127.0.0.1", int(port)), answer, tally.card.atr, watch=watch)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The command line.
    """
    react(insert, sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    main()
