# -*- test-case-name: tests.functional.test_estk -*-
"""
The eSTK.me transport over real sockets, with phones of all manners.
"""

from __future__ import annotations

import socket

from twisted.internet.task import deferLater

from cardgw.errors import ChannelError, LimitReached, PeerLost, PeerMisbehaved, PeerSilent, SettingsError
from cardgw.transports.estk.service import EstkTransport
from cardgw.transports.estk.settings import EstkSettings
from cardgw.virtual.terminal import Manners, Outcome, request_frame
from tests.functional.estk import CODE, COMMANDS, FRAMES, EstkTestCase, reactor


class SessionTests(EstkTestCase):
    """
    Sessions that go well, on networks that do not.
    """

    def check(self, outcome: Outcome) -> None:
        """
        All was done.
        """
        self.assertEqual(outcome.boxes, ("Working.", "Done."))
        self.assertEqual((outcome.apdus, outcome.locks, outcome.unlocks, outcome.goodbye), (len(COMMANDS), 1, 1, True))
        self.assertEqual((self.gateway.done, self.gateway.requests), (1, [("download", CODE)]))

    async def test_whole(self) -> None:
        """
        Whole frames.
        """
        await self.start()
        self.check(await self.dial())

    async def test_everyByte(self) -> None:
        """
        A phone whose every byte arrives alone.
        """
        await self.start()
        self.check(await self.dial(Manners(fragment=1)))

    async def test_everyCut(self) -> None:
        """
        Frames cut at any place.
        """
        await self.start()
        for size in range(2, 9):
            self.gateway.done, self.gateway.requests = 0, []
            self.check(await self.dial(Manners(fragment=size)))

    async def test_slowHolder(self) -> None:
        """
        A box that blocks the card for longer than a command may take.
        """
        await self.start(apdu_timeout=0.2, box_timeout=30.0)
        self.check(await self.dial(Manners(box_delay=0.5)))

    async def test_unknownTags(self) -> None:
        """
        Unknown tags before the request and between the answers.
        """
        await self.start()
        odd = b"\x55\x03\x00\xfe\x02\x00"
        self.check(await self.dial(request=odd + request_frame(2, CODE) + odd))

    async def test_neverCloses(self) -> None:
        """
        A phone that stays connected after the goodbye is dropped.
        """
        await self.start()
        self.check(await self.dial(Manners(never_close=True)))
        await self.empty()
        self.assertEqual(self.gateway.ends, [None])


class FailureTests(EstkTestCase):
    """
    Sessions that fail, each for a named reason.
    """

    async def failed(self, error: type[ChannelError]) -> ChannelError:
        """
        How the job and the channel ended.
        """
        await self.empty()
        (failure,) = self.gateway.failures
        assert isinstance(failure, error), failure
        assert isinstance(self.gateway.ends[0], error), self.gateway.ends
        return failure

    async def test_hangUp(self) -> None:
        """
        A phone that hangs up, or breaks off, at any frame ends the job, or was served; other sessions are untouched.
        """
        await self.start()
        other = self.dial(Manners(delay=0.05))
        for hard in (False, True):
            for frame in range(FRAMES + 1):
                self.gateway.failures, self.gateway.ends = [], []
                await self.dial(Manners(hang_up_at=frame, hard=hard))
                await deferLater(reactor, 0)
                for failure in self.gateway.failures:
                    assert isinstance(failure, PeerLost), failure
                    self.assertLessEqual(len(failure.responses) + failure.unanswered, len(COMMANDS))
        outcome = await other
        self.assertEqual(outcome.apdus, len(COMMANDS))
        await self.empty()

    async def test_silence(self) -> None:
        """
        A card that falls silent at any command.
        """
        await self.start(apdu_timeout=0.1, box_timeout=0.1)
        for at in range(1, len(COMMANDS) + 1):
            self.gateway.failures, self.gateway.ends = [], []
            session = self.dial(Manners(silent_at=at))
            while not self.gateway.failures:
                await deferLater(reactor, 0.01)
            await session
            failure = await self.failed(PeerSilent)
            self.assertEqual((len(failure.responses), failure.unanswered), (at - 1, 1))

    async def test_nothingAsked(self) -> None:
        """
        A phone that asks for nothing, or for half of something, is told goodbye.
        """
        await self.start(idle_timeout=0.1)
        for request in (b"\x55\x00\x00", request_frame(2, CODE)[:7]):
            outcome = await self.dial(request=request)
            self.assertEqual((outcome.boxes, outcome.goodbye), (("The card's side did not answer in time.",), True))
        self.assertEqual(self.gateway.requests, [])

    async def test_oversize(self) -> None:
        """
        A frame over the limit in place of an answer.
        """
        await self.start()
        outcome = await self.dial(Manners(garbage_at=3, garbage=b"\xfe\xfd\x01"))
        self.assertEqual(outcome.boxes[1:], ("The card's side announced a frame that is too long.",))
        failure = await self.failed(LimitReached)
        self.assertEqual((len(failure.responses), failure.unanswered), (2, 1))

    async def test_rubbish(self) -> None:
        """
        Two answers at once.
        """
        await self.start()
        await self.dial(Manners(garbage_at=1, garbage=b"\xfe\x02\x00\x90\x00\xfe\x02\x00\x90\x00"))
        failure = await self.failed(PeerMisbehaved)
        self.assertEqual((len(failure.responses), failure.unanswered), (1, 1))

    async def test_refused(self) -> None:
        """
        One card too many reads why, though its request is never read by a session; the first is served.
        """
        await self.start(max_sessions_per_address=1)
        first = self.dial(Manners(delay=0.02))
        while not self.gateway.requests:
            await deferLater(reactor, 0)
        second = await self.dial()
        self.assertTrue(second.boxes[0].startswith("Too many cards of your network are being served."), second)
        self.assertTrue(second.goodbye)
        self.assertEqual((await first).boxes, ("Working.", "Done."))


class StopTests(EstkTestCase):
    """
    Stopping is polite.
    """

    async def test_drain(self) -> None:
        """
        A session in its job ends well, one that has asked for nothing is told to try again, a new one finds nobody.
        """
        await self.start()
        idle, busy = self.dial(request=b""), self.dial(Manners(delay=0.02))
        while len(self.service.factory.sessions) < 2 or not self.gateway.requests:
            await deferLater(reactor, 0)
        stopped = self.service.stopService()
        self.assertEqual((await idle).boxes, ("The server is being restarted. Please try again in a minute.",))
        self.assertEqual((await busy).boxes, ("Working.", "Done."))
        await stopped
        with self.assertRaises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass

    async def test_portInUse(self) -> None:
        """
        A port that is taken is one line.
        """
        await self.start()
        settings = EstkSettings(listen=(f"tcp:{self.port}:interface=127.0.0.1",))
        service = EstkTransport().make_service(settings, self.gateway)
        error = self.assertRaises(SettingsError, service.privilegedStartService)
        self.assertIn(f"tcp:{self.port}:interface=127.0.0.1: address already in use", str(error))
