"""
Tests of L{cardgw.operations.gp_present}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.gp.cap_components import Package
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.gp.registry_tree import Registry
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_present import Present, needs, read_present
from tests.gp.card import ISD
from tests.operations.gp_card import INFO

FRAMEWORK, OTHER = bytes.fromhex("A0000000620101"), bytes.fromhex("A00000009901")


def present(**versions: str) -> Present:
    """
    A card with load files of these versions.
    """
    files = {"framework": FRAMEWORK, "other": OTHER}
    entries = (Entry(Kind.PKG, files[name], 1, version=bytes.fromhex(version)) for name, version in versions.items())
    return Present(Registry(tuple(entries)))


class PresentTests(SynchronousTestCase):
    """
    What a card has, and what it lacks.
    """

    def test_lacks(self) -> None:
        """
        A package that is not listed, or in another version; one whose version is not told counts as there.
        """
        needed = (Package(FRAMEWORK, (1, 3)), Package(OTHER, (2, 0)))
        self.assertEqual(present(framework="0103", other="0205").lacks(needed), ())
        self.assertEqual(present(framework="", other="0200").lacks(needed), ())
        self.assertEqual(
            present(framework="0102", other="0300").lacks(needed),
            ("package A0000000620101 1.3, and the card has 1.2", "package A00000009901 2.0, and the card has 3.0"),
        )
        self.assertEqual(present(framework="0106").lacks(needed), ("package A00000009901 2.0 that the card does not list",))
        self.assertEqual(Present(None).lacks(needed), ())

    def test_certainly(self) -> None:
        """
        What cards have from the factory they often do not list, so that says nothing.
        """
        needed = (Package(FRAMEWORK, (1, 3)), Package(OTHER, (2, 0)))
        self.assertEqual(present().certainly_lacks(needed), ("package A00000009901 2.0 that the card does not list",))
        self.assertEqual(present(framework="0102", other="0200").certainly_lacks(needed)[0][:22], "package A0000000620101")

    def test_needs(self) -> None:
        """
        A sentence.
        """
        self.assertEqual((needs(()), needs(("a", "b"))), ("", "The file needs a; b."))

    def test_untold(self) -> None:
        """
        A card that does not tell has nothing that is known.
        """
        domain = Domain(ISD, MemoryChannel(INFO, lambda _: bytes.fromhex("6982")), 0)
        found = self.successResultOf(Deferred.fromCoroutine(read_present(domain)))
        self.assertEqual((found, found.find(ISD)), (Present(None), None))
