# -*- test-case-name: tests.virtual.test_euicc_elements -*-
"""
Tests for L{cardgw.virtual.euicc_elements}.
"""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.virtual.euicc_elements import Elements, ElementsError
from tests.virtual.bpp import ICCID, upp

WHOLE = upp()


class ElementsTests(SynchronousTestCase):
    """
    L{Elements}
    """

    def refused(self, package: bytes, iccid: str = ICCID) -> ElementsError:
        """
        How a package is refused.
        """
        elements = Elements(iccid)

        def run() -> None:
            elements.feed(package)
            elements.finish()

        error = self.assertRaises(ElementsError, run)
        assert isinstance(error, ElementsError)
        return error

    @given(st.lists(st.integers(0, len(WHOLE)), max_size=10))
    def test_anyPieces(self, places: list[int]) -> None:
        """
        The pieces of a package need not end where its elements do.
        """
        edges = [0, *sorted(places), len(WHOLE)]
        elements = Elements(ICCID)
        for start, end in pairwise(edges):
            elements.feed(WHOLE[start:end])
        elements.finish()
        self.assertEqual(len(WHOLE), elements.size)

    def test_iccid(self) -> None:
        """
        The ICCID in the header must be that of the metadata; this is found out as soon as the header is there.
        """
        error = self.assertRaises(ElementsError, Elements("89999010000000000026").feed, WHOLE[:100])
        self.assertTrue(error.mismatch)

    def test_noIccid(self) -> None:
        """
        A header without an ICCID has bad values.
        """
        error = self.refused(encode(0xA0, encode(0x80, b"\x02")))
        self.assertEqual((False, "3009a0053003800103 8100".replace(" ", "")), (error.mismatch, error.response.hex()))

    def test_shape(self) -> None:
        """
        A header first and once, an end last and once, nothing but elements between.
        """
        header, end = upp(size=0)[: upp(size=0).index(b"\xa1\x02")], encode(0xAA, b"")
        for package in (end, header, header + header + end, header + end + end, header + encode(0x04, b"x") + end, WHOLE[:-1]):
            self.assertFalse(self.refused(package).mismatch)
        elements = Elements(ICCID)
        elements.feed(header + end)
        elements.finish()

    def test_badLength(self) -> None:
        """
        A length of six bytes is none.
        """
        self.assertFalse(self.refused(b"\xa0\x86" + bytes(10)).mismatch)
