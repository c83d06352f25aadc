# -*- test-case-name: tests.scp.test_card_scp11 -*-
"""
L{cardgw.scp.card_scp11}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_pso import Authority, Checks
from cardgw.scp.card_scp11 import CardScp11, is_for_certificates
from cardgw.scp.curves import encode_point
from cardgw.scp.families import Chaining
from cardgw.scp.pso import verify_certificates
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.store import KeyReference, get_certificates
from tests.scp.rig import GET_STATUS
from tests.scp.scp11_rig import AUTHORITY, KVN, Card, domain, exchange, make_pki, open_session, plan, private_key

POINT = tlv.encode(0x5F49, encode_point(private_key("ephemeral").public_key()))


def agreement(terms: Terms, point: bytes = POINT, **changes: Any) -> Command:
    """
    The command that agrees on keys.
    """
    command = Command(0x80, terms.variant.instruction, KVN, terms.variant.kid, terms.encode() + point, 256)
    return evolve(command, **changes)


class HandshakeTests(SynchronousTestCase):
    """
    What a card answers before there is a session.
    """

    def setUp(self) -> None:
        """
        One that does all variants.
        """
        self.scp = CardScp11(domain())

    def status(self, command: Command) -> int:
        """
        Of an answer that the card gives itself.
        """
        answer = self.scp.take(command)
        assert isinstance(answer, Response)
        return answer.status

    def show_host(self) -> None:
        """
        The certificates of the host.
        """
        for command in verify_certificates(make_pki("host").chain, AUTHORITY, Chaining.BOTH):
            self.assertEqual(self.status(command), 0x9000)

    def test_certificates(self) -> None:
        """
        They are given to anybody, for keys that there are.
        """
        for wanted, expected in (
            (KeyReference(0x11, KVN), 0x9000),
            (KeyReference(0x12, KVN), 0x6A88),
            (KeyReference(0x11, 9), 0x6A88),
        ):
            self.assertEqual(self.status(get_certificates(wanted)), expected)
        self.assertEqual(self.status(evolve(get_certificates(AUTHORITY), data=b"\xa6\x03\x83\x01\x11")), 0x6A88)
        self.assertEqual(self.status(evolve(get_certificates(AUTHORITY), data=b"\xa6")), 0x6A80)

    def test_unauthenticated(self) -> None:
        """
        SCP11a and SCP11c need the host's certificate, once for each session.
        """
        for variant in (Variant.A, Variant.C):
            self.assertEqual(self.status(agreement(Terms(variant))), 0x6985)
            self.show_host()
            self.assertEqual(self.status(agreement(Terms(variant))), 0x9000)
            self.assertEqual(self.status(agreement(Terms(variant))), 0x6985)

    def test_fails(self) -> None:
        """
        A wrong attempt forgets the host.
        """
        self.show_host()
        self.assertEqual(self.status(agreement(Terms(Variant.A), b"")), 0x6A80)
        self.assertEqual(self.status(agreement(Terms(Variant.A))), 0x6985)

    def test_wrong(self) -> None:
        """
        Another key, instruction or curve, and what is no agreement at all.
        """
        other = tlv.encode(0x5F49, encode_point(private_key("x", "secp384r1").public_key()))
        terms = Terms(Variant.B)
        for command, status in (
            (agreement(terms, p1=9), 0x6A88),
            (agreement(terms, p2=0x11), 0x6A80),
            (agreement(terms, ins=0x82), 0x6A80),
            (agreement(terms, other), 0x6A80),
            (agreement(terms, b"\x5f\x49\x41\x04" + bytes(64)), 0x6A80),
            (agreement(terms, data=b""), 0x6A80),
            (agreement(terms, data=POINT + terms.encode()), 0x6A80),
        ):
            self.assertEqual(self.status(command), status)
            self.assertIsNone(self.scp.messaging)

    def test_otherCurve(self) -> None:
        """
        A host that is believed, but whose key is of another curve than the card's.
        """
        host = make_pki("host", "secp384r1")
        self.scp = CardScp11(evolve(domain(), checks=Checks({AUTHORITY: Authority(host.root.facts.key)})))
        for command in verify_certificates(host.chain, AUTHORITY, Chaining.BOTH):
            self.assertEqual(self.status(command), 0x9000)
        self.assertEqual(self.status(agreement(Terms(Variant.A))), 0x6A80)
        self.assertIsNone(self.scp.messaging)

    @given(st.binary(max_size=120), st.sampled_from((0x2A, 0x82, 0x88, 0xCA)))
    def test_anything(self, octets: bytes, ins: int) -> None:
        """
        Whatever comes is answered.
        """
        scp = CardScp11(domain())
        command = Command(0x80, ins, KVN, 0x13, octets) if ins != 0xCA else Command(0x80, 0xCA, 0xBF, 0x21, octets)
        self.assertEqual(is_for_certificates(command), ins == 0xCA)
        answer = scp.take(command)
        assert isinstance(answer, Response)
        self.assertIn(answer.status, (0x6A80, 0x6A88, 0x6985))

    def test_plain(self) -> None:
        """
        Other commands are the application's; protected ones are refused.
        """
        self.assertIs(self.scp.take(GET_STATUS), GET_STATUS)
        self.assertEqual(self.scp.answer(Response(b"x", 0x9000)), Response(b"x", 0x9000))
        self.assertEqual(self.status(evolve(GET_STATUS, cla=0x84)), 0x6985)


class SessionTests(SynchronousTestCase):
    """
    What ends a session.
    """

    def setUp(self) -> None:
        """
        A session.
        """
        self.card = Card(CardScp11(domain()))
        self.session = open_session(self.card, plan(Terms(Variant.A)))

    def test_host(self) -> None:
        """
        The card knows who the host is; in SCP11b it does not.
        """
        agreed = self.card.scp.agreed
        assert agreed is not None
        self.assertEqual(agreed.host, make_pki("host").leaf)
        self.card.scp.terminate()
        open_session(self.card, plan(Terms(Variant.B)))
        agreed = self.card.scp.agreed
        assert agreed is not None
        self.assertIsNone(agreed.host)

    def test_plain(self) -> None:
        """
        A plain command in it aborts it.
        """
        self.assertEqual(self.card.answer(GET_STATUS), Response(b"", 0x6982))
        self.assertEqual(exchange(self.session, self.card, GET_STATUS), Response(b"", 0x6982))

    def test_otherChannel(self) -> None:
        """
        It is on its logical channel alone.
        """
        self.assertEqual(self.card.answer(evolve(self.session.wrap(GET_STATUS), cla=0x85)), Response(b"", 0x6985))

    def test_terminated(self) -> None:
        """
        SELECT, and the beginning of another handshake, end it.
        """
        self.card.scp.terminate()
        self.assertEqual(self.card.answer(self.session.wrap(GET_STATUS)), Response(b"", 0x6985))
        self.session = open_session(self.card, plan(Terms(Variant.A)))
        self.card.answer(next(verify_certificates(make_pki("host").chain, AUTHORITY, Chaining.BOTH)))
        self.assertIsNone(self.card.scp.messaging)

    def test_certificates(self) -> None:
        """
        In a session they are asked for under its protection, and the application gives them.
        """
        self.card.reply = self.card.scp.certificates
        answer = exchange(self.session, self.card, get_certificates(KeyReference(0x11, KVN)))
        self.assertEqual(answer.status, 0x9000)

    def test_replayed(self) -> None:
        """
        The same bytes twice are not the next command.
        """
        wrapped = self.session.wrap(GET_STATUS)
        self.assertEqual(self.card.answer(wrapped).status, 0x9000)
        self.assertEqual(self.card.answer(wrapped).status, 0x6988)
