"""
Tests for L{cardgw.virtual.smdp_sessions}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual.pki import make_pki
from cardgw.virtual.smdp_answers import Refusal
from cardgw.virtual.smdp_sessions import Session, Sessions, State

PKI = make_pki()


class SessionsTests(SynchronousTestCase):
    """
    The sessions of a server.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.sessions = Sessions(self.clock.seconds, 100.0)

    def add(self, number: int) -> Session:
        """
        A new session.
        """
        session = Session(bytes((0xAB, number)), PKI, b"c", b"s", "smdp.test", self.clock.seconds())
        self.sessions.add(session)
        return session

    def test_find(self) -> None:
        """
        The identifier is hexadecimal, in either case.
        """
        session = self.add(0xCD)
        self.assertEqual(session.name, "ABCD")
        self.assertIs(self.sessions.find("abcd"), session)
        self.assertIs(self.sessions.find("ABCD"), session)
        self.assertIsNone(self.sessions.find("00"))

    def test_state(self) -> None:
        """
        A function is refused (8.10.1/3.9) unless it is its turn.
        """
        session = self.add(1)
        self.assertIs(self.sessions.need("AB01", State.INITIATED, State.BOUND), session)
        refusal = self.assertRaises(Refusal, self.sessions.need, "AB01", State.AUTHENTICATED)
        self.assertEqual((refusal.subject, refusal.reason), ("8.10.1", "3.9"))

    def test_tooOld(self) -> None:
        """
        Old sessions are unknown, and forgotten when a new one begins.
        """
        self.add(1)
        self.clock.advance(60)
        self.add(2)
        self.clock.advance(60)
        self.assertIsNone(self.sessions.find("AB01"))
        self.add(3)
        self.assertEqual(len(self.sessions), 2)
        self.assertIsNotNone(self.sessions.find("AB02"))


class SignedTests(SynchronousTestCase):
    """
    What the server signs.
    """

    session = Session(b"tt", PKI, b"cc", b"ss", "a.test", 0.0)

    def test_signed1(self) -> None:
        """
        Transaction, the eUICC's challenge, the address, the server's challenge.
        """
        values = tlv.only(self.session.signed1(), 0x30).children()
        self.assertEqual(
            [(item.tag, item.value) for item in values], [(0x80, b"tt"), (0x81, b"cc"), (0x83, b"a.test"), (0x84, b"ss")]
        )

    def test_signed1Changed(self) -> None:
        """
        Tests may change one value.
        """
        self.assertEqual(tlv.only(self.session.signed1(address=b"b"), 0x30).children().value(0x83), b"b")

    def test_signed2(self) -> None:
        """
        Transaction, and whether a confirmation code is wanted: DER's TRUE is FF.
        """
        self.assertEqual(self.session.signed2(True).hex(), "3007800274740101ff")
        self.assertEqual(self.session.signed2(False, b"x").hex(), "3006800178010100")
