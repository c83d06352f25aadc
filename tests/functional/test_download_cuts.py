# -*- test-case-name: tests.functional.test_download_cuts -*-
"""
Downloads to phones that cut their frames anywhere, fall silent, talk rubbish, or hang up at any moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import deferLater
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from zope.interface import implementer

from cardgw.errors import CardError, CardGatewayError, ChannelError, LimitReached, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.lpa.download_errors import InstallationInterrupted
from cardgw.lpa.es10 import CancelReason
from cardgw.lpa.install import NOT_INSTALLED, UNKNOWN
from cardgw.transports.estk.wire import CARD_VALUE_MAX, Tag, encode
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.smdp_web import Misbehaviour
from cardgw.virtual.terminal import Manners, Outcome, dial, request_frame
from tests.functional.download import DownloadTestCase, Job, activation_code, reactor

APDUS = 28
"""Commands in a download of the smallest package, GET RESPONSE included."""
FRAMES = APDUS + 4
"""Frames to the card: lock, the commands, unlock, box, goodbye."""
LOADED = 26
"""The command in whose answer the last part of the installation result comes."""
ODD = b"\x55\x03\x00\xfe\x02\x00" + encode(0x7F) + encode(Tag.LOCK_APDU)
"""Frames with unknown tags, the first like the beginning of an answer, and one that some cards send."""


@frozen
class Visit:
    """
    What became of one phone.
    """

    card: VirtualEuicc
    outcome: Outcome
    job: Job | None


class _Joined(ProtocolWrapper):
    """
    Sends other frames before and after each write, with it.
    """

    def write(self, data: bytes) -> None:
        """
        See L{twisted.internet.interfaces.ITransport}.
        """
        super().write(ODD + data + ODD)


class _JoinedFactory(WrappingFactory):
    protocol = _Joined
    noisy = False


@implementer(IStreamClientEndpoint)
@frozen
class JoinedEndpoint:
    """
    A network on which nothing comes alone.
    """

    port: int

    def connect(self, protocolFactory: Any) -> Deferred[Any]:  # noqa: N803
        """
        See L{IStreamClientEndpoint}.
        """
        return TCP4ClientEndpoint(reactor, "127.0.0.1", self.port).connect(_JoinedFactory(protocolFactory))


class CutsTestCase(DownloadTestCase):
    """
    Many phones at once, each with a profile of its own, and one beside them that is served well.
    """

    async def visit(self, manners: Mapping[str, Manners]) -> dict[str, Visit]:
        """
        Let phones come, and check what all have in common.

        @param manners: by matching id.
        """
        beside = self.card()
        self.order("BESIDE", 9999)
        waiting = self.dial(beside, activation_code("BESIDE"), Manners(delay=0.01))
        cards = {name: self.card() for name in manners}
        for number, name in enumerate(manners):
            self.order(name, number)
        dialled = [self.dial(card, activation_code(name), manners[name]) for name, card in cards.items()]
        outcomes = await gatherResults(dialled)
        self.installed(await waiting, activation_code("BESIDE"))
        await self.quiet()
        visits = {}
        for (name, card), outcome in zip(cards.items(), outcomes, strict=True):
            visits[name] = Visit(card, outcome, self.ledger.ended.get(activation_code(name)))
            self.check(name, visits[name])
        self.assertEqual((self.inventory.visits, self.service.factory.sessions), ({}, set()))
        return visits

    def check(self, name: str, visit: Visit) -> None:
        """
        A job that failed has a named reason, and says nothing wrong about the profile.
        """
        job, installed = visit.job, bool(visit.card.profiles)
        if job is None:
            return
        if job.error is None:
            self.assertTrue(installed, name)
            return
        self.assertIsInstance(job.error, ChannelError | CardError, name)
        self.assertNotIn(job.error.code, {"channel", "card", "card-gateway-error"}, name)
        if installed:
            self.assertIn(UNKNOWN, str(job.error), name)
        self.assertFalse(installed and NOT_INSTALLED in str(job.error), name)


class CutTests(CutsTestCase):
    """
    Frames in pieces, and frames with others.
    """

    async def test_pieces(self) -> None:
        """
        A phone that cuts every frame at every byte, or in pieces of any size.
        """
        await self.start()
        visits = await self.visit({f"P-{size}": Manners(fragment=size) for size in range(1, 20)})
        for name, visit in visits.items():
            self.installed(visit.outcome, activation_code(name))

    async def test_joined(self) -> None:
        """
        Frames of unknown tags, in one piece with each answer, are skipped.
        """
        await self.start()
        self.order()
        frame = request_frame(Tag.DOWNLOAD_PROFILE, activation_code("P-1"))
        outcome = await dial(reactor, JoinedEndpoint(self.port), self.card().transmit, frame)
        self.installed(outcome, activation_code("P-1"))

    async def test_joinedPieces(self) -> None:
        """
        The same amid the pieces of a request: nothing is done for it, and the phone is told why.
        """
        await self.start(idle_timeout=0.1)
        self.order()
        frame = request_frame(Tag.DOWNLOAD_PROFILE, activation_code("P-1"))
        outcome = await dial(reactor, JoinedEndpoint(self.port), self.card().transmit, frame, manners=Manners(fragment=2))
        await self.quiet()
        self.assertEqual((self.ledger.ended, len(outcome.boxes)), ({}, 1))


class SilenceTests(CutsTestCase):
    """
    Phones that fall silent, or say something else.
    """

    def named(self, visits: Mapping[str, Visit], *kinds: type[CardGatewayError]) -> None:
        """
        Jobs end with an error of these kinds, or, where that came late enough, well.
        """
        for at, visit in enumerate(visits.values(), 1):
            assert visit.job is not None
            error = visit.job.error
            if at > LOADED:
                self.assertIsNone(error, at)
            elif isinstance(error, InstallationInterrupted):
                assert isinstance(error.__cause__, kinds), error
            else:
                assert isinstance(error, kinds), error

    async def test_silence(self) -> None:
        """
        A card that never answers one of its commands.
        """
        await self.start(apdu_timeout=1.0, slow_timeout=1.0)
        visits = await self.visit({f"P-{at}": Manners(silent_at=at) for at in range(1, APDUS + 1)})
        self.named(visits, PeerSilent)
        self.assertEqual({visit.outcome.apdus for visit in visits.values()}, set(range(1, APDUS + 1)))

    async def garbage(self, octets: bytes) -> dict[str, Visit]:
        """
        Rubbish in the place of each answer.
        """
        return await self.visit({f"P-{at}": Manners(garbage_at=at, garbage=octets) for at in range(1, APDUS + 1)})

    async def test_oversize(self) -> None:
        """
        A frame that is too long, in place of each answer.
        """
        await self.start()
        self.named(await self.garbage(b"\xfe" + (CARD_VALUE_MAX + 1).to_bytes(2, "little")), LimitReached)

    async def test_twice(self) -> None:
        """
        Two answers to one command; where the first one alone is wrong, that is the reason.
        """
        await self.start()
        self.named(await self.garbage(encode(Tag.APDU, b"\x90\x00") * 2), PeerMisbehaved, CardError)

    async def test_tooShort(self) -> None:
        """
        An answer without a whole status word.
        """
        await self.start()
        self.named(await self.garbage(encode(Tag.APDU, b"\x90")), PeerMisbehaved)

    async def test_goodbye(self) -> None:
        """
        A card that says goodbye in the midst of it.
        """
        await self.start()
        self.named(await self.garbage(encode(Tag.CLOSE)), PeerLost)

    async def test_wrongAnswers(self) -> None:
        """
        Answers that are answers, but wrong: the eUICC's session is cancelled where there is one, and the phone is told.
        """
        await self.start()
        for octets in (b"\x6f\x00", b"\x90\x00", b"\xbf\x37\x02\x00\x00\x90\x00", b"\xbf\x38\x7f\x90\x00"):
            self.ledger.ended.clear()
            self.smdp.orders = type(self.smdp.orders)()
            for at, visit in enumerate((await self.garbage(encode(Tag.APDU, octets))).values(), 1):
                assert visit.job is not None
                self.assertTrue(visit.outcome.goodbye)
                self.assertEqual(len(visit.outcome.boxes), 1, at)
                if visit.job.error is not None:
                    assert isinstance(visit.job.error, CardError), visit.job.error
        reasons = {each.reason for each in self.smdp.cancellations}
        self.assertEqual(reasons, {CancelReason.UNDEFINED, CancelReason.LOAD_BPP_EXECUTION_ERROR})


class HangUpTests(CutsTestCase):
    """
    Phones that hang up.
    """

    async def hang_up(self, *, hard: bool) -> None:
        """
        At every frame.
        """
        await self.start()
        visits = await self.visit({f"P-{at}": Manners(hang_up_at=at, hard=hard) for at in range(FRAMES + 2)})
        for at, visit in enumerate(visits.values()):
            error = None if visit.job is None else visit.job.error
            if at > LOADED + 1:
                self.assertEqual((error, len(visit.card.profiles)), (None, 1), at)
            elif at:
                assert isinstance(error, PeerLost | InstallationInterrupted), (at, error)
        told = {each.iccid for each in self.smdp.notifications if each.verified}
        self.assertEqual(len(told), FRAMES - LOADED + 1)

    async def test_politely(self) -> None:
        """
        With the end of the stream (FIN).
        """
        await self.hang_up(hard=False)

    async def test_rudely(self) -> None:
        """
        With a broken connection (RST).
        """
        await self.hang_up(hard=True)

    async def test_whileTheServerThinks(self) -> None:
        """
        While the SM-DP+ is being asked: the job ends when it has answered; if the profile was installed, the server hears of it.
        """
        await self.start()
        functions = ("initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification")
        for number, function in enumerate(functions, 1):
            self.order(f"P-{number}", number)
            self.server.web.misbehave = {function: Misbehaviour(delay=0.1)}
            card = self.card()
            calling = self.dial(card, text := activation_code(f"P-{number}"))
            asked = self.server.web.requests[function]
            while self.server.web.requests[function] == asked:
                await deferLater(reactor, 0)
            calling.cancel()
            await self.assertFailure(calling, CancelledError)
            await self.quiet()
            error = self.ledger.ended[text].error
            self.assertIsInstance(error, type(None) if function == "handleNotification" else PeerLost | InstallationInterrupted)
        self.assertEqual([each.verified for each in self.smdp.notifications], [True])
