# -*- test-case-name: tests.connections.test_sessions -*-
"""
Tests for L{cardgw.connections.sessions}.
"""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.sessions import Full, Sessions, counted, place
from cardgw.errors import ChannelError, GatewayStopping
from tests.logs import captured


class FakeSession:
    """
    A session that keeps what it is told.
    """

    def __init__(self, busy: bool = False) -> None:
        self.busy = busy
        self.told: list[str] = []

    def wind_up(self) -> None:
        """
        Note it.
        """
        self.told.append("wind up")

    def end(self, reason: ChannelError | None) -> None:
        """
        Note it.
        """
        self.told.append("" if reason is None else reason.code)


class PlaceTests(SynchronousTestCase):
    """
    L{place} names where a card is.
    """

    def test_addresses(self) -> None:
        """
        IPv4, IPv6, and what has no host.
        """
        self.assertEqual(place(IPv4Address("TCP", "192.0.2.1", 5)), ("192.0.2.1", "192.0.2.1:5"))
        self.assertEqual(place(IPv6Address("TCP", "2001:db8::1", 5)), ("2001:db8::/64", "[2001:db8::1]:5"))
        self.assertEqual(place(UNIXAddress("/run/x")), ("", "/run/x"))
        self.assertEqual(place(None), ("", "local"))


class CountedTests(SynchronousTestCase):
    """
    L{counted}: what is one address.
    """

    def test_subscriber(self) -> None:
        """
        All IPv6 addresses of a /64 are one, whatever their form; another /64 is another one.
        """
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0DB8:1:2:0::7"):
            self.assertEqual(counted(address), "2001:db8:1:2::/64")
        self.assertEqual(counted("2001:db8:1:3::1"), "2001:db8:1:3::/64")
        self.assertEqual(counted("fe80::1%eth0"), "fe80::/64")

    def test_mapped(self) -> None:
        """
        IPv4 addresses are counted one by one, also where they come in over IPv6.
        """
        self.assertEqual((counted("192.0.2.1"), counted("::ffff:192.0.2.1")), ("192.0.2.1", "192.0.2.1"))

    def test_strange(self) -> None:
        """
        What is no address is itself.
        """
        self.assertEqual(counted("a:b"), "a:b")


class SessionsTests(SynchronousTestCase):
    """
    L{Sessions} counts.
    """

    def setUp(self) -> None:
        """
        Room for three, two of them from one address.
        """
        self.sessions: Sessions[FakeSession] = Sessions(3, 2)

    def add(self, host: str = "a", busy: bool = False) -> FakeSession:
        """
        One more.
        """
        session = FakeSession(busy)
        self.sessions.add(session, host)
        return session

    def test_limits(self) -> None:
        """
        Of one address, and in all; those without an address count in all only.
        """
        self.add()
        self.assertIsNone(self.sessions.full("a", "a:1"))
        second = self.add()
        self.assertEqual((self.sessions.full("a", "a:1"), self.sessions.full("b", "b:1")), (Full.ADDRESS, None))
        self.sessions.ended(second, "a")
        self.assertIsNone(self.sessions.full("a", "a:1"))
        for _ in range(2):
            self.assertIsNone(self.sessions.full("", "local"))
            self.add("")
        self.assertEqual(self.sessions.full("b", "b:1"), Full.ALL)

    def test_log(self) -> None:
        """
        Refusals are logged once, until there was room again.
        """
        events = captured(self)
        self.add()
        second = self.add()
        self.sessions.full("a", "a:1")
        self.sessions.full("a", "a:2")
        self.sessions.ended(second, "a")
        self.sessions.full("a", "a:3")
        self.add()
        self.sessions.full("a", "a:4")
        self.assertEqual([each["peer"] for each in events], ["a:1", "a:4"])

    def test_forgets(self) -> None:
        """
        Addresses are forgotten with their last session.
        """
        self.sessions.ended(self.add(), "a")
        self.assertEqual((self.sessions.addresses, self.sessions.here), ({}, set()))

    def test_drain(self) -> None:
        """
        Those in which nobody is served end at once; it fires when the last one, and the last that was refused, is gone.
        """
        idle, busy = self.add(), self.add(busy=True)
        self.sessions.refused = 1
        drained = self.sessions.drain()
        self.assertEqual((idle.told, busy.told, self.sessions.stopping), ([GatewayStopping.code], [], True))
        self.sessions.ended(idle, "a")
        self.sessions.ended(busy, "a")
        self.assertNoResult(drained)
        self.sessions.ended(FakeSession(), None)
        self.successResultOf(drained)
        self.successResultOf(self.sessions.drain())

    def test_end(self) -> None:
        """
        All are told to wind up, or to end.
        """
        busy = self.add(busy=True)
        self.sessions.wind_up()
        self.sessions.end()
        self.assertEqual(busy.told, ["wind up", GatewayStopping.code])
