# -*- test-case-name: tests.scp.test_card_scp03,tests.scp.test_card_scp02 -*-
"""
What SCP02 and SCP03 have in common on the card: two commands begin a session, and what follows is protected (GlobalPlatform Card
Specification 2.3.1, 10.2; Amendment D 1.1.1, 5.6).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.class_byte import PROPRIETARY, channel_number, is_marked

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


_B = TypeVar("_B")
_M = TypeVar("_M", bound=Messaging)


class CardChannel(ABC, Generic[_B, _M]):
    """
    The secure channel of one application.  What it gives L{take} is protected; the answers go through L{answer}.

    Subclasses define C{_initialize_update}, which sets C{_begun}, C{_external_authenticate}, which sets L{messaging} and
    C{_number}, and C{_r_mac_session}.

    @ivar messaging: of the present session, or C{None}.
    """

    def __init__(self) -> None:
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

    @abstractmethod
    def _initialize_update(self, command: Command) -> Response: ...

    @abstractmethod
    def _external_authenticate(self, command: Command, begun: _B) -> Response: ...

    @abstractmethod
    def _r_mac_session(self, plain: Command, messaging: _M) -> bool: ...
