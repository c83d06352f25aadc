# -*- test-case-name: tests.gateway.test_visit -*-
"""
L{cardgw.gateway.visit}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.visit import Visit
from cardgw.values import CardRequest
from tests.gateway.fakes import QuietChannel


class VisitTests(SynchronousTestCase):
    """
    A card that is here.
    """

    def setUp(self) -> None:
        self.visit = Visit("0a0b0c0d", QuietChannel(CardRequest("download", "LPA:1$secret")), 5.0)

    def test_changed(self) -> None:
        """
        Who has seen the last change waits for the next; who has not need not wait.
        """
        waiting = self.visit.changed(self.visit.changes)
        self.assertNoResult(waiting)
        self.visit.ring()
        self.successResultOf(waiting)
        self.successResultOf(self.visit.changed(0))

    def test_cancelled(self) -> None:
        """
        Who waits may give up; the next change does not mind.
        """
        waiting = self.visit.changed(0)
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.visit.ring()
        self.assertEqual(self.visit.changes, 1)

    def test_record(self) -> None:
        """
        The faces see what it asked for, not what was typed.
        """
        found = self.visit.record_json()
        self.assertEqual((found["id"], found["request"], found["identity"]), ("0a0b0c0d", "download", None))
        self.assertEqual(found["application"], "A000000001")
        self.assertNotIn("secret", repr(found) + repr(self.visit.record()))

    def test_kind(self) -> None:
        """
        Of what kind it is was found out, or can be told from its identity; the UID is what the reader tells.
        """
        self.assertEqual((self.visit.record_json()["kind"], self.visit.record_json()["uid"]), (None, None))
        for identity, kind in (("eid:1", "euicc"), ("cuid:1", "globalplatform"), ("iin-cin:1-1", "globalplatform")):
            self.visit.identity = identity
            self.assertEqual(self.visit.record().kind, kind)
        self.visit.kind, self.visit.identity = "globalplatform", "uid:04A1B2C3"
        self.visit.channel.info = evolve(self.visit.channel.info, uid=bytes.fromhex("04A1B2C3"))
        found = self.visit.record_json()
        self.assertEqual((found["kind"], found["uid"]), ("globalplatform", "04A1B2C3"))
