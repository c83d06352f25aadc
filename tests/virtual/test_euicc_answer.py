# -*- test-case-name: tests.virtual.test_euicc_answer -*-
"""
Tests for L{cardgw.virtual.euicc_answer}.
"""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.euicc_answer import Outgoing
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.euicc_values import Refused


class OutgoingTests(SynchronousTestCase):
    """
    L{Outgoing}: the three ways of handing over, and GET RESPONSE.
    """

    def refusal(self, outgoing: Outgoing, wanted: int) -> str:
        """
        The status word with which a GET RESPONSE ends.
        """
        return f"{self.assertRaises(Refused, outgoing.fetch, wanted).status:04X}"

    def test_t0(self) -> None:
        """
        With T=0 the command itself never gets data, only their number.
        """
        outgoing = Outgoing(Delivery.T0)
        self.assertEqual("6105", outgoing.begin(b"hello", 0x9000).hex())
        self.assertEqual(b"hello\x90\x00", outgoing.fetch(5))

    def test_t1(self) -> None:
        """
        With T=1 it gets what fits in a short response, and the number of what is left.
        """
        outgoing = Outgoing(Delivery.T1)
        self.assertEqual(b"hello\x90\x00", outgoing.begin(b"hello", 0x9000))
        self.assertEqual(bytes(256) + b"\x61\x2c", outgoing.begin(bytes(300), 0x9000))

    def test_whole(self) -> None:
        """
        Some cards give everything at once.
        """
        self.assertEqual(bytes(2000) + b"\x90\x00", Outgoing(Delivery.WHOLE).begin(bytes(2000), 0x9000))

    def test_nothing(self) -> None:
        """
        Without data there is nothing to fetch.
        """
        outgoing = Outgoing(Delivery.T0)
        self.assertEqual(b"\x90\x00", outgoing.begin(b"", 0x9000))
        self.assertEqual("6985", self.refusal(outgoing, 256))

    def test_256(self) -> None:
        """
        6100 announces 256 bytes or more.
        """
        outgoing = Outgoing(Delivery.T0)
        self.assertEqual("6100", outgoing.begin(bytes(300), 0x9000).hex())
        self.assertEqual(bytes(256) + b"\x61\x2c", outgoing.fetch(256))

    def test_wrongLe(self) -> None:
        """
        More than was announced is refused with the right number; nothing is lost.  256 stands for all.
        """
        outgoing = Outgoing(Delivery.T0)
        outgoing.begin(b"hello", 0x9000)
        self.assertEqual("6C05", self.refusal(outgoing, 6))
        self.assertEqual(b"hello\x90\x00", outgoing.fetch(256))

    def test_less(self) -> None:
        """
        Less than was announced is given, and the rest is announced again.
        """
        outgoing = Outgoing(Delivery.T0)
        outgoing.begin(b"hello", 0x9000)
        self.assertEqual(b"he\x61\x03", outgoing.fetch(2))

    def test_status(self) -> None:
        """
        The status word of the command comes with the last byte.
        """
        outgoing = Outgoing(Delivery.T0)
        outgoing.begin(b"hello", 0x910B)
        self.assertEqual(b"hello\x91\x0b", outgoing.fetch(5))

    def test_clear(self) -> None:
        """
        What was not fetched when another command came is gone.
        """
        outgoing = Outgoing(Delivery.T0)
        outgoing.begin(b"hello", 0x9000)
        self.assertTrue(outgoing.waits)
        outgoing.clear()
        self.assertFalse(outgoing.waits)
        self.assertEqual("6985", self.refusal(outgoing, 256))

    @given(st.binary(min_size=1, max_size=2000), st.lists(st.integers(1, 256), max_size=4), st.sampled_from(Delivery))
    def test_whatever(self, data: bytes, chunks: list[int], delivery: Delivery) -> None:
        """
        Whatever the sizes announced, who fetches what is announced gets all of it, in order.
        """
        outgoing = Outgoing(delivery, tuple(chunks))
        answer = outgoing.begin(data, 0x9000)
        got = answer[:-2]
        while answer[-2] == 0x61:
            answer = outgoing.fetch(answer[-1] or 256)
            got += answer[:-2]
        self.assertEqual((data, b"\x90\x00"), (got, answer[-2:]))
