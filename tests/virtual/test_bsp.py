# -*- test-case-name: tests.virtual.test_bsp -*-
"""
Tests for L{cardgw.virtual.bsp}.
"""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode, only
from cardgw.virtual.bsp import Bsp, BspKeys, BspSecurityError, BspStructureError, derive_keys
from tests.virtual.card import Opener

KEYS = BspKeys(bytes(16), b"\x11" * 16, b"\x22" * 16)
EID = bytes.fromhex("89049032123451234512345678901235")
items = st.lists(st.tuples(st.sampled_from((0x86, 0x87, 0x88)), st.binary(max_size=300)), min_size=1, max_size=6)


def protect(sequence: list[tuple[int, bytes]]) -> list[bytes]:
    """
    Protect a sequence as an SM-DP+ does: 88 is not encrypted.
    """
    bsp = Bsp(KEYS)
    return [bsp.protect(tag, value, mac_only=tag == 0x88) for tag, value in sequence]


class KeysTests(SynchronousTestCase):
    """
    Session keys from a shared secret.
    """

    def test_length(self) -> None:
        """
        The derivation gives the initial MAC chaining value, S-ENC and S-MAC, 16 bytes each, all different.
        """
        keys = derive_keys(b"\x01" * 32, 0x88, 16, b"host", EID)
        values = {keys.initial_mcv, keys.s_enc, keys.s_mac}
        self.assertEqual([16, 16, 16], [len(value) for value in values])

    def test_vector(self) -> None:
        """
        X9.63 is SHA-256 over the secret, a counter of four bytes, and the shared info: type, length, host, EID.
        """
        from hashlib import sha256

        info = b"\x88\x10\x04host\x10" + EID
        first, second = (sha256(b"\x01" * 32 + bytes((0, 0, 0, counter)) + info).digest() for counter in (1, 2))
        keys = derive_keys(b"\x01" * 32, 0x88, 16, b"host", EID)
        self.assertEqual(first + second[:16], keys.initial_mcv + keys.s_enc + keys.s_mac)

    def test_bound(self) -> None:
        """
        Another host or another card has other keys.
        """
        made = {derive_keys(b"\x01" * 32, 0x88, 16, host, eid).s_enc for host in (b"a", b"b") for eid in (EID, bytes(16))}
        self.assertEqual(4, len(made))

    def test_secret(self) -> None:
        """
        Keys do not show in representations.
        """
        self.assertEqual("BspKeys()", repr(KEYS))


class BspTests(SynchronousTestCase):
    """
    Protected data objects.
    """

    @given(items)
    def test_roundTrip(self, sequence: list[tuple[int, bytes]]) -> None:
        """
        What one end protects, the other end, in the same order, gets back.
        """
        bsp = Bsp(KEYS)
        self.assertEqual(
            [value for _, value in sequence],
            [bsp.unprotect(raw, tag == 0x88) for (tag, _), raw in zip(sequence, protect(sequence), strict=True)],
        )

    @given(items)
    def test_independent(self, sequence: list[tuple[int, bytes]]) -> None:
        """
        An end that was written by somebody else gets it back, too.
        """
        other = Opener(KEYS.initial_mcv, KEYS.s_enc, KEYS.s_mac)
        for (tag, value), raw in zip(sequence, protect(sequence), strict=True):
            self.assertEqual(value, other.open(only(raw, tag), encrypted=tag != 0x88))

    @given(items, st.data())
    def test_flippedBit(self, sequence: list[tuple[int, bytes]], data: st.DataObject) -> None:
        """
        Any changed bit is noticed at once.
        """
        protected = protect(sequence)
        at = data.draw(st.integers(0, len(protected) - 1))
        bit = data.draw(st.integers(0, 8 * len(protected[at]) - 1))
        broken = bytearray(protected[at])
        broken[bit // 8] ^= 0x80 >> bit % 8
        bsp = Bsp(KEYS)
        for (tag, _), raw in zip(sequence[:at], protected[:at], strict=True):
            bsp.unprotect(raw, tag == 0x88)
        with self.assertRaises((BspSecurityError, BspStructureError)):
            bsp.unprotect(bytes(broken), sequence[at][0] == 0x88)

    def test_order(self) -> None:
        """
        The MACs are a chain: a data object that is left out, repeated or exchanged is noticed.
        """
        first, second = protect([(0x86, b"one"), (0x86, b"two")])
        bsp = Bsp(KEYS)
        self.assertRaises(BspSecurityError, bsp.unprotect, second)
        bsp.unprotect(first)
        self.assertRaises(BspSecurityError, bsp.unprotect, first)

    def test_refusedLeavesState(self) -> None:
        """
        After a refused data object the right one is still accepted.
        """
        (first,) = protect([(0x86, b"one")])
        bsp = Bsp(KEYS)
        self.assertRaises(BspSecurityError, bsp.unprotect, first[:-1] + bytes((first[-1] ^ 1,)))
        self.assertEqual(b"one", bsp.unprotect(first))

    def test_counterCountsMaced(self) -> None:
        """
        A data object that only has a MAC counts for the encryption of the next one.
        """
        alone, after = Bsp(KEYS), Bsp(KEYS)
        after.protect(0x88, b"", mac_only=True)
        self.assertNotEqual(alone.protect(0x86, b"x" * 16)[2:-8], after.protect(0x86, b"x" * 16)[2:-8])

    def test_replaceKeys(self) -> None:
        """
        New keys begin with their own chaining value and a counter of 1.
        """
        bsp = Bsp(derive_keys(b"\x01" * 32, 0x88, 16, b"host", EID))
        bsp.protect(0x87, b"some")
        bsp.replace_keys(KEYS)
        self.assertEqual(protect([(0x86, b"text")]), [bsp.protect(0x86, b"text")])

    def test_padding(self) -> None:
        """
        At least one byte of padding is there: 15 bytes fit into one block, 16 need two.
        """
        self.assertEqual([2 + 16 + 8, 2 + 32 + 8], [len(protect([(0x86, bytes(size))])[0]) for size in (15, 16)])

    def test_maced(self) -> None:
        """
        Without encryption the value is there in clear, the MAC of 8 bytes after it.
        """
        (raw,) = protect([(0x88, b"clear")])
        self.assertEqual(b"\x88\x0dclear", raw[:-8])

    def test_structure(self) -> None:
        """
        What is not one data object, has no room for a MAC, or no whole blocks is refused before any MAC is computed.
        """
        for raw in (b"", b"\x86", b"\x86\x05abc", encode(0x86, bytes(7)), encode(0x86, bytes(8)), encode(0x86, bytes(23))):
            self.assertRaises(BspStructureError, Bsp(KEYS).unprotect, raw)

    def test_badPadding(self) -> None:
        """
        A right MAC over a plaintext without padding is refused as a wrong structure.
        """
        maced = Bsp(KEYS).protect(0x86, b"\0" * 16, mac_only=True)
        self.assertRaises(BspStructureError, Bsp(KEYS).unprotect, maced)
