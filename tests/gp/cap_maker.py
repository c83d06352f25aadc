# -*- test-case-name: tests.gp.test_cap -*-
"""
CAP files for tests: the parts that a loader looks at are real, the others are filled with something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from cardgw.gp.cap_components import MAGIC, Component, Flag

PACKAGE = bytes.fromhex("A0000000620301")
APPLET = bytes.fromhex("A000000062030101")
FRAMEWORK = bytes.fromhex("A0000000620101")
LONG = (Component.Method, Component.RefLocation, Component.Descriptor, Component.Debug)
FOLDER = "com/example/javacard/"


def frame(component: Component, info: bytes, *, long: bool = False) -> bytes:
    """
    A component of its tag, its size and this.
    """
    return bytes((component,)) + len(info).to_bytes(4 if long else 2, "big") + info


def package(aid: bytes = PACKAGE, major: int = 1, minor: int = 0) -> bytes:
    """
    A C{package_info}.
    """
    return bytes((minor, major, len(aid))) + aid


def make_components(
    applets: Sequence[bytes] = (APPLET,),
    imports: Sequence[bytes] = (FRAMEWORK,),
    *,
    minor: int = 1,
    name: bytes = b"",
    extended: bool = False,
    export: bool = False,
    resources: bytes = b"",
    code: int = 20,
    aid: bytes = PACKAGE,
    major: int = 1,
) -> dict[Component, bytes]:
    """
    The components of a package.

    @param minor: of the format.
    @param name: of the package; only with a format that has a place for it.
    @param code: how long the methods are.
    @param aid: of the package.
    @param major: of its version.
    """
    flags = (Flag.APPLET if applets else 0) | (Flag.EXPORT if export else 0) | (Flag.EXTENDED if extended else 0)
    named = bytes((len(name),)) + name
    head = MAGIC + bytes((minor, 2, flags)) + package(aid, major)
    head += b"\x01" + package(aid, major) + named if extended else (named if minor >= 2 else b"")
    infos = {
        Component.Header: head,
        Component.Import: bytes((len(imports),)) + b"".join(package(each, 1, 3) for each in imports),
        Component.ConstantPool: b"\0\0",
        Component.Class: b"class",
        Component.Method: b"m" * code,
        Component.StaticField: b"static",
        Component.RefLocation: b"refs",
        Component.Descriptor: b"descriptor",
    }
    if applets:
        offset = b"\0\0\x07" if extended else b"\0\x07"
        entries = (bytes((len(each),)) + each + offset for each in applets)
        infos[Component.Applet] = bytes((len(applets),)) + b"".join(entries)
    if export:
        infos[Component.Export] = b"export"
    if resources:
        infos[Component.StaticResources] = resources
    infos[Component.Directory] = directory(infos, minor, len(imports), len(applets))
    return {
        each: frame(each, info, long=each is Component.StaticResources or (extended and each in LONG))
        for each, info in infos.items()
    }


def directory(infos: Mapping[Component, bytes], minor: int, imports: int, applets: int) -> bytes:
    """
    The inside of a directory component of the compact format.
    """
    last = Component.Debug if minor >= 2 else Component.Descriptor
    own = 2 * last + (4 if minor >= 3 else 0) + 6 + 3
    sizes = {**{each: len(info) for each, info in infos.items()}, Component.Directory: own}
    listed = b"".join((sizes.get(each, 0) & 0xFFFF).to_bytes(2, "big") for each in Component if each <= last)
    if minor >= 3:
        listed += sizes.get(Component.StaticResources, 0).to_bytes(4, "big")
    return listed + bytes(6) + bytes((imports, applets, 0))


def zipped(components: Mapping[Component, bytes], folder: str = FOLDER, suffix: str = ".cap") -> bytes:
    """
    A CAP file, with other things in it as converters put them there.
    """
    files = {f"{folder}{each.name}{suffix}": octets for each, octets in components.items()}
    return zip_of({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n", **files, "APPLET-INF/classes/A.class": b"\xca\xfe"})


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """
    A zip file.
    """
    octets = BytesIO()
    with ZipFile(octets, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return octets.getvalue()
