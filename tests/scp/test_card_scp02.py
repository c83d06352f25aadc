# -*- test-case-name: tests.scp.test_card_scp02 -*-
"""
L{cardgw.scp.card_scp02} and L{cardgw.scp.card_scp02_messaging}.
"""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.scp02 import Scp02Offer, scp02
from tests.scp.rig import GET_STATUS
from tests.scp.scp02_rig import AID, KEYS, Card, exchange, open_session
from tests.scp.vectors import fixed

UPDATE = Command(0x80, 0x50, 0x20, 0x00, bytes(8), 256)


def authenticate(card: Card, level: int = 0x01) -> Command:
    """
    EXTERNAL AUTHENTICATE, after INITIALIZE UPDATE.
    """
    handshake = scp02(KEYS, level, implementation=0x75, application=AID, entropy=fixed(bytes(8)))
    return handshake.send(card.answer(next(handshake)))


class HandshakeTests(SynchronousTestCase):
    """
    What a card answers before there is a session.
    """

    def setUp(self) -> None:
        """
        One with R-MAC.
        """
        self.card = Card(0x75)

    def test_update(self) -> None:
        """
        The challenge follows from the counter, which goes on with successful authentications alone.
        """
        first, second = (Scp02Offer.decode(self.card.answer(UPDATE).data) for _ in range(2))
        self.assertEqual((first.counter, first), (b"\0\0", second))
        open_session(self.card, 0x01, 0x75)
        third = Scp02Offer.decode(self.card.answer(UPDATE).data)
        self.assertEqual(third.counter, b"\0\1")
        self.assertNotEqual(third.challenge, first.challenge)

    def test_wrongUpdate(self) -> None:
        """
        Unknown keys, another P2, another length of challenge, and a counter that is at its end.
        """
        for command, status in (
            (evolve(UPDATE, p1=0x21), 0x6A88),
            (evolve(UPDATE, p2=0x01), 0x6A86),
            (evolve(UPDATE, data=bytes(16)), 0x6700),
        ):
            self.assertEqual(self.card.answer(command), Response(b"", status))
        self.card.scp.counters[0x20] = 0x10000
        self.assertEqual(self.card.answer(UPDATE), Response(b"", 0x6985))

    def test_anyKeys(self) -> None:
        """
        Version 0 is the first that there is.
        """
        self.assertEqual(Scp02Offer.decode(self.card.answer(evolve(UPDATE, p1=0)).data).version, 0x20)
        self.assertEqual(Card(keys={}).answer(evolve(UPDATE, p1=0)), Response(b"", 0x6A88))

    def test_wrongAuthenticate(self) -> None:
        """
        A wrong cryptogram or MAC, a level that there is not, and another logical channel; it has to begin anew after each.
        """
        for change, status in (
            ({"p1": 0x33}, 0x6A86),
            ({"p2": 0x01}, 0x6A86),
            ({"p1": 0x03}, 0x6988),
            ({"data": bytes(16)}, 0x6988),
            ({"data": bytes(3)}, 0x6982),
            ({"cla": 0x80}, 0x6982),
            ({"cla": 0x85}, 0x6300),
        ):
            command = authenticate(self.card)
            wrong = evolve(command, **change)
            self.assertEqual(self.card.answer(wrong), Response(b"", status))
            self.assertEqual(self.card.answer(command), Response(b"", 0x6985))
        self.assertEqual(self.card.scp.counters, {})

    def test_levels(self) -> None:
        """
        Without R-MAC in its form there are three.
        """
        card = Card(0x55)
        self.assertEqual(card.answer(authenticate(card, 0x11)), Response(b"", 0x6A86))
        self.assertEqual(card.answer(authenticate(card, 0x03)), Response(b"", 0x9000))

    def test_interrupted(self) -> None:
        """
        Another command between both ends the attempt.
        """
        command = authenticate(self.card)
        self.card.answer(GET_STATUS)
        self.assertEqual(self.card.answer(command), Response(b"", 0x6985))

    @given(
        st.binary(max_size=30),
        st.integers(0, 255),
        st.sampled_from((0x80, 0x84, 0x81, 0xC0)),
        st.sampled_from((0x50, 0x82, 0x7A)),
    )
    def test_anything(self, octets: bytes, p1: int, cla: int, ins: int) -> None:
        """
        Whatever comes is answered, and begins no session.
        """
        card = Card(0x75)
        card.answer(Command(cla, ins, p1, 0x00, octets))
        self.assertIsNone(card.scp.messaging)


class SessionTests(SynchronousTestCase):
    """
    What ends a session.
    """

    def setUp(self) -> None:
        """
        One.
        """
        self.card = Card(0x75)
        self.host = open_session(self.card, 0x13, 0x75)

    def test_plain(self) -> None:
        """
        A plain command in it aborts it, and so does one that is not encrypted.
        """
        self.assertEqual(self.card.answer(GET_STATUS), Response(b"", 0x6982))
        self.assertEqual(self.card.answer(self.host.wrap(GET_STATUS)), Response(b"", 0x6982))
        card = Card(0x75)
        weak = open_session(card, 0x13, 0x75)
        weak.level &= ~2
        self.assertEqual(card.answer(weak.wrap(GET_STATUS)), Response(b"", 0x6988))

    def test_terminated(self) -> None:
        """
        SELECT and a new handshake end it.
        """
        self.card.scp.terminate()
        self.assertEqual(self.card.answer(self.host.wrap(GET_STATUS)), Response(b"", 0x6985))
        self.host = open_session(self.card, 0x01, 0x75)
        self.card.answer(UPDATE)
        self.assertEqual(self.card.answer(self.host.wrap(GET_STATUS)), Response(b"", 0x6985))

    def test_otherChannel(self) -> None:
        """
        It is on its logical channel alone.
        """
        self.assertEqual(self.card.answer(evolve(self.host.wrap(GET_STATUS), cla=0x86)), Response(b"", 0x6985))
        self.assertEqual(exchange(self.host, self.card, GET_STATUS).status, 0x6988)

    def test_unprotected(self) -> None:
        """
        At level 00 commands go as they are, and protected ones are refused.
        """
        card = Card(0x75)
        host = open_session(card, 0x00, 0x75)
        self.assertEqual(exchange(host, card, GET_STATUS).data, GET_STATUS.data)
        self.assertEqual(card.sent[-1], GET_STATUS)
        self.assertEqual(card.answer(evolve(GET_STATUS, cla=0x84)), Response(b"", 0x6985))
