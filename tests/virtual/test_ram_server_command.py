# -*- test-case-name: tests.virtual.test_ram_server_command -*-
"""
Tests for L{cardgw.virtual.ram_server_command}.
"""

from __future__ import annotations

import io
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from cardgw.virtual import ram_server_command
from cardgw.virtual.ram_kinds import OURS
from cardgw.virtual.ram_server import Oddities
from cardgw.virtual.ram_server_command import main, make_server, oddities_from, parse, run
from tests.virtual.ram_rig import RamTestCase, Wires


class CommandTests(RamTestCase):
    """
    L{parse} and what is made of it.
    """

    def test_oddities(self) -> None:
        """
        Every oddity has an option.
        """
        given = "--chunked --http10 --split --outer AE --extra 9900 --empty-at 1 --drop-at 2 --status-at 3 302 --location /x"
        more = "--delay 4 --idle 5 --cookie a=1"
        self.assertEqual(
            oddities_from(parse([*given.split(), *more.split()])),
            Oddities(
                chunked=True,
                http10=True,
                split=True,
                outer="AE",
                extra=b"\x99\x00",
                instead={3: (302, b"")},
                location="/x",
                empty_at=1,
                drop_at=2,
                delay=4.0,
                idle=5.0,
                cookies=("a=1",),
            ),
        )
        self.assertEqual(oddities_from(parse([])), Oddities())

    def test_script(self) -> None:
        """
        Reset, text and commands, one by one or in one template.
        """
        for arguments, posts in ((["--apdu", "00A40400", "--apdu", "0084000008"], 5), (["--batch"], 2)):
            self.events: list[dict[str, Any]] = []
            self.server = make_server(self.clock, parse(arguments), self.events.append)
            self.wires = Wires(self.clock, self.server)
            outcome = self.run_client(OURS)
            self.assertEqual((outcome.good, outcome.posts, outcome.resets), (True, posts, 1))
            self.assertEqual([each["event"] for each in self.events], ["session", *["reply"] * posts])

    def test_run(self) -> None:
        """
        It says where it listens, and listens no more when it is stopped.
        """
        reactor, events = MemoryReactorClock(), list[dict[str, Any]]()
        running = Deferred.fromCoroutine(run(reactor, parse([]), events.append))
        self.assertEqual((reactor.tcpServers[0][0], events[0]["event"], events[0]["path"]), (8080, "ready", "/rt/test"))
        running.cancel()
        self.failureResultOf(running)

    def test_noEndpoint(self) -> None:
        """
        What is no endpoint is one line.
        """
        errors = io.StringIO()
        self.patch(ram_server_command.sys, "stderr", errors)  # type: ignore[attr-defined]
        self.patch(ram_server_command, "react", lambda start: self.failureResultOf(start(self.clock)).raiseException())
        self.assertEqual(self.assertRaises(SystemExit, main, ["--listen", "nonsense:1"]).code, 2)
        self.assertEqual(errors.getvalue().count("\n"), 1)
