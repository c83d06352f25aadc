# -*- test-case-name: tests.bench.test_canned -*-
"""
L{bench.canned}.
"""

from __future__ import annotations

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench.canned import host_of, prepare, record
from bench.load import Answers, CannedCard
from cardgw.virtual.pki import make_pki

PACKAGE = 1_800


class RecordTests(SynchronousTestCase):
    """
    One download, recorded.
    """

    def test_record(self) -> None:
        """
        What the card answered to each ES10 command, and what the server answered to each call.
        """
        card, server = record(PACKAGE, make_pki(host=host_of(PACKAGE)))
        self.assertEqual(set(card.answers), {"bf2e", "bf20", "bf38", "bf21", "bf36", "bf30"})
        self.assertEqual(card.answers["bf36"][:4], "bf37")
        self.assertIsNone(server.answers["handleNotification"])
        self.assertIn("boundProfilePackage", json.loads(server.answers["getBoundProfilePackage"] or ""))


class PrepareTests(SynchronousTestCase):
    """
    Files for the processes of the bench.
    """

    def test_prepare(self) -> None:
        """
        Each package has the size it is named after, and all that its two processes and the gateway need.
        """
        directory = Path(self.mktemp())
        prepare(directory, [PACKAGE])
        folder = directory / str(PACKAGE)
        answers = Answers(folder / "card.json")
        self.assertAlmostEqual(answers.package, PACKAGE, delta=20)
        self.assertEqual(answers.request[0], 2)
        self.assertEqual(CannedCard(answers).transmit(bytes.fromhex("80e2910003bf2e00"))[0], 0x61)
        self.assertIn("PRIVATE KEY", (folder / "tls.pem").read_text())
        self.assertTrue(list((folder / "roots").iterdir()))
