# -*- test-case-name: tests.gp.test_isd -*-
"""
L{cardgw.gp.isd}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.tlv import encode
from cardgw.errors import MalformedAnswer, PeerLost, UnexpectedStatus
from cardgw.gp.card_data import CardData, Cplc
from cardgw.gp.isd import get_data, most_data, read_card_data
from cardgw.values import ChannelInfo, Feature
from tests.gp.card import CIN, CPLC, IIN, ISD, GpCard

READER = ChannelInfo("memory", offers=frozenset({Feature.SELECT}))
ALL = CardData(Cplc.decode(CPLC), IIN, CIN)


class ReadTests(SynchronousTestCase):
    """
    L{read_card_data}.
    """

    def read(self, card: GpCard, number: int = 0) -> CardData | None:
        """
        What is read of a card.
        """
        return self.successResultOf(Deferred.fromCoroutine(read_card_data(MemoryChannel(READER, card.transmit), number)))

    def test_all(self) -> None:
        """
        The domain is selected without a name, then asked for each object.
        """
        card = GpCard()
        self.assertEqual(self.read(card), ALL)
        wanted = ["00A4040000", "80CA9F7F00", "80CA004200", "80CA004500"]
        self.assertEqual([each.hex().upper() for each in card.sent], wanted)

    def test_channel(self) -> None:
        """
        All of it goes over the logical channel.
        """
        card = GpCard(open={0: False, 2: False})
        self.assertEqual(self.read(card, 2), ALL)
        self.assertEqual({each[0] for each in card.sent}, {0x02, 0x82})

    def test_bare(self) -> None:
        """
        Objects without tag and length do as well.
        """
        self.assertEqual(self.read(GpCard(bare=True)), ALL)

    def test_wrongLength(self) -> None:
        """
        A card that wants the right Le is asked again.
        """
        self.assertEqual(self.read(GpCard(exact=True)), ALL)

    def test_together(self) -> None:
        """
        What it tells is read together where the channel carries many commands at once; answers that are lost that way, because
        the card wants the right Le, are asked for once more.
        """
        for exact, exchanges in ((False, 2), (True, 8)):
            channel = MemoryChannel(READER, GpCard(exact=exact).transmit, burst=8)
            self.assertEqual(self.successResultOf(Deferred.fromCoroutine(read_card_data(channel))), ALL)
            self.assertEqual(channel.exchanges, exchanges)

    def test_names(self) -> None:
        """
        A domain that wants to be named is tried by its AIDs, the older one too.
        """
        for aid in (ISD, bytes.fromhex("A000000003000000"), bytes.fromhex("A0000001510000FF")):
            self.assertEqual(self.read(GpCard(nameless=False, aid=aid)), ALL)

    def test_less(self) -> None:
        """
        What a card does not tell, or tells wrongly, it does not have.
        """
        self.assertEqual(self.read(GpCard(objects={0x42: IIN})), CardData(None, IIN))
        self.assertEqual(self.read(GpCard(objects={0x9F7F: CPLC[:9], 0x42: bytes(200), 0x45: CIN})), CardData(None, b"", CIN))
        self.assertEqual(self.read(GpCard(objects={})), CardData())

    def test_none(self) -> None:
        """
        A card that refuses all names has no such domain; neither has one that lets something be selected without a name and
        tells nothing of it.
        """
        card = GpCard(aid=bytes(8), nameless=False)
        self.assertIsNone(self.read(card))
        self.assertEqual(len(card.sent), 4)
        card = GpCard(aid=bytes(8), objects={}, information=b"\x6f\x00")
        self.assertIsNone(self.read(card))
        self.assertEqual(self.read(GpCard(aid=bytes(8), objects={0x45: CIN}, information=b"")), CardData(None, b"", CIN))

    def test_lost(self) -> None:
        """
        Losing the card is told.
        """
        card = GpCard()

        def transmit(command: bytes) -> bytes:
            if len(card.sent) == 2:
                raise PeerLost
            return card.transmit(command)

        channel = MemoryChannel(READER, transmit)
        self.failureResultOf(Deferred.fromCoroutine(read_card_data(channel)), PeerLost)

    @given(st.data())
    def test_anything(self, data: st.DataObject) -> None:
        """
        Whatever a card answers, it has card data or none, after few commands.
        """
        sent: list[bytes] = []

        def transmit(command: bytes) -> bytes:
            sent.append(command)
            status = data.draw(st.sampled_from((b"\x90\x00", b"\x62\x83", b"\x6a\x82", b"\x6c\x2d")))
            return data.draw(st.binary(max_size=60)) + status

        reading = read_card_data(MemoryChannel(READER, transmit))
        self.assertIsInstance(self.successResultOf(Deferred.fromCoroutine(reading)), (CardData, type(None)))
        self.assertLessEqual(len(sent), 32)


class GetDataTests(SynchronousTestCase):
    """
    L{get_data}.
    """

    def get(self, answer: str) -> Deferred[bytes]:
        """
        Ask a card that gives this answer.
        """
        return Deferred.fromCoroutine(get_data(MemoryChannel(READER, lambda _: bytes.fromhex(answer)), 0x9F7F))

    def test_answer(self) -> None:
        """
        It is given as it came.
        """
        self.assertEqual(self.successResultOf(self.get("9F7F01029000")), bytes.fromhex("9F7F0102"))

    def test_refused(self) -> None:
        """
        The error names the object.
        """
        self.assertIn("GET DATA of 9F7F: 6A88", str(self.failureResultOf(self.get("6A88"), UnexpectedStatus).value))
        self.failureResultOf(self.get("9000"), MalformedAnswer)


class MostDataTests(SynchronousTestCase):
    """
    L{most_data}.
    """

    def test_told(self) -> None:
        """
        In one byte or two; what is left out, cut short or cannot be is none.
        """
        for told, most in (("9F6501FF", 255), ("9F65020800", 2048), ("9F650101", None), ("9F6503FFFFFF", None), ("", None)):
            inside = bytes.fromhex(told)
            self.assertEqual(most_data(encode(0x6F, encode(0x84, ISD), encode(0xA5, inside))), most)
        self.assertIsNone(most_data(encode(0x6F, encode(0x84, ISD))))

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever a card says.
        """
        self.assertIn(most_data(octets), (None, *range(32, 0x10000)))
