# -*- test-case-name: tests.apdu.test_memory -*-
"""
A card in this process: a function from command bytes to answer bytes, as a channel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelClosed, ChannelError, NotSupported, PeerLost, PeerMisbehaved
from cardgw.values import ChannelInfo, Feature, Reset

Card: TypeAlias = Callable[[bytes], bytes | Awaitable[bytes]]
"""Gets the bytes of a command; gives those of the answer, now or later, or raises C{ChannelError}: the card is lost."""


class MemoryChannel(ChannelBase):
    """
    A channel to a card in this process, and what a test may want to do with it.

    @ivar shown: the texts that the card holder has been shown.
    @ivar resets: the resets that were made.
    @ivar held: whether somebody holds the card.
    @ivar exchanges: how often something was sent.
    """

    def __init__(
        self,
        info: ChannelInfo,
        card: Card,
        *,
        clock: IReactorTime | None = None,
        delay: float = 0.0,
        burst: int = 1,
        burst_bytes: int | None = None,
    ) -> None:
        """
        @param clock: makes whatever is sent take C{delay} seconds; without it the card answers at once.
        @param burst: how many commands of a pipelined script are sent before their answers are looked at, as a channel
            does that carries many at once.
        @param burst_bytes: most bytes of the commands that are sent together; C{None} for any number.
        """
        super().__init__(info)
        self.shown: list[str] = []
        self.resets: list[Reset] = []
        self.held = False
        self.exchanges = 0
        self._card = card
        self._clock = clock
        self._delay = delay
        self._burst = burst
        self._burst_bytes = burst_bytes
        self._ending: ChannelError | None = None
        self._work: Deferred[Answers] | None = None

    def lose(self, error: ChannelError | None = None) -> None:
        """
        The card goes away without a word.

        @param error: what is said of it; C{PeerLost} by default.
        """
        self._close(error or PeerLost())

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        self._refuse_unfit(script.steps)
        work = Deferred.fromCoroutine(self._exchange(script, watch))
        if not work.called:
            self._work = work
        return work

    def _refuse_unfit(self, steps: Sequence[Step]) -> None:
        if self._ending is not None:
            raise self._ending.during((), 0)
        for command in (step.command for step in steps):
            if command.is_extended and Feature.EXTENDED_LENGTH not in self.info.offers:
                raise NotSupported(f"{self.info.transport}: {Feature.EXTENDED_LENGTH.value}")
            if len(command.encode()) > self.info.max_command:
                raise NotSupported(f"{self.info.transport}: commands of more than {self.info.max_command} bytes")

    async def _exchange(self, script: Script, watch: Watch) -> Answers:
        answers: list[Response] = []
        sent = 0
        try:
            for batch in _batches(script, self._burst, self._burst_bytes):
                sent += len(batch)
                for octets in await self._send(batch):
                    answers.append(_decode(octets))
                    if watch is not None:
                        watch(answers[-1])
                if self._ending is not None:
                    raise self._ending  # closed by the card or by the watcher
                if not all(step.allows(answer) for step, answer in zip(batch, answers[-len(batch) :], strict=True)):
                    break
        except CancelledError:
            if self._ending is None:
                raise
            raise self._ending.during(tuple(answers), sent - len(answers)) from None
        except ChannelError as error:
            self._work = None
            self._close(error)
            raise error.during(tuple(answers), sent - len(answers)) from error
        self._work = None
        return tuple(answers)

    async def _send(self, batch: Sequence[Step]) -> Sequence[bytes]:
        self.exchanges += 1
        sending = [Deferred.fromCoroutine(self._ask(step.command.encode())) for step in batch]
        try:
            answers = await gatherResults(sending, consumeErrors=True)
        except FirstError as error:
            error.subFailure.raiseException()
        if self._clock is not None:
            await deferLater(self._clock, self._delay)
        return answers

    async def _ask(self, octets: bytes) -> bytes:
        answer = self._card(octets)
        return answer if isinstance(answer, bytes) else await answer

    def _hold(self) -> Deferred[None]:
        self.held = True
        return succeed(None)

    def _release(self) -> None:
        self.held = False

    def _show(self, text: str) -> Deferred[None]:
        self.shown.append(text)
        return succeed(None)

    def _reset(self, kind: Reset) -> Deferred[None]:
        self.resets.append(kind)
        if kind is Reset.REBOOT:
            self._close(ChannelClosed("the card is being rebooted"))
        return succeed(None)

    def _close(self, reason: ChannelError | None) -> None:
        if self._ending is None:
            self._ending = reason or ChannelClosed()
            work, self._work = self._work, None
            if work is not None:
                work.cancel()
            self.held = False
            self._lost(reason)


def _batches(script: Script, burst: int, most: int | None) -> Sequence[Sequence[Step]]:
    found: list[list[Step]] = []
    room = 0
    for step in script.steps:
        size = 0 if most is None else len(step.command.encode())
        if not found or not script.pipelined or len(found[-1]) >= burst or size > room:
            found.append([])
            room = most or 0
        found[-1].append(step)
        room -= size
    return found


def _decode(octets: bytes) -> Response:
    if len(octets) < 2:
        raise PeerMisbehaved(f"an answer of {len(octets)} bytes")
    return Response.decode(octets)
