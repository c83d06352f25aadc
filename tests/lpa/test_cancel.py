# -*- test-case-name: tests.lpa.test_cancel -*-
"""
Tests for L{cardgw.lpa.cancel}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.errors import CardGatewayError, NobodyToAsk, PeerLost
from cardgw.lpa import download_errors as refused
from cardgw.lpa import server_errors as server
from cardgw.lpa.cancel import TIME_LIMIT, cancel, reason_for
from cardgw.lpa.es9 import Es9, Es9Error, WrongTransaction
from cardgw.lpa.es10 import CancelReason
from cardgw.lpa.isdr import Isdr
from cardgw.testing.session import FakeSession
from tests.lpa.card import ScriptedChannel, replay

TRANSACTION = "00" * 16
REQUEST = "80e2910018bf41158010" + TRANSACTION + "8101"
SIGNED = encode(0xBF41, encode(0xA0, b"\x30\x00"))


class Server:
    """
    Records requests and answers them as told.
    """

    def __init__(self, answer: Deferred[tuple[int, bytes]] | None = None) -> None:
        self.urls: list[str] = []
        self.answer: Deferred[tuple[int, bytes]] = succeed((204, b"")) if answer is None else answer

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], trusted: frozenset[bytes] = frozenset(), role: Any = None
    ) -> Deferred[tuple[int, bytes]]:
        self.urls.append(url)
        return self.answer


class ReasonTests(SynchronousTestCase):
    """
    The table of reasons.
    """

    def test_reasons(self) -> None:
        """
        What is final has its own reason; what may be tried again is postponed, so that the server keeps the order.
        """
        wanted: list[tuple[BaseException, CancelReason]] = [
            (refused.RejectedByUser(), CancelReason.END_USER_REJECTION),
            (refused.PolicyRuleRefused(), CancelReason.PPR_NOT_ALLOWED),
            (refused.MetadataMismatch(), CancelReason.METADATA_MISMATCH),
            (refused.InstallationFailed(), CancelReason.LOAD_BPP_EXECUTION_ERROR),
            (refused.ConfirmationCodeNeeded(), CancelReason.POSTPONED),
            (refused.ConsentNeeded(), CancelReason.POSTPONED),
            (refused.MemoryFull(), CancelReason.POSTPONED),
            (NobodyToAsk(), CancelReason.POSTPONED),
            (CancelledError(), CancelReason.POSTPONED),
            (Es9Error("authenticateClient", "8.2.6", "3.8"), CancelReason.POSTPONED),
            (server.ServerHungUp(), CancelReason.POSTPONED),
            (server.HttpStatusError(500), CancelReason.POSTPONED),
            (server.ServerSilent(), CancelReason.TIMEOUT),
            (server.SignatureInvalid(), CancelReason.UNDEFINED),
            (server.CiNotTrusted(b"", "x"), CancelReason.UNDEFINED),
            (WrongTransaction(), CancelReason.UNDEFINED),
            (refused.OtherServer(), CancelReason.UNDEFINED),
            (CardGatewayError(), CancelReason.UNDEFINED),
            (ZeroDivisionError(), CancelReason.UNDEFINED),
        ]
        for error, reason in wanted:
            self.assertEqual(reason_for(error), reason, type(error).__name__)


class CancelTests(SynchronousTestCase):
    """
    Both sides are told.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.session = FakeSession(clock=self.clock)

    def cancel(self, channel: ScriptedChannel, server: Server, error: BaseException) -> Deferred[None]:
        es9 = Es9(server, "smdp.example.test")  # type: ignore[arg-type]
        return Deferred.fromCoroutine(cancel(self.session, Isdr(channel), es9, TRANSACTION, error))

    def test_both(self) -> None:
        """
        The eUICC signs the reason, and what it signed goes to the server.
        """
        server = Server()
        channel = ScriptedChannel(replay([(REQUEST + "04", SIGNED.hex() + "9000")]))
        self.successResultOf(self.cancel(channel, server, refused.MetadataMismatch()))
        self.assertEqual(server.urls, ["https://smdp.example.test/gsma/rsp2/es9plus/cancelSession"])

    def test_unknownToCard(self) -> None:
        """
        Where the eUICC knows no such session, it has nothing to sign and the server is not bothered.
        """
        server = Server()
        self.successResultOf(
            self.cancel(ScriptedChannel(replay([(REQUEST + "01", "bf41038101059000")])), server, CancelledError())
        )
        self.assertEqual(server.urls, [])

    def test_cardLost(self) -> None:
        """
        With the card lost nothing can be signed, so nothing is tried.
        """
        channel = ScriptedChannel(replay([]))
        self.successResultOf(self.cancel(channel, Server(), PeerLost()))
        self.assertEqual(channel.sent, [])

    def test_cardLostMeanwhile(self) -> None:
        """
        A card that is lost just then is no further error.
        """
        self.successResultOf(self.cancel(ScriptedChannel(replay([]), lose_after=0), Server(), CancelledError()))

    def test_serverRefuses(self) -> None:
        """
        Nor is a server that has forgotten the session.
        """
        channel = ScriptedChannel(replay([(REQUEST + "01", SIGNED.hex() + "9000")]))
        self.successResultOf(self.cancel(channel, Server(succeed((500, b""))), CancelledError()))

    def test_serverSilent(self) -> None:
        """
        All of it takes L{TIME_LIMIT} at most; then the request is ended.
        """
        waiting: Deferred[tuple[int, bytes]] = Deferred()
        channel = ScriptedChannel(replay([(REQUEST + "01", SIGNED.hex() + "9000")]))
        done = self.cancel(channel, Server(waiting), CancelledError())
        self.assertNoResult(done)
        self.clock.advance(TIME_LIMIT)
        self.successResultOf(done)
        self.assertTrue(waiting.called)
        self.assertEqual(self.clock.getDelayedCalls(), [])
