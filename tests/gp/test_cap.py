# -*- test-case-name: tests.gp.test_cap -*-
"""
L{cardgw.gp.cap}.
"""

from __future__ import annotations

import contextlib
from hashlib import sha256
from io import BytesIO
from unittest.mock import patch
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp import cap
from cardgw.gp.cap import CapFile, Hash, code_hash
from cardgw.gp.cap_components import LOAD_ORDER, REQUIRED, Component
from cardgw.gp.errors import CapFileError
from tests.gp.cap_maker import APPLET, FOLDER, FRAMEWORK, PACKAGE, frame, make_components, zip_of, zipped
from tests.gp.strategies import aids

C = Component


class CapFileTests(SynchronousTestCase):
    """
    Files that are right.
    """

    def test_compact(self) -> None:
        """
        What a package is: AIDs, versions, imports, sizes.
        """
        found = CapFile.decode(zipped(make_components()))
        self.assertEqual((found.package.aid, found.package.version, found.applets), (PACKAGE, (1, 0), (APPLET,)))
        self.assertEqual([(each.aid, each.version) for each in found.imports], [(FRAMEWORK, (1, 3))])
        wanted = [each.name for each in Component if each in {*REQUIRED, C.Applet, C.Descriptor}]
        self.assertEqual(list(found.sizes()), wanted)
        self.assertEqual(found.sizes()["Class"], 8)

    def test_order(self) -> None:
        """
        Components are loaded in the order of the specification, whatever their order in the file; neither debugging nor, unless
        it is wanted, the descriptor.
        """
        components = make_components(export=True) | {C.Debug: frame(C.Debug, b"debug")}
        found = CapFile.decode(zipped(dict(reversed(components.items()))))
        order = "Header Directory Import Applet Class Method StaticField Export ConstantPool RefLocation"
        self.assertEqual(found.code(), b"".join(components[Component[name]] for name in order.split()))
        self.assertEqual(found.code(descriptor=True), found.code() + components[C.Descriptor])

    def test_library(self) -> None:
        """
        A package without applets.
        """
        found = CapFile.decode(zipped(make_components((), export=True)))
        self.assertEqual(found.applets, ())

    def test_formats(self) -> None:
        """
        Formats 2.1 to 2.3, with names and static resources, and the extended one, whose files may be of either kind.
        """
        for minor in (1, 2, 3):
            found = CapFile.decode(zipped(make_components(minor=minor, name=b"a/b")))
            self.assertEqual((found.header.format, found.package.name), ((2, minor), "a/b" if minor > 1 else ""))
        found = CapFile.decode(zipped(make_components(minor=3, resources=b"resources")))
        self.assertTrue(found.code().endswith(b"refs\x0d\0\0\0\x09resources"))
        for suffix in (".cap", ".capx", ".CAP"):
            octets = zipped(make_components(minor=3, extended=True, code=70000), suffix=suffix)
            found = CapFile.decode(octets)
            self.assertTrue(found.header.is_extended)
            self.assertEqual((found.applets, found.sizes()["Method"]), ((APPLET,), 70005))

    def test_folder(self) -> None:
        """
        Components lie in a folder, or at the top.
        """
        for folder in ("", "javacard/", "COM/EXAMPLE/JAVACARD/"):
            self.assertEqual(CapFile.decode(zipped(make_components(), folder)).package.aid, PACKAGE)

    @given(
        st.lists(aids, max_size=3, unique=True),
        st.lists(aids, max_size=3),
        st.sampled_from((1, 2, 3)),
        st.booleans(),
        st.booleans(),
    )
    @settings(max_examples=30)
    def test_ijc(self, applets: list[bytes], imports: list[bytes], minor: int, extended: bool, export: bool) -> None:
        """
        An IJC file is the same without the zip.
        """
        resources = b"r" if minor == 3 else b""
        made = make_components(applets, imports, minor=minor, extended=extended, export=export, resources=resources)
        found = CapFile.decode(zipped(made))
        self.assertEqual(found.applets, tuple(applets))
        again = CapFile.decode(found.code(descriptor=True))
        self.assertEqual((again.components, again.header), (found.components, found.header))
        without = CapFile.decode(found.code())
        self.assertEqual(without.code(), found.code())

    def test_custom(self) -> None:
        """
        Components of a vendor's own are left out, also those that have the name of another: older converters write debugging
        information so.
        """
        made = make_components()
        own = bytes.fromhex("DB0003") + b"own"
        named = {f"{FOLDER}{each.name}.cap": octets for each, octets in made.items()}
        found = CapFile.decode(zip_of({**named, f"{FOLDER}Debug.cap": own}))
        self.assertEqual(found.components, made)
        for octets in (found.code() + own, found.code().replace(made[C.Import], own + made[C.Import])):
            self.assertEqual(CapFile.decode(octets).code(), found.code())
        with self.assertRaises(CapFileError) as caught:
            CapFile.decode(found.code() + own[:-1])
        self.assertIn("DB: it is cut short", str(caught.exception))

    def test_hash(self) -> None:
        """
        Hashes are over the load file data block without tag and length.
        """
        code = CapFile.decode(zipped(make_components())).code()
        self.assertEqual(code_hash(code, Hash.SHA256), sha256(code).digest())
        self.assertEqual([len(code_hash(code, each)) for each in Hash], [20, 32, 48, 64])


class RefusedTests(SynchronousTestCase):
    """
    Files that are not.
    """

    def refused(self, octets: bytes) -> str:
        """
        Why.
        """
        return str(self.assertRaises(CapFileError, CapFile.decode, octets).detail)

    def test_missing(self) -> None:
        """
        Each component that there must be, and several.
        """
        for component in REQUIRED:
            components = make_components()
            del components[component]
            self.assertEqual(self.refused(zipped(components)), f"{component.name} is missing")
        kept = {C.Header, C.Directory, C.Import, C.ConstantPool}
        some = {each: octets for each, octets in make_components().items() if each in kept}
        self.assertEqual(self.refused(zipped(some)), "Class, Method, StaticField, RefLocation are missing")

    def test_magic(self) -> None:
        """
        A header of something else.
        """
        components = make_components()
        components[C.Header] = components[C.Header].replace(bytes.fromhex("DECAFFED"), bytes.fromhex("CAFEBABE"))
        self.assertIn("DECAFFED", self.refused(zipped(components)))

    def test_tags(self) -> None:
        """
        A file that has another component in it than its name says, or something after it.
        """
        components = make_components()
        self.assertIn("Class: tag or size", self.refused(zipped(components | {C.Class: components[C.Method]})))
        self.assertIn("Class: tag or size", self.refused(zipped(components | {C.Class: components[C.Class] + b"\0"})))
        self.assertIn("Class: it is cut short", self.refused(zipped(components | {C.Class: components[C.Class][:-1]})))

    def test_directory(self) -> None:
        """
        A directory that says other sizes or numbers than there are.
        """
        components = make_components()
        self.assertIn("another size for Class", self.refused(zipped(components | {C.Class: frame(C.Class, b"other one")})))
        wrong = components[C.Directory][:-3] + b"\2\1\0"
        self.assertIn("other numbers", self.refused(zipped(components | {C.Directory: wrong})))
        short = frame(C.Directory, bytes(10))
        self.assertIn("Directory: it is cut short", self.refused(zipped(components | {C.Directory: short})))

    def test_flags(self) -> None:
        """
        Flags that do not fit what is there.
        """
        components = make_components()
        del components[C.Applet]
        self.assertIn("presence of Applet", self.refused(zipped(components)))
        components = make_components() | {C.Export: frame(C.Export, b"export")}
        self.assertIn("presence of Export", self.refused(zipped(components)))

    def test_twice(self) -> None:
        """
        A component in two files, or twice in an IJC file; components of two packages.
        """
        components = make_components()
        both = {f"{FOLDER}Class.cap": b"", f"{FOLDER}Class.capx": b""}
        self.assertEqual(self.refused(zip_of(both)), "Class is there twice")
        ijc = CapFile.decode(zipped(components)).code(descriptor=True)
        self.assertEqual(self.refused(ijc + components[C.Class]), "Class is there twice")
        apart = {"a/javacard/Header.cap": b"", "b/javacard/Class.cap": b""}
        self.assertIn("more than one folder", self.refused(zip_of(apart)))

    def test_bomb(self) -> None:
        """
        More than a card could hold is not unpacked, also where the file says it were less.
        """
        self.assertIn("more than", self.refused(zipped({C.Method: bytes(cap.MOST_SIZE + 1)})))
        honest = zipped({C.Method: bytes(5000)})
        size = (5000).to_bytes(4, "little")
        lying = honest.replace(size, (100).to_bytes(4, "little"))
        self.assertNotEqual(lying, honest)
        self.refused(lying)
        with patch.object(cap, "MOST_SIZE", 4000):
            self.assertIn("more than", self.refused(honest))
            self.assertIn("more than", self.refused(bytes(4001)))
        with patch.object(cap, "MOST_FILES", 2):
            self.assertIn("more than 2 files", self.refused(honest))

    def test_cipher(self) -> None:
        """
        Files that are encrypted, or compressed in another way than the usual ones.
        """
        octets = bytearray(zip_of({f"{FOLDER}Header.cap": b"x"}))
        at = octets.index(b"PK\x01\x02")
        octets[at + 8] |= 1
        self.assertEqual(self.refused(bytes(octets)), "Header is encrypted")
        other = BytesIO()
        with ZipFile(other, "w", ZIP_BZIP2) as archive:
            archive.writestr(f"{FOLDER}Header.cap", b"x")
        self.assertIn("compressed in a way", self.refused(other.getvalue()))
        self.assertEqual(ZIP_DEFLATED, 8)

    def test_nothing(self) -> None:
        """
        What is neither CAP nor IJC.
        """
        for octets in (b"", b"PK\x03\x04", b"\x01", b"MZ", b"\x01\0\0", bytes(100)):
            self.refused(octets)

    @given(st.data())
    @settings(max_examples=200)
    def test_broken(self, data: st.DataObject) -> None:
        """
        Whatever happens to a file, it is read or refused.
        """
        components = make_components(minor=data.draw(st.sampled_from((1, 2, 3))), extended=data.draw(st.booleans()))
        whole = data.draw(st.sampled_from((zipped(components), b"".join(components[x] for x in LOAD_ORDER if x in components))))
        at = data.draw(st.integers(0, len(whole) - 1))
        size = data.draw(st.integers(0, 4))
        broken = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + size :]
        with contextlib.suppress(CapFileError):
            self.assertTrue(CapFile.decode(broken).code())

    @given(st.binary(max_size=100))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are refused, with or without what a zip file begins with.
        """
        self.refused(octets)
        self.refused(b"PK\x03\x04" + octets)
