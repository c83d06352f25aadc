# -*- test-case-name: tests.scp.test_card_scp02 -*-
"""
Secure messaging of SCP02, the card's side (GlobalPlatform Card Specification 2.3.1, 10.2.3 and E.4.4 to E.4.6).  Made without
the host's side, so that each is a test of the other.
"""

from __future__ import annotations

import hmac

from attrs import evolve

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_messaging import NO_SESSION, SECURITY_NOT_SATISFIED, WRONG_PROTECTION, CardState
from cardgw.scp.class_byte import bare_class, is_marked
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.level import Level
from cardgw.scp.scp02_terms import DesCbc, DesMac, Scp02Implementation

_MAC = 8
_MOST = 255
_ZERO = bytes(8)
_FIRST = (0x84, 0x04)
_PROTECTED = (0x62, 0x63)
_DONE = 0x9000


class CardScp02Messaging:
    """
    The card's end of a session.  C{unwrap} and C{wrap} take turns.

    @ivar level: what counts for the next command.
    @ivar state: see L{CardState}.
    """

    def __init__(self, keys: SessionKeys, implementation: Scp02Implementation, *, protects_errors: bool = False) -> None:
        """
        It begins with a level of C-MAC, for EXTERNAL AUTHENTICATE.

        @param protects_errors: put an R-MAC on errors, too.
        """
        self.level = Level.C_MAC
        self.state = CardState.OPEN
        self._authenticated = self._next = self.level
        self._form = implementation
        self._protects_errors = protects_errors
        self._mac, self._r_mac, self._cipher = DesMac(keys.s_mac), DesMac(keys.s_rmac), DesCbc(keys.s_enc)
        self._last: bytes | None = None
        self._last_answer = _ZERO
        self._plain = Command(0, 0)

    def authenticated(self, level: Level) -> None:
        """
        EXTERNAL AUTHENTICATE was accepted; its own answer is not protected.
        """
        self.level = self._authenticated = self._next = level
        self._last_answer = self._last or _ZERO

    def unwrap(self, command: Command) -> Command | Response:
        """
        @return: the plain command, or the answer that refuses this one.
        """
        if self.state is CardState.ABORTED:
            return SECURITY_NOT_SATISFIED
        if not self.level & Level.C_MAC:
            self._plain = command
            return NO_SESSION if is_marked(command.cla) else command
        if not is_marked(command.cla) or not _MAC <= len(command.data) <= _MOST:
            return self._abort(SECURITY_NOT_SATISFIED)
        body, mac = command.data[:-_MAC], command.data[-_MAC:]
        data = self._decrypted(body)
        if data is None:
            return self._abort(WRONG_PROTECTION)
        if not hmac.compare_digest(self._mac.retail(self._vector(), self._signed(command, data)), mac):
            return self._abort(WRONG_PROTECTION)
        self._last = mac
        self._plain = evolve(command, cla=bare_class(command.cla), data=data)
        return self._plain

    def _decrypted(self, body: bytes) -> bytes | None:
        if not body or not self.level & Level.C_DECRYPTION:
            return body
        try:
            return self._cipher.decrypt(body)
        except ValueError:
            return None

    def _vector(self) -> bytes:
        if self._last is None:
            return _ZERO
        return self._mac.vector(self._last) if self._form.encrypts_vector else self._last

    def _signed(self, command: Command, data: bytes) -> bytes:
        """
        The MAC is over the plain data, with a class byte of the basic logical channel.
        """
        marked, plain = (_FIRST[0], 0x80) if command.cla & 0x80 else (_FIRST[1], 0x00)
        head = (plain, len(data)) if self._form.unmodified else (marked, len(data) + _MAC)
        return bytes((head[0], command.ins, command.p1, command.p2, head[1])) + data

    def _abort(self, answer: Response) -> Response:
        self.state = CardState.ABORTED
        self.level = self._next = Level.NONE
        return answer

    def wrap(self, response: Response) -> Response:
        """
        The answer to the command that was unwrapped last, as it leaves the card.
        """
        level, self.level = self.level, self._next
        if not level & Level.R_MAC:
            return response
        error = response.status != _DONE and response.sw1 not in _PROTECTED
        if error and not self._protects_errors:
            return Response(b"", response.status)
        command, data = self._plain, response.data
        head = bytes((command.cla & 0x80, command.ins, command.p1, command.p2, len(command.data)))
        signed = head + command.data + bytes((len(data) % 0x100,)) + response.encode()
        self._last_answer = self._r_mac.retail(self._last_answer, signed)
        return Response(data + self._last_answer, response.status)

    def begin_r_mac(self) -> bool:
        """
        BEGIN R-MAC SESSION (E.5.3): protection of answers begins after the one to this command.

        @return: whether that is allowed.
        """
        if self.level & Level.R_MAC or not self._form.r_mac:
            return False
        self._next = self.level | Level.R_MAC
        return True

    def end_r_mac(self) -> bool:
        """
        END R-MAC SESSION (E.5.4): what EXTERNAL AUTHENTICATE said counts again after the answer to this command.

        @return: whether there was such a session.
        """
        going = self.level != self._authenticated
        self._next = self._authenticated
        return going
