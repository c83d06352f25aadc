"""
Tests of L{cardgw.operations.gp_domain} and L{cardgw.operations.gp_errors}.
"""

from __future__ import annotations

from attrs import evolve

from cardgw.apdu.command import Command
from cardgw.errors import ParameterError, PeerLost, SecretError, UnexpectedStatus
from cardgw.gateway.registry import load_registry
from cardgw.operations.gp_errors import AuthenticationFailedBefore, NoSecureConnection, NoSecurityDomain
from cardgw.operations.gp_info import GpRegistry
from cardgw.scp.errors import KeysDiffer, LevelNotPossible, WrongProtocol
from cardgw.scp.keys import KeySet
from cardgw.scp.level import Level
from cardgw.values import ChannelInfo, Feature
from tests.gp.card import CUID, ISD
from tests.operations import gp_card
from tests.operations.gp_card import CARD_DATA, KEYS, GpTestCase

FAILURES = "gp.failures:wrong:A000000151000000"


class DomainTests(GpTestCase):
    """
    L{cardgw.operations.gp_domain.open_domain}.
    """

    operation = GpRegistry

    def authentications(self) -> int:
        """
        How often INITIALIZE UPDATE has come to the card.
        """
        return self.card.scp.counters.get(0x30, 0)

    def test_opened(self) -> None:
        """
        The card is identified, its domain selected and authenticated to, at the highest level; afterwards no session is left.
        """
        levels = []
        self.card.objects[0x66] = CARD_DATA
        answer = self.card._status

        def status(command: Command) -> object:
            levels.append(self.card.scp.messaging.level if self.card.scp.messaging else None)
            return answer(command)

        self.card._status = status  # type: ignore[method-assign,assignment]
        self.done()
        self.assertEqual((self.session.identity, set(levels), self.card.scp.messaging), (CUID, {Level.FULL}, None))

    def test_level(self) -> None:
        """
        A level, if one is wanted; one that the card does not have is refused before anything is authenticated.
        """
        self.done(level="01", domain=ISD.hex())
        self.card.scp._i = 0x00
        self.failed(LevelNotPossible, level="33")
        self.assertEqual(self.memory, {})

    def test_basicAlone(self) -> None:
        """
        A card that has no logical channels, and does not say so when it is reset, is worked with on the basic one.
        """
        info = ChannelInfo("memory", offers=frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS}))
        self.patch(gp_card, "INFO", info)
        self.done()
        self.assertEqual((len(self.commands(0x70)), self.card.scp.messaging), (1, None))

    def test_plain(self) -> None:
        """
        Without keys nobody authenticates.
        """
        self.failed(UnexpectedStatus, keys="")
        self.assertEqual(self.authentications(), 0)

    def test_connection(self) -> None:
        """
        A connection that is the secure channel needs no other; its security domain is selected unless another one is named.
        """
        self.failed(NoSecureConnection, keys="", protocol="scp81")
        self.assertEqual(self.card.sent, 0)
        self.patch(gp_card, "INFO", evolve(gp_card.INFO, secure=True))
        self.failed(UnexpectedStatus, keys="", protocol="scp81")
        self.assertEqual((self.card.sent, self.authentications()), (2, 0))
        self.card.sent = 0
        self.failed(UnexpectedStatus, keys="", protocol="scp81", domain=ISD.hex())
        self.assertEqual(self.card.sent, 2)
        self.done()

    def test_noDomain(self) -> None:
        """
        A domain that is not there is told.
        """
        self.assertIn("A0000001519999", self.failed(NoSecurityDomain, domain="A0000001519999"))

    def test_protocols(self) -> None:
        """
        Triple DES keys are for SCP02, which this card does not speak; a protocol needs keys, and a name that is known.
        """
        self.key_sets["issuer"] = KeySet.of_des(0x30, bytes(range(16)))
        self.failed(WrongProtocol)
        self.assertRaises(ParameterError, self.start, keys="", protocol="scp03")
        self.failed(SecretError, keys="nobody")

    def test_counted(self) -> None:
        """
        After two failures the next authentication is refused before the card hears of it, until force is given; then once.
        """
        for failures in (1, 2):
            self.failed(KeysDiffer, keys="wrong")
            self.assertEqual(self.remembered(FAILURES), b"%d" % failures)
        tried = self.authentications()
        self.assertIn('[keys."wrong"]: refused twice', self.failed(AuthenticationFailedBefore, keys="wrong"))
        self.assertEqual(self.authentications(), tried)
        self.failed(KeysDiffer, keys="wrong", force=True)
        self.failed(AuthenticationFailedBefore, keys="wrong")
        self.done()

    def test_forgotten(self) -> None:
        """
        With the right keys all is well again; another card has a counter of its own.
        """
        for _ in range(2):
            self.failed(KeysDiffer, keys="wrong")
        self.key_sets["wrong"] = KEYS
        self.failed(AuthenticationFailedBefore, keys="wrong")
        self.done(keys="wrong", force=True)
        self.assertIsNone(self.remembered(FAILURES))
        self.done(keys="wrong")

    def test_nameless(self) -> None:
        """
        Of cards that do not tell who they are, failures are counted together.
        """
        self.card.objects = {}
        self.failed(KeysDiffer, keys="wrong")
        self.assertEqual(self.memory, {("unknown", FAILURES): b"1"})

    def test_cryptogram(self) -> None:
        """
        Nor does it matter how it was found out that the keys are others.
        """
        self.card.scp._i = 0x60
        self.failed(KeysDiffer, keys="wrong")
        self.assertEqual(self.remembered(FAILURES), b"1")

    def test_lost(self) -> None:
        """
        A card that is lost before it was given the host's proof has counted nothing; after that it may have.
        """
        at = 0x50

        def lost(octets: bytes) -> bytes:
            if octets[1] == at:
                raise PeerLost
            return self.card(octets)

        self.failed(PeerLost, card=lost)
        self.assertEqual(self.memory, {})
        at = 0x82
        self.failed(PeerLost, card=lost)
        self.assertEqual(self.remembered(FAILURES.replace("wrong", "issuer")), b"0 1")
        self.done()
        self.assertEqual(self.memory, {})

    def test_once(self) -> None:
        """
        No operation that may authenticate starts anew by itself.
        """
        registry = load_registry()
        found = [each.plugin for each in registry.operations() if each.plugin.name.startswith("gp.")]
        self.assertGreater(len(found), 10)
        self.assertEqual([each.name for each in found if each.repeatable], [])

    def test_secret(self) -> None:
        """
        No key is in what a session was told.
        """
        self.done()
        text = repr(self.session.stages) + repr(self.session.parameters) + repr(self.session.results)
        self.assertNotIn("404142", text)
