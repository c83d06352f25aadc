# -*- test-case-name: tests.virtual.test_profile_package -*-
"""
Unprotected profile packages (TCA eUICC Profile Package: Interoperable Format): a generated one, and reading the ICCID of any.

A package is a sequence of profile elements, DER: the header first, the end last.
"""

from __future__ import annotations

from random import Random

from cardgw.apdu import tlv

HEADER = 0xA0
"""C{ProfileElement.header}."""
FILES = 0xA1
"""C{ProfileElement.genericFileManagement}."""
PIN_CODES = 0xA2
END = 0xAA
"""C{ProfileElement.end}."""
MASTER_FILE = 0xB0
HEADER_ICCID = 0x83
SERVICES = 0xA5
TEMPLATES = 0xA6
TEMPLATE_MF = bytes.fromhex("67810f010201")
"""The OID 2.23.143.1.2.1, id-MF."""
TEMPLATE_USIM = bytes.fromhex("67810f010204")
FILE_BYTES = 960
"""Most bytes in a generated file's element."""
SMALLEST = 400
"""Bytes that the elements need which every package has."""
ICCID_BYTES = 10


def make_iccid(number: int, issuer: str = "8999901") -> str:
    """
    An ICCID of 20 digits with its check digit (ITU-T E.118).

    @param number: what stands between issuer and check digit.
    """
    body = f"{issuer}{number:0{19 - len(issuer)}d}"
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return body + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def pack_iccid(iccid: str, *, swapped: bool) -> bytes:
    """
    The ten bytes of an ICCID, filled up with F.

    @param swapped: nibbles swapped, as in EF.ICCID and in profile metadata (3GPP TS 31.102, 4.2; SGP.22 annex H: C{Iccid});
        otherwise digits in their order, as in a profile header.
    """
    digits = iccid.ljust(2 * ICCID_BYTES, "F")
    if swapped:
        digits = "".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2))
    return bytes.fromhex(digits)


def read_iccid(package: bytes) -> str:
    """
    The ICCID in the header of a package, 18 to 20 digits.

    @raise ValueError: the package does not begin with a profile header, or that has no ICCID.
    """
    first = next(tlv.walk(package), None)
    if first is None or first.tag != HEADER:
        raise ValueError("a profile package begins with a header element (A0)")
    digits = first.children().need(HEADER_ICCID).value.hex().upper().rstrip("F")
    if not digits.isdigit():
        raise ValueError("the ICCID in the profile header is not a number")
    return digits


def check_package(package: bytes) -> None:
    """
    Check the outer shape: whole elements, the header first, the end last, and neither elsewhere.

    @raise ValueError: it has another shape.
    """
    read_iccid(package)
    tags = [element.tag for element in tlv.walk(package)]
    if tags[-1] != END or tags.count(END) != 1 or tags.count(HEADER) != 1:
        raise ValueError("a profile package has one header element, first, and one end element (AA), last")


def make_package(iccid: str, size: int = 8000, name: str = "Example profile") -> bytes:
    """
    A plausible package: header, MF with EF.ICCID, PIN codes, and as many files as fill it up.  The same arguments give the
    same bytes.

    @param size: of the whole package in bytes, at least L{SMALLEST}.
    @raise ValueError: C{size} is too small.
    """
    if size < SMALLEST:
        raise ValueError(f"a generated profile package has at least {SMALLEST} bytes, not {size}")
    for pad in range(8):
        # Lengths of one, two and three bytes leave gaps between the sizes that filling alone can reach.
        package = _fill(iccid, size, name + " " * pad)
        if len(package) == size:
            return package
    raise AssertionError("no padding gives this size")


def _fill(iccid: str, size: int, name: str) -> bytes:
    noise = Random(f"{iccid} {size}")
    front, end = _header(iccid, name) + _master_file(iccid) + _pin_codes(), _end(2)
    left = size - len(front) - len(end)
    files = []
    for number, remaining in enumerate(range(-(-left // FILE_BYTES), 0, -1), 1):
        files.append(_file_within(number, left // remaining, noise))
        left -= len(files[-1])
    return b"".join((front, *files, end))


def _file_within(number: int, room: int, noise: Random) -> bytes:
    content = max(0, room - len(_file(number, b"")))
    while content and len(_file(number, b"\0" * content)) > room:
        content -= 1
    return _file(number, noise.randbytes(content))


def _marks(number: int) -> bytes:
    return tlv.encode(
        0xA0, tlv.encode(0x80), tlv.encode(0x81, bytes((number >> 8, number & 0xFF)) if number > 127 else bytes((number,)))
    )


def _header(iccid: str, name: str) -> bytes:
    services = tlv.encode(SERVICES, *(tlv.encode(tag) for tag in (0x81, 0x82, 0x83)))
    templates = tlv.encode(TEMPLATES, tlv.encode(0x06, TEMPLATE_MF), tlv.encode(0x06, TEMPLATE_USIM))
    version = tlv.encode(0x80, b"\x02") + tlv.encode(0x81, b"\x03")
    number = tlv.encode(HEADER_ICCID, pack_iccid(iccid, swapped=False))
    return tlv.encode(HEADER, version, tlv.encode(0x82, name.encode()), number, services, templates)


def _master_file(iccid: str) -> bytes:
    directory = tlv.encode(0xA1, tlv.encode(0x8B, bytes.fromhex("2f0601")), tlv.encode(0xC6, bytes.fromhex("01010a")))
    descriptor = tlv.encode(0xA1, tlv.encode(0x82, bytes.fromhex("4121")), tlv.encode(0x83, bytes.fromhex("2fe2")))
    number = tlv.encode(0xA4, descriptor, tlv.encode(0x83, pack_iccid(iccid, swapped=True)))
    return tlv.encode(MASTER_FILE, _marks(1), tlv.encode(0x81, TEMPLATE_MF), tlv.encode(0xA2, directory), number)


def _pin_codes() -> bytes:
    codes = (tlv.encode(0x30, tlv.encode(0x80, bytes((key,))), tlv.encode(0x81, b"0000\xff\xff\xff\xff")) for key in (0x01, 0x81))
    return tlv.encode(PIN_CODES, _marks(3), tlv.encode(0xA1, tlv.encode(0xA0, *codes)))


def _file(number: int, content: bytes) -> bytes:
    size = tlv.encode(0x80, len(content).to_bytes(2, "big"))
    descriptor = tlv.encode(0x82, bytes.fromhex("4121")) + tlv.encode(0x83, (0x4F00 + number % 256).to_bytes(2, "big")) + size
    commands = (tlv.encode(0x80, b"\x7f\x10"), tlv.encode(0x62, descriptor), tlv.encode(0x81, content))
    return tlv.encode(FILES, _marks(number + 3), tlv.encode(0xA1, tlv.encode(0x30, *commands)))


def _end(number: int) -> bytes:
    return tlv.encode(END, _marks(number))
