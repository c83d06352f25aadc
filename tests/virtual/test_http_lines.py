# -*- test-case-name: tests.virtual.test_http_lines -*-
"""
Tests for L{cardgw.virtual.http_lines}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.http_lines import Framing, Message, MessageReader, NotHttp, chunked, write

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\n\xaa\x00"


def read(octets: bytes, size: int = 0, *, replies: bool = True) -> list[Message]:
    """
    All messages of what comes in pieces of so many octets.
    """
    reader = MessageReader(replies=replies)
    size = size or len(octets)
    return [each for at in range(0, len(octets), size) for each in reader.feed(octets[at : at + size])]


class ReaderTests(SynchronousTestCase):
    """
    L{MessageReader}.
    """

    def test_reply(self) -> None:
        """
        A reply, its status, and all headers of a name.
        """
        (reply,) = read(REPLY)
        self.assertEqual((reply.status, reply.reason, reply.body), (200, "200 OK", b"\xaa\x00"))
        self.assertEqual((reply.every("SET-COOKIE"), reply.get("x")), (["a=1", "b=2"], None))
        self.assertEqual((reply.framing, reply.pieces, reply.lasting), (Framing.LENGTH, 1, True))

    @given(st.integers(1, 90), st.binary(max_size=40))
    def test_pieces(self, size: int, body: bytes) -> None:
        """
        However they come; it is counted in how many pieces.
        """
        stream = write("POST / HTTP/1.1", [("Transfer-Encoding", "chunked")], chunked(body, 7)) + write("GET /x HTTP/1.1", [])
        first, second = read(stream, size, replies=False)
        self.assertEqual((first.method, first.body, first.framing), ("POST", body, Framing.CHUNKED))
        self.assertEqual((second.target, second.body, second.framing), ("/x", b"", Framing.NONE))
        self.assertGreaterEqual(first.pieces, 1)

    def test_split(self) -> None:
        """
        Head and body in two segments are seen.
        """
        reader = MessageReader(replies=True)
        self.assertEqual(list(reader.feed(REPLY[:-2])), [])
        self.assertFalse(reader.idle)
        self.assertEqual(reader.feed(REPLY[-2:])[0].pieces, 2)
        self.assertTrue(reader.idle)

    def test_noBody(self) -> None:
        """
        204 has no body, whatever it says; interim replies are left out.
        """
        (reply,) = read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
        self.assertEqual((reply.status, reply.framing), (204, Framing.NONE))

    def test_close(self) -> None:
        """
        Without a length, the end of the connection is the end of the body; it is not to be used again.
        """
        reader = MessageReader(replies=True)
        self.assertEqual(list(reader.feed(b"HTTP/1.0 200 OK\r\n\r\nab")), [])
        last = reader.end()
        assert last is not None
        self.assertEqual((last.body, last.framing, last.lasting), (b"ab", Framing.CLOSE, False))
        self.assertIsNone(MessageReader(replies=True).end())

    def test_lasting(self) -> None:
        """
        HTTP/1.1 lasts unless it says so, HTTP/1.0 if it says so.
        """
        for start, header, lasting in (
            ("HTTP/1.1 204 x", ("A", "b"), True),
            ("HTTP/1.1 204 x", ("Connection", "Close"), False),
            ("HTTP/1.0 204 x", ("A", "b"), False),
            ("HTTP/1.0 204 x", ("connection", "Keep-Alive"), True),
        ):
            self.assertEqual(Message(start, (header,)).lasting, lasting, start)

    def test_garbage(self) -> None:
        """
        Something else is refused.
        """
        for octets in (b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"):
            self.assertRaises(NotHttp, read, octets)
