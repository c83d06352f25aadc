# -*- test-case-name: tests.lpa.test_isdr -*-
"""
A channel over a function, for tests that count blocks or lose the card at a chosen one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, fail, succeed

from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import PeerLost
from cardgw.lpa.isdr import ISD_R
from cardgw.values import ChannelInfo, Feature

BOUND = ChannelInfo("memory", application=ISD_R)
READER = ChannelInfo("memory", offers=frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS}))
REFUSED = Response(b"", 0x6985)

Answer = Callable[[bytes], bytes]


class ScriptedChannel(ChannelBase):
    """
    Runs scripts on a function from command to response.

    @ivar sent: the commands, encoded.
    @ivar steps: the steps they came in.
    @ivar lose_after: the card is lost when this many commands were answered.
    @ivar lose_at: the card is lost when it is sent a block whose data begins with this.
    @ivar refuse: a block whose data begins with this is answered with 6985 and does not reach the card.
    """

    def __init__(self, answer: Answer, info: ChannelInfo = BOUND, lose_after: int | None = None) -> None:
        super().__init__(info)
        self.answer = answer
        self.sent: list[bytes] = []
        self.steps: list[Step] = []
        self.scripts: list[Script] = []
        self.lose_after = lose_after
        self.lose_at: bytes | None = None
        self.refuse: bytes | None = None

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        self.scripts.append(script)
        responses: list[Response] = []
        for step in script.steps:
            self.sent.append(step.command.encode())
            self.steps.append(step)
            late = self.lose_after is not None and len(self.sent) > self.lose_after
            if late or (self.lose_at is not None and step.command.data.startswith(self.lose_at)):
                error = PeerLost("it hung up").during(tuple(responses), 1)
                self._lost(error)
                return fail(error)
            refused = self.refuse is not None and step.command.data.startswith(self.refuse)
            response = REFUSED if refused else Response.decode(self.answer(self.sent[-1]))
            responses.append(response)
            if watch is not None:
                watch(response)
            if not step.allows(response):
                break
        return succeed(tuple(responses))


def replay(exchanges: Sequence[tuple[str, str]]) -> Answer:
    """
    A card that expects exactly these commands, in hexadecimal, in this order.
    """
    expected = iter(exchanges)

    def answer(command: bytes) -> bytes:
        wanted, response = next(expected)
        assert command.hex() == wanted.replace(" ", ""), f"expected {wanted}, got {command.hex()}"
        return bytes.fromhex(response)

    return answer
