"""
Tests for L{cardgw.bridges.touch_daemon_approvals}.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_approvals import Approval, Approvals, approval_for
from cardgw.bridges.touch_daemon_request import HIDDEN, PROGRAM
from tests.logs import captured

SHOP = "https://shop.example"
CARDS = "https://cards.example"


class ApprovalTests(SynchronousTestCase):
    """
    L{Approval}.
    """

    def test_server(self) -> None:
        """
        Scheme, host and port count, as in the files of the daemon that was before; no port is one.
        """
        for line, url, expected in (
            (CARDS, f"{CARDS}/rt/hsm?x=1", True),
            (f"{CARDS}/", f"{CARDS}:443/rt", True),
            ("HTTPS://Cards.Example", f"{CARDS}/rt", True),
            (CARDS, "http://cards.example/rt", False),
            (CARDS, "https://cards.example:8443/rt", False),
            (CARDS, "https://cards.example.evil.example/rt", False),
            (CARDS, "https://evil.example/https://cards.example", False),
            ("http://localhost:8080", "http://localhost/rt", False),
        ):
            self.assertIs(Approval.parse(line).covers(url, PROGRAM), expected, (line, url))

    def test_path(self) -> None:
        """
        A path is where addresses begin, segment by segment; with a question mark it is the whole address.
        """
        for line, url, expected in (
            (f"{CARDS}/rt/hsm", f"{CARDS}/rt/hsm", True),
            (f"{CARDS}/rt/hsm", f"{CARDS}/rt/hsm/1?x=1", True),
            (f"{CARDS}/rt/hsm/", f"{CARDS}/rt/hsm", True),
            (f"{CARDS}/rt/hsm", f"{CARDS}/rt/hsm2", False),
            (f"{CARDS}/rt/hsm", f"{CARDS}/rt", False),
            (f"{CARDS}/rt?x=1", f"{CARDS}/rt?x=1", True),
            (f"{CARDS}/rt?x=1", f"{CARDS}/rt?x=12", False),
            (f"{CARDS}/rt?x=1", f"{CARDS}/rt/a?x=1", False),
        ):
            self.assertIs(Approval.parse(line).covers(url, PROGRAM), expected, (line, url))

    def test_pages(self) -> None:
        """
        Without an origin it is for pages of the same host, not less safe than the server, and for programs.
        """
        for line, page, expected in (
            (CARDS, PROGRAM, True),
            (CARDS, f"{CARDS}:8443", True),
            (CARDS, "http://cards.example", False),
            (CARDS, SHOP, False),
            (CARDS, HIDDEN, False),
            ("http://cards.example", CARDS, False),
            (f"{CARDS} {SHOP}", SHOP, True),
            (f"{CARDS} {SHOP}:443/x", SHOP, True),
            (f"{CARDS} {SHOP}", PROGRAM, False),
            (f"{CARDS} {SHOP}", CARDS, False),
            (f"{CARDS} {SHOP}", HIDDEN, False),
            (f"{CARDS} *", HIDDEN, True),
            (f"{CARDS} *", SHOP, True),
        ):
            self.assertIs(Approval.parse(line).covers(f"{CARDS}/rt", page), expected, (line, page))

    def test_httpPage(self) -> None:
        """
        The page of a server without TLS may have come either way.
        """
        for page in ("http://cards.example:8000", CARDS):
            self.assertTrue(Approval.parse("http://cards.example:8080").covers("http://cards.example:8080/rt", page))

    def test_wrong(self) -> None:
        """
        What is no approval is none.
        """
        for line in ("cards.example", "https://", f"{CARDS} shop.example", f"{CARDS} {SHOP} {SHOP}", "https://a@h"):
            self.assertRaises(ValueError, Approval.parse, line)

    def test_forGood(self) -> None:
        """
        What is written is for the whole server, and for the page's origin where that is another one.
        """
        for page, expected in ((PROGRAM, CARDS), (CARDS, CARDS), (SHOP, f"{CARDS} {SHOP}"), (HIDDEN, "None")):
            found = approval_for(f"{CARDS}/rt/secret", page)
            self.assertEqual(str(found), expected)
            if found is not None:
                self.assertTrue(Approval.parse(str(found)).covers(f"{CARDS}/rt/other", page))


class ApprovalsTests(SynchronousTestCase):
    """
    L{Approvals}.
    """

    def setUp(self) -> None:
        self.file = Path(self.mktemp())
        self.approvals = Approvals((Approval("http://127.0.0.1:8080"),), self.file)

    def test_given(self) -> None:
        """
        What was given counts without a file.
        """
        self.assertTrue(self.approvals.cover("http://127.0.0.1:8080/rt", PROGRAM))
        self.assertFalse(self.approvals.cover(CARDS, PROGRAM))

    def test_file(self) -> None:
        """
        Comments, also those behind an address, and empty lines are left out; so are lines that are no approvals, and that is
        logged.
        """
        events = captured(self)
        self.file.write_bytes(b"# approved\r\n\r\nnonsense \xff\r\n https://cards.example/rt # mine\r\n")
        self.assertTrue(self.approvals.cover(f"{CARDS}/rt/1", PROGRAM))
        self.assertFalse(self.approvals.cover(CARDS, PROGRAM))
        self.assertEqual({(each["event"], each["number"]) for each in events}, {("approval-skipped", 3)})

    def test_add(self) -> None:
        """
        A line is added; what was there stays, to the byte; nobody else can read it; nothing is left beside it.
        """
        self.file.write_bytes(b"# mine\r\n\xff\xfe")
        self.file.chmod(0o644)
        self.approvals.add(Approval(CARDS, SHOP))
        self.approvals.add(Approval("http://h"))
        self.assertEqual(self.file.read_bytes(), b"# mine\r\n\xff\xfe\nhttps://cards.example https://shop.example\nhttp://h\n")
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertEqual([each for each in self.file.parent.iterdir() if each.name.startswith(self.file.name)], [self.file])
        self.assertTrue(self.approvals.cover(CARDS, SHOP))

    def test_new(self) -> None:
        """
        The file is made where there is none.
        """
        self.approvals.add(Approval(CARDS))
        self.assertEqual((self.file.read_text(), stat.S_IMODE(self.file.stat().st_mode)), (f"{CARDS}\n", 0o600))

    def test_link(self) -> None:
        """
        A link stays one.
        """
        other = Path(self.mktemp())
        other.write_text("")
        self.file.symlink_to(other.resolve())
        self.approvals.add(Approval(CARDS))
        self.assertEqual((other.read_text(), self.file.is_symlink()), (f"{CARDS}\n", True))

    def test_notWritten(self) -> None:
        """
        Where it cannot be written, nothing is left behind.
        """
        self.patch(os, "fsync", self._full)
        self.file.write_text("x\n")
        self.assertRaises(OSError, self.approvals.add, Approval(CARDS))
        self.assertEqual(self.file.read_text(), "x\n")
        self.assertEqual([each for each in self.file.parent.iterdir() if each.name.startswith(self.file.name)], [self.file])

    def _full(self, descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    def test_ofOthers(self) -> None:
        """
        A file that everybody can write is not read.
        """
        events = captured(self)
        self.file.write_text(CARDS)
        self.file.chmod(0o666)
        self.assertFalse(self.approvals.cover(CARDS, PROGRAM))
        self.assertEqual([each["event"] for each in events], ["approvals-refused"])

    def test_addToThatOfOthers(self) -> None:
        """
        Nor is anything added to it: what others wrote would be believed from then on.
        """
        self.file.write_text(f"{CARDS} *\n")
        self.file.chmod(0o666)
        self.assertRaises(PermissionError, self.approvals.add, Approval("http://h"))
        self.assertEqual((self.file.read_text(), stat.S_IMODE(self.file.stat().st_mode)), (f"{CARDS} *\n", 0o666))

    def test_unreadable(self) -> None:
        """
        One that cannot be read approves nothing.
        """
        events = captured(self)
        self.file.mkdir()
        self.assertFalse(self.approvals.cover(CARDS, PROGRAM))
        self.assertEqual([each["event"] for each in events], ["approvals-unread"])
