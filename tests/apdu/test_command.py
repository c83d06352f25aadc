# -*- test-case-name: tests.apdu.test_command -*-
"""
Tests for L{cardgw.apdu.command}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from tests.apdu.strategies import commands


class CommandTests(SynchronousTestCase):
    """
    L{Command}.
    """

    def test_cases(self) -> None:
        """
        The seven forms of ISO/IEC 7816-4, 5.2: with and without data and Le, short and extended.
        """
        for command, octets in (
            (Command(0x00, 0xA4), "00A40000"),
            (Command(0x80, 0xC0, expected=5), "80C0000005"),
            (Command(0x80, 0xE2, 0x91, 0x00, bytes.fromhex("BF2E00")), "80E2910003BF2E00"),
            (Command(0x00, 0xA4, 0x04, 0x00, b"\xa0", 256), "00A4040001A000"),
            (Command(0x00, 0xCA, expected=65536), "00CA0000000000"),
            (Command(0x00, 0xCA, expected=257), "00CA0000000101"),
            (Command(0x00, 0xDA, data=b"\x01", extended=True), "00DA000000000101"),
            (Command(0x00, 0xDA, data=b"\x01", expected=2, extended=True), "00DA0000000001010002"),
        ):
            self.assertEqual(command.encode().hex().upper(), octets)
            self.assertEqual(Command.decode(bytes.fromhex(octets)).encode(), command.encode())

    def test_zeroLe(self) -> None:
        """
        Le 00 asks for 256 bytes, 0000 for 65536.
        """
        self.assertEqual(Command.decode(bytes.fromhex("80C0000000")).expected, 256)
        self.assertEqual(Command.decode(bytes.fromhex("00CA0000000000")).expected, 65536)

    def test_extendedWhereNeeded(self) -> None:
        """
        More than 255 bytes of data, or an Le of more than 256, need the extended form.
        """
        self.assertFalse(Command(0, 0, data=bytes(255), expected=256).is_extended)
        self.assertTrue(Command(0, 0, data=bytes(256)).is_extended)
        self.assertTrue(Command(0, 0, expected=257).is_extended)

    @given(commands)
    def test_roundTrip(self, command: Command) -> None:
        """
        Every command is the same again after encoding and decoding.
        """
        decoded = Command.decode(command.encode())
        self.assertEqual(decoded.encode(), command.encode())
        self.assertEqual((decoded.data, decoded.expected), (command.data, command.expected))

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are a command, and stay what they were, or a C{ValueError}.
        """
        try:
            command = Command.decode(octets)
        except ValueError:
            return
        self.assertEqual(command.encode(), octets)

    def test_malformed(self) -> None:
        """
        A wrong Lc is named with what follows it.
        """
        self.assertEqual(
            str(self.assertRaises(ValueError, Command.decode, b"\0\xa4\4")), "a command APDU has at least 4 bytes, got 3"
        )
        for octets in ("00A4040003A000", "00A4040001A00000", "00DA00000000020100000000", "00DA00000000000001"):
            error = self.assertRaises(ValueError, Command.decode, bytes.fromhex(octets))
            self.assertRegex(str(error), "^Lc is [0-9]+, but [0-9]+ bytes follow$")

    def test_bounds(self) -> None:
        """
        A header byte is a byte; data and Le have their limits.
        """
        self.assertRaises(ValueError, Command, 256, 0)
        self.assertRaises(ValueError, Command, 0, -1)
        self.assertRaises(ValueError, Command, 0, 0, data=bytes(65536))
        for expected in (0, 65537):
            self.assertRaises(ValueError, Command, 0, 0, expected=expected)
