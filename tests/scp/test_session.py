# -*- test-case-name: tests.scp.test_session -*-
"""
L{cardgw.scp.session}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.session import Session
from tests.scp.rig import both


class SessionTests(SynchronousTestCase):
    """
    Who is a L{Session}.
    """

    def test_messaging(self) -> None:
        """
        The one of SCP03 and SCP11; what types cannot say is in L{tests.scp.test_messaging}.
        """
        session: Session = both()[0]
        session.end("it was long")
        self.assertEqual(session.over, "it was long")
