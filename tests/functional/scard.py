# -*- test-case-name: tests.functional.test_pcscd -*-
"""
Another program that uses PC/SC, as tests see it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.functional.cli_process import Running
from tests.functional.commands import environment
from tests.functional.operators import reactor, until

CALLS = Path(__file__).with_name("scard_calls.py")

SUCCESS = 0
CANCELLED, NO_SERVICE, SHARING_VIOLATION, NO_CARD, RESET, REMOVED = (
    0x80100002,
    0x8010001D,
    0x8010000B,
    0x8010000C,
    0x80100068,
    0x80100069,
)
"""Some results of calls (pcsclite.h)."""
PRESENT, EMPTY = 0x20, 0x10
"""States of a reader: C{SCARD_STATE_PRESENT}, C{SCARD_STATE_EMPTY}."""
FOREVER = 0xFFFFFFFF


class Program:
    """
    A process that makes calls of the PC/SC library, one at a time.
    """

    def __init__(self) -> None:
        self._running = Running(None)
        self._heard = 0
        reactor.spawnProcess(self._running, sys.executable, [sys.executable, str(CALLS)], environment())

    async def call(self, name: str, *arguments: Any) -> list[Any]:
        """
        @param arguments: text that begins with C{SCARD_} is the number of that name.
        @return: what the function gives: the result, unsigned, and what else.
        """
        self._heard += 1
        self._running.type(json.dumps([name, *arguments]) + "\n")
        await until(lambda: self._running.out.count("\n") >= self._heard or self._running.done.called)
        assert not self._running.done.called, self._running.err
        found: list[Any] = json.loads(self._running.out.splitlines()[self._heard - 1])
        return found

    async def end(self) -> None:
        """
        Kill it, and wait until it is gone.
        """
        self._running.end()
        await self._running.done


class User:
    """
    One who uses a card at a reader, with this program.

    @raise Refused: by each method: a call did not succeed.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._context = self._card = self._protocol = 0

    async def _call(self, name: str, *arguments: Any) -> Any:
        result, *values = await self.program.call(name, *arguments)
        if result != SUCCESS:
            raise Refused(name, result)
        return values[0] if len(values) == 1 else values

    async def begin(self) -> None:
        """
        Get to know pcscd.
        """
        self._context = await self._call("SCardEstablishContext", "SCARD_SCOPE_SYSTEM")

    async def readers(self) -> list[str]:
        """
        The readers that there are.
        """
        found: list[str] = await self._call("SCardListReaders", self._context, [])
        return found

    async def wait(self, reader: str, state: int) -> bytes:
        """
        Wait until a reader is in a state.

        @return: the ATR.
        """
        known = 0
        while True:
            ((_, known, atr),) = await self._call("SCardGetStatusChange", self._context, FOREVER, [(reader, known)])
            if known & state:
                return bytes(atr)

    async def connect(self, reader: str, share: str = "SCARD_SHARE_SHARED", protocol: int = 3) -> int:
        """
        Use the card.

        @param protocol: 1 for T=0, 2 for T=1, 3 for either.
        @return: which one.
        """
        self._card, self._protocol = await self._call("SCardConnect", self._context, reader, share, protocol)
        return self._protocol

    async def transmit(self, command: bytes) -> bytes:
        """
        Send a command.
        """
        header = "SCARD_PCI_T1" if self._protocol == 2 else "SCARD_PCI_T0"
        return bytes(await self._call("SCardTransmit", self._card, header, list(command)))

    async def lock(self) -> None:
        """
        Begin a transaction.
        """
        await self._call("SCardBeginTransaction", self._card)

    async def unlock(self) -> None:
        """
        End it.
        """
        await self._call("SCardEndTransaction", self._card, "SCARD_LEAVE_CARD")

    async def reset(self, how: str = "SCARD_RESET_CARD") -> None:
        """
        Start the card anew; the connection goes on.
        """
        self._protocol = await self._call("SCardReconnect", self._card, "SCARD_SHARE_SHARED", 3, how)

    async def disconnect(self, how: str = "SCARD_LEAVE_CARD") -> None:
        """
        Use it no longer.
        """
        await self._call("SCardDisconnect", self._card, how)


class Refused(Exception):
    """
    A call did not succeed.

    @ivar result: of it.
    """

    def __init__(self, name: str, result: int) -> None:
        super().__init__(f"{name}: {result:08X}")
        self.result = result
