# -*- test-case-name: tests.bridges.test_attach_operation -*-
"""
Tests for L{cardgw.bridges.attach_operation}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.error import ConnectionDone
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.atr import Atr
from cardgw.apdu.memory import MemoryChannel
from cardgw.bridges.attach_errors import ReaderHungUp, ReaderUnreachable
from cardgw.bridges.attach_operation import DEFAULT_READER, SPARE_ATR, TELL_EVERY, AttachCard, permitted
from cardgw.errors import ChannelClosed, ParameterError, PeerLost, SettingsError, Unreachable
from cardgw.gateway.faults import StoreError
from cardgw.testing import FakeSession, KnowingCard, OperationTestsMixin, session_for
from cardgw.transports.vpcd.wire import Control
from cardgw.values import ChannelInfo, Feature, Reset
from cardgw.virtual.vpcd_reader import Reader
from tests.bridges.readers import READ, ReaderEndpoint, use_politely

CARD = {READ: bytes.fromhex("5A009000")}
OPEN = frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS})
INFO = ChannelInfo("memory", atr=bytes.fromhex("3B01AA"), offers=OPEN, resets=frozenset({Reset.COLD}))


class AttachContractTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{card.attach} is an operation.
    """

    def make_operation(self) -> AttachCard:
        """
        See L{OperationTestsMixin}.
        """
        return AttachCard()

    def make_card(self) -> KnowingCard:
        """
        See L{OperationTestsMixin}.
        """
        return KnowingCard(CARD)

    def prepare(self, session: FakeSession) -> None:
        """
        There is a reader.
        """
        session.endpoints[DEFAULT_READER] = ReaderEndpoint(use_politely)


class SettingsTests(SynchronousTestCase):
    """
    What the operator sets.
    """

    def test_permitted(self) -> None:
        """
        A star stands for anything but a colon, so what comes after a port is not slipped in.
        """
        patterns = ("tcp:127.0.0.1:*", "unix:/run/readers/*")
        for reader in ("tcp:127.0.0.1:35963", "tcp:127.0.0.1:1", "unix:/run/readers/a"):
            self.assertTrue(permitted(reader, patterns), reader)
        for reader in (
            "tcp:127.0.0.1:1:timeout=9",
            "tcp:192.0.2.1:35963",
            "tcp:127.0.0.10",
            "xtcp:127.0.0.1:1",
            "tcp:127a0b0c1:1",
        ):
            self.assertFalse(permitted(reader, patterns), reader)
        self.assertFalse(permitted(DEFAULT_READER, ()))

    def test_default(self) -> None:
        """
        The reader that is used by default is allowed by default.
        """
        self.assertTrue(permitted(DEFAULT_READER, self.session().settings.readers))

    def test_atr(self) -> None:
        """
        The answer to reset must be one.  The default is one that all programs take, of a card with logical channels.
        """
        atr = Atr.decode(SPARE_ATR)
        self.assertEqual((atr.protocols, atr.extended_length), ((0,), False))
        self.assertGreater(atr.channels or 0, 4)
        self.assertEqual(self.session(atr="3B00").settings.atr, bytes.fromhex("3B00"))
        for wrong in ("3B", "xx", 7):
            self.assertRaises(SettingsError, self.session, atr=wrong)

    def session(self, **settings: Any) -> FakeSession:
        """
        A session with these settings.
        """
        return session_for(AttachCard(), MemoryChannel(INFO, KnowingCard(CARD)), {}, settings)


class AttachTestCase(SynchronousTestCase):
    """
    A card that is put into a reader.
    """

    def attach(self, endpoint: ReaderEndpoint | None, info: ChannelInfo = INFO, **settings: Any) -> Deferred[dict[str, Any]]:
        """
        Begin.
        """
        self.channel = MemoryChannel(info, KnowingCard(CARD))
        self.session = session_for(AttachCard(), self.channel, {}, settings)
        self.endpoint = endpoint or ReaderEndpoint()
        self.session.endpoints[DEFAULT_READER] = self.endpoint
        return Deferred.fromCoroutine(AttachCard().run(self.session))

    @property
    def reader(self) -> Reader:
        """
        The reader, with the card in it.
        """
        return self.endpoint.readers[-1]

    def attached(self, **settings: Any) -> Deferred[dict[str, Any]]:
        """
        Begin; a program uses the card.
        """
        running = self.attach(None, **settings)
        self.reader.control(Control.POWER_ON)
        self.assertEqual(self.successResultOf(self.reader.transmit(READ)), CARD[READ])
        self.assertNoResult(running)
        return running

    def tearDown(self) -> None:
        """
        No timer is left, whatever happened, and the card is out of the reader.
        """
        self.assertEqual(self.session.clock.getDelayedCalls(), [])
        for each in self.endpoint.readers:
            self.successResultOf(each.gone)
        self.assertEqual(self.channel._waiting, [])


class AttachTests(AttachTestCase):
    """
    All goes well.
    """

    def test_polite(self) -> None:
        """
        A reader that powers the card off and closes is the ordinary end; the card is started anew for whatever comes next.
        """
        running = self.attached()
        self.session.clock.advance(3)
        self.reader.control(Control.POWER_OFF)
        self.reader.drop()
        result = {"reader": DEFAULT_READER, "commands": 1, "resets": 1, "seconds": 3.0, "ended": "reader-closed"}
        self.assertEqual(self.successResultOf(running), result)
        self.assertEqual(self.channel.resets, [Reset.COLD, Reset.COLD])

    def test_stages(self) -> None:
        """
        It is told when the card is in the reader, which is when the reader asks for it, and now and then how much was done.
        """
        running = self.attach(None)
        self.assertEqual(self.session.stages, [("attaching", {"reader": DEFAULT_READER})])
        self.successResultOf(self.reader.atr())
        facts = {"reader": DEFAULT_READER, "atr": "3B01AA"}
        self.assertEqual(self.session.stages[1:], [("attached", facts)])
        self.reader.control(Control.POWER_ON)
        for _ in range(5):
            self.reader.transmit(READ)
        self.session.clock.advance(TELL_EVERY)
        self.assertEqual(self.session.stages[2:], [("attached", {**facts, "commands": 5})])
        self.session.clock.advance(3 * TELL_EVERY)
        self.assertEqual((len(self.session.stages), self.session.clock.getDelayedCalls()), (3, []))
        running.cancel()
        self.failureResultOf(running, CancelledError)

    def test_cancelled(self) -> None:
        """
        Cancelling takes the card out; what was done is written down.
        """
        running = self.attached()
        running.cancel()
        self.failureResultOf(running, CancelledError)
        (result,) = self.session.results
        self.assertEqual((result["ended"], result["commands"], result["resets"]), ("cancelled", 1, 1))
        self.assertEqual(self.channel.resets[1:], [Reset.COLD])

    def test_idle(self) -> None:
        """
        Where settings say so, a card that nobody uses is taken out; being asked for its ATR is no use.
        """
        running = self.attached(idle_timeout=60)
        self.session.clock.advance(50)
        self.reader.transmit(READ)
        self.session.clock.advance(50)
        self.successResultOf(self.reader.atr())
        self.assertNoResult(running)
        self.session.clock.advance(10)
        self.assertEqual(self.successResultOf(running)["ended"], "idle")

    def test_patient(self) -> None:
        """
        By default a card may lie there for ever.
        """
        running = self.attached()
        self.session.clock.advance(10_000_000)
        self.assertNoResult(running)
        running.cancel()
        self.failureResultOf(running, CancelledError)

    def test_spareAtr(self) -> None:
        """
        A card whose ATR is not known has that of the settings.
        """
        running = self.attach(None, ChannelInfo("memory", application=bytes(16)), atr="3B00")
        self.assertEqual(self.successResultOf(self.reader.atr()), bytes.fromhex("3B00"))
        running.cancel()
        self.failureResultOf(running, CancelledError)


class TroubleTests(AttachTestCase):
    """
    All does not go well.
    """

    def test_hungUp(self) -> None:
        """
        A reader that closes while the card is in use is an error.
        """
        running = self.attached()
        self.reader.drop()
        self.failureResultOf(running, ReaderHungUp)
        self.assertEqual(self.session.results[0]["ended"], "reader-hung-up")

    def test_cardLost(self) -> None:
        """
        A card that is lost, while nothing is asked of it too, is taken out of the reader.
        """
        running = self.attached()
        self.channel.lose()
        self.failureResultOf(running, PeerLost)
        self.assertEqual(self.session.results[0]["ended"], "peer-lost")

    def test_cardClosed(self) -> None:
        """
        So is one whose connection is ended in the ordinary way.
        """
        running = self.attached()
        self.channel.close()
        self.failureResultOf(running, ChannelClosed)

    def test_cardLostBefore(self) -> None:
        """
        A card that is lost before the reader has asked for it was never there.
        """
        running = self.attach(None)
        self.channel.lose()
        self.failureResultOf(running, PeerLost)
        self.assertEqual(self.session.results, [])

    def test_unreachable(self) -> None:
        """
        Where there is no reader, that is told with the advice to start one.
        """
        error = self.failureResultOf(self.attach(ReaderEndpoint(error=Unreachable("refused"))), ReaderUnreachable).value
        self.assertEqual(error.detail, "refused")
        self.assertIn("pcscd", error.hint)
        self.assertEqual((self.session.results, self.channel.resets), ([], []))

    def test_silent(self) -> None:
        """
        A reader that does not ask for the card has another one.
        """
        running = self.attach(None, connect_timeout=7)
        self.session.clock.advance(7)
        error = self.failureResultOf(running, ReaderUnreachable).value
        self.assertIn("it asked for nothing within 7 s", error.detail)

    def test_deaf(self) -> None:
        """
        Nor is one waited for that does not even answer.
        """

        class Deaf(ReaderEndpoint):
            def connect(self, factory: Any) -> Deferred[Any]:
                return Deferred()

        running = self.attach(Deaf())
        self.session.clock.advance(10)
        self.failureResultOf(running, ReaderUnreachable)

    def test_cancelledBefore(self) -> None:
        """
        It can be cancelled while the reader is waited for.
        """
        running = self.attach(None)
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(self.session.results, [])

    def test_notWrittenDown(self) -> None:
        """
        Where what was done cannot be written down, it is told all the same why it has ended.
        """
        running = self.attached()
        self.patch(FakeSession, "achieved", lambda session, result: fail(StoreError("away")))
        self.channel.lose()
        self.failureResultOf(running, PeerLost)

    def test_defect(self) -> None:
        """
        A transport with a defect leaves no card in a reader that would wait for its answer for ever.
        """
        running = self.attached()
        self.patch(self.channel, "exchange", lambda script: fail(RuntimeError("a defect")))
        self.reader.transmit(READ).addErrback(lambda failure: failure.trap(ConnectionDone))
        self.failureResultOf(running, RuntimeError)
        self.successResultOf(self.reader.gone)

    def test_forbidden(self) -> None:
        """
        A reader that the settings do not name is not even connected.
        """
        error = self.failureResultOf(self.attach(None, readers="unix:*"), ParameterError).value
        self.assertIn(DEFAULT_READER, str(error))
        self.assertEqual(self.endpoint.readers, [])
