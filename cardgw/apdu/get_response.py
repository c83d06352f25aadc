# -*- test-case-name: tests.apdu.test_get_response -*-
"""
GET RESPONSE (ISO/IEC 7816-4, 5.3.4): a card that answers 61xx has more to say.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.command import EXTENDED_LE, SHORT_LE, Command
from cardgw.apdu.completion import Completion
from cardgw.apdu.iso7816 import INS_GET_RESPONSE, MAX_ROUNDS, SW1_MORE, SW1_WRONG_LENGTH, get_response_class
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.errors import PeerMisbehaved
from cardgw.interfaces import ICardChannel


class GetResponse(Completion):
    """
    Gets the rest of an answer after 61xx, and gives it in one with what came before.

    Where the card has done so once, commands that want an answer go one by one, also those of a pipelined script: what the card
    holds is lost with the next command.

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
        parts, size = [response.data], len(response.data)
        for _ in range(self._rounds):
            response = await self._more(cla, response)
            parts.append(response.data)
            size += len(response.data)
            if size > self._limit:
                raise PeerMisbehaved(f"the answer to one command is longer than {self._limit} bytes")
            if response.sw1 != SW1_MORE:
                return Response(b"".join(parts), response.status)
        raise PeerMisbehaved(f"the answer to one command does not end after {self._rounds} GET RESPONSE")

    async def _more(self, cla: int, response: Response) -> Response:
        more = await self._ask(_get_response(cla, response.sw2))
        return await self._ask(_get_response(cla, more.sw2)) if more.sw1 == SW1_WRONG_LENGTH else more


def _get_response(cla: int, available: int) -> Step:
    return Step(Command(cla, INS_GET_RESPONSE, expected=available or SHORT_LE), (ANY,))
