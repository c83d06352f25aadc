"""
Tests of L{cardgw.operations.gp_failures}.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.errors import MalformedAnswer, PeerLost, UnexpectedStatus
from cardgw.operations.gp_errors import AuthenticationFailedBefore
from cardgw.operations.gp_failures import Count, Failures
from cardgw.scp.aside import at_once
from cardgw.scp.errors import HostRefused, KeysDiffer
from cardgw.scp.scp11 import ReceiptWrong
from cardgw.scp.session import Handshake, Session
from cardgw.testing import FakeSession
from cardgw.values import ChannelInfo

CARD, KEY = "cuid:4790503278900612AB34", "gp.failures:issuer:A000000151000000"
FIRST, PROOF = Command(0x80, 0x50, 0, 0), Command(0x84, 0x82, 0x33, 0)
REFUSED = Response(b"", 0x6300)


class FailuresTests(SynchronousTestCase):
    """
    What is written down of authentications.
    """

    def setUp(self) -> None:
        """
        A session with a card that answers.
        """
        self.session = FakeSession(identity=CARD)
        self.failures = Failures(self.session, "issuer", bytes.fromhex("A000000151000000"))
        self.seen: list[bytes | None] = []
        self.trouble: dict[int, Exception] = {}

    @property
    def kept(self) -> bytes | None:
        """
        What is remembered.
        """
        return self.session.memory.get((CARD, KEY))

    def card(self, octets: bytes) -> bytes:
        """
        It answers, or is lost.
        """
        self.seen.append(self.kept)
        if octets[1] in self.trouble:
            raise self.trouble[octets[1]]
        return b"\x90\x00"

    def handshake(self, end: Exception | None = None) -> Handshake:
        """
        Two commands.
        """
        yield FIRST
        yield PROOF
        if end is not None:
            raise end
        opened: Session = NotImplemented
        return opened

    def run_it(self, end: Exception | None = None, make: Callable[[], Handshake] | None = None) -> Deferred[Session]:
        """
        Authenticate.
        """
        channel = MemoryChannel(ChannelInfo("memory"), self.card)
        self.successResultOf(Deferred.fromCoroutine(self.failures.look(force=True)))
        handshake = self.handshake(end) if make is None else make()
        return Deferred.fromCoroutine(self.failures.run(channel, handshake, at_once))

    def test_before(self) -> None:
        """
        It is written down before the first command is sent, and cleared in the end.
        """
        self.successResultOf(self.run_it())
        self.assertEqual((self.seen, self.kept), ([b"0 1", b"0 1"], None))

    def test_refused(self) -> None:
        """
        A refusal is counted, whoever found out.
        """
        for number, problem in enumerate((KeysDiffer(""), HostRefused(REFUSED, "x"), ReceiptWrong()), 1):
            self.failureResultOf(self.run_it(problem), type(problem))
            self.assertEqual(self.kept, b"%d" % number)

    def test_lost(self) -> None:
        """
        Without an answer to the host's proof nobody knows; before it nothing has happened.
        """
        self.trouble[0x50] = PeerLost()
        self.failureResultOf(self.run_it(), PeerLost)
        self.assertIsNone(self.kept)
        self.trouble = {0x82: PeerLost()}
        self.failureResultOf(self.run_it(), PeerLost)
        self.assertEqual(self.kept, b"0 1")
        self.trouble = {}
        self.failureResultOf(self.run_it(KeysDiffer("")), KeysDiffer)
        self.assertEqual(self.kept, b"1 1")
        self.assertIn("refused once and without a known end once", self.too_often())

    def test_odd(self) -> None:
        """
        A card that says that it did not do it has not counted; an answer that is not understood says nothing.
        """
        self.failureResultOf(self.run_it(UnexpectedStatus(Response(b"", 0x6A88), "x")), UnexpectedStatus)
        self.assertIsNone(self.kept)
        self.failureResultOf(self.run_it(MalformedAnswer("")), MalformedAnswer)
        self.assertEqual(self.kept, b"0 1")

    def test_together(self) -> None:
        """
        Of cards that do not tell who they are, some may be here at the same time: none forgets what another has counted.
        """
        self.session.identity = ""
        at_once_ = [Failures(self.session, "issuer", self.failures.aid) for _ in range(3)]
        channels = [MemoryChannel(ChannelInfo("memory"), self.card) for _ in at_once_]
        waiting: list[Deferred[None]] = [Deferred() for _ in at_once_]
        for channel, until in zip(channels, waiting, strict=True):
            real = channel.exchange
            self.patch(
                channel, "exchange", lambda script, _=None, real=real, until=until: until.addCallback(lambda _: real(script))
            )
        ends = (KeysDiffer(""), None, KeysDiffer(""))
        running = [
            Deferred.fromCoroutine(each.run(channel, self.handshake(end), at_once))
            for each, channel, end in zip(at_once_, channels, ends, strict=True)
        ]
        for until in waiting:
            until.callback(None)
        self.failureResultOf(running[0], KeysDiffer)
        self.successResultOf(running[1])
        self.failureResultOf(running[2], KeysDiffer)
        self.assertEqual(self.session.memory, {("unknown", KEY): b"2"})

    def test_cancelled(self) -> None:
        """
        Cancelled while the proof is on its way, it stays open.
        """
        waiting: Deferred[bytes] = Deferred()
        channel = MemoryChannel(ChannelInfo("memory"), self.card)
        real = channel.exchange

        def exchange(script: object, watch: object = None) -> Deferred[object]:
            (step,) = script.steps  # type: ignore[attr-defined]
            return waiting if step.command.ins == 0x82 else real(script)  # type: ignore[return-value,arg-type]

        self.patch(channel, "exchange", exchange)
        running = Deferred.fromCoroutine(self.failures.run(channel, self.handshake(), at_once))
        running.cancel()
        self.failureResultOf(running)
        self.assertEqual(self.kept, b"0 1")

    def too_often(self) -> str:
        """
        What is said after two of them.
        """
        looking = Deferred.fromCoroutine(self.failures.look(force=False))
        return str(self.failureResultOf(looking, AuthenticationFailedBefore).value)

    def test_most(self) -> None:
        """
        After two the next is refused, until somebody insists.
        """
        self.session.memory[CARD, KEY] = b"1"
        self.successResultOf(Deferred.fromCoroutine(self.failures.look(force=False)))
        for kept in (b"2", b"0 2", b"1 1"):
            self.session.memory[CARD, KEY] = kept
            self.assertIn('[keys."issuer"]', self.too_often())
            self.successResultOf(Deferred.fromCoroutine(self.failures.look(force=True)))

    def test_notKept(self) -> None:
        """
        What cannot be written down is not begun.
        """

        def remember(*_: object, **__: object) -> Deferred[None]:
            raise OSError

        self.patch(FakeSession, "remember", remember)
        self.failureResultOf(self.run_it(), OSError)
        self.assertEqual(self.seen, [])

    def test_count(self) -> None:
        """
        What is remembered can be read again.
        """
        for count in (Count(), Count(1), Count(2, 3), Count(0, 1)):
            self.assertEqual(Count.decode(count.encode()), count)
