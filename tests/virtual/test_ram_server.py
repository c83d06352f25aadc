# -*- test-case-name: tests.virtual.test_ram_server -*-
"""
Tests for L{cardgw.virtual.ram_server}; what it does to clients is in L{tests.virtual.test_ram_matrix}.
"""

from __future__ import annotations

from cardgw.virtual.ram_kinds import OCF13, OURS
from cardgw.virtual.ram_server import Oddities, dressed
from cardgw.virtual.ram_session import RESET_CARD, play
from tests.connections.sockets import FakeSocket
from tests.virtual.ram_rig import ATR, RamTestCase


class ServerTests(RamTestCase):
    """
    L{RamServer}.
    """

    def test_session(self) -> None:
        """
        A session for each that begins; the cookie is set once.
        """
        self.serve(play(RESET_CARD))
        for _ in range(2):
            outcome = self.run_client(OURS)
            self.assertEqual([len(each.reply.every("Set-Cookie")) for each in outcome.exchanges], [1, 0])
        first, second = self.server.sessions.values()
        self.assertEqual((first.atr, first.posts, second.initiations, second.limits), (ATR, 2, 1, None))
        self.assertIs(self.successResultOf(self.server.began.get()), first)

    def test_known(self) -> None:
        """
        An initiation in a session that is known begins it anew.
        """
        self.serve(play(RESET_CARD))
        self.run_client(OURS)
        (name,) = self.server.sessions
        self.run_client(OURS, session=name)
        self.assertEqual([each.initiations for each in self.server.sessions.values()], [2])

    def test_lost(self) -> None:
        """
        Without a cookie each POST is a session of its own.
        """
        self.serve(play(RESET_CARD), Oddities(cookie=False))
        self.assertEqual(self.run_client(OURS, seconds=40).text, "504 Gateway Timeout")
        self.assertEqual(len(self.server.sessions), 2)
        self.server.stop()

    def test_cookies(self) -> None:
        """
        There may be more of them; the last is ours.
        """
        self.serve(play(RESET_CARD), Oddities(cookies=("a=1", "b=2")))
        self.assertTrue(self.run_client(OCF13).good)
        self.assertEqual(self.server.requests[1].get("Cookie"), f"JSESSIONID={1:032X}")
        self.assertTrue(self.run_client(OURS).good)
        self.assertEqual(self.server.requests[3].get("Cookie"), f"a=1; b=2; JSESSIONID={2:032X}")

    def test_paths(self) -> None:
        """
        404 elsewhere.
        """
        self.serve(play())
        for path in ("/rt", "/rt/other", "/"):
            self.assertEqual(self.run_client(OURS, url=f"http://localhost:8080{path}").text, "404 Not Found: Not found")

    def test_untilClose(self) -> None:
        """
        A body may end with the connection.
        """
        self.serve(play(RESET_CARD), Oddities(until_close=True))
        self.assertTrue(self.run_client(OURS).good)

    def test_garbage(self) -> None:
        """
        What is no HTTP is hung up on.
        """
        self.serve(play())
        self.client(OURS)
        line = self.server.buildProtocol(None)
        wire = FakeSocket()
        line.makeConnection(wire)
        line.dataReceived(b"SSH-2.0\r\n\r\n")
        self.assertTrue(wire.disconnecting)

    def test_dressed(self) -> None:
        """
        Forms of a template.
        """
        octets = bytes.fromhex("AA02C000")
        for outer, extra, expected in (
            ("AA", b"\x25\x00", "aa042500c000"),
            ("AE", b"", "ae02c000"),
            ("AE80", b"", "ae80c0000000"),
            ("AA80", b"", "aa80c0000000"),
            ("84", b"", "aa8400000002c000"),
        ):
            self.assertEqual(dressed(octets, outer, extra).hex(), expected)
