# -*- test-case-name: tests.gateway.test_records -*-
"""
L{cardgw.gateway.records}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.errors import PeerLost, UnexpectedStatus
from cardgw.gateway.records import ENDED, ROLES, JobState, Principal, Role, problem_of


class RecordsTests(SynchronousTestCase):
    """
    What is known of cards, jobs and people.
    """

    def test_roles(self) -> None:
        """
        Each role may do all that the one before may.
        """
        for role in ROLES:
            may = [other for other in ROLES if Principal("x", role).may(other)]
            self.assertEqual(may, list(ROLES[: ROLES.index(role) + 1]))
        self.assertFalse(Principal("x", Role.VIEWER).may(Role.OPERATOR))

    def test_problem(self) -> None:
        """
        An error is kept in words; the status word, where the card gave one, apart.
        """
        problem = problem_of(UnexpectedStatus(Response(b"", 0x6A82), "SELECT", hint="Look again."))
        self.assertEqual((problem.code, problem.status, problem.hint), ("unexpected-status", "6A82", "Look again."))
        self.assertEqual(problem_of(PeerLost("why")).status, "")

    def test_states(self) -> None:
        """
        Three states are final.
        """
        self.assertEqual(JobState("queued"), JobState.QUEUED)
        self.assertEqual({state.value for state in ENDED}, {"done", "failed", "cancelled"})
