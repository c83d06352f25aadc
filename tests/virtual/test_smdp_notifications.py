"""
Tests for L{cardgw.virtual.smdp_notifications}.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual.certificates import PublicKey
from cardgw.virtual.pki import make_pki
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_answers import Refusal
from cardgw.virtual.smdp_notifications import Notification, read_notification
from tests.virtual.card import Card, metadata

PKI = make_pki()
OTHER = make_pki()
TRANSACTION = "00112233445566778899AABBCCDDEEFF"


def read(raw: bytes, key: PublicKey | None = PKI.euicc.key.public_key()) -> Notification:  # noqa: B008
    """
    Read one as a server of this PKI.
    """
    return read_notification(raw, lambda _: key, lambda _: PKI.ci, datetime.now(UTC))


class ReadTests(SynchronousTestCase):
    """
    Reading and verifying.
    """

    def setUp(self) -> None:
        self.card = Card(PKI, Smdp(PKI), transaction=TRANSACTION)

    def test_installed(self) -> None:
        """
        A ProfileInstallationResult of a success.
        """
        found = read(self.card.result())
        self.assertEqual((found.event, found.sequence, found.error, found.problem), ("install", 1, None, ""))
        self.assertEqual((found.address, found.transaction_id.hex().upper()), (PKI.host, TRANSACTION))

    def test_notInstalled(self) -> None:
        """
        One of a failure has the command and the reason.
        """
        self.assertEqual(read(self.card.result(error=(5, 12))).error, (5, 12))

    def test_wrongSignature(self) -> None:
        """
        It is kept, with its problem.
        """
        found = read(self.card.result()[:-1] + b"\0")
        self.assertFalse(found.verified)
        self.assertEqual(found.problem, "the signature of the eUICC is wrong")

    def test_unknownTransaction(self) -> None:
        """
        Without the session nobody knows whose signature it should be.
        """
        self.assertFalse(read(self.card.result(), None).verified)

    def test_others(self) -> None:
        """
        Each event, verified with the certificates that come along.
        """
        for event, name in ((b"\x06\x40", "enable"), (b"\x05\x20", "disable"), (b"\x04\x10", "delete"), (b"\0\x40", "enable")):
            found = read(self.card.other(event), None)
            self.assertEqual((found.event, found.sequence, found.problem), (name, 2, ""))

    def test_otherPki(self) -> None:
        """
        Certificates below another CI are not believed.
        """
        found = read(Card(OTHER, Smdp(OTHER)).other())
        self.assertEqual(found.problem, "the EUM certificate was issued by an unknown CI")

    def test_malformed(self) -> None:
        """
        What cannot be parsed is refused: 1.6/2.1.
        """
        right = self.card.result()
        for raw in (
            b"",
            right[:-1],
            right + right,
            tlv.encode(0xBF2F),
            tlv.encode(0xBF37),
            tlv.encode(0x30, metadata(1, b"", "")),
        ):
            self.assertEqual(self.assertRaises(Refusal, read, raw).reason, "2.1")

    @given(st.data())
    def test_flippedBits(self, data: st.DataObject) -> None:
        """
        A wrong bit anywhere is a problem or a refusal, never another exception.
        """
        whole = bytearray(self.card.result())
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        with contextlib.suppress(Refusal):
            self.assertFalse(read(bytes(whole)).verified)
