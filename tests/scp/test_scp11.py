# -*- test-case-name: tests.scp.test_scp11 -*-
"""
L{cardgw.scp.scp11}, against the card's side.
"""

from __future__ import annotations

from itertools import cycle, product

from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import class_byte
from cardgw.apdu.response import Response
from cardgw.errors import CardError, ParameterError
from cardgw.scp.card_scp11 import CardScp11
from cardgw.scp.certificate_errors import ScpCertificateMisused
from cardgw.scp.curves import CURVES
from cardgw.scp.errors import AnswerNotAuthentic, SecureSessionOver
from cardgw.scp.families import STRICT, YUBIKEY, Chaining
from cardgw.scp.level import Level
from cardgw.scp.scp11 import KeysNotManageable, LocalKey, manages_keys
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.store import KeyReference
from tests.scp.rig import GET_STATUS
from tests.scp.scp11_rig import (
    AGREEMENT,
    AUTHORITY,
    Card,
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

MAC_ONLY = Level.C_MAC | Level.R_MAC


@frozen
class Options:
    """
    What a host and a card have in common.
    """

    terms: Terms
    mac_length: int
    chaining: Chaining


def options() -> st.SearchStrategy[Options]:
    """
    All that there are.
    """
    identified = st.sampled_from(((b"", ()), (b"host", ()), (b"host", (b"\x01\x02", b"\x03"))))
    terms = st.builds(
        lambda variant, level, size, ids: Terms(variant, level, size, *ids),
        st.sampled_from(Variant),
        st.sampled_from((Level.FULL, MAC_ONLY)),
        st.sampled_from((16, 24, 32)),
        identified,
    )
    return st.builds(Options, terms, st.sampled_from((8, 16)), st.sampled_from(Chaining))


class RoundTripTests(SynchronousTestCase):
    """
    Both sides understand each other.
    """

    @settings(deadline=None, max_examples=60)
    @given(options(), st.sampled_from(sorted(CURVES)), st.sampled_from(("x509", "gp")), st.integers(0, 19))
    def test_options(self, option: Options, curve: str, form: str, number: int) -> None:
        """
        Every variant, curve, length of keys and MACs, level, form of certificates and chaining, on any logical channel, with the
        host named and not named.
        """
        terms = option.terms
        owner = evolve(domain(curve, form), chaining=option.chaining, identifiers={terms.variant: terms.card_ids})
        peer = Card(CardScp11(owner, mac_length=option.mac_length))
        how = plan(terms, form, curve, evolve(STRICT, certificates=option.chaining), option.mac_length)
        session = open_session(peer, how, number)
        for data in (b"", b"x", bytes(range(40))):
            answer = exchange(session, peer, Command(class_byte(0x80, number), 0xE2, 0x90, 0x00, data, 256))
            self.assertEqual(answer, Response(data, 0x9000))
        self.assertEqual((session.mac_length, session.level), (option.mac_length, terms.level))

    def test_product(self) -> None:
        """
        Every variant on every curve, with each length of keys and of MACs at each level, in both forms of certificates in turn.
        """
        forms = cycle(("x509", "gp"))
        for curve, variant, size in product(sorted(CURVES), Variant, (16, 24, 32)):
            for level, mac_length in product((Level.FULL, MAC_ONLY), (8, 16)):
                form = next(forms)
                peer = Card(CardScp11(domain(curve, form), mac_length=mac_length))
                session = open_session(peer, plan(Terms(variant, level, size), form, curve, mac_length=mac_length))
                self.assertEqual(exchange(session, peer, GET_STATUS), Response(GET_STATUS.data, 0x9000))
                self.assertEqual(len(peer.sent[-1].data), (16 if level is Level.FULL else 2) + mac_length)
            next(forms)

    def test_chaining(self) -> None:
        """
        A card that puts certificates together in one of the four ways understands a host that cuts so.  One that cuts in another
        way is refused, and does not try the rest.
        """
        for theirs, ours in product(Chaining, Chaining):
            peer = Card(CardScp11(evolve(domain(form="x509"), chaining=theirs)))
            how = plan(Terms(Variant.A), "x509", family=evolve(STRICT, certificates=ours))
            if theirs is ours:
                self.assertEqual(exchange(open_session(peer, how), peer, GET_STATUS).data, GET_STATUS.data)
            elif ours is not Chaining.NONE:
                self.assertRaises(CardError, open_session, peer, how)
                self.assertEqual(len([each for each in peer.sent if each.ins in AGREEMENT]), 0)

    def test_sessionDek(self) -> None:
        """
        Keys for the card are wrapped with the key of the session, the same one on both sides.
        """
        peer = card()
        session = open_session(peer, plan(Terms(Variant.A)))
        agreed = peer.scp.agreed
        assert agreed is not None and agreed.keys.dek is not None
        self.assertEqual(session.dek.encrypt(bytes(16)), agreed.keys.dek.encrypt(bytes(16)))

    def test_freshKeys(self) -> None:
        """
        Two sessions have nothing in common; in SCP11c they do where the host takes the same ephemeral key.
        """
        for variant, ways in ((Variant.A, 2), (Variant.C, 1)):
            sent = set()
            for _ in range(2):
                session = open_session(card(), plan(Terms(variant)), make_key=lambda group: private_key("ephemeral"))
                sent.add(session.wrap(GET_STATUS).encode())
            self.assertEqual(len(sent), ways)

    def test_script(self) -> None:
        """
        A script that was made with one card of SCP11c works on another of its group.
        """
        first, second = card(), card()
        session = open_session(first, plan(Terms(Variant.C)))
        exchange(session, first, GET_STATUS)
        answers = [second.answer(command) for command in first.sent]
        self.assertEqual({answer.status for answer in answers}, {0x9000})
        assert second.scp.messaging is not None

    def test_yubikey(self) -> None:
        """
        A card that gives its certificates bare, takes a high key version in P1, and encrypts nothing to a block.
        """
        peer = Card(CardScp11(evolve(domain(), wrapped=False, chaining=Chaining.CLA), family=YUBIKEY))
        session = open_session(peer, plan(Terms(Variant.A), family=YUBIKEY))
        self.assertEqual(exchange(session, peer, Command(0x80, 0xCA, 0x00, 0x66, expected=256)), Response(b"", 0x9000))
        self.assertEqual(len(peer.sent[-1].data), 16 + 8)

    def test_highVersions(self) -> None:
        """
        Key versions from 80 on are right for the card's keys and for the host's authority.
        """
        own, authority = domain(), KeyReference(0x10, 0xFF)
        keys = {KeyReference(reference.kid, 0xFF): key for reference, key in own.keys.items()}
        checks = evolve(own.checks, authorities={authority: own.checks.authorities[AUTHORITY]})
        peer = card(keys=keys, checks=checks, chaining=Chaining.CLA)
        how = evolve(plan(Terms(Variant.A), family=YUBIKEY), kvn=0xFF)
        assert how.host is not None
        session = open_session(peer, evolve(how, host=evolve(how.host, authority=authority)))
        self.assertEqual((session.over, peer.sent[-1].p1), ("", 0xFF))

    def test_instructions(self) -> None:
        """
        The commands of each variant: SCP11b shows no certificates of the host.
        """
        for variant, expected in (
            (Variant.A, [0xCA, 0x2A, 0x2A, 0x2A, 0x2A, 0x82]),
            (Variant.B, [0xCA, 0x88]),
        ):
            peer = card()
            open_session(peer, plan(Terms(variant)))
            self.assertEqual([command.ins for command in peer.sent], expected)


class HostKeyTests(SynchronousTestCase):
    """
    Keys that are somewhere else.
    """

    def test_operations(self) -> None:
        """
        All that is asked of a static key is its public half and a secret.
        """

        class Token:
            asked = 0
            public = make_pki("host").key.public_key()

            def agree(self, other: object) -> bytes:
                self.asked += 1
                return LocalKey(make_pki("host").key).agree(make_pki("card").key.public_key())

        token, how = Token(), plan(Terms(Variant.A))
        assert how.host is not None
        open_session(card(), evolve(how, host=evolve(how.host, key=token)))
        self.assertEqual(token.asked, 1)

    def test_secret(self) -> None:
        """
        Neither plan nor session show a key.
        """
        how = plan(Terms(Variant.A))
        number = make_pki("host").key.private_numbers().private_value
        for text in (repr(how), repr(LocalKey(make_pki("host").key))):
            self.assertNotIn(str(number), text)
            self.assertNotIn("PrivateKey", text)

    def test_otherCurve(self) -> None:
        """
        A host whose key is of another curve than the card's is told so, before the card is bothered.
        """
        how, other = plan(Terms(Variant.A)), make_pki("host", "secp384r1")
        peer = card()
        self.assertRaises(ScpCertificateMisused, open_session, peer, with_host(how, other.chain, other.key))
        self.assertEqual([command.ins for command in peer.sent], [0xCA])

    def test_needed(self) -> None:
        """
        Without a host there is SCP11b only; only there may the receipt be left out.
        """
        for variant in (Variant.A, Variant.C):
            how = plan(Terms(variant))
            self.assertRaises(ParameterError, evolve, how, host=None)
            self.assertRaises(ParameterError, evolve, how, without_receipt=True)
        self.assertRaises(ParameterError, evolve, plan(Terms(Variant.A)), mac_length=12)
        open_session(card(), evolve(plan(Terms(Variant.B)), host=None))


class PolicyTests(SynchronousTestCase):
    """
    Keys are not managed where the card does not know the host.
    """

    PUT_KEY = Command(0x80, 0xD8, 0x00, 0x81, bytes(24), 256)
    DELETE_KEY = Command(0x80, 0xE4, 0x00, 0x00, bytes.fromhex("d00101d20130"))
    DELETE_APPLET = Command(0x80, 0xE4, 0x00, 0x00, bytes.fromhex("4f05a000000001"))

    def test_refused(self) -> None:
        """
        SCP11b refuses them before they are wrapped, on any logical channel; the session goes on.
        """
        peer = card()
        session = open_session(peer, plan(Terms(Variant.B)))
        self.assertFalse(session.authenticates_host)
        before = len(peer.sent)
        for command in (self.PUT_KEY, self.DELETE_KEY, evolve(self.PUT_KEY, cla=0xC0), Command(0x80, 0xF1, 0x00, 0x11)):
            self.assertRaises(KeysNotManageable, session.wrap, command)
        self.assertEqual(len(peer.sent), before)
        self.assertEqual(exchange(session, peer, GET_STATUS).status, 0x9000)
        self.assertEqual(exchange(session, peer, self.DELETE_APPLET).status, 0x9000)

    def test_allowed(self) -> None:
        """
        SCP11a and SCP11c let them through.
        """
        for variant in (Variant.A, Variant.C):
            peer = card()
            session = open_session(peer, plan(Terms(variant)))
            self.assertTrue(session.authenticates_host)
            for command in (self.PUT_KEY, self.DELETE_KEY):
                self.assertEqual(exchange(session, peer, command).status, 0x9000)

    def test_unclear(self) -> None:
        """
        A DELETE that cannot be read is taken for one of keys.
        """
        self.assertTrue(manages_keys(Command(0x80, 0xE4, data=b"\x4f\x05")))
        self.assertFalse(manages_keys(self.DELETE_APPLET))


class SessionTests(SynchronousTestCase):
    """
    The session that follows.
    """

    def test_chain(self) -> None:
        """
        The first MAC is chained to the receipt: a host that begins with zeros is not understood.
        """
        peer = card()
        peer.tamper = on_agreement(without_receipt)
        session = open_session(peer, evolve(plan(Terms(Variant.B)), without_receipt=True))
        self.assertEqual(exchange(session, peer, GET_STATUS), Response(b"", 0x6988))

    def test_bareAnswer(self) -> None:
        """
        A bare 9000 is not authentic, and ends the session; a bare error is, and does not.
        """
        for level in (Level.FULL, MAC_ONLY):
            peer = card()
            session = open_session(peer, plan(Terms(Variant.A, level)))
            peer.reply = lambda command: Response(b"", 0x6A88)
            self.assertEqual(exchange(session, peer, GET_STATUS), Response(b"", 0x6A88))
            session.wrap(GET_STATUS)
            self.assertRaises(AnswerNotAuthentic, session.unwrap, GET_STATUS, Response(b"", 0x9000))
            self.assertRaises(SecureSessionOver, session.wrap, GET_STATUS)

    def test_ended(self) -> None:
        """
        Keys are forgotten at the end.
        """
        session = open_session(card(), plan(Terms(Variant.A)))
        session.end("enough")
        self.assertRaises(SecureSessionOver, session.wrap, GET_STATUS)
        self.assertRaises(SecureSessionOver, lambda: session.dek)
