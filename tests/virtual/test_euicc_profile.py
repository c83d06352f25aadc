# -*- test-case-name: tests.virtual.test_euicc_profile -*-
"""
Tests for L{cardgw.virtual.euicc_profile}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import Tlv, decode, encode
from cardgw.virtual.euicc_metadata import read_metadata
from cardgw.virtual.euicc_profile import ALL_TAGS, DEFAULT_TAGS, Installed, Profile
from tests.virtual.bpp import ICCID, metadata, swapped

AID = bytes.fromhex("A0000005591010FFFFFFFF8900001000")


class InstalledTests(SynchronousTestCase):
    """
    L{Installed}
    """

    def setUp(self) -> None:
        """
        One profile with icon and owner.
        """
        more = (encode(0x93, b"\1"), encode(0x94, b"PNG"), encode(0xB7, encode(0x80, b"\x00\xf1\x10")))
        self.profile = Installed(read_metadata(metadata(ICCID, *more)), AID)

    def tags(self, wanted: frozenset[int]) -> list[int]:
        """
        The tags in ProfileInfo.
        """
        return [item.tag for item in decode(self.profile.info(wanted))[0].children()]

    def test_view(self) -> None:
        """
        People see digits and words.
        """
        self.assertEqual(Profile(ICCID, "Provider", "Name", "", "disabled"), self.profile.view())
        self.profile.enabled, self.profile.nickname = True, "Mine"
        self.assertEqual(Profile(ICCID, "Provider", "Name", "Mine", "enabled"), self.profile.view())

    def test_info(self) -> None:
        """
        What was asked for and is there, in the order of the standard.
        """
        self.assertEqual([0x5A, 0x4F, 0x9F70, 0x91, 0x92, 0x93, 0x94, 0x95], self.tags(DEFAULT_TAGS))
        self.profile.nickname = "Mine"
        wanted = [0x5A, 0x4F, 0x9F70, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0xB6, 0xB7]
        self.assertEqual(wanted, self.tags(frozenset(ALL_TAGS)))

    def test_matches(self) -> None:
        """
        By ICCID, AID or class, and nothing else.
        """
        found = [
            self.profile.matches(Tlv(tag, value, b"")) for tag, value in ((0x5A, swapped(ICCID)), (0x4F, AID), (0x95, b"\2"))
        ]
        other = [self.profile.matches(Tlv(tag, value, b"")) for tag, value in ((0x5A, bytes(10)), (0x4F, b""), (0x95, b"\0"))]
        self.assertEqual(([True] * 3, [False] * 3), (found, other))
        self.assertRaises(ValueError, self.profile.matches, Tlv(0x91, b"Provider", b""))
