# -*- test-case-name: tests.scp.test_outgoing -*-
"""
What becomes of a plain command before it leaves: checked against the session and the connection, protected, cut.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from attrs import frozen

from cardgw.apdu.command import EXTENDED_DATA, SHORT_DATA, Command
from cardgw.apdu.iso7816 import INS_MANAGE_CHANNEL, P1_CLOSE, channel_number
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK
from cardgw.scp.chaining import refuse_uncut, segments
from cardgw.scp.class_byte import PROPRIETARY, protected_class
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable
from cardgw.scp.keys import StaticKey
from cardgw.scp.level import Level
from cardgw.scp.session import Session

INS_SELECT, BY_NAME = 0xA4, 0x04
_SHORT_FRAME, _EXTENDED_FRAME = 6, 9
"""Bytes of a command besides its data: header, Lc and Le."""


@frozen
class Outgoing:
    """
    What can be sent in a session over a connection.

    @ivar number: the logical channel on which the session was opened.
    @ivar extended: whether commands of extended length come through.
    @ivar max_command: most bytes of a command.
    """

    session: Session
    number: int
    extended: bool = False
    max_command: int = SHORT_DATA + _SHORT_FRAME

    @property
    def limit(self) -> int:
        """
        Most bytes of protected data in one command.
        """
        if self.extended:
            return max(min(EXTENDED_DATA, self.max_command - _EXTENDED_FRAME), self._short_limit)
        return self._short_limit

    @property
    def _short_limit(self) -> int:
        return min(SHORT_DATA, self.max_command - _SHORT_FRAME)

    @property
    def most_data(self) -> int:
        """
        Most bytes of plain data in a command that need not be cut, at the present level.
        """
        return self.session.most_data(self.limit)

    @property
    def most_command(self) -> int:
        """
        Most bytes of a plain command that need not be cut.
        """
        most = self.most_data
        return most + (_EXTENDED_FRAME if most > SHORT_DATA else _SHORT_FRAME)

    def is_whole(self, command: Command) -> bool:
        """
        Whether a command need not be cut.
        """
        return len(command.data) <= self.most_data

    def refuse_unfit(self, command: Command) -> None:
        """
        Before anything of a script is wrapped: what was wrapped and not sent leaves the session ahead of the card.

        @raise CommandNotProtectable: this command cannot be sent in the session.
        """
        number = channel_number(command.cla)
        if number != self.number:
            raise CommandNotProtectable(
                f"the command {command.ins:02X} is for logical channel {number}, and the session is on {self.number}"
            )
        if ending(command):
            return
        self.session.refuse(command)
        protected_class(command.cla)
        most = self.session.most_data(EXTENDED_DATA)
        if len(command.data) > most:
            raise CommandNotProtectable(f"at this level a command has at most {most} bytes of data, not {len(command.data)}")
        if not self.is_whole(command):
            refuse_uncut(command, self.session.family.chaining, self.most_data)

    def wrap(self, command: Command) -> tuple[Command, ...]:
        """
        Protect a command, and cut it where it does not fit.
        """
        wrapped = self.session.wrap(command)
        if self.extended and len(wrapped.data) <= self.limit:
            return (wrapped,)
        return segments(wrapped, self.session.family.chaining, self._short_limit)


class Secured(ABC):
    """
    What can be asked of whatever carries a session.
    """

    _session: Session

    @property
    @abstractmethod
    def _outgoing(self) -> Outgoing: ...

    @property
    def level(self) -> Level:
        """
        What is protected now.
        """
        return self._session.level

    @property
    def over(self) -> str:
        """
        Why the session is over; empty while it is not.
        """
        return self._session.over

    @property
    def dek(self) -> StaticKey:
        """
        What wraps keys for the card.

        @raise SecureSessionOver: it is.
        """
        return self._session.dek

    @property
    def most_data(self) -> int:
        """
        Most bytes of plain data in a command that is sent as one.
        """
        return self._outgoing.most_data


def ending(command: Command) -> str:
    """
    Why the session is over after this command, which goes as it is (GlobalPlatform Card Specification 2.3.1, 10.2.3); empty for
    all others.
    """
    if command.cla & PROPRIETARY:
        return ""
    if (command.ins, command.p1) == (INS_SELECT, BY_NAME):
        return "an application was selected"
    if (command.ins, command.p1) == (INS_MANAGE_CHANNEL, P1_CLOSE):
        return "a logical channel was closed"
    return ""


def is_taken(session: Session, command: Command, response: Response) -> bool:
    """
    Whether the card has taken a part of a command that was cut, and waits for the next one.  If not, this is its answer to the
    command.

    @raise AnswerNotAuthentic: it has data, as only the answer to a whole command may have; the session is over.
    """
    if response.status in OK and response.data:
        session.end("an answer was not protected as it must be")
        raise AnswerNotAuthentic(f"of the answer to a part of command {command.ins:02X}: it has {len(response.data)} bytes")
    return response.status in OK
