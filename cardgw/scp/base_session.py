# -*- test-case-name: tests.scp.test_base_session -*-
"""
What sessions of all secure channels have in common on the host: they end once, for one reason, and their keys with them.
"""

from __future__ import annotations

from typing import NoReturn

from cardgw.apdu.command import Command
from cardgw.scp.errors import SecureSessionOver
from cardgw.scp.families import Family
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.keys import StaticKey


class BaseSession:
    """
    Most of a L{cardgw.scp.session.Session} but its messages.
    """

    def __init__(self, keys: SessionKeys, family: Family) -> None:
        """
        @param keys: dropped when the session is over.
        """
        self.family = family
        self._keys = keys
        self._over = ""

    @property
    def over(self) -> str:
        """
        See L{cardgw.scp.session.Session.over}.
        """
        return self._over

    @property
    def dek(self) -> StaticKey:
        """
        See L{cardgw.scp.session.Session.dek}.
        """
        if self._keys.dek is None:
            self._refuse()
        return self._keys.dek

    def end(self, reason: str) -> None:
        """
        See L{cardgw.scp.session.Session.end}.
        """
        if not self._over:
            self._over = reason
            self._keys.drop()
            self._forget()

    def refuse(self, command: Command) -> None:
        """
        See L{cardgw.scp.session.Session.refuse}: here everything may be sent.
        """

    def _forget(self) -> None:
        """
        Drop whatever was made of the keys.
        """
        raise NotImplementedError

    def _refuse(self) -> NoReturn:
        raise SecureSessionOver(self._over)
