# -*- test-case-name: tests.gp.test_commands -*-
"""
L{cardgw.gp.commands}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import ParameterError
from cardgw.gp import commands


class FieldTests(SynchronousTestCase):
    """
    Length and value.
    """

    @given(st.lists(st.binary(max_size=300), max_size=5))
    def test_roundTrip(self, values: list[bytes]) -> None:
        """
        Fields one after another are read again.
        """
        self.assertEqual(commands.split_fields(b"".join(map(commands.field, values))), tuple(values))

    def test_lengths(self) -> None:
        """
        The length is as in BER-TLV.
        """
        heads = [commands.field(bytes(size))[:-size].hex() for size in (1, 127, 128, 255, 256)]
        self.assertEqual(heads, ["01", "7f", "8180", "81ff", "820100"])
        self.assertEqual(commands.field(b""), b"\0")
        self.assertRaises(ParameterError, commands.field, bytes(0x10000))

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are fields that are in them, or C{ValueError}.
        """
        with contextlib.suppress(ValueError):
            for value in commands.split_fields(octets):
                self.assertIn(value, octets)

    def test_cutShort(self) -> None:
        """
        What is cut short is a C{ValueError}, as is a length that no command can have.
        """
        for octets in ("02AA", "81", "8180", "82FF", "80", "83000001AA", "FF"):
            self.assertRaises(ValueError, commands.split_field, bytes.fromhex(octets))
        self.assertRaises(ValueError, commands.split_field, b"\1\2", 2)


class CheckTests(SynchronousTestCase):
    """
    Parameters.
    """

    def test_aid(self) -> None:
        """
        An AID has 5 to 16 bytes; where there may be none, it may be empty.
        """
        for size in (5, 16):
            self.assertEqual(commands.check_aid(bytes(size), "x"), bytes(size))
        for size in (0, 1, 4, 17):
            self.assertRaises(ParameterError, commands.check_aid, bytes(size), "x")
        self.assertEqual(commands.check_aid(b"", "x", optional=True), b"")
        self.assertRaises(ParameterError, commands.check_aid, b"1", "x", optional=True)

    def test_byte(self) -> None:
        """
        The error says which one is out of bounds, and what they are.
        """
        self.assertEqual(commands.check_byte(0x7F, "key version", 1, 0x7F), 0x7F)
        error = self.assertRaises(ParameterError, commands.check_byte, 0x80, "key version", 1, 0x7F)
        self.assertEqual(error.detail, "key version: expected 01 to 7F, got 80")


class CommandTests(SynchronousTestCase):
    """
    GET DATA, and logical channels.
    """

    def test_getData(self) -> None:
        """
        Tags of one and two bytes, with and without data.
        """
        self.assertEqual(commands.get_data(0x66).encode().hex(), "80ca006600")
        self.assertEqual(commands.get_data(0xFF21).encode().hex(), "80caff2100")
        self.assertEqual(commands.get_data(0xBF21, bytes.fromhex("A60483021103")).encode().hex(), "80cabf2106a6048302110300")
        self.assertRaises(ParameterError, commands.get_data, 0x10000)

    def test_tooMuch(self) -> None:
        """
        What narrows it down can be longer than a command.
        """
        self.assertEqual(len(commands.get_data(0xBF21, bytes(65535)).data), 65535)
        self.assertRaises(ParameterError, commands.get_data, 0xBF21, bytes(65536))

    def test_channel(self) -> None:
        """
        A script goes over a logical channel with nothing else changed.
        """
        script = Script((Step(Command(0x80, 0xE8, 0, 1, b"x"), slow=True),), pipelined=True)
        for number, cla in ((0, 0x80), (3, 0x83), (4, 0xC0), (19, 0xCF)):
            moved = commands.at(script, number)
            self.assertEqual((moved.pipelined, moved.steps[0].slow, moved.steps[0].command.data), (True, True, b"x"))
            self.assertEqual(moved.steps[0].command.cla, cla)
