# -*- test-case-name: tests.gp.test_registry_tree -*-
"""
L{cardgw.gp.registry_tree}.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hypothesis import given
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import Privilege
from cardgw.gp.registry import Entry
from cardgw.gp.registry_tree import MOST_DEPTH, Node, Registry, listing, version_text
from tests.gp.strategies import families

ISD_AID = bytes.fromhex("A000000151000000")
PACKAGE_AID = bytes.fromhex("A0000000620301")
MODULE = bytes.fromhex("A000000062030108")
ISD = Entry(Kind.ISD, ISD_AID, 0x01, Privilege.SecurityDomain | Privilege.CardLock, domain=ISD_AID)
DOMAIN = Entry(Kind.SSD, bytes.fromhex("A00000015153504341"), 0x0F, Privilege.SecurityDomain, domain=ISD_AID)
APPLET = Entry(
    Kind.APP,
    bytes.fromhex("A00000006203010801"),
    0x07,
    Privilege.CardReset,
    load_file=PACKAGE_AID,
    domain=DOMAIN.aid,
    implicit=(0x80, 0x40),
)
PACKAGE = Entry(Kind.PKG, PACKAGE_AID, 0x01, version=b"\1\2", modules=(MODULE,), domain=ISD_AID)
REGISTRY = Registry((ISD, APPLET, DOMAIN, PACKAGE))

LISTING = """\
ISD: A000000151000000 (OP_READY)
     Parent:   A000000151000000
     Privs:    SecurityDomain, CardLock

APP: A00000006203010801 (SELECTABLE)
     Parent:   A00000015153504341
     From:     A0000000620301
     Selected: Contactless(0), Contact(0)
     Privs:    CardReset

SSD: A00000015153504341 (PERSONALIZED)
     Parent:   A000000151000000
     Privs:    SecurityDomain

PKG: A0000000620301 (LOADED)
     Parent:   A000000151000000
     Version:  1.2
     Applet:   A000000062030108

"""


class RegistryTests(SynchronousTestCase):
    """
    L{Registry}.
    """

    def test_find(self) -> None:
        """
        Entries by AID and by kind.
        """
        self.assertEqual(REGISTRY.isd, ISD)
        self.assertEqual(REGISTRY.of(Kind.ISD, Kind.SSD), (ISD, DOMAIN))
        self.assertEqual(REGISTRY.find(PACKAGE_AID), PACKAGE)
        self.assertIsNone(REGISTRY.find(PACKAGE_AID, Kind.APP))
        self.assertIsNone(Registry().isd)

    def test_instances(self) -> None:
        """
        What was installed from a load file: as the card tells, or else by the AIDs in it.
        """
        self.assertEqual(REGISTRY.instances(PACKAGE), (APPLET,))
        silent = Entry(Kind.APP, MODULE, 0x07)
        self.assertEqual(Registry((silent, PACKAGE)).instances(PACKAGE), (silent,))
        other = Entry(Kind.APP, MODULE, 0x07, load_file=MODULE)
        self.assertEqual(Registry((other, PACKAGE)).instances(PACKAGE), ())

    def test_listing(self) -> None:
        """
        The listing is the one that people know.
        """
        self.assertEqual(listing(REGISTRY), LISTING)
        self.assertEqual(listing(Registry()), "")

    def test_version(self) -> None:
        """
        A version of another form is shown as it is.
        """
        self.assertEqual([version_text(each) for each in (b"", b"\1\x0b", b"\1")], ["", "1.11", "01"])


class TreeTests(SynchronousTestCase):
    """
    What belongs to what.
    """

    def all_of(self, nodes: tuple[Node, ...]) -> Iterator[Entry]:
        """
        The entries of nodes and those below.
        """
        for node in nodes:
            yield node.entry
            yield from self.all_of(node.children)

    def test_tree(self) -> None:
        """
        Domains hold applications, domains and load files; the order is the card's.
        """
        self.assertEqual(REGISTRY.tree(), (Node(ISD, (Node(DOMAIN, (Node(APPLET),)), Node(PACKAGE))),))

    def test_ring(self) -> None:
        """
        Domains that belong to each other stand at the top, all of them.
        """
        one, two = (Entry(Kind.SSD, bytes((n,)) * 5, 7, domain=bytes((3 - n,)) * 5) for n in (1, 2))
        self.assertEqual(Registry((one, two)).tree(), (Node(one), Node(two)))

    def test_deep(self) -> None:
        """
        However deep a card says its domains are, the tree is not.
        """
        chain = tuple(Entry(Kind.SSD, n.to_bytes(5, "big"), 7, domain=(n - 1).to_bytes(5, "big")) for n in range(1, 3000))
        tree = Registry(chain).tree()
        self.assertEqual(sum(1 for _ in self.all_of(tree)), len(chain))
        self.assertEqual(len(tuple(self.all_of(tree[:1]))), MOST_DEPTH)

    @given(families)
    def test_once(self, entries: tuple[Entry, ...]) -> None:
        """
        Every entry is in the tree once, whatever the card says.
        """
        self.assertEqual(Counter(self.all_of(Registry(entries).tree())), Counter(entries))
