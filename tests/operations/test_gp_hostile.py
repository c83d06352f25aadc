"""
Cards and readers that mean no good, and administration by L{cardgw.operations.gp_domain}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from cardgw.apdu import tlv
from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.errors import ParameterError, PeerLost, UnexpectedStatus
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.interfaces import ICardChannel
from cardgw.operations.gp_delete import GpDelete
from cardgw.operations.gp_errors import NoSecurityDomain
from cardgw.operations.gp_info import GpRegistry
from cardgw.operations.gp_warnings import UNPROTECTED
from cardgw.scp.errors import HostRefused, KeysDiffer
from cardgw.scp.keys import KeySet
from cardgw.scp.level import Level
from tests.gp.card import ISD
from tests.operations.gp_card import CARD_DATA, INFO, GpTestCase

OTHER_DOMAIN = "A00000015153504100"
INS_DELETE, INS_PROOF, INS_SELECT = 0xE4, 0x82, 0xA4


class HostileTests(GpTestCase):
    """
    What is read.
    """

    operation = GpRegistry

    def test_otherDomain(self) -> None:
        """
        Whoever selects another security domain than the one that was named, with the same keys perhaps, is found out: by its
        name, or by the challenge, into which its name goes.
        """

        def redirected(octets: bytes) -> bytes:
            return self.card(Command(0, INS_SELECT, 4, 0, ISD, 256).encode() if octets[1] == INS_SELECT else octets)

        told = self.failed(NoSecurityDomain, card=redirected, domain=OTHER_DOMAIN)
        self.assertIn(OTHER_DOMAIN, told)
        self.assertIn(ISD.hex().upper(), told)
        self.assertEqual((self.memory, self.card.scp.messaging), ({}, None))
        self.done(card=redirected, domain=ISD.hex()[:12])

    def test_lowerLevel(self) -> None:
        """
        Nobody can know whether it is the card that says that it does not protect its answers: whoever administers it is warned.
        """
        self.done()
        self.assertNotIn(UNPROTECTED, dict(self.session.stages)["gp_authenticate"]["warnings"])
        self.card.objects[0x66] = CARD_DATA[:-1] + b"\x00"
        self.done()
        self.assertIn(UNPROTECTED, dict(self.session.stages)["gp_authenticate"]["warnings"])
        self.done(level="03")
        self.assertNotIn(UNPROTECTED, dict(self.session.stages)["gp_authenticate"]["warnings"])

    def test_best(self) -> None:
        """
        Of several forms of SCP03 the best one counts, whichever is told first.
        """
        oid = bytes.fromhex("2A864886FC6B")
        forms = (tlv.encode(0x64, tlv.encode(6, oid + b"\x04\x03" + form)) for form in (b"\x00", b"\x70"))
        self.card.objects[0x66] = tlv.encode(0x66, tlv.encode(0x73, tlv.encode(6, oid + b"\x01"), *forms))
        levels = []
        answer = self.card._status

        def status(command: Command) -> Response:
            levels.append(self.card.scp.messaging.level if self.card.scp.messaging else None)
            return answer(command)

        self.card._status = status  # type: ignore[method-assign]
        self.done()
        self.assertEqual(set(levels), {Level.FULL})

    def test_readAgain(self) -> None:
        """
        What only reads is asked for again after 6Cxx, protected anew.
        """
        before = []

        def once(command: Command) -> Response:
            before.append(command)
            return Response(b"", 0x6C10) if len(before) == 1 else answer(command)

        answer, self.card._status = self.card._status, once  # type: ignore[method-assign]
        self.done()
        self.assertEqual(before[0].p1, before[1].p1)

    def test_keysForOther(self) -> None:
        """
        Keys for another cipher than that of the protocol are refused before anything is authenticated.
        """
        self.key_sets["des"] = KeySet.of_des(0x30, bytes(range(16)))
        self.assertIn("AES", self.failed(ParameterError, keys="des", protocol="scp03"))
        self.assertIn("DES", self.failed(ParameterError, keys="issuer", protocol="scp02"))
        self.assertEqual((self.card.sent, self.memory), (0, {}))

    def test_leftOpen(self) -> None:
        """
        What fails between the host's proof and the first command leaves no session on the card.
        """

        def lost(octets: bytes) -> bytes:
            answer = self.card(octets)
            return b"\x69\x99" if octets[1] == INS_PROOF else answer

        self.failed(HostRefused, card=lost)
        self.assertIsNone(self.card.scp.messaging)


class LastTests(GpTestCase):
    """
    The command that ends a session.
    """

    operation = GpRegistry

    def make_channel(self, card: Any) -> ICardChannel:
        """
        One on which SELECT waits, once the card has a session.
        """
        channel = MemoryChannel(INFO, card)
        real = channel.exchange
        self.waiting: Deferred[Any] = Deferred()

        def exchange(script: Script, watch: Watch = None) -> Deferred[Answers]:
            if script.steps[0].command.ins == INS_SELECT and self.card.scp.messaging is not None:
                return self.waiting.addCallback(lambda _: real(script, watch))
            return real(script, watch)

        self.patch(channel, "exchange", exchange)
        return channel

    def test_cancelled(self) -> None:
        """
        It is sent also where the job is cancelled meanwhile.
        """
        running = self.start()
        running.cancel()
        self.assertNoResult(running)
        self.waiting.callback(None)
        self.failureResultOf(running, CancelledError)
        self.assertIsNone(self.card.scp.messaging)


class ChangingTests(GpTestCase):
    """
    What is changed.
    """

    operation = GpDelete

    def test_onceMore(self) -> None:
        """
        Whoever answers with 6Cxx in place of the card, which has done it, does not have it done twice.
        """

        def wrong(octets: bytes) -> bytes:
            answer = self.card(octets)
            return b"\x6c\x01" if octets[1] == INS_DELETE else answer

        self.card.entries.append(Entry(Kind.APP, bytes.fromhex(OTHER_DOMAIN), 0x07))
        self.assertIn("6C01", self.failed(UnexpectedStatus, card=wrong, aid=OTHER_DOMAIN))
        self.assertEqual(len(self.commands(INS_DELETE)), 1)


class NamelessTests(GpTestCase):
    """
    Cards that do not tell who they are.
    """

    operation = GpRegistry

    def test_notForgiven(self) -> None:
        """
        That one of them takes the keys says nothing about another: what was counted stays, until somebody insists.
        """
        self.card.objects = {}
        self.failed(KeysDiffer, keys="wrong")
        self.done(keys="issuer")
        wrong, self.key_sets["wrong"] = self.key_sets["wrong"], self.key_sets["issuer"]
        self.done(keys="wrong")
        self.key_sets["wrong"] = wrong
        self.failed(KeysDiffer, keys="wrong")
        self.assertEqual(list(self.memory.values()), [b"2"])
        self.key_sets["wrong"] = self.key_sets["issuer"]
        self.done(keys="wrong", force=True)
        self.assertEqual(self.memory, {})

    def test_lost(self) -> None:
        """
        An authentication that nobody knows the end of is counted there, too.
        """
        self.card.objects = {}

        def lost(octets: bytes) -> bytes:
            if octets[1] == INS_PROOF:
                raise PeerLost
            return self.card(octets)

        self.failed(PeerLost, card=lost)
        self.done()
        self.assertEqual(list(self.memory.values()), [b"0 1"])
