# -*- test-case-name: tests.bench.test_ramhttp -*-
"""
Many clients of RAMOverHTTP that cost little, with a card each that has nothing but a name: C{python -m bench.polling}.

A JSON line on standard input is an order, a JSON line on standard output what came of it: C{{"do": "come", "port": …, "count":
…}} has more of them come, and is answered when all of them wait; C{look} tells how many are there and how often they have asked;
C{leave} lets all of them end.
"""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import count
from typing import Any

from cardgw.apdu.atr import make_atr
from cardgw.virtual.ram_tlv import (
    CLOSE,
    COMMAND,
    COMMANDS,
    INITIATION,
    RESET,
    RESPONSE,
    RESPONSES,
    TEXT,
    extent,
    plain,
    tlv,
)

ATR = make_atr(b"\x80", 1)
_COUNT = 0x80
_CPLC = bytes.fromhex("9F7F2A") + bytes(12)
_NAMED = bytes.fromhex("6F108408A000000151000000A5049F6501FF9000")
_OK, _NOT_FOUND, _REFERENCE = b"\x90\x00", b"\x6a\x82", b"\x6a\x88"
_QUIET = 1.0
"""Seconds without a command after which all of them wait."""
_CONNECTING = 100
_numbers = count(1)


class Card:
    """
    A card of GlobalPlatform that tells who it is.
    """

    def __init__(self) -> None:
        serial = next(_numbers).to_bytes(4, "big")
        self._cplc = _CPLC + serial + bytes(26) + _OK

    def __call__(self, command: bytes) -> bytes:
        """
        One command.
        """
        if command[1] == 0x70:
            return b"\x01" + _OK if command[2] == 0 else _OK
        if command[1] == 0xA4:
            return _NAMED if len(command) == 5 else _NOT_FOUND
        if command[1] == 0xCA:
            return self._cplc if command[2:4] == b"\x9f\x7f" else _REFERENCE
        return _OK


class Poller(asyncio.Protocol):
    """
    One client.

    @ivar polls: how often it was told that there is nothing to do.
    @ivar commands: how many its card has got.
    """

    transport: asyncio.Transport

    def __init__(self, crowd: Pollers) -> None:
        self.polls = self.commands = 0
        self._crowd = crowd
        self._card = Card()
        self._cookie = b""
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        Begin.
        """
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._post(tlv(INITIATION, tlv(RESET, ATR)))

    def _post(self, body: bytes) -> None:
        self.transport.write(self.request(body))

    def request(self, body: bytes) -> bytes:
        """
        A whole request.
        """
        head = b"POST /rt HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Length: %d\r\nX-Cardgw-Completes: yes\r\n\r\n"
        return head % (self._cookie, len(body)) + body

    def data_received(self, data: bytes) -> None:
        """
        Take a whole reply.
        """
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        size = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        if len(body) < size:
            return
        self._buffer = b""
        if not head.startswith(b"HTTP/1.1 200"):
            self.transport.close()
            return
        cookie = head.partition(b"Set-Cookie: ")[2].partition(b";")[0]
        self._cookie = b"Cookie: %s\r\n" % cookie if cookie else self._cookie
        self._serve(body)

    def _serve(self, body: bytes) -> None:
        begin, end = extent(body, 1, 2)
        assert body[0] == COMMANDS
        commands = [value for tag, value in plain(body[begin:end]) if tag == COMMAND]
        self.polls += not commands
        self.commands += len(commands)
        self._crowd.heard(bool(commands))
        answers = [tlv(RESPONSE, self._card(each)) for each in commands]
        number = len(answers)
        self._post(tlv(RESPONSES, *answers, tlv(_COUNT, number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"))))

    def connection_lost(self, error: Exception | None) -> None:
        """
        It is gone.
        """
        self._crowd.gone(self)


class Pollers:
    """
    All of them.

    @ivar here: those that have a connection.
    """

    def __init__(self) -> None:
        self.here: set[Poller] = set()
        self._port = 0
        self._timer: asyncio.TimerHandle | None = None
        self._quiet = asyncio.Event()
        self._empty = asyncio.Event()

    def heard(self, commands: bool) -> None:
        """
        One of them has got a reply.
        """
        if commands:
            self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_QUIET, self._silent)

    def _silent(self) -> None:
        if all(each.commands for each in self.here):
            self._quiet.set()
        else:
            self._wait()

    def gone(self, poller: Poller) -> None:
        """
        One of them has no connection any more.
        """
        self.here.discard(poller)
        if not self.here:
            self._empty.set()

    async def come(self, port: int, count: int) -> None:
        """
        More of them come.
        """
        loop, places = asyncio.get_running_loop(), asyncio.Semaphore(_CONNECTING)
        self._port = port

        async def one() -> Any:
            async with places:
                return await loop.create_connection(lambda: Poller(self), "127.0.0.1", port)

        made = await asyncio.gather(*(one() for _ in range(count)))
        self.here.update(poller for _, poller in made)
        self._wait()
        self._quiet.clear()
        await self._quiet.wait()

    async def leave(self) -> None:
        """
        All of them say that they end, on a connection besides, as clients do whose card is pulled out; both are answered.
        """
        self._empty.clear()
        for each in list(self.here):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(each.request(tlv(RESPONSES, tlv(CLOSE, tlv(TEXT, b"Card was removed.")), tlv(_COUNT, b"\0"))))
            await reader.read(1)
            writer.close()
        await self._empty.wait()

    async def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        """
        Do what is asked for.
        """
        if order["do"] == "come":
            await self.come(order["port"], order["count"])
        elif order["do"] == "leave":
            await self.leave()
        return {"here": len(self.here), "polls": sum(each.polls for each in self.here)}


async def _serve() -> None:
    pollers, loop = Pollers(), asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await pollers.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
