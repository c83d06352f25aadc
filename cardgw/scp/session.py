# -*- test-case-name: tests.scp.test_session -*-
"""
What all secure sessions of the host have in common, and what a handshake is.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, TypeAlias

from cardgw.apdu.command import SHORT_DATA, Command
from cardgw.apdu.response import Response
from cardgw.scp.families import Family
from cardgw.scp.keys import StaticKey
from cardgw.scp.level import Level


class Session(Protocol):
    """
    A secure session that has been opened: L{cardgw.scp.messaging.SecureMessaging}, or the one of an older protocol.

    Commands are wrapped in the order in which the card gets them, and answers unwrapped in the order in which it gives them; any
    number of commands may be wrapped before the first answer.
    """

    family: Family

    @property
    def level(self) -> Level:
        """
        What is protected of the next command and its answer.
        """

    @property
    def over(self) -> str:
        """
        Why nothing can be sent any more; empty while it can.
        """

    @property
    def dek(self) -> StaticKey:
        """
        What wraps keys for the card.

        @raise SecureSessionOver: it is.
        """

    def most_data(self, limit: int = SHORT_DATA) -> int:
        """
        Most bytes of plain data in one command.

        @param limit: most bytes of protected data.
        """

    def refuse(self, command: Command) -> None:
        """
        Before anything of a script is wrapped.

        @param command: plain.
        @raise CommandNotProtectable: it must not be sent in this session, whatever its form; nothing has changed.
        """

    def wrap(self, command: Command) -> Command:
        """
        @param command: plain, on any logical channel.
        @return: the protected one; C{is_extended} where it does not fit a short one.
        @raise CommandNotProtectable: it is too long, or has marks of secure messaging or chaining; nothing has changed.
        @raise SecureSessionOver: it is.
        """

    def unwrap(self, command: Command, response: Response) -> Response:
        """
        @param command: the plain one, the first whose answer has not been unwrapped.
        @param response: the whole answer.
        @return: the plain one; without data where its status is none that the card protects.
        @raise AnswerNotAuthentic: it is not protected as it must be; the session is over.
        @raise SecureSessionOver: it is.
        """

    def end(self, reason: str) -> None:
        """
        Forget the keys.  May be called again; the first reason counts.
        """


Handshake: TypeAlias = Generator[Command, Response, Session]
"""Gives commands, is sent the whole answer to each, returns the session; raises where there will be none."""
