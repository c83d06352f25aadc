"""
Tests of L{cardgw.operations.gp_get_data}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.operations.gp_get_data import KNOWN, GetGpData
from tests.gp.card import CPLC
from tests.operations.gp_card import GpOperationTests, GpTestCase
from tests.operations.gp_virtual import VirtualTestCase


class GetGpDataTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.data.get} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {"tag": "9F7F"}

    def make_operation(self) -> GetGpData:
        """
        See L{OperationTestsMixin}.
        """
        return GetGpData()


class DataTests(GpTestCase):
    """
    What C{gp.data.get} gives.
    """

    operation = GetGpData

    def test_data(self) -> None:
        """
        The data object as it comes, in the secure channel or without; or the card's refusal.
        """
        for keys, tag in (("", "9F7F"), ("issuer", "9f7f"), ("", "cplc")):
            found = self.done(tag=tag, keys=keys)
            self.assertEqual((found["tag"], found["data"]), ("9F7F", f"9F7F2A{CPLC.hex().upper()}"))
            self.assertEqual((found["decoded"]["ic_fabricator"], found["problem"]), ("4790", ""))
        self.assertIn("GET DATA of 00E0: 6A88", self.failed(UnexpectedStatus, tag="E0"))
        self.assertRaises(ParameterError, self.start, tag="nothing")

    def test_decoded(self) -> None:
        """
        What it means, by name and by tag; a card that puts it otherwise than it should is told.
        """
        for name, answer, decoded in (
            ("iin", "4203999912", "999912"),
            ("cin", "45020102", "0102"),
            ("sequence-counter", "C103000102", 258),
            ("confirmation-counter", "C2020005", 5),
            ("applications", "2F000961074F05A000000099", [{"aid": "A000000099", "label": ""}]),
            ("diversification", "CF0A00010203040506070809", "00010203040506070809"),
            ("diversification", "00010203040506070809", "00010203040506070809"),
            ("issuers", "FF33084202ABCD83021003", [{"identifier": 16, "version": 3, "issuer": "ABCD"}]),
            ("card-issuers", "4202ABCD83021003", [{"identifier": 16, "version": 3, "issuer": "ABCD"}]),
        ):
            self.card.objects[KNOWN[name].tag] = bytes.fromhex(answer)
            self.assertEqual(self.done(tag=name)["decoded"], decoded, name)
            self.assertEqual(self.done(tag=f"{KNOWN[name].tag:04X}")["decoded"], decoded, name)
        for name, answer in (("diversification", "CF0100"), ("keys", "00")):
            self.card.objects[KNOWN[name].tag] = bytes.fromhex(answer)
            found = self.done(tag=name)
            self.assertEqual((found["decoded"], found["problem"][:17]), (None, "The card's answer"))

    def test_unknown(self) -> None:
        """
        Other data objects mean nothing here; what narrows one down is sent.
        """
        self.card.objects[0x5F50] = b"\x5f\x50\x00"
        self.assertIsNone(self.done(tag="5F50")["decoded"])
        self.assertIsNone(self.done(tag="9F7F", data="A600")["decoded"])
        self.assertEqual(self.commands(0xCA)[-1].data.hex(), "a600")


class VirtualDataTests(VirtualTestCase):
    """
    What the whole software card tells.
    """

    operation = GetGpData

    def test_all(self) -> None:
        """
        All that it has is understood.
        """
        for name in KNOWN.keys() - {"confirmation-counter", "issuers", "card-issuers"}:
            found = self.done(tag=name, keys="")
            self.assertEqual(found["problem"], "", name)
            self.assertIsNotNone(found["decoded"], name)
