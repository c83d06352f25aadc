# -*- test-case-name: tests.operations.test_apdu_script -*-
"""
Tests for L{cardgw.operations.apdu_script}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import ParameterError, PeerLost, UnexpectedStatus
from cardgw.operations.apdu_script import RunScript
from cardgw.testing import FakeSession, KnowingCard, OperationTestsMixin, session_for
from cardgw.values import ChannelInfo

SCRIPT = """
# the applet
00A4040005A000000527 = 9000 | 61xx
A1=
84/02
"""
CARD = {
    bytes.fromhex("00A4040005A000000527"): bytes.fromhex("9000"),
    bytes.fromhex("00A10000"): bytes.fromhex("01029000"),
    bytes.fromhex("0084000002"): bytes.fromhex("6300"),
}


class RunScriptTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{apdu.script} is an operation.
    """

    def make_operation(self) -> RunScript:
        """
        See L{OperationTestsMixin}.
        """
        return RunScript()

    def make_card(self) -> KnowingCard:
        """
        See L{OperationTestsMixin}.
        """
        return KnowingCard(CARD)

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return {"script": SCRIPT}


class RunTests(SynchronousTestCase):
    """
    Running it.
    """

    def start(self, script: Any, card: Any = None, **parameters: Any) -> Deferred[dict[str, Any]]:
        """
        Run a script on a card.

        @param card: what it knows, or a function.
        """
        self.sent: list[str] = []
        knowing = card if callable(card) else KnowingCard(CARD if card is None else card)

        def listening(octets: bytes) -> Any:
            self.sent.append(octets.hex().upper())
            return knowing(octets)

        channel = GetResponse(MemoryChannel(ChannelInfo("memory"), listening))
        self.session: FakeSession = session_for(RunScript(), channel, {"script": script, **parameters})
        return Deferred.fromCoroutine(RunScript().run(self.session))

    def test_answers(self) -> None:
        """
        Each command is reported with its line and what came of it; its data is not repeated.
        """
        result = self.successResultOf(self.start(SCRIPT))
        self.assertTrue(result["ok"])
        self.assertEqual(
            result["answers"][:2],
            [
                {
                    "line": 3, "command": "00A40400", "response": "", "status": "9000", "name": "success",
                    "expected": ["9000", "61xx"], "ok": True,
                },
                {
                    "line": 4, "command": "00A10000", "response": "0102", "status": "9000", "name": "success",
                    "expected": ["9000"], "ok": True,
                },
            ],
        )  # fmt: skip
        self.assertEqual((result["answers"][2]["status"], result["answers"][2]["ok"]), ("6300", True))
        self.assertEqual((self.session.stages, self.session.percents), ([("apdu_script", {"commands": 3})], [33, 66, 100]))

    def test_list(self) -> None:
        """
        A list of lines is a script, too.
        """
        self.assertEqual(len(self.successResultOf(self.start(["A1=", "# no more", "84/02"]))["answers"]), 2)

    def test_unexpected(self) -> None:
        """
        A status that is not expected ends it; the error names the line, and what was answered is written down.
        """
        error = self.failureResultOf(self.start("A1\n84/02 = 9000|61xx\nA1"), UnexpectedStatus).value
        self.assertIn("line 2, 00840000, expected 9000 or 61xx: 6300", str(error))
        self.assertEqual(self.sent, ["00A10000", "0084000002"])
        (achieved,) = self.session.results
        self.assertEqual(([each["ok"] for each in achieved["answers"]], achieved["ok"]), ([True, False], False))

    def test_goOn(self) -> None:
        """
        Unless it is told to go on.
        """
        result = self.successResultOf(self.start("84/02=\nA1=", stop=False))
        self.assertEqual(([each["ok"] for each in result["answers"]], result["ok"]), ([False, True], False))

    def test_complete(self) -> None:
        """
        An answer that is not complete is fetched, a wrong length is put right, unless that is what is expected.
        """
        card = {
            bytes.fromhex("00A10000"): bytes.fromhex("6102"),
            bytes.fromhex("00C0000002"): bytes.fromhex("AABB9000"),
            bytes.fromhex("00B0000000"): bytes.fromhex("6C02"),
            bytes.fromhex("00B0000002"): bytes.fromhex("CCDD9000"),
        }
        result = self.successResultOf(self.start("A1\nB0/00\nA1=9000\nA1=61xx\nB0/00=6Cxx", card))
        found = [(each["response"], each["status"]) for each in result["answers"]]
        whole = ("AABB", "9000")
        self.assertEqual(found, [whole, ("CCDD", "9000"), whole, ("", "6102"), ("", "6C02")])
        result = self.successResultOf(self.start("A1\nA1=9000", card, stop=False))
        self.assertTrue(result["ok"])

    def test_raw(self) -> None:
        """
        Nothing is fetched and nothing is put right where that is wanted; what is not expected ends it all the same.
        """
        card = {bytes.fromhex("00A10000"): bytes.fromhex("6102"), bytes.fromhex("00B0000000"): bytes.fromhex("6C02")}
        result = self.successResultOf(self.start("A1\nB0/00\nA1=61xx", card, raw=True))
        self.assertEqual([each["status"] for each in result["answers"]], ["6102", "6C02", "6102"])
        self.failureResultOf(self.start("A1=\nB0/00", card, raw=True), UnexpectedStatus)
        self.assertEqual(self.sent, ["00A10000"])

    def test_stubborn(self) -> None:
        """
        A card that insists on a wrong length does not end a script that expects nothing.
        """
        result = self.successResultOf(
            self.start("B0/00\nA1", lambda octets: bytes.fromhex("6C02" if octets[1] == 0xB0 else "9000"))
        )
        self.assertEqual([each["status"] for each in result["answers"]], ["6C02", "9000"])

    def test_lost(self) -> None:
        """
        What was answered before the card was lost is written down.
        """

        def card(octets: bytes) -> bytes:
            if octets[1] == 0x84:
                raise PeerLost()
            return b"\x90\x00"

        self.failureResultOf(self.start("A1\nA1=\n84/02", card), PeerLost)
        (achieved,) = self.session.results
        self.assertEqual(([each["status"] for each in achieved["answers"]], achieved["ok"]), (["9000", "9000"], False))

    def test_cancelled(self) -> None:
        """
        So it is when somebody cancels it.
        """
        running = self.start("A1\n84/02\nA1", lambda octets: Deferred() if octets[1] == 0x84 else b"\x90\x00")
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(len(self.session.results[0]["answers"]), 1)
        self.assertEqual(self.sent, ["00A10000", "0084000002"])

    def test_wrong(self) -> None:
        """
        A script that cannot be read is refused before anything is sent, and so is an empty one.
        """
        for script, told in {"A1\n0G": "line 2, column 2", "# nothing": "there is no command", "": "no command"}.items():
            self.assertIn(told, str(self.assertRaises(ParameterError, self.start, script)))
        for other in (5, [5], None):
            self.assertIn("expected a command on each line", str(self.assertRaises(ParameterError, self.start, other)))

    def test_secret(self) -> None:
        """
        The data of commands does not show.
        """
        result = self.failureResultOf(self.start("00200001:31323334=", lambda _: b"\x63\xc2"), UnexpectedStatus)
        self.assertNotIn("31323334", str(result.value) + repr(self.session.parameters) + repr(self.session.results))
