# -*- test-case-name: tests.gp.test_delete -*-
"""
L{cardgw.gp.delete}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.gp.delete import Delete, delete, delete_key

AID = bytes.fromhex("D0D1D2D3D4D501")


class DeleteTests(SynchronousTestCase):
    """
    Applications and load files.
    """

    def test_one(self) -> None:
        """
        One, with or without what depends on it.
        """
        self.assertEqual(delete(AID).encode().hex(), "80e40000094f07d0d1d2d3d4d50100")
        self.assertEqual(delete(AID, related=True).encode().hex(), "80e40080094f07d0d1d2d3d4d50100")

    def test_token(self) -> None:
        """
        The token is a data object, and not part of what it is about.
        """
        content = Delete((AID, AID + b"\1"), control=bytes.fromhex("B600")).with_token(bytes(128))
        self.assertEqual(content.data.hex(), "4f07d0d1d2d3d4d5014f08d0d1d2d3d4d50101b600")
        self.assertEqual(content.command().data, content.data + bytes.fromhex("9E8180") + bytes(128))
        self.assertNotIn("token", repr(content))

    def test_wrong(self) -> None:
        """
        Nothing, and what no AID is.
        """
        self.assertRaises(ParameterError, Delete, ())
        self.assertRaises(ParameterError, delete, b"")
        self.assertRaises(ParameterError, Delete, (AID, bytes(17)))
        self.assertRaises(ParameterError, Delete, (AID,), control=b"\xb6")
        self.assertRaises(ParameterError, Delete((AID,)).with_token(bytes(65536)).command)


class DeleteKeyTests(SynchronousTestCase):
    """
    Keys.
    """

    def test_forms(self) -> None:
        """
        One key, all of a version, all of an identifier; also those from the factory.
        """
        self.assertEqual(delete_key(1, 0x30).encode().hex(), "80e4000006d00101d2013000")
        self.assertEqual(delete_key(version=0x30).encode().hex(), "80e4000003d2013000")
        self.assertEqual(delete_key(identifier=0).encode().hex(), "80e4000003d0010000")
        self.assertEqual(delete_key(version=0xFF).encode().hex(), "80e4000003d201ff00")

    def test_wrong(self) -> None:
        """
        All keys at once are not deleted by leaving things out.
        """
        self.assertRaises(ParameterError, delete_key)
        self.assertRaises(ParameterError, delete_key, 0x80)
        self.assertRaises(ParameterError, delete_key, 1, 0)
        self.assertRaises(ParameterError, delete_key, 1, 256)
