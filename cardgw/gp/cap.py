# -*- test-case-name: tests.gp.test_cap -*-
"""
CAP files and IJC files (Java Card Virtual Machine Specification 3.1, 6.2): what a package is, and what of it a card is sent.

A CAP file is a zip file with a file for each component; an IJC file is nothing but the components one after another.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from enum import IntEnum
from hashlib import new
from io import BytesIO
from pathlib import PurePosixPath
from typing import Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from attrs import frozen

from cardgw.gp.cap_components import (
    LOAD_ORDER,
    REQUIRED,
    Component,
    Directory,
    Flag,
    Header,
    Package,
    custom_end,
    framed,
    is_custom,
    parse_applets,
    parse_header,
    parse_imports,
)
from cardgw.gp.errors import CapFileError

ZIP = b"PK\x03\x04"
MOST_FILES = 4096
MOST_SIZE = 0x1000000
"""Bytes in all components together: more than any card has room for."""
_FOLDER = "javacard"
_ENCRYPTED = 0x01
_PROBLEMS = (BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, KeyError)
"""What reading a broken zip file raises."""
_BY_NAME = {each.name.lower(): each for each in Component}


class Hash(IntEnum):
    """
    Algorithms of hashes over load files, by their numbers in card capabilities (GlobalPlatform Card Specification 2.3.1, table
    H-8).
    """

    SHA1 = 0x01
    SHA256 = 0x02
    SHA384 = 0x03
    SHA512 = 0x04


@frozen
class CapFile:
    """
    A package that can be loaded.

    @ivar components: by tag; each with its tag and size.
    @ivar applets: the AIDs of its applets.
    @ivar imports: the packages that must be on the card before.
    """

    header: Header
    components: Mapping[Component, bytes]
    applets: tuple[bytes, ...]
    imports: tuple[Package, ...]

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: a CAP file or an IJC file.
        @raise CapFileError: it is neither, something is missing, or what it says of itself is not so.
        """
        try:
            components = _from_zip(octets) if octets.startswith(ZIP) else _from_ijc(octets)
            return cls._checked(components)
        except ValueError as problem:
            raise CapFileError(str(problem)) from None

    @classmethod
    def _checked(cls, components: Mapping[Component, bytes]) -> Self:
        missing = sorted(REQUIRED - components.keys())
        if missing:
            raise ValueError(f"{', '.join(each.name for each in missing)} {'is' if len(missing) == 1 else 'are'} missing")
        header = parse_header(components[Component.Header])
        extended = header.is_extended
        for component, octets in components.items():
            if framed(octets, 0, extended=extended and component is not Component.Header) != (component, len(octets)):
                raise ValueError(f"{component.name}: tag or size are not those of the component")
        found = components.get(Component.Applet)
        applets = () if found is None else parse_applets(found, extended=extended)
        imports = parse_imports(components[Component.Import], extended=extended)
        cap = cls(header, components, applets, imports)
        cap._check_flags()
        cap._check_directory()
        return cap

    def _check_flags(self) -> None:
        for flag, component in ((Flag.APPLET, Component.Applet), (Flag.EXPORT, Component.Export)):
            if (flag in self.header.flags) != (component in self.components):
                raise ValueError(f"Header: its flags and the presence of {component.name} differ")

    def _check_directory(self) -> None:
        directory = Directory.decode(self.components[Component.Directory], self.header)
        for component, size in directory.sizes.items():
            octets = self.components.get(component)
            frame = 5 if component is Component.StaticResources else 3
            if octets is not None and len(octets) - frame != size:
                raise ValueError(f"Directory: it has another size for {component.name}")
        if directory.imports not in {None, len(self.imports)} or directory.applets not in {None, len(self.applets)}:
            raise ValueError("Directory: it has other numbers of imports and applets")

    @property
    def package(self) -> Package:
        """
        AID and version of the load file.
        """
        return self.header.package

    def code(self, *, descriptor: bool = False) -> bytes:
        """
        The load file data block: components in the order in which cards want them.

        @param descriptor: send the descriptor, too, which is of use only to a card with a verifier.
        """
        wanted = (each for each in LOAD_ORDER if descriptor or each is not Component.Descriptor)
        return b"".join(self.components.get(each, b"") for each in wanted)

    def sizes(self) -> dict[str, int]:
        """
        Bytes of each component, by name.
        """
        return {each.name: len(self.components[each]) for each in Component if each in self.components}


def code_hash(code: bytes, algorithm: Hash) -> bytes:
    """
    The hash of a load file data block (GlobalPlatform Card Specification 2.3.1, C.2): over what it has in it, without tag and
    length.
    """
    return new(algorithm.name, code).digest()


def _from_ijc(octets: bytes) -> dict[Component, bytes]:
    if len(octets) > MOST_SIZE:
        raise ValueError(f"it has more than {MOST_SIZE} bytes")
    if octets[:1] != bytes((Component.Header,)):
        raise ValueError("it is neither a zip file nor does it begin with a header")
    _, at = framed(octets, 0, extended=False)
    header = parse_header(octets[:at])
    found = {Component.Header: octets[:at]}
    while at < len(octets):
        if is_custom(octets[at:]):
            at = custom_end(octets, at)
            continue
        component, end = framed(octets, at, extended=header.is_extended)
        if component in found:
            raise ValueError(f"{component.name} is there twice")
        found[component] = octets[at:end]
        at = end
    return found


def _from_zip(octets: bytes) -> dict[Component, bytes]:
    try:
        with ZipFile(BytesIO(octets)) as archive:
            return _read(archive, dict(_members(archive)))
    except _Refused as problem:
        raise ValueError(str(problem)) from None
    except _PROBLEMS as problem:
        raise ValueError(f"it is a broken zip file ({problem})") from None


class _Refused(Exception):
    """
    Why a zip file is not read, in words; not one of the errors that reading it may raise.
    """


def _members(archive: ZipFile) -> Iterator[tuple[Component, ZipInfo]]:
    members = archive.infolist()
    if len(members) > MOST_FILES:
        raise _Refused(f"it has more than {MOST_FILES} files in it")
    seen: set[Component] = set()
    folders = set()
    for member in members:
        path = PurePosixPath(member.filename.lower())
        component = _BY_NAME.get(path.stem)
        if component is None or path.suffix not in {".cap", ".capx"} or path.parent.name not in {"", _FOLDER}:
            continue
        if component in seen:
            raise _Refused(f"{component.name} is there twice")
        seen.add(component)
        folders.add(path.parent)
        yield component, member
    if len(folders) > 1:
        raise _Refused("there are components in more than one folder")


def _read(archive: ZipFile, members: Mapping[Component, ZipInfo]) -> dict[Component, bytes]:
    found, left = {}, MOST_SIZE
    for component, member in members.items():
        if member.flag_bits & _ENCRYPTED:
            raise _Refused(f"{component.name} is encrypted")
        if member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise _Refused(f"{component.name} is compressed in a way that is not known")
        if member.file_size > left:
            raise _Refused(f"its components have more than {MOST_SIZE} bytes")
        with archive.open(member) as file:
            octets = file.read()  # of one that is larger than it says, no more than it says
        left -= len(octets)
        if not is_custom(octets):
            found[component] = octets
    return found
