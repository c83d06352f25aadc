# -*- test-case-name: tests.bench.test_server -*-
"""
L{bench.server}.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench.server import CannedServer, Counters, http_answer, read_answers

REQUEST = b"POST /gsma/rsp2/es9plus/getBoundProfilePackage HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"


class Wire(asyncio.Transport):
    """
    Keeps what was written.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)


class CannedServerTests(SynchronousTestCase):
    """
    One keep-alive connection of the SM-DP+ that costs little.
    """

    def setUp(self) -> None:
        self.counters, self.wire = Counters(), Wire()
        self.server = CannedServer({b"getBoundProfilePackage": http_answer(b"{}")}, self.counters)
        self.server.connection_made(self.wire)

    def test_answersByFunction(self) -> None:
        """
        The last part of the path chooses the answer.
        """
        self.server.data_received(REQUEST)
        self.assertEqual(self.wire.written, http_answer(b"{}"))

    def test_cutAnywhere(self) -> None:
        """
        A request may come in any pieces, and the next one behind it.
        """
        for octet in REQUEST + REQUEST:
            self.server.data_received(bytes((octet,)))
        self.assertEqual(self.wire.written, http_answer(b"{}") * 2)
        self.assertEqual(vars(self.counters), {"handshakes": 1, "requests": 2})

    def test_unknownFunction(self) -> None:
        """
        What was not prepared is not found.
        """
        self.server.data_received(REQUEST.replace(b"getBound", b"getOther"))
        self.assertTrue(self.wire.written.startswith(b"HTTP/1.1 404"))

    def test_noBody(self) -> None:
        """
        An answer without a body is 204, as to handleNotification.
        """
        path = Path(self.mktemp())
        path.write_text(json.dumps({"handleNotification": None, "cancelSession": "{}"}))
        answers = read_answers(path)
        self.assertTrue(answers[b"handleNotification"].startswith(b"HTTP/1.1 204"))
        self.assertTrue(answers[b"cancelSession"].endswith(b"\r\n\r\n{}"))
