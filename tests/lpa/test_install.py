# -*- test-case-name: tests.lpa.test_install -*-
"""
Tests for L{cardgw.lpa.install}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.tlv import encode
from cardgw.lpa.download_errors import InstallationFailed, InstallationInterrupted
from cardgw.lpa.install import install
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notification import InstallResult
from cardgw.testing.session import FakeSession
from tests.lpa.card import BOUND, Answer, ScriptedChannel
from tests.lpa.test_notification import BAD, result
from tests.lpa.world import SlowCard

OK = bytes.fromhex("9000")
RESULT = result()
KEPT = encode(0xBF2B, encode(0xA0, RESULT))
NONE_KEPT = bytes.fromhex("bf2b02a000")


def card(answers: list[bytes], kept: bytes = NONE_KEPT) -> Answer:
    """
    A card that gives these answers to the blocks of a package, and C{kept} when asked for notifications.
    """

    def answer(command: bytes) -> bytes:
        return kept + OK if command[5:7] == b"\xbf\x2b" else answers.pop(0)

    return answer


class InstallTests(SynchronousTestCase):
    """
    Four blocks, and what becomes of them.
    """

    def setUp(self) -> None:
        self.session = FakeSession()

    def install(self, answer: Answer, lose_after: int | None = None, transaction: str = "aa") -> Deferred[InstallResult]:
        self.channel = ScriptedChannel(answer, lose_after=lose_after)
        isdr = Isdr(self.channel)
        return Deferred.fromCoroutine(install(self.session, isdr, isdr.package((b"\x01",) * 4), transaction))

    def test_installed(self) -> None:
        """
        The last block is answered with the result.
        """
        found = self.successResultOf(self.install(card([OK, OK, OK, RESULT + OK])))
        self.assertEqual(found.raw, RESULT)

    def test_resultLost(self) -> None:
        """
        A status instead of the result: the eUICC keeps the result for the server, and there it is found.
        """
        found = self.successResultOf(self.install(card([OK, OK, OK, bytes.fromhex("6f00")], KEPT)))
        self.assertEqual(found.raw, RESULT)

    def test_noResult(self) -> None:
        """
        An eUICC that takes all and gives no result, now or when asked, has installed nothing: that is a failure.
        """
        error = self.failureResultOf(self.install(card([OK] * 4)), InstallationFailed).value
        self.assertIn("gave no result", str(error))

    def test_refused(self) -> None:
        """
        A refused block without any result tells the status.
        """
        error = self.failureResultOf(self.install(card([OK, bytes.fromhex("6985")])), InstallationFailed).value
        self.assertIn("block 2 of 4: 6985", str(error))

    def test_otherTransaction(self) -> None:
        """
        The result of another session is none of ours.
        """
        error = self.failureResultOf(self.install(card([RESULT + OK], KEPT), transaction="bb"), InstallationFailed).value
        self.assertIn("another session", str(error))

    def test_rubbishResult(self) -> None:
        """
        An answer that cannot be read is looked for among the kept ones.
        """
        found = self.successResultOf(self.install(card([b"\xbf\x37\x05" + OK], KEPT)))
        self.assertEqual(found.raw, RESULT)

    def test_lostInTheMiddle(self) -> None:
        """
        A card that is lost before the end has not installed anything; the text says how far it was.
        """
        error = self.failureResultOf(self.install(card([OK] * 4), lose_after=2), InstallationInterrupted).value
        self.assertIn("after 2 of 4 blocks (50 %)", str(error))
        self.assertIn("is not installed", str(error))
        self.assertEqual((len(error.responses), error.unanswered), (2, 1))

    def test_lostAtTheEnd(self) -> None:
        """
        When the last block was sent but its answer was lost, the profile may be installed, and the text says so.
        """
        error = self.failureResultOf(self.install(card([OK] * 4), lose_after=3), InstallationInterrupted).value
        self.assertIn("may be installed", str(error))

    def test_lostWhileAsking(self) -> None:
        """
        Likewise when the card is lost while it is asked for the lost result.
        """
        error = self.failureResultOf(
            self.install(card([OK, OK, OK, bytes.fromhex("6f00")]), lose_after=4), InstallationInterrupted
        )
        self.assertIn("may be installed", str(error.value))

    def cancel_after(self, blocks: int, kept: bytes) -> Deferred[InstallResult]:
        """
        Cancel when so many blocks have been answered and the next one is under way.
        """
        slow = SlowCard(card([OK, OK, OK, RESULT + OK], kept))
        isdr = Isdr(MemoryChannel(BOUND, slow))
        installing = Deferred.fromCoroutine(install(self.session, isdr, isdr.package((b"\x01",) * 4), "aa"))
        slow.go_on(blocks)
        installing.cancel()
        slow.go_on()
        return installing

    def test_cancelledAtTheEnd(self) -> None:
        """
        Cancelled while the last block is under way: a profile that is installed by then is installed.
        """
        self.assertEqual(self.successResultOf(self.cancel_after(3, KEPT)).raw, RESULT)

    def test_cancelled(self) -> None:
        """
        Cancelled before that, or with nothing installed: it is cancelled.
        """
        for blocks, kept in ((2, KEPT), (3, NONE_KEPT), (3, encode(0xBF2B, encode(0xA0, result(BAD))))):
            self.failureResultOf(self.cancel_after(blocks, kept), CancelledError)
