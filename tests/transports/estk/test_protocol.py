# -*- test-case-name: tests.transports.estk.test_protocol -*-
"""
Tests for L{cardgw.transports.estk.protocol}.
"""

from __future__ import annotations

import gc
import weakref
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectionLost
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.script import Script
from cardgw.errors import PeerLost, PeerSilent
from cardgw.transports.estk.settings import EstkSettings
from cardgw.transports.estk.wire import encode
from tests.transports.estk.fakes import CLOSE, LIST, LIST_FRAME, LOCK, OK, REQUEST, UNLOCK, Talk, box

BUSY = box("One request at a time. Please start the other one again.")


class Log:
    """
    What is logged while a test runs.
    """

    def __init__(self, case: SynchronousTestCase) -> None:
        self.events: list[Any] = []
        observer: Any = self.events.append
        globalLogPublisher.addObserver(observer)
        case.addCleanup(globalLogPublisher.removeObserver, observer)

    def texts(self) -> list[str]:
        """
        The events of this transport, as people read them.
        """
        ours = [event for event in self.events if event["log_namespace"].startswith("cardgw.transports.estk")]
        return [event["log_format"].format(**event) for event in ours]


class SessionTests(SynchronousTestCase):
    """
    A card asks, is served, and is told goodbye.
    """

    def setUp(self) -> None:
        """
        Listen to the log.
        """
        self.log = Log(self)

    def test_session(self) -> None:
        """
        The gateway is given a channel for the first frame; when it is done the card is told goodbye.
        """
        talk = Talk()
        channel = talk.ask()
        self.successResultOf(channel.hold())
        channel.exchange(Script.of(LIST))
        talk.say(OK)
        channel.release()
        talk.clock.advance(1.23)
        channel.show("Done.")
        talk.gateway.jobs[0].callback(None)
        self.assertEqual(talk.wire.take(), LOCK + LIST_FRAME + UNLOCK + box("Done.") + CLOSE)
        self.assertTrue(talk.wire.half_closed)
        talk.hang_up()
        self.assertIsNone(self.successResultOf(channel.when_gone()))
        self.assertEqual(talk.factory.sessions, set())
        self.assertEqual(self.log.texts()[0], "192.0.2.7:4711: asks for download")
        self.assertEqual(self.log.texts()[1], "192.0.2.7:4711: gone after 1.2 s and 1 APDUs: goodbye")
        self.assertEqual([event["event"] for event in self.log.events], ["request", "session-ended"])
        self.assertEqual(self.log.events[1]["seconds"], 1.2)

    def test_nothingFirst(self) -> None:
        """
        The gateway says nothing of itself: a box would stop the card.
        """
        self.assertEqual(Talk().wire.take(), b"")

    def test_greeting(self) -> None:
        """
        Unless settings have a greeting; the holder then has minutes to confirm it.
        """
        talk = Talk(EstkSettings(greeting="Welcome"))
        self.assertEqual(talk.wire.take(), box("Welcome"))
        talk.clock.advance(299)
        self.assertFalse(talk.wire.half_closed)
        talk.clock.advance(1)
        self.assertTrue(talk.wire.half_closed)

    def test_words(self) -> None:
        """
        What the transport itself has to say is put into the language of the card holders; the operator's greeting is not, nor
        what the gateway shows.
        """
        talk = Talk(EstkSettings(greeting="Hello.", box_timeout=1.0, idle_timeout=1.0))
        talk.gateway.words = str.upper
        talk.clock.advance(1)
        self.assertEqual(talk.wire.take(), box("Hello.") + box("THE CARD'S SIDE DID NOT ANSWER IN TIME.") + CLOSE)
        talk = Talk()
        talk.gateway.words = str.upper
        channel = talk.ask()
        self.successResultOf(channel.show("All is well."))
        talk.say(REQUEST)
        channel.close(PeerSilent("for 60 s"))
        self.assertEqual(talk.wire.take(), box("All is well.") + box("THE CARD'S SIDE DID NOT ANSWER IN TIME.") + CLOSE)

    def test_wordsOfSecondRequest(self) -> None:
        """
        So is what a card is told that asks twice.
        """
        talk = Talk()
        talk.gateway.words = str.upper
        talk.ask()
        talk.say(REQUEST)
        talk.gateway.jobs[0].callback(None)
        self.assertEqual(talk.wire.take(), box("ONE REQUEST AT A TIME. PLEASE START THE OTHER ONE AGAIN.") + CLOSE)

    def test_requests(self) -> None:
        """
        Remote management and notifications are requests like any other.
        """
        for octets, name in {"010000": "remote-management", "030000": "notifications", "03020041 42": "notifications"}.items():
            request = Talk().ask(bytes.fromhex(octets)).info.request
            assert request is not None
            self.assertEqual((request.name, request.text), (name, ""))

    def test_byteByByte(self) -> None:
        """
        A request that arrives in pieces is one request.
        """
        talk = Talk()
        for octet in REQUEST:
            talk.say(bytes((octet,)))
        self.assertEqual(len(talk.gateway.channels), 1)

    def test_synchronousGateway(self) -> None:
        """
        A gateway that is done at once is fine.
        """
        talk = Talk()
        talk.gateway.arrived = lambda channel: succeed(None)  # type: ignore[method-assign]
        talk.say(REQUEST)
        self.assertEqual(talk.wire.take(), CLOSE)

    def test_defectiveGateway(self) -> None:
        """
        A defect of the gateway is logged; the card is told goodbye.
        """
        talk = Talk()
        talk.ask()
        talk.gateway.jobs[0].errback(ZeroDivisionError())
        self.assertEqual(talk.wire.take(), CLOSE)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_secret(self) -> None:
        """
        What the holder typed is not logged.
        """
        talk = Talk()
        talk.ask()
        talk.hang_up()
        self.assertNotIn("TS48V1", repr(self.log.events))


class RemoteManagementTests(SynchronousTestCase):
    """
    A card that stays for operators.
    """

    def setUp(self) -> None:
        """
        A card that has asked for it, and whose holder was shown a code.
        """
        self.talk = Talk()
        self.channel = self.talk.ask(encode(0x01))
        self.successResultOf(self.channel.show("Your code: 123456"))
        self.talk.wire.take()

    def job(self) -> None:
        """
        An operator's job.
        """
        self.successResultOf(self.channel.hold())
        done = self.channel.exchange(Script.of(LIST))
        self.talk.say(OK)
        self.successResultOf(done)
        self.channel.release()

    def test_waits(self) -> None:
        """
        No limit of the transport ends it while nothing is asked of the card: not before the first job, not between jobs.
        """
        for _ in range(3):
            self.talk.clock.advance(100_000)
            self.assertEqual((self.talk.wire.take(), self.talk.clock.getDelayedCalls()), (b"", []))
            self.job()
            self.assertEqual(self.talk.wire.take(), LOCK + LIST_FRAME + UNLOCK)
        self.assertFalse(self.talk.wire.half_closed)

    def test_boxBeforeCommand(self) -> None:
        """
        The first command waits for the holder to confirm the code, and no longer.
        """
        self.talk.clock.advance(100_000)
        done = self.channel.exchange(Script.of(LIST))
        self.talk.clock.advance(299)
        self.assertNoResult(done)
        self.talk.clock.advance(1)
        self.failureResultOf(done, PeerSilent)

    def test_cancelledCommand(self) -> None:
        """
        Once the answer to a command that nobody waits for has come, nothing is pending either.
        """
        self.job()
        done = self.channel.exchange(Script.of(LIST))
        done.cancel()
        self.failureResultOf(done, CancelledError)
        self.talk.say(OK)
        self.talk.wire.take()
        self.talk.clock.advance(100_000)
        self.assertEqual((self.talk.wire.take(), self.talk.wire.half_closed), (b"", False))

    def test_goodbye(self) -> None:
        """
        The holder ends it with a goodbye.
        """
        gone = self.channel.when_gone()
        self.talk.say(CLOSE)
        self.assertEqual((self.talk.wire.take(), self.talk.wire.half_closed), (CLOSE, True))
        self.talk.hang_up()
        self.assertIn("it said goodbye", str(self.successResultOf(gone)))

    def test_hangUp(self) -> None:
        """
        Or without one.
        """
        gone = self.channel.when_gone()
        self.talk.hang_up()
        self.assertIsInstance(self.successResultOf(gone), PeerLost)

    def test_keepalive(self) -> None:
        """
        TCP goes on asking whether the phone is there.
        """
        self.assertIn(("keepalive", True), self.talk.wire.options)


class OddFrameTests(SynchronousTestCase):
    """
    Cards may send what nobody expects.
    """

    def setUp(self) -> None:
        """
        Listen to the log.
        """
        self.log = Log(self)

    def test_unknownTag(self) -> None:
        """
        An unknown tag is skipped with its value, which is not taken for frames; it is logged once.
        """
        talk = Talk()
        talk.say(encode(0x55, CLOSE))
        talk.say(encode(0x55, REQUEST))
        self.assertEqual((talk.gateway.channels, talk.wire.take()), ([], b""))
        talk.ask()
        texts = [text for text in self.log.texts() if "55" in text]
        self.assertEqual(texts, ["192.0.2.7:4711: skipping frames with tag 55"])
        self.assertEqual([each["event"] for each in self.log.events], ["unknown-tag", "request"])

    def test_lockReplies(self) -> None:
        """
        Answers to lock and unlock are ignored.
        """
        talk = Talk()
        channel = talk.ask()
        channel.hold()
        done = channel.exchange(Script.of(LIST))
        talk.say(LOCK + OK + UNLOCK)
        self.successResultOf(done)
        self.assertFalse(talk.wire.half_closed)

    def test_secondRequest(self) -> None:
        """
        A second request is answered after the job: a box would stall it.
        """
        talk = Talk()
        talk.ask()
        talk.say(REQUEST + REQUEST)
        self.assertEqual((len(talk.gateway.channels), talk.wire.take()), (1, b""))
        talk.gateway.jobs[0].callback(None)
        self.assertEqual(talk.wire.take(), BUSY + CLOSE)

    def test_apduWithoutRequest(self) -> None:
        """
        An answer before any request is skipped like an unknown tag.
        """
        talk = Talk()
        talk.say(OK)
        self.assertEqual((talk.wire.take(), talk.gateway.channels), (b"", []))

    def test_oversize(self) -> None:
        """
        A frame over the limit ends the session with a reason, here that of a web browser.
        """
        talk = Talk()
        talk.say(b"GET / HTTP/1.1\r\n")
        self.assertEqual(talk.wire.take(), box("The card's side announced a frame that is too long.") + CLOSE)
        talk.hang_up()
        self.assertIn("tag 47 with 21573 bytes, at most 508 are allowed", self.log.texts()[-1])

    def test_afterGoodbye(self) -> None:
        """
        What comes after the goodbye is read and ignored.
        """
        talk = Talk()
        talk.ask()
        talk.gateway.jobs[0].callback(None)
        talk.say(REQUEST + OK + b"\xff\xff\xff")
        self.assertEqual((len(talk.gateway.channels), talk.wire.take()), (1, CLOSE))
        self.assertEqual(talk.session._parser.pending, 0)

    def test_framesAfterEnd(self) -> None:
        """
        So are frames in the segment that ended the session.
        """
        talk = Talk()
        talk.say(CLOSE + REQUEST)
        self.assertEqual((talk.gateway.channels, talk.wire.take()), ([], CLOSE))


class EndTests(SynchronousTestCase):
    """
    However it ends, nothing is left.
    """

    def test_silence(self) -> None:
        """
        A card that asks for nothing is sent away, whatever else it sends.
        """
        talk = Talk()
        for _ in range(59):
            talk.clock.advance(1)
            talk.say(encode(0x55))
        self.assertFalse(talk.wire.half_closed)
        talk.clock.advance(1)
        self.assertEqual(talk.wire.take(), box("The card's side did not answer in time.") + CLOSE)

    def test_halfRequest(self) -> None:
        """
        A request that never ends is none.
        """
        talk = Talk()
        talk.say(REQUEST[:5])
        talk.clock.advance(60)
        self.assertTrue(talk.wire.half_closed)

    def test_goodbyeFirst(self) -> None:
        """
        A card may change its mind.
        """
        talk = Talk()
        talk.say(CLOSE)
        self.assertEqual(talk.wire.take(), CLOSE)

    def test_jobOutlivesCard(self) -> None:
        """
        A job may go on without the card (a server is still to be told); its end then says nothing to anybody.
        """
        talk = Talk()
        channel = talk.ask()
        talk.hang_up(ConnectionLost())
        self.assertIsInstance(self.successResultOf(channel.when_gone()), PeerLost)
        self.assertEqual(talk.factory.sessions, set())
        talk.gateway.jobs[0].callback(None)
        self.assertEqual(talk.wire.take(), b"")

    def test_nothingLeft(self) -> None:
        """
        No timer and no cycle of references outlives a session, whether it ends well, is lost in a script, or never asks.
        """
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for way in (self._good, self._lost, self._refused, self._silent):
            talk = Talk()
            pieces = way(talk)
            self.assertEqual(talk.clock.getDelayedCalls(), [], way.__name__)
            talk.session = talk.wire = None  # type: ignore[assignment]
            talk.gateway.channels.clear()
            talk.gateway.jobs.clear()
            self.assertEqual([piece() for piece in pieces], [None] * len(pieces), way.__name__)

    def _good(self, talk: Talk) -> list[weakref.ref[Any]]:
        channel = talk.ask()
        self.successResultOf(channel.hold())
        done = channel.exchange(Script.of(LIST))
        talk.say(OK)
        self.successResultOf(done)
        channel.release()
        talk.gateway.jobs[0].callback(None)
        talk.hang_up()
        return [weakref.ref(channel), weakref.ref(talk.session), weakref.ref(talk.wire)]

    def _lost(self, talk: Talk) -> list[weakref.ref[Any]]:
        channel = talk.ask()
        done: Deferred[Any] = channel.exchange(Script.of(LIST, LIST))
        talk.say(OK)
        talk.hang_up(ConnectionLost())
        self.failureResultOf(done).cleanFailure()
        talk.gateway.jobs[0].callback(None)
        return [weakref.ref(channel), weakref.ref(talk.session), weakref.ref(talk.wire)]

    def _refused(self, talk: Talk) -> list[weakref.ref[Any]]:
        talk.say(b"\xff\xff\xff")
        talk.hang_up()
        return [weakref.ref(talk.session), weakref.ref(talk.wire)]

    def _silent(self, talk: Talk) -> list[weakref.ref[Any]]:
        talk.clock.advance(60)
        talk.clock.advance(5)
        talk.clock.advance(5)
        talk.hang_up()
        return [weakref.ref(talk.session), weakref.ref(talk.wire)]
