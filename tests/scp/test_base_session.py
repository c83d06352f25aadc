"""
Tests of L{cardgw.scp.base_session}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.scp.base_session import BaseSession
from cardgw.scp.errors import SecureSessionOver
from cardgw.scp.families import STRICT
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.keys import AesKey


class Forgetful(BaseSession):
    """
    A session that counts how often it forgets.
    """

    forgot = 0

    def _forget(self) -> None:
        self.forgot += 1


class BaseSessionTests(SynchronousTestCase):
    """
    L{BaseSession}.
    """

    def test_end(self) -> None:
        """
        It ends once; the first reason counts, and the keys are gone.
        """
        session = Forgetful(SessionKeys(bytes(16), bytes(16), bytes(16), AesKey(bytes(16))), STRICT)
        session.refuse(Command(0x80, 0xD8))
        self.assertEqual((session.over, session.dek.length, session.family), ("", 16, STRICT))
        session.end("the card is gone")
        session.end("something else")
        self.assertEqual((session.over, session.forgot), ("the card is gone", 1))
        self.assertIn("the card is gone", str(self.assertRaises(SecureSessionOver, lambda: session.dek)))
