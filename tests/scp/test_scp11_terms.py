# -*- test-case-name: tests.scp.test_scp11_terms -*-
"""
L{cardgw.scp.scp11_terms}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.errors import ParameterError
from cardgw.scp.level import Level
from cardgw.scp.scp11_terms import RECEIPT_LENGTH, Terms, Variant, agree_on_keys

MAC_ONLY = Level.C_MAC | Level.R_MAC


def terms() -> st.SearchStrategy[Terms]:
    """
    All that can be agreed on.
    """
    identified = st.tuples(st.binary(min_size=1, max_size=255), st.lists(st.binary(max_size=255), max_size=3).map(tuple))
    return st.builds(
        lambda variant, level, size, ids: Terms(variant, level, size, *ids),
        st.sampled_from(Variant),
        st.sampled_from((Level.FULL, MAC_ONLY)),
        st.sampled_from((16, 24, 32)),
        identified | st.just((b"", ())),
    )


class TermsTests(SynchronousTestCase):
    """
    What is agreed on.
    """

    def test_bytes(self) -> None:
        """
        The control reference of each variant: parameter, level and key length are where they belong.
        """
        for wanted, expected in (
            (Terms(Variant.A), "a60d9002110195013c800188810110"),
            (Terms(Variant.B), "a60d9002110095013c800188810110"),
            (Terms(Variant.C, key_length=32), "a60d9002110395013c800188810120"),
            (Terms(Variant.A, MAC_ONLY, 24), "a60d90021101950134800188810118"),
            (Terms(Variant.A, host_id=b"\xaa\xbb"), "a6119002110595013c8001888101108402aabb"),
            (Terms(Variant.C, host_id=b"\xaa", card_ids=(b"group",)), "a6109002110795013c8001888101108401aa"),
        ):
            self.assertEqual(wanted.encode().hex(), expected)

    def test_sharedInformation(self) -> None:
        """
        Identifiers of host and card go into the keys with their lengths; they are not there where the host has none.
        """
        self.assertEqual(Terms(Variant.A).shared_info.hex(), "3c8810")
        self.assertEqual(Terms(Variant.A, MAC_ONLY, 24).shared_info.hex(), "348818")
        wanted = Terms(Variant.A, host_id=b"\xaa\xbb", card_ids=(b"\x01", b"\x02\x03"))
        self.assertEqual(wanted.shared_info.hex(), "3c881002aabb0101020203")

    def test_parameterOnly(self) -> None:
        """
        The second byte of data object 90 is the parameter of the variant, and has nothing of what the card implements.
        """
        for variant, parameter in ((Variant.A, 1), (Variant.B, 0), (Variant.C, 3)):
            items = tlv.only(Terms(variant).encode(), 0xA6).children()
            self.assertEqual(items.value(0x90), bytes((0x11, parameter)))

    @given(terms())
    def test_round(self, wanted: Terms) -> None:
        """
        What one side writes the other reads.
        """
        value = tlv.only(wanted.encode(), 0xA6).value
        self.assertEqual(Terms.decode(value, wanted.card_ids), wanted)

    def test_wrong(self) -> None:
        """
        Terms that contradict themselves, or that nobody knows, are refused.
        """
        for value in (
            "",
            "90021101",
            "9002030195013c800188810110",
            "9002110295013c800188810110",
            "90021101950133800188810110",
            "9002110195013c800180810110",
            "9002110195013c800188810111",
            "9002110595013c800188810110",
            "9002110195013c8001888101108401aa",
            "9002110195013c80018881",
        ):
            self.assertRaises(ValueError, Terms.decode, bytes.fromhex(value))

    def test_impossible(self) -> None:
        """
        Levels without protection of answers, other lengths of keys, and identifiers that are too long are not possible.
        """
        for arguments in (
            {"level": Level.C_MAC},
            {"level": Level(0x13)},
            {"key_length": 20},
            {"host_id": bytes(256)},
            {"host_id": b"h", "card_ids": (bytes(256),)},
            {"card_ids": (b"x",)},
        ):
            self.assertRaises(ParameterError, Terms, Variant.A, **arguments)

    def test_variants(self) -> None:
        """
        Keys and instructions of the variants; in SCP11b nobody knows the host.
        """
        self.assertEqual([variant.kid for variant in Variant], [0x11, 0x13, 0x15])
        self.assertEqual([variant.instruction for variant in Variant], [0x82, 0x88, 0x82])
        self.assertEqual([variant.authenticates_host for variant in Variant], [True, False, True])


class AgreementTests(SynchronousTestCase):
    """
    Keys.
    """

    def test_lengths(self) -> None:
        """
        Five keys, all as long as was agreed, all different.
        """
        for size in (16, 24, 32):
            found = agree_on_keys(Terms(Variant.A, key_length=size), b"e" * 32, b"s" * 32)
            keys = [found.receipt_key, found.keys.s_enc, found.keys.s_mac, found.keys.s_rmac]
            self.assertEqual({len(key) for key in keys}, {size})
            self.assertEqual(len(set(keys)), 4)
            assert found.keys.dek is not None
            self.assertEqual(found.keys.dek.length, size)

    def test_everythingCounts(self) -> None:
        """
        Either secret, their order, level, length and identifiers change the keys.
        """
        a, b = b"e" * 32, b"s" * 32
        found = {
            agree_on_keys(wanted, *secrets).keys.s_enc[:16]
            for wanted, secrets in (
                (Terms(Variant.A), (a, b)),
                (Terms(Variant.A), (b, a)),
                (Terms(Variant.A), (a, a)),
                (Terms(Variant.A, MAC_ONLY), (a, b)),
                (Terms(Variant.A, key_length=24), (a, b)),
                (Terms(Variant.A, host_id=b"h"), (a, b)),
                (Terms(Variant.A, host_id=b"h", card_ids=(b"g",)), (a, b)),
                (Terms(Variant.A, host_id=b"h", card_ids=(b"g", b"")), (a, b)),
            )
        }
        self.assertEqual(len(found), 8)

    def test_receipt(self) -> None:
        """
        It is over the whole command and the card's key; 16 bytes.
        """
        found = agree_on_keys(Terms(Variant.A), b"e" * 32, b"s" * 32)
        receipt = found.receipt(b"command", b"key")
        self.assertEqual(len(receipt), RECEIPT_LENGTH)
        self.assertTrue(found.is_receipt(receipt, b"command", b"key"))
        self.assertFalse(found.is_receipt(receipt, b"commando", b"key"))
        self.assertFalse(found.is_receipt(receipt, b"command", b"kez"))
        self.assertFalse(found.is_receipt(receipt[:8], b"command", b"key"))

    def test_secret(self) -> None:
        """
        Nothing of it is shown.
        """
        found = agree_on_keys(Terms(Variant.A), b"e" * 32, b"s" * 32)
        self.assertNotIn(found.receipt_key.hex(), repr(found))
        self.assertNotIn(repr(found.receipt_key), repr(found))
        self.assertNotIn(repr(found.keys.s_enc), repr(found))
