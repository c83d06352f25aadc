"""
Tests of L{cardgw.cli.views}.
"""

from __future__ import annotations

from attrs import evolve

from cardgw.cli import views
from cardgw.cli.app import App
from cardgw.cli.render import table
from cardgw.gateway.records import Job, JobState, Problem
from cardgw.gateway.shown import card_json, job_json
from cardgw.lpa.deliver import Settled
from cardgw.values import Question
from tests.cli.case import ViewsTestCase
from tests.cli.fakes import CARD, EID, ICCID, NOW, PROFILE

NOTICE = {"seqNumber": 0, "profileManagementOperation": "enable", "notificationAddress": "smdp.example.com", "iccid": ICCID}


class ViewsTests(ViewsTestCase):
    """
    What people see.
    """

    def test_cards(self) -> None:
        """
        It is told what a card does.
        """
        for changes, told in (
            ({}, "idle"),
            ({"job": "01J", "queued": 2}, "job 01J, 2 queued"),
            ({"queued": 2}, "2 queued"),
            ({"managed": True, "request": "manage"}, "waits for operators"),
            ({"request": "download"}, "asked for download"),
        ):
            self.assertEqual(views.card_state(card_json(evolve(CARD, **changes))), told)

    def test_jobs(self) -> None:
        """
        It is told what there is to say about a job.
        """
        job = Job("01J", "lpa.info", state=JobState.RUNNING, stage="es10c_get_eid", percent=7)
        error = Problem("x", "It failed", "in the midst")
        for changes, told in (
            ({}, "the eUICC tells its EID 7 %"),
            ({"state": JobState.WAITING, "question": Question("text", "Why?")}, "asks: Why?"),
            ({"state": JobState.FAILED, "error": error}, "It failed: in the midst"),
            ({"state": JobState.DONE}, ""),
        ):
            self.assertEqual(views.job_remark(job_json(evolve(job, **changes))), told)

    def test_ids(self) -> None:
        """
        On a terminal of 80 columns ids are whole, and what there is to say about a job or an entry is below it, all of it.
        """
        identity, told = (
            "1a1fe44f3b40000bd0889",
            "The server does not accept the matching id: authenticateClient 8.2.6/3.8 (no order)",
        )
        error = {"title": told}
        job = {"id": identity, "operation": "notifications.send-all", "state": "cancelled", "card": f"eid:{EID}", "error": error}
        entry = {"id": identity, "state": "delivered", "kind": "notification", "address": "smdp.example.com", "reason": told}
        for columns, row in ((views.jobs(NOW, narrow=True), job), (views.entries(NOW, narrow=True), {**entry, "card": EID})):
            app = App(terminal=True)
            app.out.width, app.out.no_color = 80, True
            table(app, columns, [row], "")
            lines = self.out.getvalue().splitlines()
            self.assertTrue(lines[1].startswith(f"{identity}  {row.get('operation', 'delivered')}"), lines)
            self.assertEqual(" ".join(line.strip() for line in lines[2:]), told)
            self.assertTrue(all(len(line) <= 80 for line in lines[1:]), lines)
            self.out.seek(0)
            self.out.truncate()

    def test_job(self) -> None:
        """
        All about a job has its parameters without secrets, its error with the status word, and the result.
        """
        parameters = {"a": "secret", "b": 1}
        job = Job("01J", "profile.download", parameters, frozenset({"a"}), f"eid:{EID}", requester="token:x", created=NOW)
        error = Problem("card", "The card refused", hint="Try again.", status="6A88")
        views.job(App(terminal=False), job_json(evolve(job, state=JobState.FAILED, error=error, result={"iccid": "1"})))
        told = self.out.getvalue()
        for expected in ("a ***, b 1", "6A88", "Try again.", "result:\n  iccid: 1", EID):
            self.assertIn(expected, told)
        self.assertNotIn("question", told)

    def test_profiles(self) -> None:
        """
        Profiles are a table, or a sentence if there is none.
        """
        self.assertIn("travel", self.result("lpa.profiles", profiles=[PROFILE]))
        self.result("lpa.profiles", profiles=[])
        self.assertEqual(self.err.getvalue(), "There is no profile on this card.\n")

    def test_download(self) -> None:
        """
        What was installed, and what became of its notification.
        """
        told = self.result("profile.download", iccid="1", provider="P", name="N", notification="pending", reason="No answer.")
        self.assertEqual(told, "installed 1 (P N)\n")
        self.assertEqual(self.err.getvalue(), "The notification of it: pending. No answer.\n")

    def test_switched(self) -> None:
        """
        What was enabled, in place of what, and whether that is certain.
        """
        result = {"iccid": "1", "profileState": "enabled", "changed": True, "confirmed": False, "replaced": "2"}
        told = self.result("lpa.enable", **result, notifications={"delivered": 2})
        self.assertEqual(told, "enabled 1, in place of 2\n")
        self.assertEqual(self.err.getvalue(), "The card left before it could confirm that.\nnotifications: 2 delivered\n")
        self.assertIn("1 was disabled already", self.result("lpa.disable", iccid="1", profileState="disabled", changed=False))

    def test_others(self) -> None:
        """
        Deleted, named, told about.
        """
        self.assertIn("deleted 1", self.result("lpa.delete", iccid="1", note="Later.", notifications=None))
        self.assertIn("Later.", self.err.getvalue())
        self.assertIn('1 is "x" now', self.result("lpa.nickname", iccid="1", profileNickname="x"))
        self.assertIn("1 has no nickname now", self.result("lpa.nickname", iccid="1", profileNickname=None))
        told = self.result("lpa.info", eidValue=EID, EUICCInfo2={"svn": "2.2.2"}, EUICCInfo1=None, problems={})
        self.assertIn(f"eidValue: {EID}\nEUICCInfo2:\n  svn: 2.2.2\n", told)

    def test_notifications(self) -> None:
        """
        Notifications are a table; so is what became of them, whatever fates there are.
        """
        self.assertIn("smdp.example.com", self.result("notifications.list", notifications=[NOTICE], unreadable=2))
        self.assertIn("2 more cannot be read.", self.err.getvalue())
        fates = {fate: [NOTICE] for fate in Settled().counts}
        told = self.result("notifications.send-all", **fates)
        for fate in fates:
            self.assertIn(f"{fate} ", told)
        self.result("notifications.send", delivered=[])
        self.assertIn("There was nothing to do.", self.err.getvalue())

    def test_attached(self) -> None:
        """
        How long a card was in a reader, and how much was done with it.
        """
        told = self.result("card.attach", reader="tcp:127.0.0.1:1", commands=146, resets=2, seconds=63.1, ended="cancelled")
        self.assertEqual(told, "the card was in the reader tcp:127.0.0.1:1 for 63.1 s: 146 commands, 2 resets\n")

    def test_unknown(self) -> None:
        """
        Results of operations that nobody knows are shown too.
        """
        self.assertEqual(self.result("acme.audit", score=3), "score: 3\n")
