"""
Tests of L{cardgw.log}.
"""

from __future__ import annotations

import json
import sys
from io import StringIO
from typing import Any

from twisted.logger import ILogObserver, LogLevel, LogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

import cardgw.log as module
from cardgw.log import LogSettings, PrivacySettings, Rules, human_observer, json_observer, privacy_observer
from tests.logs import event


class Terminal(StringIO):
    """
    A stream that says it is a terminal.
    """

    def isatty(self) -> bool:
        """
        It is.
        """
        return True


class RulesTests(SynchronousTestCase):
    """
    L{Rules}.
    """

    def test_level(self) -> None:
        """
        Events below the level are not logged.
        """
        rules = Rules(LogSettings(level="warn"))
        self.assertFalse(rules.shows(event()))
        self.assertTrue(rules.shows(event(log_level=LogLevel.warn)))
        self.assertTrue(rules.shows(event(log_level=LogLevel.critical)))
        self.assertTrue(Rules(LogSettings(level="debug")).shows(event(log_level=LogLevel.debug)))

    def test_traffic(self) -> None:
        """
        Traffic is off, whatever the level, unless it is asked for.
        """
        traffic = event(log_namespace="cardgw.traffic")
        self.assertFalse(Rules(LogSettings(level="debug")).shows(traffic))
        self.assertTrue(Rules(LogSettings(traffic=True, level="error")).shows(traffic))
        self.assertTrue(Rules(LogSettings(unsafe_trace=True)).traffic)

    def test_identifiers(self) -> None:
        """
        An EID or ICCID is shown as the last four digits, as a hash, or in full.
        """
        eid = "89049032000000000000000000000163"
        self.assertEqual(Rules().shorten(eid), "…0163")
        self.assertEqual(Rules(privacy=PrivacySettings(identifiers="full")).shorten(eid), eid)
        hashed = Rules(privacy=PrivacySettings(identifiers="hash"))
        self.assertRegex(hashed.shorten(eid), "^#[0-9a-f]{12}$")
        self.assertEqual(hashed.shorten(eid), hashed.shorten(eid))

    def test_hashIsSalted(self) -> None:
        """
        ICCIDs are few enough to be tried, so another process hashes the same one differently.
        """
        one, other = (Rules(privacy=PrivacySettings(identifiers="hash")) for _ in range(2))
        self.assertNotEqual(one.shorten("8949"), other.shorten("8949"))


class ObserverTests(SynchronousTestCase):
    """
    The observers.
    """

    def setUp(self) -> None:
        """
        Rules of this test's own.
        """
        self.rules = Rules()
        self.patch(module, "rules", self.rules)

    def test_interfaces(self) -> None:
        """
        What C{--logger} names is called without arguments, and gives an observer.
        """
        for make in (json_observer, human_observer):
            self.assertTrue(verifyObject(ILogObserver, make()))
        self.assertTrue(ILogObserver.providedBy(privacy_observer))

    def test_noStandardOutput(self) -> None:
        """
        A process that was started with its standard output closed has no log, and no trouble.
        """
        self.patch(sys, "stdout", None)
        for make in (json_observer, human_observer):
            make()(event())

    def test_privacy(self) -> None:
        """
        An observer that comes after sees neither EID nor ICCID, nor does its message have them.
        """
        out = StringIO()
        publisher = LogPublisher(privacy_observer, json_observer(out))
        publisher(event(log_format="{eid} has {iccid}", eid="89049032000000000000000000000163", iccid="89999010000000000013"))
        parsed = json.loads(out.getvalue())
        self.assertEqual((parsed["eid"], parsed["iccid"], parsed["message"]), ("…0163", "…0013", "…0163 has …0013"))

    def test_privacyOfTexts(self) -> None:
        """
        Nor have reasons that name them; other numbers stay.
        """
        out = StringIO()
        reason = "89999010000000000013 is on eid:89049032000000000000000000000163, job 1800000000000000001"
        LogPublisher(privacy_observer, json_observer(out))(event(log_format="{reason}", reason=reason))
        self.assertEqual(json.loads(out.getvalue())["message"], "…0013 is on eid:…0163, job 1800000000000000001")

    def test_privacyOfOthers(self) -> None:
        """
        Nor is any other identity of a card seen, in texts and in paths; and what only looks like one stays.
        """
        out = StringIO()
        publisher = LogPublisher(privacy_observer, json_observer(out))
        publisher(event(log_format="{identity}", identity="cuid:4790503278900612AB34"))
        publisher(
            event(log_format="{reason}", reason="for cuid:4790503278900612AB34, and this is iin-cin:42099999-3D5F8004132EDA")
        )
        publisher(event(log_format="{path}", path="/api/v1/cards/uid%3A04A1B2C3D4E5F6 /api/v1/cards/04A1B2C3"))
        publisher(event(log_format="{reason}", reason="agent:..se-id.imei.354651011234~3Bx: it is for agent:a-1234."))
        told, agents = [json.loads(line)["message"] for line in out.getvalue().splitlines()], "…~3Bx: it is for …1234."
        self.assertEqual(told, ["…AB34", "for …AB34, and this is …2EDA", "/api/v1/cards/…E5F6 /api/v1/cards/04A1B2C3", agents])

    def test_filtered(self) -> None:
        """
        Both observers follow the rules, also when these change.
        """
        for make in (json_observer, human_observer):
            out = StringIO()
            observer = make(out)
            observer(event(log_level=LogLevel.debug))
            self.assertEqual(out.getvalue(), "")
            self.rules.log = LogSettings(level="debug")
            observer(event(log_level=LogLevel.debug))
            self.assertIn("hello", out.getvalue())
            self.rules.log = LogSettings()

    def test_twistedIsDebugging(self) -> None:
        """
        People are not told what Twisted says about itself, unless they look for defects; its warnings they are told.
        """
        out = StringIO()
        observer = human_observer(out)
        for namespace in ("twisted.internet.base", "log_legacy", "-"):
            observer(event(log_namespace=namespace))
        self.assertEqual(out.getvalue(), "")
        observer(event(log_namespace="twisted.internet.base", log_level=LogLevel.warn))
        observer(event(log_namespace="acme.audit"))
        self.assertEqual(out.getvalue().count("hello"), 2)

    def test_terminal(self) -> None:
        """
        A terminal gets colours, unless its user wants none; a file gets none.
        """
        environ: dict[str, str]
        for out, environ, coloured in ((Terminal(), {}, True), (Terminal(), {"NO_COLOR": "1"}, False), (StringIO(), {}, False)):
            human_observer(out, environ)(event(log_level=LogLevel.error))
            self.assertEqual("\x1b" in out.getvalue(), coloured)

    def test_fullDisk(self) -> None:
        """
        A log that cannot be written does not hurt what is logged.
        """

        class Full(StringIO):
            def write(self, text: Any) -> int:
                raise OSError(28, "No space left on device")

        json_observer(Full())(event())
