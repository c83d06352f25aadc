# -*- test-case-name: tests.apdu.test_get_response -*-
"""
GET RESPONSE (ISO/IEC 7816-4, 5.3.4): a card that answers 61xx has more to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twisted.internet.defer import Deferred

from cardgw.apdu import tlv
from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.command import EXTENDED_LE, SHORT_LE, Command
from cardgw.apdu.completion import Completion
from cardgw.apdu.iso7816 import INS_GET_RESPONSE, MAX_ROUNDS, SW1_MORE, SW1_WRONG_LENGTH, get_response_class
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, OK, Script, Step
from cardgw.errors import ChannelError, PeerMisbehaved
from cardgw.interfaces import ICardChannel

_MORE = SW1_MORE << 8
_UNFINISHED = frozenset((SW1_MORE, SW1_WRONG_LENGTH))
_MOST_TOGETHER = 16 * SHORT_LE
"""Bytes of an answer that are asked for at once."""


class GetResponse(Completion):
    """
    Gets the rest of an answer after 61xx, and gives it in one with what came before.

    Where the card has done so once, commands that want an answer go one by one, also those of a pipelined script: what the card
    holds is lost with the next command.

    The parts of a long answer are asked for together, as far as it is known how long it is: a channel that carries many
    commands at once then needs two exchanges for it.

    It stands below secure messaging, whose MAC is over the whole answer (GlobalPlatform Card Specification 2.3.1, 11.1.5.2).
    """

    sw1 = SW1_MORE
    after_refusal = True

    def __init__(self, channel: ICardChannel, rounds: int = MAX_ROUNDS, limit: int = EXTENDED_LE) -> None:
        """
        @param rounds: most GET RESPONSE commands for one answer.
        @param limit: most bytes of one answer.
        """
        super().__init__(channel)
        self._rounds = rounds
        self._limit = limit
        self._holds = False

    def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
        """
        See L{cardgw.interfaces.ICardChannel.exchange}.
        """
        if script.pipelined and self._holds and any(step.command.expected is not None for step in script.steps[:-1]):
            script = Script(script.steps)
        return super().exchange(script, watch)

    def _check(self, answers: Answers, script: Script, watch: Watch) -> Answers | Deferred[Answers]:
        self._holds = self._holds or any(answer.sw1 == SW1_MORE for answer in answers)
        return super()._check(answers, script, watch)

    async def complete(self, step: Step, response: Response) -> Response:
        """
        Ask for more until the status is not 61xx.

        @return: all data with the last status, whatever it is.
        @raise PeerMisbehaved: the card has more to say than the bounds allow.
        """
        cla = get_response_class(step.command.cla)
        data, rounds = response.data, 0
        while rounds < self._rounds:
            sizes = _rest(data, response.sw2)[: self._rounds - rounds]
            rounds += len(sizes)
            more = await self._more(cla, sizes)
            data += more.data
            if len(data) > self._limit:
                raise PeerMisbehaved(f"the answer to one command is longer than {self._limit} bytes")
            if more.sw1 != SW1_MORE:
                return Response(data, more.status)
            response = more
        raise PeerMisbehaved(f"the answer to one command does not end after {self._rounds} GET RESPONSE")

    async def _more(self, cla: int, sizes: Sequence[int]) -> Response:
        """
        @param sizes: of the parts that are asked for, in order.
        @return: what came, in one, with the last status.
        """
        more = await self._get(cla, sizes)
        if more.sw1 != SW1_WRONG_LENGTH:
            return more
        last = await self._get(cla, (more.sw2 or SHORT_LE,))
        return Response(more.data + last.data, last.status)

    async def _get(self, cla: int, sizes: Sequence[int]) -> Response:
        script = Script(tuple(_steps(cla, sizes)), pipelined=len(sizes) > 1)
        try:
            answers = await self.channel.exchange(script)
        except ChannelError as error:
            raise error.during((), min(1, error.unanswered)) from error  # all of them are for one command
        if not answers:
            raise PeerMisbehaved("no answer to GET RESPONSE")
        end = next((at for at, answer in enumerate(answers) if answer.sw1 not in _UNFINISHED), len(answers) - 1)
        if end and not answers[end].data and answers[end].status not in OK and answers[end - 1].sw1 == SW1_MORE:
            end -= 1  # perhaps it was asked for more than it had announced
        answers = answers[: end + 1]
        return Response(b"".join(answer.data for answer in answers), answers[-1].status)


def _rest(data: bytes, announced: int) -> Sequence[int]:
    """
    What is to be asked for now: of an answer that is one data object as much as is known to be missing.  A GET RESPONSE that
    comes after the end of the answer is refused, and one that asks for less than there is leaves the rest for the next.

    @param data: what there is of the answer.
    @param announced: SW2: so many bytes are left; 0 for 256 or more.
    @return: the sizes of the parts.
    """
    if announced:
        return (announced,)
    try:
        _, size, start = tlv.header(data)
    except ValueError:
        return (SHORT_LE,)
    missing = min(start + size - len(data), _MOST_TOGETHER)
    if missing <= SHORT_LE:
        return (SHORT_LE,)
    whole, last = divmod(missing, SHORT_LE)
    return (SHORT_LE,) * whole + ((last,) if last else ())


def _steps(cla: int, sizes: Sequence[int]) -> Iterator[Step]:
    """
    The script goes on where the card announces what is asked for next.
    """
    for size, following in zip(sizes, (*sizes[1:], None), strict=True):
        expected = ANY if following is None else range(_MORE | following & 0xFF, (_MORE | following & 0xFF) + 1)
        yield Step(Command(cla, INS_GET_RESPONSE, expected=size), (expected,))
