# -*- test-case-name: tests.transports.pcsc.test_limits -*-
"""
Tests for L{cardgw.transports.pcsc.limits}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.pcsc.codes import ATTRIBUTE_MAXINPUT, GET_FEATURES, Share
from cardgw.transports.pcsc.limits import entries, longest_command
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard

CODE = 0x42330012
FEATURES = bytes.fromhex("0604 42330006 1204 42330012")


def asked(controls: dict[int, bytes], attributes: dict[int, bytes]) -> int | None:
    """
    What a reader says that answers so.
    """
    driver = FakeDriver()
    reader = driver.plug("R")
    reader.controls.update(controls)
    reader.attributes.update(attributes)
    driver.insert("R", SoftCard())
    handle, _ = driver.connect(driver.establish(), "R", Share.SHARED, 3)
    return longest_command(driver, handle)


class LongestCommandTests(SynchronousTestCase):
    """
    L{longest_command} asks a reader.
    """

    def test_properties(self) -> None:
        """
        Readers of PC/SC part 10 tell how much data there may be: none is said of short commands only.
        """
        for data, expected in ((0, 261), (255, 261), (65536, 65544), (65535, 65544), (2048, 2057)):
            properties = bytes.fromhex("0102 1000 0A04") + data.to_bytes(4, "little") + bytes.fromhex("0B02 E600")
            self.assertEqual(asked({GET_FEATURES: FEATURES, CODE: properties}, {}), expected)

    def test_attribute(self) -> None:
        """
        Others have an attribute; one of the size of short commands means that there are no others.
        """
        for most, expected in ((261, 261), (255, 261), (65544, 65544), (1 << 20, 65544), (2000, 2000)):
            self.assertEqual(asked({}, {ATTRIBUTE_MAXINPUT: most.to_bytes(4, "little")}), expected)
            self.assertEqual(asked({GET_FEATURES: FEATURES}, {ATTRIBUTE_MAXINPUT: most.to_bytes(4, "little")}), expected)

    def test_nothing(self) -> None:
        """
        Most tell nothing, or what cannot be understood.
        """
        self.assertIsNone(asked({}, {}))
        self.assertIsNone(asked({GET_FEATURES: FEATURES[:-1]}, {ATTRIBUTE_MAXINPUT: b""}))
        self.assertIsNone(asked({GET_FEATURES: FEATURES, CODE: bytes.fromhex("0A04 0000")}, {}))

    @given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=8))
    def test_anything(self, features: bytes, properties: bytes, most: bytes) -> None:
        """
        Whatever a reader says, there is no error, and no command is longer than commands can be.
        """
        found = asked({GET_FEATURES: features, CODE: properties}, {ATTRIBUTE_MAXINPUT: most})
        self.assertTrue(found is None or 261 <= found <= 65544)

    @given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=255))), st.integers(0, 20))
    def test_entries(self, wanted: list[tuple[int, bytes]], cut: int) -> None:
        """
        Entries are read up to where they are cut.
        """
        octets = b"".join(bytes((tag, len(value))) + value for tag, value in wanted)
        self.assertEqual(list(entries(octets)), wanted)
        found = list(entries(octets[: max(len(octets) - cut, 0)]))
        self.assertEqual(found, wanted[: len(found)])
