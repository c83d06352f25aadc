# -*- test-case-name: tests.lpa.test_identity -*-
"""
L{cardgw.lpa.identity}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.tlv import encode
from cardgw.errors import MalformedAnswer, PeerLost
from cardgw.lpa.identity import euicc_identity, identify, parse_eid
from cardgw.lpa.isdr import Isdr
from cardgw.quirks import Quirks
from cardgw.values import ChannelInfo
from cardgw.virtual.euicc_options import Faults, Options
from tests.lpa.card import READER, ScriptedChannel
from tests.lpa.world import SlowCard, World

GET_EID = 0xBF3E


class ParseTests(SynchronousTestCase):
    """
    GetEuiccDataResponse.
    """

    @given(st.integers(0, 10**32 - 1))
    def test_eid(self, number: int) -> None:
        """
        The digits are those of the 16 bytes, in their order.
        """
        digits = f"{number:032}"
        self.assertEqual(parse_eid(encode(GET_EID, encode(0x5A, bytes.fromhex(digits)))), digits)

    @given(st.one_of(st.binary(), st.binary().map(lambda data: encode(GET_EID, data))))
    def test_malformed(self, answer: bytes) -> None:
        """
        Whatever else comes is L{MalformedAnswer}.
        """
        with contextlib.suppress(MalformedAnswer):
            self.assertEqual(len(parse_eid(answer)), 32)

    def test_named(self) -> None:
        """
        The error names the function.
        """
        problem = self.assertRaises(MalformedAnswer, parse_eid, bytes.fromhex("BF3E045A028904"))
        self.assertIn("GetEID: no EID", str(problem))


class IdentifyTests(SynchronousTestCase):
    """
    L{identify}.
    """

    def setUp(self) -> None:
        self.world = World()
        self.isdr = Isdr(self.world.session.channel)

    def test_asked(self) -> None:
        """
        The card is asked, and the session is told.
        """
        found = self.successResultOf(Deferred.fromCoroutine(identify(self.world.session, self.isdr)))
        self.assertEqual(found, "eid:" + self.world.card.eid.hex())
        self.assertEqual(self.world.session.identity, found)

    def test_known(self) -> None:
        """
        Where it is known already, the card is left in peace.
        """
        self.world.session.identity = "eid:1"
        found = self.successResultOf(Deferred.fromCoroutine(identify(self.world.session, self.isdr)))
        self.assertEqual((found, self.world.card.apdus), ("eid:1", 0))

    def test_knownOtherwise(self) -> None:
        """
        A card that is known by its chip alone is asked for its EID.
        """
        self.world.session.identity = "cuid:4790503278900612AB34"
        found = self.successResultOf(Deferred.fromCoroutine(identify(self.world.session, self.isdr)))
        self.assertEqual(found, "eid:" + self.world.card.eid.hex())


class EuiccIdentityTests(SynchronousTestCase):
    """
    L{euicc_identity}.
    """

    def read(self, world: World) -> Deferred[str]:
        """
        Begin to read.
        """
        return Deferred.fromCoroutine(euicc_identity(world.session.channel, Quirks()))

    def test_bound(self) -> None:
        """
        The card's side has selected the ISD-R.
        """
        world = World()
        self.assertEqual(self.successResultOf(self.read(world)), "eid:" + world.card.eid.hex())

    def test_reader(self) -> None:
        """
        In a reader the ISD-R is selected first; one that shows itself only to an LPA is told that there is one.
        """
        for shy in (False, True):
            world = World(options=Options(shy=shy), info=READER)
            self.assertEqual(self.successResultOf(self.read(world)), "eid:" + world.card.eid.hex())

    def test_noEuicc(self) -> None:
        """
        A card of another kind has no EID; that is no error.
        """
        channel = MemoryChannel(READER, lambda command: b"\x6d\x00")
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(euicc_identity(channel, Quirks()))), "")

    def test_boundElsewhere(self) -> None:
        """
        Neither is one of which another application is selected for good.
        """
        channel = MemoryChannel(ChannelInfo("memory", application=bytes(7)), lambda command: b"\x90\x00")
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(euicc_identity(channel, Quirks()))), "")

    def test_refuses(self) -> None:
        """
        An eUICC that does not tell its EID, or tells nonsense, has none.
        """
        for faults in (Faults(status={GET_EID: 0x6985}), Faults(flip={GET_EID: 0})):
            self.assertEqual(self.successResultOf(self.read(World(options=Options(pinned=True, faults=faults)))), "")

    def test_lost(self) -> None:
        """
        Losing the card is told.
        """
        world = World()
        world.wire.lose_after = 0
        self.failureResultOf(self.read(world), PeerLost)

    def test_cancelled(self) -> None:
        """
        It can be cancelled.
        """
        world = World()
        slow = SlowCard(world.card.transmit)
        channel = GetResponse(MemoryChannel(ScriptedChannel(world.card.transmit).info, slow))
        reading = Deferred.fromCoroutine(euicc_identity(channel, Quirks()))
        reading.cancel()
        slow.go_on()
        self.failureResultOf(reading, CancelledError)
