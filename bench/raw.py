# -*- test-case-name: tests.bench.test_pcsc -*-
"""
A program that uses a card by pyscard, and nothing of ours: C{python -m bench.raw}.  It answers JSON lines: which reader, and
how many commands; how long they took.  pyscard is called from a thread that does nothing else.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from smartcard import scard

from bench.command import COMMAND

_PRESENT = 0x20
_LONG = 30_000


class Raw:
    """
    One program, in whose thread the methods are called.
    """

    def __init__(self) -> None:
        self._context: Any = _call(scard.SCardEstablishContext, scard.SCARD_SCOPE_SYSTEM)
        self._card = self._header = 0

    def begin(self, reader: str) -> None:
        """
        Wait for the card in a reader, and begin a transaction.
        """
        known = 0
        while not known & _PRESENT:
            ((_, known, _),) = _call(scard.SCardGetStatusChange, self._context, _LONG, [(reader, known)])
        either = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        self._card, protocol = _call(scard.SCardConnect, self._context, reader, scard.SCARD_SHARE_SHARED, either)
        self._header = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        _call(scard.SCardBeginTransaction, self._card)

    def send(self, count: int) -> None:
        """
        Send that many commands, one after another.
        """
        command, transmit, card, header = list(COMMAND), scard.SCardTransmit, self._card, self._header
        for _ in range(count):
            result, answer = transmit(card, header, command)
            if result or answer != [0x90, 0x00]:
                raise RuntimeError(f"{result & 0xFFFFFFFF:08X} {answer}")

    def end(self) -> None:
        """
        End the transaction.
        """
        _call(scard.SCardEndTransaction, self._card, scard.SCARD_LEAVE_CARD)
        _call(scard.SCardDisconnect, self._card, scard.SCARD_LEAVE_CARD)


def _call(function: Any, *arguments: Any) -> Any:
    found = function(*arguments)
    result, *values = found if isinstance(found, (list, tuple)) else [found]
    if result:
        raise RuntimeError(f"{function.__name__}: {result & 0xFFFFFFFF:08X}")
    return values[0] if len(values) == 1 else values


def measure(thread: Executor, raw: Raw, reader: str, count: int, at_once: int) -> dict[str, float]:
    """
    Send commands from the thread.

    @param at_once: how many, before the thread is asked anew.
    @return: seconds, and CPU seconds of this process.
    """
    thread.submit(raw.begin, reader).result()
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(count // at_once):
        thread.submit(raw.send, at_once).result()
    figures = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    thread.submit(raw.end).result()
    return figures


def main() -> None:
    """
    The command line.
    """
    with ThreadPoolExecutor(1) as thread:
        raw = thread.submit(Raw).result()
        for line in sys.stdin:
            print(json.dumps(measure(thread, raw, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
