# -*- test-case-name: tests.bridges.test_touch -*-
"""
Whoever wants to see what a server does to a card that is lent to it.
"""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """
    Is told how a session goes.  Must not raise.
    """

    def connected(self, atr: bytes) -> None:
        """
        The server has answered for the first time.
        """

    def command(self, octets: bytes) -> None:
        """
        A command goes to the card.  Where its data are a PIN or a password they are replaced by as many asterisks.
        """

    def answer(self, octets: bytes) -> None:
        """
        The card's answer; empty where there is none.
        """

    def reset(self, atr: bytes) -> None:
        """
        The card was started anew.
        """

    def notified(self, id: int, text: str, seconds: int | None) -> None:
        """
        The server says something to the card holder.

        @param id: negative for an error, 0 for completion, positive for progress.
        @param seconds: how long what comes next may take, where the server tells.
        """

    def warned(self, text: str) -> None:
        """
        Something is odd, and the session goes on.
        """

    def ended(self) -> None:
        """
        It is over, however.  Comes once.
        """
