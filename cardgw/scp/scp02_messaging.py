# -*- test-case-name: tests.scp.test_scp02_messaging -*-
"""
Secure messaging of SCP02, the host's side (GlobalPlatform Card Specification 2.3.1, E.4.4 to E.4.6).
"""

from __future__ import annotations

import hmac
from collections import deque

from attrs import evolve, frozen

from cardgw.apdu.command import SHORT_DATA, SHORT_LE, Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK, WARNINGS
from cardgw.scp.base_session import BaseSession
from cardgw.scp.class_byte import PROPRIETARY, protected_class, signed_class
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable
from cardgw.scp.families import STRICT, Family, LePolicy
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.level import Level
from cardgw.scp.messaging import INS_BEGIN_R_MAC, INS_END_R_MAC
from cardgw.scp.scp02_terms import BLOCK, MAC, ZERO_BLOCK, DesCbc, DesMac, Scp02Implementation


@frozen
class _Secrets:
    """
    What is computed with.
    """

    mac: DesMac
    r_mac: DesMac
    cipher: DesCbc

    @classmethod
    def of(cls, keys: SessionKeys) -> _Secrets:
        return cls(DesMac(keys.s_mac), DesMac(keys.s_rmac), DesCbc(keys.s_enc))


class Scp02Messaging(BaseSession):
    """
    A session: see L{cardgw.scp.session.Session}.  Its C{dek} encrypts each block by itself.

    @ivar level: the one that counts for the next command; higher than that of the authentication in an R-MAC session.
    """

    def __init__(self, keys: SessionKeys, level: Level, implementation: Scp02Implementation, *, family: Family = STRICT) -> None:
        """
        @param keys: dropped when the session is over.
        """
        super().__init__(keys, family)
        self.level = level
        self._authenticated = self._answers = level
        self._implementation = implementation
        self._secrets: _Secrets | None = _Secrets.of(keys)
        self._chain = b""
        self._answer_chain = ZERO_BLOCK
        self._sent: deque[Command] = deque()

    def authenticated(self, level: Level) -> None:
        """
        The card has accepted EXTERNAL AUTHENTICATE: this level begins.  Its C-MAC is the first chaining vector of R-MACs.
        """
        self.level = self._authenticated = self._answers = level
        self._answer_chain = self._chain

    def most_data(self, limit: int = SHORT_DATA) -> int:
        """
        See L{cardgw.scp.session.Session.most_data}.  There are short commands only.
        """
        limit = min(limit, SHORT_DATA)
        room = limit - MAC if self.level & Level.C_MAC else limit
        return room // BLOCK * BLOCK - 1 if self.level & Level.C_DECRYPTION else room

    def wrap(self, command: Command) -> Command:
        """
        See L{cardgw.scp.session.Session.wrap}.
        """
        if self._secrets is None:
            self._refuse()
        cla = protected_class(command.cla) if self.level & Level.C_MAC else command.cla
        most = self.most_data()
        if self.level and len(command.data) > most:
            raise CommandNotProtectable(f"at this level a command has at most {most} bytes of data, not {len(command.data)}")
        self._sent.append(command)
        wrapped = evolve(command, expected=self._expected(command))
        if self.level & Level.C_MAC:
            wrapped = evolve(wrapped, cla=cla, data=self._protected(self._secrets, command), extended=False)
        level = self._level_after(command, self.level)
        self.level = self.level if level is None else level
        return wrapped

    def _protected(self, secrets: _Secrets, command: Command) -> bytes:
        """
        Data, encrypted if need be, and MAC.
        """
        self._chain = secrets.mac.retail(self._vector(secrets), self._signed(command))
        encrypted = bool(command.data and self.level & Level.C_DECRYPTION)
        return (secrets.cipher.encrypt(command.data) if encrypted else command.data) + self._chain

    def _vector(self, secrets: _Secrets) -> bytes:
        if not self._chain:
            return ZERO_BLOCK
        return secrets.mac.vector(self._chain) if self._implementation.encrypts_vector else self._chain

    def _signed(self, command: Command) -> bytes:
        """
        What a C-MAC is over: the plain data, also where they are sent encrypted.
        """
        bare = self._implementation.unmodified
        cla = command.cla & PROPRIETARY if bare else signed_class(command.cla)
        length = len(command.data) + (0 if bare else MAC)
        return bytes((cla, command.ins, command.p1, command.p2, length)) + command.data

    def _expected(self, command: Command) -> int | None:
        if not self.level & Level.R_MAC:
            return command.expected
        wanted = command.expected is not None or self.family.le is LePolicy.PROTECTED
        return SHORT_LE if wanted else None

    def unwrap(self, command: Command, response: Response) -> Response:
        """
        See L{cardgw.scp.session.Session.unwrap}.  The data of an error are given if its MAC is right.
        """
        if self._secrets is None:
            self._refuse()
        if not self._sent or self._sent[0] != command:
            raise ValueError("answers are unwrapped in the order of their commands")
        self._sent.popleft()
        plain = self._unprotected(self._secrets, command, response) if self._answers & Level.R_MAC else response
        self._settle(command, response)
        return plain

    def _unprotected(self, secrets: _Secrets, command: Command, response: Response) -> Response:
        protected = response.status in OK or response.status in WARNINGS
        data, mac = response.data[:-MAC], response.data[-MAC:]
        expected = secrets.r_mac.retail(self._answer_chain, _answered(command, data, response.status))
        if hmac.compare_digest(expected, mac):
            self._answer_chain = mac
            return Response(data, response.status)
        if protected:
            self.end("an answer was not protected as it must be")
            what = "its MAC is wrong" if len(response.data) >= MAC else f"it has {len(response.data)} bytes, fewer than its MAC"
            raise AnswerNotAuthentic(f"of the answer to command {command.ins:02X}: {what}")
        return Response(b"", response.status)

    def _settle(self, command: Command, response: Response) -> None:
        level = self._level_after(command, self._answers)
        if level is None:
            return
        if response.status in OK:
            self._answers = level
        if not self._sent:
            self.level = self._answers

    def _level_after(self, command: Command, level: Level) -> Level | None:
        if not command.cla & PROPRIETARY:
            return None
        if command.ins == INS_BEGIN_R_MAC:
            return level | (Level(command.p1) & Level.R_MAC)
        return self._authenticated if command.ins == INS_END_R_MAC else None

    def _forget(self) -> None:
        self._secrets = None
        self._chain = b""
        self._answer_chain = ZERO_BLOCK
        self._sent.clear()


def _answered(command: Command, data: bytes, status: int) -> bytes:
    """
    What an R-MAC is over (E.4.5): the command as it was before it was protected, and the answer.
    """
    head = bytes((command.cla & PROPRIETARY, command.ins, command.p1, command.p2, len(command.data)))
    return head + command.data + bytes((len(data) & 0xFF,)) + data + status.to_bytes(2, "big")
