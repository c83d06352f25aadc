"""
Tests for L{cardgw.virtual.profile_package}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual.profile_package import SMALLEST, check_package, make_iccid, make_package, pack_iccid, read_iccid
from tests.virtual.test_pki import SGP26

ICCID = "89999010000000000427"


class IccidTests(SynchronousTestCase):
    """
    ICCIDs.
    """

    @given(st.integers(0, 10**12 - 1))
    def test_checkDigit(self, number: int) -> None:
        """
        20 digits whose Luhn sum ends in zero.
        """
        iccid = make_iccid(number)
        doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(iccid))]
        self.assertEqual(len(iccid), 20)
        self.assertEqual(sum(sum(divmod(value, 10)) for value in doubled) % 10, 0)

    def test_pack(self) -> None:
        """
        In order in a profile header, swapped in metadata; 19 digits are filled up with F.
        """
        self.assertEqual(pack_iccid("8949449999999990023", swapped=False).hex(), "8949449999999990023f")
        self.assertEqual(pack_iccid("8949449999999990023", swapped=True).hex(), "989444999999990920f3")


class MakePackageTests(SynchronousTestCase):
    """
    Generated packages.
    """

    @given(st.integers(SMALLEST, 20000), st.integers(0, 10**9))
    def test_sizeAndShape(self, size: int, number: int) -> None:
        """
        A package has exactly the size that was asked for, is well-formed, and carries its ICCID.
        """
        package = make_package(make_iccid(number), size)
        self.assertEqual(len(package), size)
        check_package(package)
        self.assertEqual(read_iccid(package), make_iccid(number))

    def test_large(self) -> None:
        """
        Large ones, too.
        """
        self.assertEqual(len(make_package(ICCID, 51000)), 51000)

    def test_repeatable(self) -> None:
        """
        The same arguments give the same bytes; another ICCID gives others.
        """
        self.assertEqual(make_package(ICCID, 2000), make_package(ICCID, 2000))
        self.assertNotEqual(make_package(ICCID, 2000)[-500:], make_package(make_iccid(1), 2000)[-500:])

    def test_tooSmall(self) -> None:
        """
        The elements that each package has need some bytes.
        """
        self.assertRaises(ValueError, make_package, ICCID, SMALLEST - 1)

    def test_elements(self) -> None:
        """
        Header, MF, PIN codes, files, end.
        """
        tags = [element.tag for element in tlv.walk(make_package(ICCID, 3000))]
        self.assertEqual(tags, [0xA0, 0xB0, 0xA2, 0xA1, 0xA1, 0xA1, 0xAA])


class ReadTests(SynchronousTestCase):
    """
    Reading any package.
    """

    def test_noHeader(self) -> None:
        """
        Something else is refused with a sentence.
        """
        for package in (b"", tlv.encode(0xB0), tlv.encode(0xA0, tlv.encode(0x80, b"\2"))):
            self.assertRaises(ValueError, read_iccid, package)

    def test_iccidOfLetters(self) -> None:
        """
        An ICCID is decimal.
        """
        self.assertRaises(ValueError, read_iccid, tlv.encode(0xA0, tlv.encode(0x83, b"\x8a" * 10)))

    def test_order(self) -> None:
        """
        The header is first, the end is last, and neither is anywhere else.
        """
        whole = make_package(ICCID, 500)
        parts = [element.raw for element in tlv.walk(whole)]
        for wrong in (parts[:-1], [*parts, parts[-1]], [parts[0], *parts], [*parts[:-2], parts[-1], parts[-2]]):
            self.assertRaises(ValueError, check_package, b"".join(wrong))

    def test_ts48(self) -> None:
        """
        The GSMA's generic test profiles.
        """
        if not SGP26.is_dir():
            raise SkipTest("the SGP.26 certificates are not beside the checkout")
        found = set()
        for path in (SGP26 / "upp").glob("*.der"):
            check_package(path.read_bytes())
            found.add(read_iccid(path.read_bytes()))
        self.assertEqual(found, {"8949449999999990023", "8949449999999990171"})
