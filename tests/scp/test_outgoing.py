# -*- test-case-name: tests.scp.test_outgoing -*-
"""
L{cardgw.scp.outgoing}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.scp.errors import CommandNotProtectable
from cardgw.scp.families import JCOP, YUBIKEY
from cardgw.scp.level import Level
from cardgw.scp.outgoing import Outgoing, ending
from tests.scp.rig import GET_STATUS, both

INSTALL = Command(0x80, 0xE6, 0x20, 0x00, bytes(300))
STORE = Command(0x80, 0xE2, 0x80, 0x00, bytes(300))


class OutgoingTests(SynchronousTestCase):
    """
    L{Outgoing}.
    """

    def test_limits(self) -> None:
        """
        How much fits, by level and connection.
        """
        session = both()[0]
        for extended, command, most in (
            (False, 261, 239),
            (False, 5000, 239),
            (False, 100, 79),
            (True, 65544, 65519),
            (True, 2048, 2015),
            (True, 261, 239),
        ):
            self.assertEqual(Outgoing(session, 0, extended, command).most_data, most)

    def test_channel(self) -> None:
        """
        Commands for other logical channels are refused.
        """
        session = both()[0]
        Outgoing(session, 2).refuse_unfit(evolve(GET_STATUS, cla=0x82))
        for number in (0, 3, 19):
            error = self.assertRaises(CommandNotProtectable, Outgoing(session, number).refuse_unfit, Command(0x82, 0xF2))
            self.assertIn(f"logical channel 2, and the session is on {number}", str(error))

    def test_long(self) -> None:
        """
        What is too long is refused beforehand if it cannot be cut; the session does not notice.
        """
        session = both()[0]
        Outgoing(session, 0).refuse_unfit(INSTALL)
        Outgoing(session, 0, extended=True, max_command=65544).refuse_unfit(STORE)
        self.assertRaises(CommandNotProtectable, Outgoing(session, 0).refuse_unfit, STORE)
        Outgoing(both(family=YUBIKEY)[0], 0).refuse_unfit(STORE)
        self.assertRaises(CommandNotProtectable, Outgoing(session, 0).refuse_unfit, evolve(INSTALL, data=bytes(65520)))
        self.assertRaises(CommandNotProtectable, Outgoing(session, 0).refuse_unfit, Command(0x84, 0xF2))
        self.assertEqual(session.wrap(GET_STATUS), both()[0].wrap(GET_STATUS))

    def test_wrapped(self) -> None:
        """
        Extended where that comes through; cut where not; whole where it fits.
        """
        (whole,) = Outgoing(both()[0], 0, extended=True, max_command=65544).wrap(INSTALL)
        self.assertEqual((whole.is_extended, len(whole.data), whole.expected), (True, 312, 65536))
        first, last = Outgoing(both()[0], 0).wrap(INSTALL)
        self.assertEqual((first.data + last.data, first.p1, last.p1), (whole.data, 0xA0, 0x20))
        self.assertEqual(last.expected, 256)
        first, last = Outgoing(both(family=YUBIKEY)[0], 0).wrap(INSTALL)
        self.assertEqual((first.cla, first.p1, last.cla), (0x94, 0x20, 0x84))
        (short,) = Outgoing(both(Level.C_MAC, family=JCOP)[0], 0).wrap(evolve(GET_STATUS, expected=65536))
        self.assertEqual((short.is_extended, short.expected), (False, 256))


class EndingTests(SynchronousTestCase):
    """
    L{ending}.
    """

    def test_commands(self) -> None:
        """
        SELECT by name, and the end of a logical channel; nothing of GlobalPlatform's own class.
        """
        for command, over in (
            (Command(0x00, 0xA4, 0x04, 0x00, b"\xa0"), True),
            (Command(0x43, 0xA4, 0x04, 0x02), True),
            (Command(0x00, 0x70, 0x80, 0x01), True),
            (Command(0x00, 0xA4, 0x00, 0x0C, b"\x3f\x00"), False),
            (Command(0x00, 0x70, 0x00, 0x00, expected=1), False),
            (Command(0x80, 0xA4, 0x04), False),
            (GET_STATUS, False),
        ):
            self.assertEqual(bool(ending(command)), over)
