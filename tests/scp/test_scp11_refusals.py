# -*- test-case-name: tests.scp.test_scp11_refusals -*-
"""
L{cardgw.scp.scp11}: cards that are not believed, or that do not believe the host.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.errors import CardError, MalformedAnswer, UnexpectedStatus
from cardgw.scp.certificate_errors import ScpCertificateRefused, ScpChainBroken, ScpRootUnknown
from cardgw.scp.curves import encode_point
from cardgw.scp.errors import HostRefused
from cardgw.scp.families import STRICT, Chaining
from cardgw.scp.scp11 import ReceiptMissing, ReceiptWrong, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from tests.scp.rig import GET_STATUS
from tests.scp.scp11_rig import (
    card,
    domain,
    exchange,
    make_pki,
    on_agreement,
    open_session,
    plan,
    private_key,
    with_host,
    without_receipt,
)


class CardCertificateTests(SynchronousTestCase):
    """
    A card that is somebody else.
    """

    def test_notChecked(self) -> None:
        """
        Nothing is agreed on with a card whose certificates lead elsewhere, or that has none.
        """
        stranger = make_pki("host")
        for form, expected in ((stranger.chain, ScpRootUnknown), ((), ScpChainBroken)):
            keys = {reference: evolve(key, certificates=form) for reference, key in domain().keys.items()}
            peer = card(keys=keys)
            self.assertRaises(expected, open_session, peer, plan(Terms(Variant.B)))
            self.assertEqual([command.ins for command in peer.sent], [0xCA])

    def test_stolen(self) -> None:
        """
        A card that shows the certificates of another cannot make the receipt.
        """
        thief = private_key("thief")
        keys = {reference: evolve(key, private=thief) for reference, key in domain().keys.items()}
        for variant in Variant:
            self.assertRaises(ReceiptWrong, open_session, card(keys=keys), plan(Terms(variant)))

    @settings(deadline=None, max_examples=30)
    @given(st.data())
    def test_tampered(self, data: st.DataObject) -> None:
        """
        Any bit that is changed in the card's certificates is found.
        """
        peer = card()

        def tamper(command: Command, response: Response) -> Response:
            if command.ins != 0xCA:
                return response
            octets = bytearray(response.data)
            octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            return Response(bytes(octets), response.status)

        peer.tamper = tamper
        self.assertRaises(ScpCertificateRefused, open_session, peer, plan(Terms(Variant.B)))


def flip_receipt(mask: int, response: Response) -> Response:
    """
    Change bits of it.
    """
    wrong = int.from_bytes(response.data[-16:], "big") ^ mask
    return Response(response.data[:-16] + wrong.to_bytes(16, "big"), response.status)


def cut_receipt(size: int, response: Response) -> Response:
    """
    Leave so many bytes of it.
    """
    return Response(response.data[:-18] + tlv.encode(0x86, response.data[-16:][:size]), response.status)


def with_key(point: bytes, response: Response) -> Response:
    """
    Another key in place of the card's.
    """
    return Response(tlv.encode(0x5F49, point) + response.data[-18:], response.status)


def always(answer: Response, response: Response) -> Response:
    """
    Something else.
    """
    return answer


class AnswerTests(SynchronousTestCase):
    """
    The card's answer to the key agreement.
    """

    def fails(self, expected: type[CardError], change: Callable[[Response], Response], variant: Variant = Variant.A) -> CardError:
        """
        Open a session with a card whose answer is changed.
        """
        peer = card()
        peer.tamper = on_agreement(change)
        problem: CardError = self.assertRaises(expected, open_session, peer, plan(Terms(variant)))
        return problem

    def test_receipt(self) -> None:
        """
        Any bit that is changed in the receipt is found, in all variants.
        """
        for variant, bit in product(Variant, range(0, 128, 5)):
            self.fails(ReceiptWrong, partial(flip_receipt, 1 << bit), variant)

    def test_noReceipt(self) -> None:
        """
        An answer without a receipt is refused, in all variants.
        """
        for variant in Variant:
            self.fails(ReceiptMissing, without_receipt, variant)

    def test_shortReceipt(self) -> None:
        """
        A part of a receipt is none.
        """
        for size in (0, 8, 15):
            self.fails(MalformedAnswer, partial(cut_receipt, size))

    def test_otherKey(self) -> None:
        """
        Somebody in between who puts in a key of its own is found; so is one of another curve, and what is no point.
        """
        for octets, expected in (
            (encode_point(private_key("x").public_key()), ReceiptWrong),
            (encode_point(private_key("x", "brainpoolP256r1").public_key()), MalformedAnswer),
            (encode_point(private_key("x", "secp384r1").public_key()), MalformedAnswer),
            (b"\x04" + bytes(64), MalformedAnswer),
            (b"\x00", MalformedAnswer),
            (b"", MalformedAnswer),
        ):
            self.fails(expected, partial(with_key, octets))

    def test_garbage(self) -> None:
        """
        Anything else is told as such.
        """
        for octets in ("", "00", "5f49", "8610" + "00" * 16, "86" * 300):
            self.fails(MalformedAnswer, partial(always, Response(bytes.fromhex(octets), 0x9000)))
        self.fails(MalformedAnswer, lambda response: Response(response.data + b"\x86\x00", 0x9000))

    def test_statuses(self) -> None:
        """
        That the card does not believe the host is one thing, that it does not know the key another.
        """
        for status in (0x6300, 0x63C1, 0x6982):
            self.fails(HostRefused, partial(always, Response(b"", status)))
        for status in (0x6A88, 0x6D00, 0x6985, 0x6200):
            problem = self.fails(UnexpectedStatus, partial(always, Response(b"", status)))
            self.assertNotIsInstance(problem, HostRefused)

    def test_dropped(self) -> None:
        """
        A handshake that fails leaves nothing behind: it cannot be gone on with.
        """
        peer = card()
        handshake = scp11(plan(Terms(Variant.B)))
        command = handshake.send(peer.answer(next(handshake)))
        answer = peer.answer(command)
        self.assertRaises(ReceiptWrong, handshake.send, Response(answer.data[:-1] + bytes((answer.data[-1] ^ 1,)), 0x9000))
        self.assertRaises(StopIteration, next, handshake)


class RefusedHostTests(SynchronousTestCase):
    """
    A card that does not believe the host.
    """

    def test_certificates(self) -> None:
        """
        It does not take the certificates of a stranger, and the host stops there.
        """
        stranger = make_pki("card")
        peer = card()
        problem = self.assertRaises(HostRefused, open_session, peer, with_host(plan(Terms(Variant.A)), stranger.chain))
        self.assertIn("PERFORM SECURITY OPERATION", str(problem))
        self.assertNotIn(0x82, [command.ins for command in peer.sent])

    def test_otherChaining(self) -> None:
        """
        P1 chaining alone is not understood by a card that wants the class byte, nor the other way round.
        """
        for host, owner in ((Chaining.P1, Chaining.CLA), (Chaining.CLA, Chaining.P1), (Chaining.CLA, Chaining.BOTH)):
            how = plan(Terms(Variant.A), family=evolve(STRICT, certificates=host))
            self.assertRaises(UnexpectedStatus, open_session, card(chaining=owner), how)

    def test_otherKey(self) -> None:
        """
        A host that shows certificates of a key which it does not have gets a receipt that it cannot check.
        """
        how = with_host(plan(Terms(Variant.A)), make_pki("host").chain, private_key("impostor"))
        self.assertRaises(ReceiptWrong, open_session, card(), how)

    def test_identifiers(self) -> None:
        """
        Who takes the card for another one, or for one of another group, gets other keys.
        """
        peer = card(identifiers={Variant.A: (b"this",)})
        how = plan(Terms(Variant.A, host_id=b"host", card_ids=(b"that",)))
        self.assertRaises(ReceiptWrong, open_session, peer, how)


class LegacyTests(SynchronousTestCase):
    """
    Cards of SCP11b without receipts.
    """

    def test_refused(self) -> None:
        """
        They are refused, unless that is allowed expressly.
        """
        how = plan(Terms(Variant.B))
        self.assertRaises(ReceiptMissing, open_session, card(receipts=False), how)
        peer = card(receipts=False)
        session = open_session(peer, evolve(how, without_receipt=True))
        self.assertEqual(exchange(session, peer, GET_STATUS).data, GET_STATUS.data)

    def test_checkedAnyway(self) -> None:
        """
        A receipt that is there is checked all the same.
        """
        peer = card()
        peer.tamper = on_agreement(partial(flip_receipt, 1))
        self.assertRaises(ReceiptWrong, open_session, peer, evolve(plan(Terms(Variant.B)), without_receipt=True))
