# -*- test-case-name: tests.scp.test_examples -*-
"""
C{docs/examples}.
"""

from __future__ import annotations

from runpy import run_path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from tests.scp.rig import Card, keys_of
from tests.scp.test_blocking import Reader
from tests.source import ROOT


class ExamplesTests(SynchronousTestCase):
    """
    They do what they say.
    """

    def test_scp03(self) -> None:
        """
        The registry, as the card tells it.
        """
        example = run_path(str(ROOT / "docs" / "examples" / "scp03.py"))
        card = Card()
        answers = iter((Response(b"\xe3\x01", 0x6310), Response(b"\x00", 0x9000), Response(b"", 0x6A88), Response(b"", 0x6982)))
        card.reply = lambda _: next(answers)
        reader = Reader(card)
        self.assertEqual(example["registry"](reader, keys_of(16)), b"\xe3\x01\x00")
        self.assertEqual((card.plain, reader.closed), ([example["FIRST"], example["NEXT"]], True))
        self.assertEqual(example["registry"](Reader(card), keys_of(16)), b"")
        self.assertRaises(SystemExit, example["registry"], reader, keys_of(16))
