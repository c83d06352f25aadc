# -*- test-case-name: tests.virtual.test_ram_client_command -*-
"""
Tests for L{cardgw.virtual.ram_client_command}.
"""

from __future__ import annotations

import io
from pathlib import Path

from twisted.internet.defer import Deferred

from cardgw.virtual import ram_client_command
from cardgw.virtual.pki import make_pki
from cardgw.virtual.ram_client import Manners
from cardgw.virtual.ram_client_command import main, make_slots, manners_from, parse, run, server_of
from cardgw.virtual.ram_session import RESET_CARD, Script, command, play
from cardgw.virtual.ram_tlv import notification
from tests.virtual.ram_rig import RamTestCase, advance

URL = "http://localhost:8080/rt/test"
DAY = (RESET_CARD, notification(0, "Test"), command(bytes.fromhex("00A4040000")))


class ParseTests(RamTestCase):
    """
    L{parse} and what is made of it.
    """

    def test_manners(self) -> None:
        """
        Every bad manner has an option.
        """
        given = ["--latency", "200", "--drop-at", "1", "--drop-bytes", "2", "--vanish-at", "3", "--repost-at", "4"]
        expected = Manners(0.2, 1, 2, 3, 4, 5, keep=False)
        self.assertEqual(manners_from(parse([URL, *given, "--cancel-at", "5"])), expected)
        self.assertEqual(manners_from(parse([URL])), Manners(keep=False))

    def test_cards(self) -> None:
        """
        An eUICC, or a security domain; several are different ones.
        """
        directory = Path(self.mktemp())
        make_pki().save(directory)
        slots = make_slots(self.clock, parse([URL, "--count", "2", "--pki", str(directory)]), bool)
        self.assertEqual([each.protocols for each in slots], [(1,), (1,)])
        (slot,) = make_slots(self.clock, parse([URL, "--card", "security-domain", "--pull-at", "1"]), bool)
        self.assertTrue(slot.present)

    def test_urls(self) -> None:
        """
        With and without TLS; nothing else.
        """
        for url in (URL, "https://cards.example.test/rt"):
            server_of(self.clock, url)
        for url in ("ftp://localhost", "localhost:8080", "http://"):
            self.assertRaises(ValueError, server_of, self.clock, url)

    def test_noPki(self) -> None:
        """
        What is wrong is one line.
        """
        errors = io.StringIO()
        self.patch(ram_client_command.sys, "stderr", errors)  # type: ignore[attr-defined]
        self.patch(ram_client_command, "react", lambda start: self.failureResultOf(start(self.clock)).raiseException())
        for arguments in ([URL, "--pki", "/nowhere"], ["nonsense"]):
            self.assertEqual(self.assertRaises(SystemExit, main, arguments).code, 2)
        self.assertEqual(errors.getvalue().count("\n"), 2)


class RunTests(RamTestCase):
    """
    L{run} prints.
    """

    def lines(self, *arguments: str, script: Script | None = None) -> tuple[int, list[str]]:
        """
        Exit status, and what is printed.
        """
        self.serve(script or play(*DAY))
        self.patch(ram_client_command, "server_of", lambda reactor, url: self.wires)
        found: list[str] = []
        options = parse([URL, "--card", "security-domain", *arguments])
        running = Deferred.fromCoroutine(run(self.clock, options, found.append))
        advance(self.clock, 1)
        return self.successResultOf(running), found

    def test_printed(self) -> None:
        """
        Texts, and the last words of each program; its exit status.
        """
        for kind, words in (("ram-client", "Completed"), ("ocf13", "Update complete"), ("ocf20", "Update completed")):
            self.assertEqual(self.lines("--kind", kind), (0, ["Test", words]))
        self.assertEqual(self.lines(script=play(notification(-1, "No"))), (1, ["No", "Error -1"]))

    def test_trace(self) -> None:
        """
        Commands and answers.
        """
        _, found = self.lines("-v")
        self.assertEqual((found[1], found[2][:8]), ("C: 00 A4 04 00 00", "R: 6F 10"))

    def test_many(self) -> None:
        """
        Many at once.
        """
        self.assertEqual(self.lines("--count", "5")[1].count("Completed"), 5)
        self.assertEqual(len(self.server.sessions), 5)
