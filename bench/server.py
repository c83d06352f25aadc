# -*- test-case-name: tests.bench.test_server -*-
"""
An SM-DP+ that costs little: ES9+ over TLS with answers prepared beforehand.

The answers are real ones (L{bench.canned}); they fit because the bench's cards always give the same challenge.  It runs in a
process of its own and counts requests and TLS handshakes.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

_SEPARATOR = b"\r\n\r\n"


class Counters:
    """
    What the server has seen, for all its listeners.
    """

    def __init__(self) -> None:
        self.handshakes = 0
        self.requests = 0


def http_answer(body: bytes | None) -> bytes:
    """
    A whole HTTP/1.1 answer; no body is 204.
    """
    if body is None:
        return b"HTTP/1.1 204 No Content\r\nX-Admin-Protocol: gsma/rsp/v2.2.2\r\n\r\n"
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Admin-Protocol: gsma/rsp/v2.2.2\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class CannedServer(asyncio.Protocol):
    """
    One keep-alive connection.

    @ivar answers: function name (the last part of the path) to the whole HTTP answer.
    """

    def __init__(self, answers: Mapping[bytes, bytes], counters: Counters) -> None:
        self.answers = answers
        self.counters = counters
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        The TLS handshake is over.
        """
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.counters.handshakes += 1

    def data_received(self, data: bytes) -> None:
        """
        Answer every whole request.
        """
        self.buffer += data
        while self._one():
            self.counters.requests += 1

    def _one(self) -> bool:
        end = self.buffer.find(_SEPARATOR)
        if end < 0:
            return False
        head = self.buffer[:end]
        lower = head.lower()
        at = lower.find(b"content-length:")
        size = int(lower[at + 15 :].split(b"\r", 1)[0]) if at >= 0 else 0
        total = end + len(_SEPARATOR) + size
        if len(self.buffer) < total:
            return False
        function = head.split(b" ", 2)[1].rsplit(b"/", 1)[1]
        self.buffer = self.buffer[total:]
        self.transport.write(self.answers.get(function, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
        return True


def read_answers(path: Path) -> dict[bytes, bytes]:
    """
    @param path: a JSON file: function name to the body of its answer, or null for 204.
    @return: function name to the whole HTTP answer.
    """
    bodies = json.loads(path.read_text())
    return {name.encode(): http_answer(None if body is None else body.encode()) for name, body in bodies.items()}


async def serve(folders: Sequence[Path]) -> None:
    """
    Serve every package on a port of its own; say which as one JSON line; then answer each line on standard input with the
    counters, until it ends.

    @param folders: one a package, each with C{answers.json} (L{read_answers}) and C{tls.pem} (chain and key).
    """
    loop = asyncio.get_running_loop()
    counters = Counters()
    ports = {}
    for folder in folders:
        answers = read_answers(folder / "answers.json")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.pem")
        connection = partial(CannedServer, answers, counters)
        server = await loop.create_server(connection, "127.0.0.1", 0, ssl=context, backlog=1024)
        ports[folder.name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(vars(counters)), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sorted(Path(sys.argv[1]).iterdir())))
