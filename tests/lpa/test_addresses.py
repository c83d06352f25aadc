# -*- test-case-name: tests.lpa.test_addresses -*-
"""
L{cardgw.lpa.addresses}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import MalformedAnswer
from cardgw.lpa.addresses import Addresses, parse_addresses
from cardgw.lpa.download_errors import NoDefaultServer
from cardgw.virtual.euicc_options import Options
from tests.lpa.world import World


class ParseTests(SynchronousTestCase):
    """
    GetEuiccConfiguredAddresses.
    """

    def test_both(self) -> None:
        """
        80 is the default SM-DP+, 81 the root SM-DS.
        """
        answer = bytes.fromhex("BF3C0A8003612E628103632E64")
        self.assertEqual(parse_addresses(answer), Addresses("a.b", "c.d"))

    def test_none(self) -> None:
        """
        The default SM-DP+ may be missing.
        """
        self.assertEqual(parse_addresses(bytes.fromhex("BF3C058103632E64")), Addresses("", "c.d"))

    def test_rubbish(self) -> None:
        """
        What cannot be read is the card's mistake.
        """
        for answer in (b"", b"\xbf\x3c\x05\x80", bytes.fromhex("BF3C038001FF")):
            self.assertRaises(MalformedAnswer, parse_addresses, answer)


class DefaultServerTests(SynchronousTestCase):
    """
    An activation code without SM-DP+.
    """

    def test_default(self) -> None:
        """
        The eUICC's default SM-DP+ is asked.
        """
        world = World(options=Options(pinned=True, default_smdp="SMDP.example.test"))
        self.successResultOf(world.download("LPA:1$$PROFILE-1"))
        self.assertEqual(len(world.card.profiles), 1)

    def test_noDefault(self) -> None:
        """
        Where there is none, the card holder is told to give the address.
        """
        world = World()
        failure = self.failureResultOf(world.download("LPA:1$$PROFILE-1"), NoDefaultServer)
        self.assertIn("LPA:1$<SM-DP+ address>", str(failure.value))
        self.assertEqual(world.http.calls, [])
