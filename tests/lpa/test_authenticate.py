# -*- test-case-name: tests.lpa.test_authenticate -*-
"""
Tests for L{cardgw.lpa.authenticate}.  What a wrong server leads to is tested with whole downloads.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.lpa.authenticate import greet, same_host
from cardgw.lpa.download_errors import NoIssuers
from cardgw.lpa.isdr import Isdr
from cardgw.testing.session import FakeSession
from tests.lpa.card import ScriptedChannel, replay
from tests.lpa.world import World, pki_of

CHALLENGE = ("80e2910003bf2e00", "bf2e128010" + "11" * 16 + "9000")


class GreetTests(SynchronousTestCase):
    """
    Challenge and EUICCInfo1.
    """

    def test_twoCommands(self) -> None:
        """
        They cost one APDU each, in one script.
        """
        identifiers = encode(0x04, bytes(20))
        info = encode(0xBF20, bytes.fromhex("8203020200"), encode(0xA9, identifiers), encode(0xAA, identifiers))
        channel = ScriptedChannel(replay([CHALLENGE, ("80e2910003bf2000", info.hex() + "9000")]))
        greeting = self.successResultOf(Deferred.fromCoroutine(greet(FakeSession(), Isdr(channel))))
        self.assertEqual((greeting.challenge, greeting.trusted), (b"\x11" * 16, frozenset({bytes(20)})))
        self.assertEqual(len(channel.scripts), 1)

    def test_noIssuers(self) -> None:
        """
        An eUICC that trusts no CI, or can sign under none, is told so at once, before any server is asked.
        """
        identifiers = encode(0x04, bytes(20))
        for lists in ((b"", identifiers), (identifiers, b"")):
            info = encode(0xBF20, bytes.fromhex("8203020200"), encode(0xA9, lists[0]), encode(0xAA, lists[1]))
            channel = ScriptedChannel(replay([CHALLENGE, ("80e2910003bf2000", info.hex() + "9000")]))
            self.failureResultOf(Deferred.fromCoroutine(greet(FakeSession(), Isdr(channel))), NoIssuers)


class SameHostTests(SynchronousTestCase):
    """
    Comparing the address that was asked with that which was signed.
    """

    def test_same(self) -> None:
        """
        Case, port and a dot at the end do not matter.
        """
        self.assertTrue(same_host("SMDP.example.test", "smdp.example.test."))
        self.assertTrue(same_host("smdp.example.test", "smdp.example.test:8443"))

    def test_other(self) -> None:
        """
        A longer name is another one.
        """
        self.assertFalse(same_host("smdp.example.test", "smdp.example.test.example.org"))


class IdentityTests(SynchronousTestCase):
    """
    What is known after the eUICC has authenticated.
    """

    def test_eidWithoutFurtherApdu(self) -> None:
        """
        The EID comes from the eUICC's certificate; GetEID is never asked.
        """
        world = World()
        result = self.successResultOf(world.download())
        self.assertEqual(result["eid"], pki_of("nist").eid.hex())
        self.assertFalse([command for command in world.wire.sent if command[5:7] in (b"\xbf\x3e", b"\xbf\x22")])

    def test_imei(self) -> None:
        """
        The IMEI of the activation code reaches the server in the eUICC's signed context.
        """
        world = World()
        self.successResultOf(world.download("LPA:1$smdp.example.test$PROFILE-1#356938035643809"))
        request = b"".join(command[5:] for command in world.wire.sent if command[1] == 0xE2)
        self.assertIn(bytes.fromhex("8208539683306534089f"), request)
