# -*- test-case-name: tests.gp.test_store_data -*-
"""
L{cardgw.gp.store_data}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.gp.errors import TooManyBlocks
from cardgw.gp.store_data import DataGroup, Encryption, Structure, store_data, store_parts

groups = st.builds(DataGroup, st.integers(0, 0xFFFF), st.binary(max_size=600))


class StoreDataTests(SynchronousTestCase):
    """
    L{store_data} and L{store_parts}.
    """

    def test_one(self) -> None:
        """
        One block is the last one, too.
        """
        script = store_data(bytes.fromhex("9F7F00"), 247, Structure.BER)
        self.assertEqual([each.command.encode().hex() for each in script.steps], ["80e29000039f7f00"])
        self.assertFalse(script.pipelined)

    def test_flags(self) -> None:
        """
        Structure, encryption and answer are bits of P1.
        """
        steps = store_data(b"x", 1, Structure.DGI, Encryption.ALL, response=True).steps
        self.assertEqual(steps[0].command.encode().hex(), "80e2e900017800")
        flags = [store_data(b"x", 1, Structure.NONE, each).steps[0].command.p1 for each in Encryption]
        self.assertEqual(flags, [0x80, 0xA0, 0xE0])

    @given(st.binary(min_size=1, max_size=1000), st.integers(4, 255), st.sampled_from(Structure))
    def test_blocks(self, data: bytes, size: int, structure: Structure) -> None:
        """
        Blocks are counted; the last one says that it is; joined they are the whole.
        """
        commands = [each.command for each in store_data(data, size, structure).steps]
        self.assertEqual(b"".join(each.data for each in commands), data)
        self.assertEqual([each.p2 for each in commands], list(range(len(commands))))
        self.assertEqual([each.p1 for each in commands], [structure] * (len(commands) - 1) + [structure | 0x80])

    def test_parts(self) -> None:
        """
        A block for each part, for applications that want it so.
        """
        script = store_parts([DataGroup(0x0101, b"a").encode(), DataGroup(0x0102, b"b").encode()], Structure.DGI)
        self.assertEqual([each.command.encode().hex() for each in script.steps], ["80e208000401010161", "80e288010401020162"])

    def test_wrong(self) -> None:
        """
        Nothing, sizes that none can be, and more blocks than can be counted.
        """
        self.assertRaises(ParameterError, store_data, b"", 10)
        self.assertRaises(ParameterError, store_data, b"x", 0)
        self.assertRaises(ParameterError, store_parts, [])
        self.assertRaises(ParameterError, store_parts, [b"x", b""])
        self.assertEqual(len(store_data(bytes(256), 1).steps), 256)
        self.assertRaises(TooManyBlocks, store_data, bytes(257), 1)
        self.assertRaises(TooManyBlocks, store_parts, [b"x"] * 257)
        self.assertRaises(ParameterError, store_parts, [bytes(65536)])


class DataGroupTests(SynchronousTestCase):
    """
    L{DataGroup}.
    """

    def test_lengths(self) -> None:
        """
        One byte up to FE, three above.
        """
        heads = [DataGroup(0x8010, bytes(size)).encode()[: -size or None].hex() for size in (0, 1, 254, 255, 256)]
        self.assertEqual(heads, ["801000", "801001", "8010fe", "8010ff00ff", "8010ff0100"])
        self.assertRaises(ParameterError, DataGroup, 0x10000, b"")
        self.assertRaises(ParameterError, DataGroup, 1, bytes(65536))
        self.assertNotIn("secret", repr(DataGroup(1, b"secret")))

    @given(st.lists(groups, max_size=4).map(tuple))
    def test_roundTrip(self, wanted: tuple[DataGroup, ...]) -> None:
        """
        What was encoded is decoded again.
        """
        self.assertEqual(DataGroup.decode_all(b"".join(each.encode() for each in wanted)), wanted)

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are data groupings, or a C{ValueError}.
        """
        with contextlib.suppress(ValueError):
            for each in DataGroup.decode_all(octets):
                self.assertIn(each.value, octets)

    def test_cutShort(self) -> None:
        """
        What ends too early is a C{ValueError}.
        """
        whole = DataGroup(1, bytes(255)).encode()
        for end in (1, 2, 3, 4, 5, len(whole) - 1):
            self.assertRaises(ValueError, DataGroup.decode_all, whole[:end])
