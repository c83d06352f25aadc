# -*- test-case-name: tests.lpa.test_isdr -*-
"""
ES10x: commands for the ISD-R, in blocks of STORE DATA (SGP.22 5.7.2).

Every function's request is cut into blocks that count from 0; P1 is 91 in the last one.  The answer comes with the last block.
A bound profile package is many such requests, one per segment, of which only the last one is answered (SGP.22 2.5.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import BASIC, SW1_MORE, SW1_WRONG_LENGTH
from cardgw.apdu.logical import close_channel, closing
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK, PROACTIVE, Script, Step
from cardgw.apdu.wrong_length import WrongLength
from cardgw.errors import CardGatewayError, ChannelError, MalformedAnswer, UnexpectedStatus
from cardgw.interfaces import ICardChannel

ISD_R = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
"""AID of the ISD-R (SGP.02 2.2.3; SGP.22 2.4.2)."""
CLA_STORE_DATA = 0x80
INS_STORE_DATA = 0xE2
P1_MORE = 0x11
P1_LAST = 0x91
SEGMENT_SIZE = 240
MOST_NUMBERS = 256
"""P2 numbers the blocks in one byte."""

FUNCTIONS = {
    0xBF20: "GetEUICCInfo1",
    0xBF21: "PrepareDownload",
    0xBF22: "GetEUICCInfo2",
    0xBF28: "ListNotification",
    0xBF29: "SetNickname",
    0xBF2B: "RetrieveNotificationsList",
    0xBF2D: "GetProfilesInfo",
    0xBF2E: "GetEUICCChallenge",
    0xBF30: "RemoveNotificationFromList",
    0xBF31: "EnableProfile",
    0xBF32: "DisableProfile",
    0xBF33: "DeleteProfile",
    0xBF34: "eUICCMemoryReset",
    0xBF35: "LoadCRL",
    0xBF36: "LoadBoundProfilePackage",
    0xBF38: "AuthenticateServer",
    0xBF3C: "GetEuiccConfiguredAddresses",
    0xBF3E: "GetEID",
    0xBF3F: "SetDefaultDpAddress",
    0xBF41: "CancelSession",
    0xBF43: "GetRAT",
}
"""Names of the ES10 functions by the tags of their requests (SGP.22 5.7)."""

_ALLOWED = (OK, PROACTIVE)
_HELD = frozenset((SW1_MORE, SW1_WRONG_LENGTH))


def function_name(payload: bytes) -> str:
    """
    The name of the ES10 function that a request is for.
    """
    return FUNCTIONS.get(int.from_bytes(payload[:2], "big"), f"ES10 {payload[:2].hex().upper()}")


class Isdr:
    """
    The ISD-R, selected on a channel that repairs 61xx below.

    @ivar segment_size: most data bytes in one block, 1 to 255.
    """

    def __init__(
        self,
        channel: ICardChannel,
        segment_size: int = SEGMENT_SIZE,
        cla: int = CLA_STORE_DATA,
        leave: int = BASIC,
    ) -> None:
        """
        @param cla: the class byte of STORE DATA, with the logical channel in it.
        @param leave: the logical channel that L{close} closes.
        """
        self.segment_size = segment_size
        self._channel = WrongLength(channel)
        self._cla = cla
        self._leave = leave

    async def command(self, payload: bytes, *, slow: bool = False) -> bytes:
        """
        Ask one function.

        @param payload: the request, one data object.
        @param slow: the card may think for seconds before it answers.
        @return: the answer, not empty.
        @raise UnexpectedStatus: a block ended in anything but 9000 or 91xx; the function is named.
        @raise MalformedAnswer: there was no answer.
        """
        return (await self.commands(payload, slow=slow))[0]

    async def commands(self, *payloads: bytes, slow: bool = False, reading: bool = False) -> tuple[bytes, ...]:
        """
        Ask several functions, one after another, in one script.

        @param reading: all of them only read, so that nothing is done by asking one although another was refused, nor by asking
            again.  Then they go together where the channel carries many commands at once.
        @return: their answers; none is empty.
        @raise UnexpectedStatus: see L{command}; the later ones were not asked, unless they went together.
        @raise MalformedAnswer: see L{command}.
        """
        blocks = [tuple(self._blocks(payload, slow)) for payload in payloads]
        script = Script(tuple(step for steps in blocks for step in steps), pipelined=reading or _refused_after_failure(blocks))
        responses = await self._channel.exchange(script)
        if reading and any(response.sw1 in _HELD for response in responses):  # what it held is lost with the next one
            responses = await self._channel.exchange(Script(script.steps))
        answers, start = [], 0
        for payload, steps in zip(payloads, blocks, strict=True):
            answers.append(_answer(payload, steps, responses[start : start + len(steps)]))
            start += len(steps)
        return tuple(answers)

    async def last(self, payload: bytes) -> bytes:
        """
        Ask the last function of all.  A logical channel that was opened for it is closed with it, together where the channel
        carries many commands at once: that does no harm whatever the answer is, as nothing is asked any more.

        @return: see L{command}, and so for errors.
        """
        if self._leave == BASIC:
            return await self.command(payload)
        steps = tuple(self._blocks(payload, False))
        responses = await self._channel.exchange(Script((*steps, closing(self._leave)), pipelined=True))
        if len(responses) > len(steps):
            self._leave = BASIC
        return _answer(payload, steps, responses[: len(steps)])

    def _blocks(self, payload: bytes, slow: bool, answered: bool = True) -> Iterator[Step]:
        size = self.segment_size
        last = max(len(payload) - 1, 0) // size
        for number in range(last + 1):
            end = number == last
            data = payload[number * size : (number + 1) * size]
            command = Command(self._cla, INS_STORE_DATA, P1_LAST if end else P1_MORE, number & 0xFF, data)
            yield Step(command, _ALLOWED, data=end and answered, slow=end and slow)

    def package(self, segments: Sequence[bytes]) -> Script:
        """
        A bound profile package, in blocks.  The card refuses whatever follows a failed one, so all go as one pipelined script.

        @param segments: see L{cardgw.lpa.package.segments}.
        """
        last = len(segments) - 1
        return Script(
            tuple(step for at, segment in enumerate(segments) for step in self._blocks(segment, True, at == last)), pipelined=True
        )

    async def load(self, script: Script, on_percent: Callable[[int], object]) -> bytes | None:
        """
        Load a bound profile package.

        @param script: see L{package}.
        @param on_percent: called with each new whole percent of blocks that were answered.
        @return: the ProfileInstallationResult: the first answer with data, whatever its status; C{None} if the card took all
            blocks and gave none.
        @raise UnexpectedStatus: the card refused a block and gave no result.
        @raise ChannelError: the card was lost before it gave one.
        """
        try:
            responses = await self._channel.exchange(script, _Percent(len(script.steps), on_percent))
        except ChannelError as error:
            result = _first_data(error.responses)
            if result is None:
                raise
            return result
        result = _first_data(responses)
        if result is None and not script.completed(responses):
            raise _refused(FUNCTIONS[0xBF36], script, responses)
        return result

    async def close(self) -> None:
        """
        Close the logical channel, if one was opened for it.  Never fails.
        """
        leave, self._leave = self._leave, BASIC
        await close_channel(self._channel, leave)


class _Percent:
    """
    Counts answers, tells whole percents.
    """

    def __init__(self, total: int, tell: Callable[[int], object]) -> None:
        self._total, self._tell = total, tell
        self._answered, self._told = 0, -1

    def __call__(self, response: Response) -> None:
        self._answered += 1
        percent = self._answered * 100 // self._total
        if percent > self._told:
            self._told = percent
            self._tell(percent)


def _first_data(responses: Iterable[Response]) -> bytes | None:
    return next((response.data for response in responses if response.data), None)


def _refused(function: str, script: Script, responses: Sequence[Response]) -> CardGatewayError:
    for number, (step, response) in enumerate(zip(script.steps, responses, strict=False), 1):
        if not step.allows(response):
            return UnexpectedStatus(response, f"{function}, block {number} of {len(script.steps)}")
    return MalformedAnswer(f"{function}: {len(responses)} answers to {len(script.steps)} blocks")


def _refused_after_failure(requests: Sequence[Sequence[Step]]) -> bool:
    """
    Whether the card itself refuses what follows a failed block: within one request, where a number that does not follow is
    refused (SGP.22 5.7.2; GlobalPlatform Card Specification 2.3.1, 11.11.2).  Number 0 begins a new one, and is accepted.
    """
    return len(requests) == 1 and 1 < len(requests[0]) <= MOST_NUMBERS


def _answer(payload: bytes, steps: Sequence[Step], responses: Sequence[Response]) -> bytes:
    """
    The answer to a request: that to its last block, or to the first one that the card did not accept.
    """
    function = function_name(payload)
    if not responses:
        raise MalformedAnswer(f"{function}: the card gave no answer")
    ends = (answer for step, answer in zip(steps, responses, strict=False) if not step.allows(answer))
    response = next(ends, responses[-1])
    if not any(response.status in statuses for statuses in _ALLOWED):
        raise UnexpectedStatus(response, function)
    if not response.data:
        raise MalformedAnswer(f"{function}: the answer is empty")
    return response.data
