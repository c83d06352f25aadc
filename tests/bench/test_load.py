# -*- test-case-name: tests.bench.test_load -*-
"""
L{bench.load}.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench.load import Answers, CannedCard, Session
from tests.bench.test_server import Wire

RESULT = bytes.fromhex("bf370b005f3708") + bytes(8)


class LoadTestCase(SynchronousTestCase):
    """
    A recorded download whose package has 300 bytes.
    """

    def setUp(self) -> None:
        path = Path(self.mktemp())
        es10 = {"bf2e": "bf2e02800" + "1", "bf36": RESULT.hex()}
        path.write_text(json.dumps({"es10": es10, "package_bytes": 300, "request": "020100" + "41"}))
        self.answers = Answers(path)


class CannedCardTests(LoadTestCase):
    """
    A 61xx card that replays.
    """

    def test_announcesData(self) -> None:
        """
        Data waits behind 61xx for GET RESPONSE.
        """
        card = CannedCard(self.answers)
        self.assertEqual(card.transmit(bytes.fromhex("80e2910003bf2e00")).hex(), "6105")
        self.assertEqual(card.transmit(bytes.fromhex("80c0000005")).hex(), "bf2e0280019000")

    def test_packageEnds(self) -> None:
        """
        The result comes when all bytes of the package have arrived, in however many blocks and segments; no two are the same.
        """
        card = CannedCard(self.answers)
        first = bytes.fromhex("80e21100f0bf36") + bytes(238)
        self.assertEqual(card.transmit(first).hex(), "9000")
        self.assertEqual(card.transmit(bytes.fromhex("80e2910114") + bytes(20)).hex(), "9000")
        self.assertEqual(card.transmit(bytes.fromhex("80e2910028") + bytes(40)).hex(), "610f")
        result = card.transmit(bytes.fromhex("80c000000f"))
        self.assertEqual((len(result), result[:7], result[-2:]), (len(RESULT) + 2, RESULT[:7], b"\x90\x00"))
        again = CannedCard(self.answers)
        again.transmit(first)
        again.transmit(bytes.fromhex("80e291013c") + bytes(60))
        self.assertNotEqual(again.transmit(bytes.fromhex("80c000000f")), result)


class SessionTests(LoadTestCase):
    """
    A card's connection.
    """

    def setUp(self) -> None:
        super().setUp()
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.session, self.wire = Session(self.loop, self.answers, 0), Wire()
        self.closed: list[bool] = []
        self.patch(self.wire, "close", lambda: self.closed.append(True))
        self.session.connection_made(self.wire)

    def test_asks(self) -> None:
        """
        The card speaks first.
        """
        self.assertEqual(self.wire.written.hex(), "02010041")

    def test_installed(self) -> None:
        """
        A box that says so and a goodbye make a good download, however the frames are cut.
        """
        for octet in b"\x00\x09\x00Installed" + b"\xfc\x00\x00":
            self.session.data_received(bytes((octet,)))
        self.session.connection_lost(None)
        self.assertTrue(self.session.ended.result())
        self.assertEqual(self.closed, [True])

    def test_notInstalled(self) -> None:
        """
        Any other text, or no goodbye, is a lost download.
        """
        self.session.data_received(b"\x00\x06\x00Failed\xfc\x00\x00")
        self.session.connection_lost(None)
        self.assertFalse(self.session.ended.result())
