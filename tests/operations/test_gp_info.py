"""
Tests of L{cardgw.operations.gp_info}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.key_information import KeyInformation, KeyPart, encode_key_information
from cardgw.gp.resources import Resources
from cardgw.operations.gp_info import GpInfo, GpRegistry
from tests.gp.card import ISD
from tests.operations.gp_card import CARD_DATA, HEAD, GpOperationTests, GpTestCase


class GpInfoTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.info} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {}

    def make_operation(self) -> GpInfo:
        """
        See L{OperationTestsMixin}.
        """
        return GpInfo()


class GpRegistryTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.registry} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = HEAD

    def make_operation(self) -> GpRegistry:
        """
        See L{OperationTestsMixin}.
        """
        return GpRegistry()


class InfoTests(GpTestCase):
    """
    What C{gp.info} tells.
    """

    operation = GpInfo

    def test_all(self) -> None:
        """
        All that a card may tell.
        """
        key = KeyInformation(1, 0x30, (KeyPart(0x88, 16),))
        self.card.objects |= {0x66: CARD_DATA, 0xE0: encode_key_information((key,)), 0xFF21: Resources(1, 4096, 256).encode()}
        self.card.objects |= {0x42: bytes.fromhex("420442099999"), 0x45: bytes.fromhex("45023D5F")}
        self.card.objects[0x67] = bytes.fromhex("6703830102")
        found = self.done(keys="")
        self.assertEqual((found["domain"], found["iin"], found["cin"]), (ISD.hex().upper(), "42099999", "3D5F"))
        self.assertEqual(found["card"]["secure_channels"], ["SCP03 i=70"])
        self.assertEqual(found["keys"], [{"version": 48, "identifier": 1, "parts": [{"type": "AES", "length": 16}]}])
        self.assertEqual(found["resources"], {"applications": 1, "non_volatile": 4096, "volatile": 256})
        self.assertEqual(found["cplc"]["ic_fabricator"], "4790")
        self.assertEqual(found["capabilities"]["hashes"], ["SHA256"])
        self.assertEqual(found["problems"], {})

    def test_problems(self) -> None:
        """
        What is not told is null, and why.
        """
        found = self.done(keys="")
        self.assertIsNone(found["keys"])
        self.assertIn("6A88", found["problems"]["keys"])
        self.assertNotIn("cplc", found["problems"])


class RegistryTests(GpTestCase):
    """
    What C{gp.registry} tells.
    """

    operation = GpRegistry

    def test_entries(self) -> None:
        """
        Entries, what belongs to what, and a listing.
        """
        found = self.done()
        (entry,) = found["entries"]
        self.assertEqual((entry["kind"], entry["aid"], entry["state"]), ("ISD", ISD.hex().upper(), "SECURED"))
        self.assertEqual(found["tree"], [{"aid": ISD.hex().upper(), "children": []}])
        self.assertIn("ISD: A000000151000000 (SECURED)", found["listing"])
