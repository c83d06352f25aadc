# -*- test-case-name: tests.scp.test_example_scp11 -*-
"""
C{docs/examples/scp11.py}.
"""

from __future__ import annotations

from runpy import run_path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.certificate_errors import ScpRootUnknown
from cardgw.scp.store import KeyReference
from tests.scp.scp11_rig import NOW, Card, card, domain, make_pki
from tests.source import ROOT


class Reader:
    """
    A reader with a card in it.
    """

    def __init__(self, peer: Card) -> None:
        self.peer = peer
        self.closed = False

    def send_and_receive(self, command: bytes, /) -> bytes:
        """
        One command.
        """
        return self.peer.answer(Command.decode(command)).encode()

    def is_extended_length_apdu_supported(self) -> bool:
        """
        No.
        """
        return False

    def close_connection(self) -> None:
        """
        No more.
        """
        self.closed = True


class ExampleTests(SynchronousTestCase):
    """
    It does what it says.
    """

    def setUp(self) -> None:
        """
        A card that has one key.
        """
        self.example = run_path(str(ROOT / "docs" / "examples" / "scp11.py"))
        version = self.example["KEY_VERSION"]
        self.card = card(keys={KeyReference(each.kid, version): key for each, key in domain().keys.items()})
        self.card.reply = lambda command: Response(b"\x66\x00" if command.ins == 0xCA else b"", 0x9000)
        self.reader = Reader(self.card)

    def test_answer(self) -> None:
        """
        The card data, of a card whose root is known.
        """
        self.assertEqual(self.example["card_data"](self.reader, [make_pki("card").root], NOW), b"\x66\x00")
        self.assertTrue(self.reader.closed)

    def test_stranger(self) -> None:
        """
        Another card is not asked.
        """
        self.assertRaises(ScpRootUnknown, self.example["card_data"], self.reader, [make_pki("host").root], NOW)

    def test_refused(self) -> None:
        """
        A refusal is told.
        """
        self.card.reply = lambda command: Response(b"", 0x6A88)
        self.assertRaises(SystemExit, self.example["card_data"], self.reader, [make_pki("card").root], NOW)
