# -*- test-case-name: tests.bench.test_load -*-
"""
Many eSTK.me cards at once, that cost little: the answers of one real download, replayed.

It runs in a process of its own: one JSON line on standard input is a run to make, one JSON line on standard output its result.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

BOX, APDU, CLOSE = 0x00, 0xFE, 0xFC
GET_RESPONSE, STORE_DATA = 0xC0, 0xE2
MORE_BLOCKS = 0x11
OK = b"\x90\x00"
_SERIAL = 8
"""Bytes of a signature, which nobody verifies here, that make each card's notification another one."""
_serials = count(time.time_ns())
_CONNECTING = 200
"""Connections dialled at the same time: more only fill the listener's backlog."""

_PATIENCE = 900
"""Seconds after which a session that has not ended is lost."""


class Answers:
    """
    What the card answers in one download.

    @ivar es10: the first two bytes of an ES10 command to its answer (hex to hex in the file).
    @ivar package: the bytes of the bound profile package; the answer C{BF36} comes when all have arrived.
    """

    def __init__(self, path: Path) -> None:
        recorded = json.loads(path.read_text())
        self.es10 = {bytes.fromhex(tag): bytes.fromhex(answer) for tag, answer in recorded["es10"].items()}
        self.package = int(recorded["package_bytes"])
        self.request = bytes.fromhex(recorded["request"])


class CannedCard:
    """
    The eUICC of one session: a 61xx card, as lpac's notes have it.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.pending = b""
        self.first = b""
        self.loaded = 0
        self.loading = False

    def transmit(self, apdu: bytes) -> bytes:
        """
        One command, one answer.
        """
        if apdu[1] == GET_RESPONSE:
            size = apdu[4] or 256
            part, self.pending = self.pending[:size], self.pending[size:]
            return part + self._status()
        data = apdu[5:]
        self.first = self.first or data[:2]
        if self.first == b"\xbf\x36":
            self.loading = True
        if self.loading:
            self.loaded += len(data)
        if apdu[2] == MORE_BLOCKS:
            return OK
        self.pending, self.first = self._answer(self.first), b""
        return self._status()

    def _answer(self, first: bytes) -> bytes:
        if not self.loading:
            return self.answers.es10.get(first, b"")
        if self.loaded < self.answers.package:
            return b""
        self.loading = False
        return self.answers.es10[b"\xbf\x36"][:-_SERIAL] + next(_serials).to_bytes(_SERIAL, "big")

    def _status(self) -> bytes:
        return bytes((0x61, min(len(self.pending), 256) & 0xFF)) if self.pending else OK


class Session(asyncio.Protocol):
    """
    One card's connection, from dialling to goodbye.

    @ivar ended: gives whether the profile was installed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, answers: Answers, delay: float) -> None:
        self.loop = loop
        self.card = CannedCard(answers)
        self.delay = delay
        self.request = answers.request
        self.buffer = b""
        self.apdus = 0
        self.text = b""
        self.bye = False
        self.ended: asyncio.Future[bool] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        Ask for the download.
        """
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """
        Take the whole frames.
        """
        data = self.buffer + data
        while len(data) >= 3 and len(data) >= (end := 3 + (data[1] | data[2] << 8)):
            self._frame(data[0], data[3:end])
            data = data[end:]
        self.buffer = data

    def _frame(self, tag: int, value: bytes) -> None:
        if tag == APDU:
            self.apdus += 1
            answer = self.card.transmit(value)
            frame = bytes((APDU, len(answer) & 0xFF, len(answer) >> 8)) + answer
            if self.delay:
                self.loop.call_later(self.delay, self.transport.write, frame)
            else:
                self.transport.write(frame)
        elif tag == BOX:
            self.text += value
        elif tag == CLOSE:
            self.bye = True
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """
        The end, good or bad.
        """
        if not self.ended.done():
            self.ended.set_result(self.bye and self.text.startswith(b"Installed"))


async def one(port: int, answers: Answers, delay: float, dialling: asyncio.Semaphore) -> tuple[bool, float, int, bytes]:
    """
    One download.

    @return: whether it succeeded, its seconds from the connection to the goodbye, the APDUs, the text shown.
    """
    loop = asyncio.get_running_loop()
    async with dialling:
        started = time.perf_counter()
        try:
            _, session = await loop.create_connection(lambda: Session(loop, answers, delay), "127.0.0.1", port)
        except OSError as problem:
            return False, time.perf_counter() - started, 0, str(problem).encode()
    try:
        good = await asyncio.wait_for(session.ended, _PATIENCE)
    except TimeoutError:
        session.transport.abort()
        return False, time.perf_counter() - started, session.apdus, b"it did not end"
    return good, time.perf_counter() - started, session.apdus, session.text


async def run(order: dict[str, Any]) -> dict[str, Any]:
    """
    Make one run.

    @param order: C{answers} (path), C{port}, C{delay_ms}, C{count} downloads in all, C{at_once} of them at the same time.
    """
    answers = Answers(Path(order["answers"]))
    delay, port = order["delay_ms"] / 1000, order["port"]
    dialling, places = asyncio.Semaphore(_CONNECTING), asyncio.Semaphore(order["at_once"])

    async def placed() -> tuple[bool, float, int, bytes]:
        async with places:
            return await one(port, answers, delay, dialling)

    started = time.perf_counter()
    results = await asyncio.gather(*(placed() for _ in range(order["count"])))
    good = sorted(seconds for ok, seconds, _, _ in results if ok)
    return {
        "completed": len(good),
        "lost": len(results) - len(good),
        "wall_s": time.perf_counter() - started,
        "p50_s": good[len(good) // 2] if good else None,
        "p99_s": good[int(len(good) * 0.99)] if good else None,
        "apdus": max((apdus for ok, _, apdus, _ in results if ok), default=0),
        "problem": next((text.decode("latin-1") for ok, _, _, text in results if not ok), ""),
    }


def main() -> None:
    """
    Runs in, results out, until standard input ends.
    """
    for line in sys.stdin:
        print(json.dumps(asyncio.run(run(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
