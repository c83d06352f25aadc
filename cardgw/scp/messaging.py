# -*- test-case-name: tests.scp.test_messaging,tests.scp.test_both_sides,tests.scp.test_changed -*-
"""
Secure messaging of SCP03 and SCP11, the host's side (GlobalPlatform Card Specification, Amendment D 1.1.1, 6.2.4 to 6.2.7).
"""

from __future__ import annotations

import hmac
from collections import deque
from typing import NoReturn

from attrs import frozen

from cardgw.apdu.command import EXTENDED_DATA, EXTENDED_LE, SHORT_DATA, SHORT_LE, Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK, WARNINGS
from cardgw.scp.base_session import BaseSession
from cardgw.scp.class_byte import protected_class, signed_class
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable
from cardgw.scp.families import STRICT, Counting, Family, LePolicy
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.level import S8, Level, most_data
from cardgw.scp.primitives import BLOCK, ZERO_BLOCK, Cbc, Cmac, pad, unpad

INS_BEGIN_R_MAC, INS_END_R_MAC = 0x7A, 0x78
"""Amendment D, 7.1.3 and 7.1.4."""
_RESPONSE_MARK = b"\x80"
"""The first byte of the block that initial chaining vectors of answers are made of (Amendment D, 6.2.7)."""
_C_MAC, _C_DECRYPTION, _R_MAC, _R_ENCRYPTION = map(int, (Level.C_MAC, Level.C_DECRYPTION, Level.R_MAC, Level.R_ENCRYPTION))
"""To look at one bit of a L{Level} takes longer than a MAC."""
_RESPONSE_LEVEL = _R_MAC | _R_ENCRYPTION


@frozen
class _Sent:
    """
    What belongs to a command whose answer has not been unwrapped.
    """

    command: Command
    chain: bytes
    counter: int


class SecureMessaging(BaseSession):
    """
    A session: see L{cardgw.scp.session.Session}.
    """

    def __init__(
        self,
        keys: SessionKeys,
        level: Level,
        *,
        mac_length: int = S8,
        family: Family = STRICT,
        chain: bytes = ZERO_BLOCK,
    ) -> None:
        """
        @param keys: dropped when the session is over.
        @param mac_length: 8 or 16.
        @param chain: the first MAC chaining value, 16 bytes: zeros in SCP03, the receipt in SCP11.
        """
        super().__init__(keys, family)
        self.mac_length = mac_length
        self._mac: Cmac | None = Cmac(keys.s_mac)
        self._r_mac: Cmac | None = Cmac(keys.s_rmac)
        self._cipher: Cbc | None = Cbc(keys.s_enc)
        self._chain = chain
        self._counter = 0
        self._level = self._authenticated = self._answers = int(level)
        self._sent: deque[_Sent] = deque()

    def authenticated(self, level: Level) -> None:
        """
        The card has accepted EXTERNAL AUTHENTICATE: this level begins, and with it the counter.
        """
        self._level = self._authenticated = self._answers = int(level)
        self._counter = 0

    @property
    def level(self) -> Level:
        """
        The one that counts for the next command; higher than that of the authentication in an R-MAC session.
        """
        return Level(self._level)

    def most_data(self, limit: int = SHORT_DATA) -> int:
        """
        See L{cardgw.scp.session.Session.most_data}.
        """
        return most_data(self._level, self.mac_length, limit)

    def wrap(self, command: Command) -> Command:
        """
        See L{cardgw.scp.session.Session.wrap}.
        """
        if self._mac is None:
            self._refuse()
        if not self._level & _C_MAC:
            self._sent.append(_Sent(command, self._chain, self._counter))
            return command
        cla = protected_class(command.cla)
        self._refuse_long(command)
        self._counter += self.family.counting is Counting.EVERY or bool(command.data)
        data = self._encrypted(command.data)
        self._chain = self._mac(self._chain, _mac_input(command, len(data) + self.mac_length), data)
        self._sent.append(_Sent(command, self._chain, self._counter))
        data += self._chain[: self.mac_length]
        wrapped = Command(cla, command.ins, command.p1, command.p2, data, self._expected(command, data), command.extended)
        self._foresee(command)
        return wrapped

    def _refuse_long(self, command: Command) -> None:
        most = self.most_data(EXTENDED_DATA)
        if len(command.data) > most:
            raise CommandNotProtectable(f"at this level a command has at most {most} bytes of data, not {len(command.data)}")

    def _encrypted(self, data: bytes) -> bytes:
        if self._cipher is None or not self._level & _C_DECRYPTION or not (data or self.family.encrypts_empty):
            return data
        return self._cipher.encrypt(self._cipher.block(self._counter.to_bytes(BLOCK, "big")), pad(data))

    def _expected(self, command: Command, data: bytes) -> int | None:
        """
        Le of a command with these protected data.
        """
        protected = self._level & _R_MAC
        if command.expected is None and not (protected and self.family.le is LePolicy.PROTECTED):
            return None
        if command.expected is not None and not protected:
            return command.expected
        return EXTENDED_LE if command.is_extended or len(data) > SHORT_DATA else SHORT_LE

    def _foresee(self, command: Command) -> None:
        """
        Commands after one that begins or ends an R-MAC session ask for answers accordingly, also while its own is on its way.
        """
        level = _level_after(command, self._level, self._authenticated)
        if level is not None:
            self._level = level

    def unwrap(self, command: Command, response: Response) -> Response:
        """
        See L{cardgw.scp.session.Session.unwrap}.
        """
        if self._r_mac is None:
            self._refuse()
        if not self._sent or self._sent[0].command != command:
            raise ValueError("answers are unwrapped in the order of their commands")
        sent = self._sent.popleft()
        plain = self._unprotected(sent, response) if self._answers & _R_MAC else response
        self._settle(command, response)
        return plain

    def _unprotected(self, sent: _Sent, response: Response) -> Response:
        if self._r_mac is None or not is_protected(response.status):
            return Response(b"", response.status)
        if len(response.data) < self.mac_length:
            self._fail(f"it has {len(response.data)} bytes, fewer than its MAC", sent)
        data, mac = response.data[: -self.mac_length], response.data[-self.mac_length :]
        expected = self._r_mac(sent.chain, data, response.status.to_bytes(2, "big"))
        if not hmac.compare_digest(expected[: self.mac_length], mac):
            self._fail("its MAC is wrong", sent)
        return Response(self._decrypted(sent, data), response.status)

    def _decrypted(self, sent: _Sent, data: bytes) -> bytes:
        if self._cipher is None or not data or not self._answers & _R_ENCRYPTION:
            return data
        if len(data) % BLOCK:
            self._fail("it is encrypted, but not in whole blocks", sent)
        initial = self._cipher.block(_RESPONSE_MARK + sent.counter.to_bytes(BLOCK - 1, "big"))
        try:
            return unpad(self._cipher.decrypt(initial, data))
        except ValueError:
            self._fail("it is encrypted, but its padding is wrong", sent)

    def _settle(self, command: Command, response: Response) -> None:
        level = _level_after(command, self._answers, self._authenticated)
        if level is None:
            return
        if response.status in OK:
            self._answers = level
        if not self._sent:
            self._level = self._answers

    def _fail(self, what: str, sent: _Sent) -> NoReturn:
        self.end("an answer was not protected as it must be")
        raise AnswerNotAuthentic(f"of the answer to command {sent.command.ins:02X}: {what}")

    def _forget(self) -> None:
        self._mac = self._r_mac = self._cipher = None
        self._chain = ZERO_BLOCK
        self._sent.clear()


def is_protected(status: int) -> bool:
    """
    Whether a card protects answers of this status (Amendment D, 6.2.5); it cannot protect others.
    """
    return status in OK or status in WARNINGS


def _mac_input(command: Command, length: int) -> bytes:
    """
    What stands before the data in the input of a C-MAC (Amendment D, 6.2.4; GlobalPlatform Card Specification 2.3.1, 11.1.5.1).
    Lc has three bytes where it is sent so, or where the command would be too long for a short one.

    @param length: of encrypted data and MAC.
    """
    long = length > SHORT_DATA or command.is_extended
    size = b"\0" + length.to_bytes(2, "big") if long else bytes((length,))
    return bytes((signed_class(command.cla), command.ins, command.p1, command.p2)) + size


def _level_after(command: Command, level: int, authenticated: int) -> int | None:
    """
    The level that begins when a command has been answered; C{None} where that stays as it is.
    """
    if not command.cla & 0x80:
        return None
    if command.ins == INS_BEGIN_R_MAC:
        return level | (command.p1 & _RESPONSE_LEVEL)
    return authenticated if command.ins == INS_END_R_MAC else None


def begin_r_mac(level: Level, data: bytes = b"") -> Command:
    """
    BEGIN R-MAC SESSION (Amendment D, 7.1.3): from the answer after the next one on, answers are protected.

    @param level: C{R_MAC}, or C{R_MAC | R_ENCRYPTION}, which needs commands to be encrypted.
    @param data: up to 24 bytes, put into the MAC.
    """
    return Command(0x80, INS_BEGIN_R_MAC, int(level), 0x01, bytes((len(data),)) + data if data else b"")


def end_r_mac() -> Command:
    """
    END R-MAC SESSION (Amendment D, 7.1.4): answers are protected as the authentication said, from the next one on.
    """
    return Command(0x80, INS_END_R_MAC, 0x00, 0x03, expected=SHORT_LE)
