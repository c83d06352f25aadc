# -*- test-case-name: tests.gp.test_cap_components -*-
"""
L{cardgw.gp.cap_components}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.cap_components import (
    LOAD_ORDER,
    REQUIRED,
    Component,
    Flag,
    Package,
    framed,
    info,
    parse_applets,
    parse_header,
    parse_imports,
)
from tests.gp.cap_maker import APPLET, FRAMEWORK, PACKAGE, frame, make_components, package
from tests.gp.strategies import aids


class HeaderTests(SynchronousTestCase):
    """
    L{parse_header}.
    """

    def test_known(self) -> None:
        """
        The header of a real package.
        """
        header = parse_header(bytes.fromhex("010011DECAFFED010204000107D0D1D2D3D4D501"))
        self.assertEqual((header.format, header.flags, header.is_extended), ((2, 1), Flag.APPLET, False))
        self.assertEqual(header.package, Package(bytes.fromhex("D0D1D2D3D4D501"), (1, 0)))
        self.assertEqual(header.package.version_text, "1.0")

    def test_name(self) -> None:
        """
        Newer formats may have a name; some converters leave out even its length.
        """
        named = make_components(minor=2, name=b"com/example")[Component.Header]
        self.assertEqual(parse_header(named).package.name, "com/example")
        bare = frame(Component.Header, bytes.fromhex("DECAFFED020204") + package())
        self.assertEqual(parse_header(bare).package.name, "")

    def test_extended(self) -> None:
        """
        In the extended format the file has an AID, and so has each package.
        """
        header = parse_header(make_components(minor=3, extended=True, name=b"a")[Component.Header])
        self.assertTrue(header.is_extended)
        self.assertEqual((header.package.aid, header.packages), (PACKAGE, (Package(PACKAGE, (1, 0), "a"),)))

    def test_malformed(self) -> None:
        """
        Each thing that may be wrong is said.
        """
        for octets, said in (
            ("DECAFFEE010204000105A000000062", "DECAFFED"),
            ("DECAFFED010304000105A000000062", "format 3.1 is not known"),
            ("DECAFFED010204000104A0000000", "an AID has 5 to 16"),
            ("DECAFFED010204000105A0000000", "cut short"),
            ("DECAFFED010204000105A00000006200", "1 bytes too many"),
            ("DECAFFED03020C000105A00000006200", "no package"),
            ("DECAFFED020204000105A00000006201FF", "UTF-8"),
        ):
            error = self.assertRaises(ValueError, parse_header, frame(Component.Header, bytes.fromhex(octets)))
            self.assertIn(said, str(error))

    @given(st.binary(max_size=40), st.booleans())
    def test_anything(self, octets: bytes, magic: bool) -> None:
        """
        Any bytes are a header, or a C{ValueError}.
        """
        with contextlib.suppress(ValueError):
            header = parse_header(frame(Component.Header, bytes.fromhex("DECAFFED0102") + octets if magic else octets))
            self.assertIn(header.package.aid, octets)


class PartsTests(SynchronousTestCase):
    """
    Applets and imports.
    """

    @given(st.lists(aids, min_size=1, max_size=5, unique=True), st.booleans())
    def test_applets(self, wanted: list[bytes], extended: bool) -> None:
        """
        The AIDs of applets, in either format.
        """
        octets = make_components(wanted, extended=extended)[Component.Applet]
        self.assertEqual(parse_applets(octets, extended=extended), tuple(wanted))

    def test_appletTwice(self) -> None:
        """
        No two applets have the same AID: they could not both be installed.
        """
        octets = make_components((APPLET, APPLET))[Component.Applet]
        with self.assertRaisesRegex(ValueError, "Applet: an AID is there twice"):
            parse_applets(octets, extended=False)

    @given(st.lists(aids, max_size=5))
    def test_imports(self, wanted: list[bytes]) -> None:
        """
        Packages that are imported.
        """
        octets = make_components(imports=wanted)[Component.Import]
        self.assertEqual(parse_imports(octets, extended=False), tuple(Package(each, (1, 3)) for each in wanted))

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are applets or imports, or a C{ValueError}.
        """
        with contextlib.suppress(ValueError):
            for aid in parse_applets(frame(Component.Applet, octets), extended=False):
                self.assertIn(aid, octets)
        with contextlib.suppress(ValueError):
            for each in parse_imports(frame(Component.Import, octets), extended=False):
                self.assertIn(each.aid, octets)


class FrameTests(SynchronousTestCase):
    """
    Tag and size.
    """

    @given(st.sampled_from(Component), st.binary(max_size=300), st.booleans())
    def test_roundTrip(self, component: Component, octets: bytes, extended: bool) -> None:
        """
        Sizes have four bytes where they may be long.
        """
        long = component is Component.StaticResources or (extended and component in {7, 9, 11, 12})
        whole = frame(component, octets, long=long)
        self.assertEqual(framed(b"x" + whole + b"y", 1, extended=extended), (component, 1 + len(whole)))
        self.assertEqual(info(component, whole, extended=extended), octets)

    def test_wrong(self) -> None:
        """
        Another component, one that is cut short, and one with something after it are refused.
        """
        whole = frame(Component.Class, b"class")
        for octets in (b"", b"\x06", b"\x06\0", whole[:-1], whole + b"\0", b"\0" + whole, b"\x0e\0\0"):
            self.assertRaises(ValueError, info, Component.Class, octets, extended=False)
        self.assertRaises(ValueError, info, Component.Method, whole, extended=False)

    def test_order(self) -> None:
        """
        Everything but debugging is loaded, each once, the header first.
        """
        self.assertEqual(set(Component) - set(LOAD_ORDER), {Component.Debug})
        self.assertEqual(len(set(LOAD_ORDER)), len(LOAD_ORDER))
        self.assertEqual(LOAD_ORDER[0], Component.Header)
        self.assertEqual({APPLET[:5], FRAMEWORK[:5]}, {PACKAGE[:5]})
        self.assertLess(REQUIRED, set(LOAD_ORDER))
