# -*- test-case-name: tests.scp.test_channel,tests.scp.test_channel_ends,tests.scp.test_channel_contract -*-
"""
A secure channel as a channel: L{open_scp03}, L{open_scp11} and L{open_scp02} authenticate, and give one that protects whatever
goes through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Unpack

from attrs import evolve, frozen
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key
from twisted.internet.defer import Deferred

from cardgw.apdu.base import Answers, ChannelDecorator, Watch
from cardgw.apdu.command import Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.iso7816 import BASIC, SW1_WRONG_LENGTH
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.apdu.turns import Turns
from cardgw.errors import ChannelError, PeerMisbehaved
from cardgw.interfaces import ICardChannel
from cardgw.scp.answers import ScriptAnswers
from cardgw.scp.aside import Aside, at_once
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable, SecureSessionOver
from cardgw.scp.keys import Keys
from cardgw.scp.level import Level
from cardgw.scp.outgoing import Outgoing, Secured, ending
from cardgw.scp.scp02 import SCP02_LEVEL, Scp02Options, scp02
from cardgw.scp.scp03 import Scp03Options, scp03
from cardgw.scp.scp11 import MakeKey, Scp11Plan, scp11
from cardgw.scp.session import Handshake, Session
from cardgw.values import ChannelInfo, Feature, Reset

MORE = range(0x6100, 0x6200)
WRONG_LENGTH = range(SW1_WRONG_LENGTH << 8, (SW1_WRONG_LENGTH + 1) << 8)
NOT_MORE = (range(MORE.start), range(MORE.stop, 0x10000))
"""All statuses but those that are for GET RESPONSE.  What is allowed is not repeated below, either: 6Cxx always is."""
_LOST = "an answer was lost"
_CLOSED = "the connection to the card is closed"


class SecureChannel(Secured, ChannelDecorator):
    """
    Protects commands, and checks answers.  A pipelined script is wrapped as a whole; of any other, each command is wrapped when
    the one before has been answered.  The session is over with the connection, and when

      1. an answer is lost, or not protected as it must be;
      2. the card is reset, through this channel;
      3. SELECT or the end of the logical channel goes through it, unprotected as it must be.

    From then on it refuses everything.  It never sends a wrapped command again; GET RESPONSE has to stand below it, and the
    repetition after 6Cxx above.
    """

    def __init__(self, channel: ICardChannel, session: Session, number: int = BASIC) -> None:
        """
        @param channel: the one on which the session was opened, held for it.
        @param number: the logical channel on which it was opened.
        """
        super().__init__(channel)
        self._session = session
        self._number = number
        self._turn = Turns()
        channel.when_gone().addCallback(lambda _: session.end(_CLOSED))

    @property
    def info(self) -> ChannelInfo:
        """
        That of the channel below, less what protection takes.
        """
        return evolve(self.channel.info, max_command=self._outgoing.most_command)

    @property
    def _outgoing(self) -> Outgoing:
        below = self.channel.info
        return Outgoing(self._session, self._number, Feature.EXTENDED_LENGTH in below.offers, below.max_command)

    def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
        """
        See L{cardgw.interfaces.ICardChannel.exchange}.

        @raise CommandNotProtectable: (as failure) nothing was sent, because of one of the commands.
        @raise AnswerNotAuthentic: (as failure) with C{responses} so far.
        @raise SecureSessionOver: (as failure) it was before, and the connection is still there.
        """
        return self._turn.run(self._in_turn, script, watch)

    def _in_turn(self, script: Script, watch: Watch) -> Deferred[Answers]:
        return Deferred.fromCoroutine(self._exchange(script, watch))

    async def _exchange(self, script: Script, watch: Watch) -> Answers:
        await self._refuse_over()
        self._refuse(script)
        together = script.pipelined and all(self._outgoing.is_whole(step.command) for step in script.steps)
        done: Answers = ()
        for steps in (script.steps,) if together else ((step,) for step in script.steps):
            done += await self._group(steps, watch, done)
            if len(done) < len(script.steps) and not script.steps[len(done) - 1].allows(done[-1]):
                break
        return done

    async def _refuse_over(self) -> None:
        if self._session.over:
            await self.channel.exchange(Script(()))  # one that is gone says why
            raise SecureSessionOver(self._session.over)

    def _refuse(self, script: Script) -> None:
        for step in script.steps:
            self._outgoing.refuse_unfit(step.command)
        if any(ending(step.command) for step in script.steps[:-1]) or (script.pipelined and _ends(script)):
            raise CommandNotProtectable("a command that ends the session is the last one of its script")

    async def _group(self, steps: Sequence[Step], watch: Watch, done: Answers) -> Answers:
        """
        Send some steps, all at once or only one.
        """
        if not steps:
            return ()
        reason = ending(steps[-1].command)
        if reason:
            return await self._ending(steps[-1], reason, watch, done)
        pipelined = len(steps) > 1
        parts = [self._wrapped(step, pipelined) for step in steps]
        answers = ScriptAnswers(self._session, steps, len(parts[0]), watch)
        sending = Script(tuple(step for part in parts for step in part), pipelined)
        try:
            await self._sent(sending, answers, done)
        except AnswerNotAuthentic as error:
            error.responses = done + answers.plain
            raise
        except BaseException:
            self._session.end(_LOST)
            raise
        return self._whole(answers, len(steps), done)

    async def _sent(self, script: Script, answers: ScriptAnswers, done: Answers) -> None:
        try:
            answers.rest(await self.channel.exchange(script, answers.take))
        except ChannelError as error:
            with suppress(SecureSessionOver):
                answers.rest(error.responses)
            raise error.during(done + answers.plain, answers.unanswered(error.unanswered)) from error

    def _whole(self, answers: ScriptAnswers, wanted: int, done: Answers) -> Answers:
        if len(answers.plain) < wanted:
            self._session.end("commands were wrapped that the card did not get")
        if not answers.plain:
            raise PeerMisbehaved("no answer to a command").during(done, wanted)
        answers.reraise()
        return answers.plain

    def _wrapped(self, step: Step, pipelined: bool) -> tuple[Step, ...]:
        data = step.data or Level.R_MAC in self._session.level
        *more, last = self._outgoing.wrap(step.command)
        allowed = (*_without_more(step.allowed), WRONG_LENGTH) if pipelined else NOT_MORE
        return (*(Step(each, data=False) for each in more), Step(last, allowed, data, step.slow))

    async def _ending(self, step: Step, reason: str, watch: Watch, done: Answers) -> Answers:
        self._session.end(reason)
        try:
            answers = await self.channel.exchange(Script((step,)), watch)
        except ChannelError as error:
            raise error.during(done + error.responses, error.unanswered) from error
        return answers

    def reset(self, kind: Reset) -> Deferred[None]:
        """
        See L{cardgw.interfaces.ICardChannel.reset}.
        """
        self._session.end("the card was reset")
        return super().reset(kind)

    def close(self, reason: ChannelError | None = None) -> Deferred[None]:
        """
        See L{cardgw.interfaces.ICardChannel.close}.
        """
        self._session.end(_CLOSED)
        return super().close(reason)

    def end(self) -> None:
        """
        Forget the keys; the card learns it from the next SELECT or reset.
        """
        self._session.end("it was ended")


def _ends(script: Script) -> bool:
    return any(ending(step.command) for step in script.steps)


def _without_more(allowed: Sequence[range]) -> tuple[range, ...]:
    """
    The same statuses, but none of those that are for GET RESPONSE.
    """
    parts = (range(max(one.start, part.start), min(one.stop, part.stop)) for one in allowed for part in NOT_MORE)
    return tuple(part for part in parts if part)


@frozen
class _Opened:
    session: Session


async def run_handshake(channel: ICardChannel, handshake: Handshake, aside: Aside = at_once) -> Session:
    """
    Let a handshake talk to a card.

    @param channel: one that repairs 61xx.
    @param aside: where the handshake computes, for keys that take their time: L{cardgw.scp.aside.aside_of}.
    @raise CardError: what the handshake raises.
    """
    try:
        step = await aside(partial(_resume, handshake, None))
        while not isinstance(step, _Opened):
            answers = await channel.exchange(Script((Step(step, NOT_MORE),)))
            if not answers:
                raise PeerMisbehaved("no answer to a command")
            step = await aside(partial(_resume, handshake, answers[0]))
        return step.session
    finally:
        with suppress(ValueError):  # it still computes somewhere, and is closed when nobody has it any more
            handshake.close()


def _resume(handshake: Handshake, answer: Response | None) -> Command | _Opened:
    try:
        return next(handshake) if answer is None else handshake.send(answer)
    except StopIteration as done:
        return _Opened(done.value)


async def open_session(channel: ICardChannel, handshake: Handshake, number: int = BASIC) -> SecureChannel:
    """
    Authenticate, by any handshake, and protect what follows.

    @param channel: held for the session by the caller.
    @param number: the logical channel that the handshake uses.
    """
    below = GetResponse(channel)
    return SecureChannel(below, await run_handshake(below, handshake), number)


async def open_scp03(
    channel: ICardChannel, keys: Keys, level: int = Level.FULL, *, number: int = BASIC, **options: Unpack[Scp03Options]
) -> SecureChannel:
    """
    Open a secure channel to the application that is selected, with the options of L{cardgw.scp.scp03.scp03}.

    @param channel: held for the session by the caller.
    """
    return await open_session(channel, scp03(keys, level, number=number, **options), number)


async def open_scp11(
    channel: ICardChannel, plan: Scp11Plan, *, number: int = BASIC, make_key: MakeKey = generate_private_key
) -> SecureChannel:
    """
    Likewise with certificates: see L{cardgw.scp.scp11.scp11}.

    @param channel: held for the session by the caller.
    """
    return await open_session(channel, scp11(plan, number=number, make_key=make_key), number)


async def open_scp02(
    channel: ICardChannel, keys: Keys, level: int = SCP02_LEVEL, *, number: int = BASIC, **options: Unpack[Scp02Options]
) -> SecureChannel:
    """
    Likewise for older cards, with the options of L{cardgw.scp.scp02.scp02}.

    @param channel: held for the session by the caller.
    """
    return await open_session(channel, scp02(keys, level, number=number, **options), number)
