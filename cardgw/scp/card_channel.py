# -*- test-case-name: tests.scp.test_card_scp03,tests.scp.test_card_scp02 -*-
"""
What SCP02 and SCP03 have in common on the card: two commands begin a session, and what follows is protected (GlobalPlatform Card
Specification 2.3.1, 10.2; Amendment D 1.1.1, 5.6).
"""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import channel_number
from cardgw.apdu.response import Response
from cardgw.scp.class_byte import PROPRIETARY, is_marked
from cardgw.scp.keys import KeySet
from cardgw.scp.level import Level

DONE = Response(b"", 0x9000)
NOT_AUTHENTIC = Response(b"", 0x6300)
WRONG_LENGTH = Response(b"", 0x6700)
CONDITIONS = Response(b"", 0x6985)
WRONG_P1_P2 = Response(b"", 0x6A86)
NO_KEYS = Response(b"", 0x6A88)
BEGIN_R_MAC, END_R_MAC = 0x7A, 0x78
_INITIALIZE, _AUTHENTICATE = 0x50, 0x82


class Messaging(Protocol):
    """
    The card's end of a session.
    """

    def unwrap(self, command: Command) -> Command | Response:
        """
        @return: the plain command, or the answer that refuses this one.
        """

    def wrap(self, response: Response) -> Response:
        """
        The answer to the command that was unwrapped last, as it leaves the card.
        """

    def authenticated(self, level: Level) -> None:
        """
        EXTERNAL AUTHENTICATE was accepted; its own answer is not protected.
        """


class Begun(Protocol):
    """
    Between INITIALIZE UPDATE and EXTERNAL AUTHENTICATE.
    """

    @property
    def number(self) -> int:
        """
        The logical channel.
        """


_B = TypeVar("_B", bound=Begun)
_M = TypeVar("_M", bound=Messaging)


class CardChannel(ABC, Generic[_B, _M]):
    """
    The secure channel of one application.  What it gives L{take} is protected; the answers go through L{answer}.

    @ivar messaging: of the present session, or C{None}.
    @ivar counters: the sequence counter of each key set, by its version.
    """

    def __init__(
        self,
        keys: Mapping[int, KeySet],
        application: bytes,
        entropy: Callable[[int], bytes],
        diversification: bytes,
        counters: dict[int, int] | None,
    ) -> None:
        """
        @param keys: by version; the first one is that of version 0.
        @param application: its AID, of which pseudo-random challenges are made.
        @param diversification: the key diversification data, 10 bytes.
        """
        self.counters = {} if counters is None else counters
        self._keys = keys
        self._application = application
        self._entropy = entropy
        self._diversification = diversification
        self.messaging: _M | None = None
        self._begun: _B | None = None
        self._number: int | None = None
        self._bare = False

    def terminate(self) -> None:
        """
        SELECT, the end of the logical channel, a reset: there is no session.  They do not go through L{take}.
        """
        self.messaging = self._begun = self._number = None

    def take(self, command: Command) -> Command | Response:
        """
        @param command: as it comes, put together where it was cut.
        @return: the plain command for the application, whose answer goes through L{answer}; or the answer.
        """
        self._bare = True
        proprietary = bool(command.cla & PROPRIETARY)
        if proprietary and command.ins == _INITIALIZE and not is_marked(command.cla):
            return self._initialize_update(command)
        if proprietary and command.ins == _AUTHENTICATE and self._begun is not None:
            return self._external_authenticate(command, self._begun)
        self._begun = None
        if self.messaging is None or channel_number(command.cla) != self._number:
            return CONDITIONS if is_marked(command.cla) else command
        plain = self.messaging.unwrap(command)
        self._bare = isinstance(plain, Response)
        if isinstance(plain, Command) and proprietary and plain.ins in (BEGIN_R_MAC, END_R_MAC):
            return self.messaging.wrap(DONE if self._r_mac_session(plain, self.messaging) else CONDITIONS)
        return plain

    def answer(self, response: Response) -> Response:
        """
        @param response: of the application, to the command that L{take} gave.
        @return: as it leaves the card.
        """
        return response if self._bare or self.messaging is None else self.messaging.wrap(response)

    def _initialize_update(self, command: Command) -> Response:
        self.terminate()
        version = command.p1 or next(iter(self._keys), 0)
        keys = self._keys.get(version)
        if keys is None:
            return NO_KEYS
        if command.p2:
            return WRONG_P1_P2
        if len(command.data) != self._host_challenge_length():
            return WRONG_LENGTH
        return self._begin(command, version, keys)

    def _external_authenticate(self, command: Command, begun: _B) -> Response:
        self.terminate()
        if command.p1 not in self._levels() or command.p2:
            return WRONG_P1_P2
        messaging = self._messaging_of(begun)
        plain = messaging.unwrap(command)
        if isinstance(plain, Response):
            return plain
        if channel_number(command.cla) != begun.number or not hmac.compare_digest(self._host_proof(begun), plain.data):
            return NOT_AUTHENTIC
        self._accepted(begun)
        messaging.authenticated(Level(command.p1))
        self.messaging, self._number = messaging, begun.number
        return DONE

    @abstractmethod
    def _host_challenge_length(self) -> int: ...

    @abstractmethod
    def _levels(self) -> tuple[int, ...]: ...

    @abstractmethod
    def _begin(self, command: Command, version: int, keys: KeySet) -> Response:
        """
        Set C{_begun}.

        @return: the answer to INITIALIZE UPDATE.
        """

    @abstractmethod
    def _messaging_of(self, begun: _B) -> _M: ...

    @abstractmethod
    def _host_proof(self, begun: _B) -> bytes:
        """
        The host cryptogram that is expected.
        """

    def _accepted(self, begun: _B) -> None:
        """
        The host has shown that it has the keys.  SCP02 counts now, SCP03 has counted before.
        """

    @abstractmethod
    def _r_mac_session(self, plain: Command, messaging: _M) -> bool: ...
