# -*- test-case-name: tests.scp.test_card_messaging,tests.scp.test_both_sides -*-
"""
Secure messaging of SCP03 and SCP11, the card's side (GlobalPlatform Card Specification, Amendment D 1.1.1, 5.6 and 6.2.4 to
6.2.7; GlobalPlatform Card Specification 2.3.1, 10.2.3).  Made without the host's side, so that each is a test of the other.
"""

from __future__ import annotations

import hmac
from enum import Enum

from attrs import evolve

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.class_byte import bare_class, is_marked, signed_class
from cardgw.scp.families import STRICT, Counting, Family
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.level import S8, Level
from cardgw.scp.primitives import BLOCK, ZERO_BLOCK, Cbc, Cmac, pad, unpad

SECURITY_NOT_SATISFIED = Response(b"", 0x6982)
"""A command that is not protected as the level says, or comes after one that was not (10.2.3)."""
WRONG_PROTECTION = Response(b"", 0x6988)
"""A command with a wrong MAC, or one that cannot be decrypted."""
NO_SESSION = Response(b"", 0x6985)
"""A protected command where nothing is to be protected."""
_LONG = 0x100
_PROTECTED = (0x90, 0x62, 0x63)


class CardState(Enum):
    """
    What has become of a session.
    """

    OPEN = "open"
    ABORTED = "aborted"
    """After the first wrong command: all are refused, until the session is ended by a new one, SELECT, or reset."""


class CardMessaging:
    """
    The card's end of a session.  C{unwrap} and C{wrap} take turns.

    @ivar level: what counts for the next command.
    @ivar state: see L{CardState}.
    """

    def __init__(
        self, keys: SessionKeys, level: Level, *, mac_length: int = S8, family: Family = STRICT, chain: bytes = ZERO_BLOCK
    ) -> None:
        """
        @param family: how this card is odd.
        @param chain: the first MAC chaining value: zeros in SCP03, the receipt in SCP11.
        """
        self.level = level
        self.state = CardState.OPEN
        self._authenticated = self._next = level
        self._family = family
        self._mac_length = mac_length
        self._mac, self._r_mac, self._cipher = Cmac(keys.s_mac), Cmac(keys.s_rmac), Cbc(keys.s_enc)
        self._chain = chain
        self._count = 0

    def authenticated(self, level: Level) -> None:
        """
        EXTERNAL AUTHENTICATE was accepted; its own answer is not protected.
        """
        self.level = self._authenticated = self._next = level
        self._count = 0

    def unwrap(self, command: Command) -> Command | Response:
        """
        @return: the plain command, or the answer that refuses this one.
        """
        if self.state is CardState.ABORTED:
            return SECURITY_NOT_SATISFIED
        if not self.level & Level.C_MAC:
            return NO_SESSION if is_marked(command.cla) else command
        if not is_marked(command.cla) or len(command.data) < self._mac_length:
            return self._abort(SECURITY_NOT_SATISFIED)
        body, mac = command.data[: -self._mac_length], command.data[-self._mac_length :]
        chain = self._mac(self._chain, _head(command), body)
        if not hmac.compare_digest(chain[: self._mac_length], mac):
            return self._abort(WRONG_PROTECTION)
        self._chain = chain
        plain = self._plain(body)
        return self._abort(WRONG_PROTECTION) if plain is None else evolve(command, cla=bare_class(command.cla), data=plain)

    def _plain(self, body: bytes) -> bytes | None:
        self._count += 1
        if not body:
            self._count -= self._family.counting is Counting.WITH_DATA
            return None if self._family.encrypts_empty and self.level & Level.C_DECRYPTION else body
        if not self.level & Level.C_DECRYPTION:
            return body
        try:
            return unpad(self._cipher.decrypt(self._cipher.block(self._count.to_bytes(BLOCK, "big")), body))
        except ValueError:
            return None

    def _abort(self, answer: Response) -> Response:
        self.state = CardState.ABORTED
        self.level = self._next = Level.NONE
        return answer

    def wrap(self, response: Response) -> Response:
        """
        The answer to the command that was unwrapped last, as it leaves the card.  An error has no data.
        """
        level, self.level = self.level, self._next
        if response.sw1 not in _PROTECTED or (response.sw1 == _PROTECTED[0] and response.sw2):
            return Response(b"", response.status) if level & Level.R_MAC else response
        if not level & Level.R_MAC:
            return response
        data = response.data
        if data and level & Level.R_ENCRYPTION:
            initial = b"\x80" + self._count.to_bytes(BLOCK - 1, "big")
            data = self._cipher.encrypt(self._cipher.block(initial), pad(data))
        mac = self._r_mac(self._chain, data, response.encode()[-2:])
        return Response(data + mac[: self._mac_length], response.status)

    def begin_r_mac(self, kind: int) -> bool:
        """
        BEGIN R-MAC SESSION (Amendment D, 7.1.3): protection of answers begins after the one to this command.

        @param kind: P1, 0x10 or 0x30.
        @return: whether that is allowed.
        """
        needed = {0x10: Level.C_MAC, 0x30: Level.C_MAC | Level.C_DECRYPTION}.get(kind)
        if needed is None or self.level & needed != needed or self.level & Level.R_MAC:
            return False
        self._next = self.level | Level(kind)
        return True

    def end_r_mac(self) -> bool:
        """
        END R-MAC SESSION (Amendment D, 7.1.4): what EXTERNAL AUTHENTICATE said counts again after the answer to this command.

        @return: whether there was such a session.
        """
        going = self.level != self._authenticated
        self._next = self._authenticated
        return going


def _head(command: Command) -> bytes:
    """
    The header as the host has put it into the MAC, Lc included: that has three bytes in a command of extended length, too, whose
    data are few.
    """
    length = len(command.data)
    lc = length.to_bytes(3 if length >= _LONG or command.is_extended else 1, "big")
    return bytes((signed_class(command.cla), command.ins, command.p1, command.p2)) + lc
