# -*- test-case-name: tests.testing.test_card -*-
"""
Cards for tests, to be put behind L{cardgw.apdu.memory.MemoryChannel}.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from twisted.internet.defer import Deferred

from cardgw.apdu.response import Response
from cardgw.errors import ChannelError, PeerLost


class PatientCard:
    """
    A card that keeps a command until it is told what to answer.

    @ivar sent: the commands that it has got.
    """

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self._waiting: deque[Deferred[bytes]] = deque()
        self._answers: deque[bytes] = deque()

    def __call__(self, octets: bytes) -> Deferred[bytes]:
        """
        Get a command.
        """
        self.sent.append(octets)
        waiting: Deferred[bytes] = Deferred()
        self._waiting.append(waiting)
        self._match()
        return waiting

    def answer(self, *responses: Response) -> None:
        """
        Answer the commands that wait, and then those that will come.
        """
        self._answers.extend(each.encode() for each in responses)
        self._match()

    def _match(self) -> None:
        while self._waiting and self._answers:
            self._waiting.popleft().callback(self._answers.popleft())


class KnowingCard:
    """
    A card that always gives the same answer to the same command.

    @ivar sent: the commands that it has got.
    """

    def __init__(self, answers: Mapping[bytes, bytes], otherwise: bytes = b"\x6d\x00", lost_after: int | None = None) -> None:
        """
        @param answers: answer bytes, status word included, by command bytes.
        @param otherwise: the answer to all other commands.
        @param lost_after: the number of commands that it answers before it is lost; C{None} for ever.
        """
        self.sent: list[bytes] = []
        self._answers = answers
        self._otherwise = otherwise
        self._lost_after = lost_after

    def __call__(self, octets: bytes) -> bytes:
        """
        Get a command, give its answer.

        @raise ChannelError: the card is lost.
        """
        self.sent.append(octets)
        if self._lost_after is not None and len(self.sent) > self._lost_after:
            raise self.error()
        return self._answers.get(octets, self._otherwise)

    def error(self) -> ChannelError:
        """
        What it is lost with.
        """
        return PeerLost()
