# -*- test-case-name: tests.gp.test_cap_components -*-
"""
Components of CAP files (Java Card Virtual Machine Specification 3.1, chapter 6): how they are framed, and what those say that
tell about the package.  Formats 2.1 to 2.3, compact and extended.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Self

from attrs import frozen

from cardgw.gp.commands import LEAST_AID, MOST_AID

MAGIC = bytes.fromhex("DECAFFED")
FORMAT_MAJOR = 2
WITH_NAME = 2
"""The minor version of the format since which a package may tell its name, and the directory has a size for debugging."""
WITH_RESOURCES = 3


class Component(IntEnum):
    """
    Components by their tags (table 6-1).  The names are those of their files (table 6-2).
    """

    Header = 1
    Directory = 2
    Applet = 3
    Import = 4
    ConstantPool = 5
    Class = 6
    Method = 7
    StaticField = 8
    RefLocation = 9
    Export = 10
    Descriptor = 11
    Debug = 12
    StaticResources = 13


LOAD_ORDER = (
    Component.Header,
    Component.Directory,
    Component.Import,
    Component.Applet,
    Component.Class,
    Component.Method,
    Component.StaticField,
    Component.Export,
    Component.ConstantPool,
    Component.RefLocation,
    Component.StaticResources,
    Component.Descriptor,
)
"""The order in which a card wants them (6.3).  L{Component.Debug} is never loaded."""
REQUIRED = frozenset(LOAD_ORDER) - {
    Component.Applet,
    Component.Export,
    Component.StaticResources,
    Component.Descriptor,
}
"""Without these there is no package; the descriptor need not be loaded (6.3)."""
_LONG = {Component.Method, Component.RefLocation, Component.Descriptor, Component.Debug}
"""In the extended format their sizes have four bytes; that of the static resources always has."""
_CUSTOM = 0x80
"""The first tag of components of a vendor's own (6.1.2)."""


class Flag(IntFlag):
    """
    What a CAP file has (table 6-3).
    """

    INT = 0x01
    EXPORT = 0x02
    APPLET = 0x04
    EXTENDED = 0x08


@frozen
class Package:
    """
    A package, or in the extended format the CAP file as a whole.

    @ivar version: major and minor.
    @ivar name: where it tells.
    """

    aid: bytes
    version: tuple[int, int]
    name: str = ""

    @property
    def version_text(self) -> str:
        """
        C{"1.0"}.
        """
        return f"{self.version[0]}.{self.version[1]}"


@frozen
class Header:
    """
    What the header component says (6.4).

    @ivar format: of the CAP file, major and minor.
    @ivar package: what the card will know the load file by.
    @ivar packages: all that are in it: of the extended format more than one, perhaps.
    """

    format: tuple[int, int]
    flags: Flag
    package: Package
    packages: tuple[Package, ...]

    @property
    def is_extended(self) -> bool:
        """
        Whether it is in the extended format.
        """
        return Flag.EXTENDED in self.flags


class _Reader:
    """
    Reads one thing after another from the info of a component.
    """

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, size: int) -> bytes:
        """
        @raise ValueError: there are not so many bytes left.
        """
        end = self._at + size
        if end > len(self._octets):
            raise ValueError("it is cut short")
        taken, self._at = self._octets[self._at : end], end
        return taken

    def number(self, size: int = 1) -> int:
        """
        An unsigned number of so many bytes.
        """
        return int.from_bytes(self.take(size), "big")

    def aid(self) -> bytes:
        """
        An AID after its length.
        """
        size = self.number()
        if not LEAST_AID <= size <= MOST_AID:
            raise ValueError(f"an AID has {LEAST_AID} to {MOST_AID} bytes, not {size}")
        return self.take(size)

    def package(self) -> Package:
        """
        A C{package_info} (6.4).
        """
        minor, major = self.take(2)
        return Package(self.aid(), (major, minor))

    @property
    def left(self) -> int:
        """
        How many bytes there still are.
        """
        return len(self._octets) - self._at

    def end(self) -> None:
        """
        @raise ValueError: something is left.
        """
        if self.left:
            raise ValueError(f"{self.left} bytes too many")


def size_bytes(component: Component, *, extended: bool) -> int:
    """
    How many bytes the size of a component has.
    """
    return 4 if component is Component.StaticResources or (extended and component in _LONG) else 2


def info(component: Component, octets: bytes, *, extended: bool) -> bytes:
    """
    What a component has in it.

    @param octets: tag, size and info.
    @raise ValueError: the tag or the size is wrong.
    """
    found, whole = framed(octets, 0, extended=extended)
    if found is not component or whole != len(octets):
        raise ValueError(f"{component.name}: tag or size are not those of the component")
    return octets[1 + size_bytes(component, extended=extended) :]


def framed(octets: bytes, at: int, *, extended: bool) -> tuple[Component, int]:
    """
    Which component begins at a position, and where it ends.

    @raise ValueError: none does, or it is cut short.
    """
    try:
        component = Component(octets[at])
    except (IndexError, ValueError):
        raise ValueError(f"there is no component {octets[at : at + 1].hex().upper() or 'here'}") from None
    start = at + 1 + size_bytes(component, extended=extended)
    end = start + int.from_bytes(octets[at + 1 : start], "big")
    if start > len(octets) or end > len(octets):
        raise ValueError(f"{component.name}: it is cut short")
    return component, end


def is_custom(octets: bytes) -> bool:
    """
    Whether a component of a vendor's own begins there, which a card has no use for: older converters write debugging
    information so.
    """
    return octets[:1] >= bytes((_CUSTOM,))


def custom_end(octets: bytes, at: int) -> int:
    """
    Where a component of a vendor's own ends that begins at a position.

    @raise ValueError: it is cut short.
    """
    start = at + 3
    end = start + int.from_bytes(octets[at + 1 : start], "big")
    if end > len(octets):
        raise ValueError(f"{octets[at]:02X}: it is cut short")
    return end


def parse_header(octets: bytes) -> Header:
    """
    The header component, which is framed as in the compact format always.

    @raise ValueError: it is malformed, or of a format that is not known.
    """
    reader = _Reader(info(Component.Header, octets, extended=False))
    try:
        if reader.take(4) != MAGIC:
            raise ValueError("it does not begin with DECAFFED")
        minor, major, flags = reader.take(3)
        if major != FORMAT_MAJOR:
            raise ValueError(f"format {major}.{minor} is not known")
        header = (_extended if flags & Flag.EXTENDED else _compact)(reader, (major, minor), Flag(flags))
        reader.end()
    except ValueError as problem:
        raise ValueError(f"Header: {problem}") from None
    return header


def _compact(reader: _Reader, version: tuple[int, int], flags: Flag) -> Header:
    package = reader.package()
    if version[1] >= WITH_NAME and reader.left:
        package = _named(reader, package)
    return Header(version, flags, package, (package,))


def _extended(reader: _Reader, version: tuple[int, int], flags: Flag) -> Header:
    whole = reader.package()
    count = reader.number()
    if not count:
        raise ValueError("there is no package in it")
    packages = [reader.package() for _ in range(count)]
    return Header(version, flags, whole, tuple(_named(reader, each) for each in packages))


def _named(reader: _Reader, package: Package) -> Package:
    try:
        return Package(package.aid, package.version, reader.take(reader.number()).decode())
    except UnicodeDecodeError:
        raise ValueError("the name of a package is not UTF-8") from None


def parse_applets(octets: bytes, *, extended: bool) -> tuple[bytes, ...]:
    """
    The AIDs of applets, from the applet component (6.6).

    @raise ValueError: it is malformed.
    """
    reader = _Reader(info(Component.Applet, octets, extended=extended))
    try:
        found = []
        for _ in range(reader.number()):
            found.append(reader.aid())
            reader.take(3 if extended else 2)
        reader.end()
        if len(set(found)) < len(found):
            raise ValueError("an AID is there twice")
    except ValueError as problem:
        raise ValueError(f"Applet: {problem}") from None
    return tuple(found)


def parse_imports(octets: bytes, *, extended: bool) -> tuple[Package, ...]:
    """
    The packages that must be on the card, from the import component (6.7).

    @raise ValueError: it is malformed.
    """
    reader = _Reader(info(Component.Import, octets, extended=extended))
    try:
        found = tuple(reader.package() for _ in range(reader.number()))
        reader.end()
    except ValueError as problem:
        raise ValueError(f"Import: {problem}") from None
    return found


@frozen
class Directory:
    """
    What the directory component says (6.5).

    @ivar sizes: of components without tag and size; empty in the extended format, where it is not looked at.
    @ivar imports: how many packages are imported; C{None} in the extended format.
    @ivar applets: how many applets there are; likewise.
    """

    sizes: dict[Component, int]
    imports: int | None = None
    applets: int | None = None

    @classmethod
    def decode(cls, octets: bytes, header: Header) -> Self:
        """
        @param octets: the component.
        @raise ValueError: it is malformed.
        """
        reader = _Reader(info(Component.Directory, octets, extended=header.is_extended))
        if header.is_extended:
            return cls({})
        minor = header.format[1]
        try:
            last = Component.Debug if minor >= WITH_NAME else Component.Descriptor
            sizes = {each: reader.number(2) for each in Component if each <= last}
            if minor >= WITH_RESOURCES:
                sizes[Component.StaticResources] = reader.number(4)
            reader.take(6)  # sizes of static fields
            return cls(sizes, reader.number(), reader.number())
        except ValueError as problem:
            raise ValueError(f"Directory: {problem}") from None
