# -*- test-case-name: tests.scp.test_card_scp03 -*-
"""
The handshake of SCP03, the card's side (GlobalPlatform Card Specification, Amendment D 1.1.1, 5.6, 6.2.2 and 7.1).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from attrs import frozen

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_messaging import CardMessaging
from cardgw.scp.class_byte import channel_number, is_marked
from cardgw.scp.families import STRICT, Family
from cardgw.scp.kdf import Constant, SessionKeys, cryptogram, pseudo_random_challenge, session_keys
from cardgw.scp.keys import KeySet
from cardgw.scp.level import Level
from cardgw.scp.primitives import Cmac

DONE = Response(b"", 0x9000)
NOT_AUTHENTIC = Response(b"", 0x6300)
WRONG_LENGTH = Response(b"", 0x6700)
CONDITIONS = Response(b"", 0x6985)
WRONG_P1_P2 = Response(b"", 0x6A86)
NO_KEYS = Response(b"", 0x6A88)
_S16_BIT, _CHALLENGE_BIT, _R_MAC_BIT, _R_ENC_BIT = 0x01, 0x10, 0x20, 0x40
_LAST_COUNTER = 0xFFFFFF
_PROPRIETARY, _INITIALIZE, _AUTHENTICATE, _BEGIN, _END = 0x80, 0x50, 0x82, 0x7A, 0x78
_OF_COMMANDS = (0x00, 0x01, 0x03)
_WITH_R_MAC = (0x11, 0x13)
_WITH_R_ENC = 0x33


@frozen
class _Begun:
    """
    Between INITIALIZE UPDATE and EXTERNAL AUTHENTICATE.
    """

    keys: SessionKeys
    context: bytes
    number: int


class CardScp03:
    """
    The secure channel of one application.  What it gives L{take} is protected; the answers go through L{answer}.

    @ivar counters: the sequence counter of each key set, by its version.
    @ivar messaging: of the present session, or C{None}.
    """

    def __init__(
        self,
        keys: Mapping[int, KeySet],
        *,
        application: bytes,
        entropy: Callable[[int], bytes],
        implementation: int = 0x70,
        diversification: bytes = bytes(10),
        family: Family = STRICT,
        counters: dict[int, int] | None = None,
    ) -> None:
        """
        @param keys: by version; the first one is that of version 0.
        @param application: its AID, of which pseudo-random challenges are made.
        @param implementation: the i byte.
        @param diversification: the key diversification data, 10 bytes.
        """
        self.counters = {} if counters is None else counters
        self.messaging: CardMessaging | None = None
        self._keys = keys
        self._application = application
        self._entropy = entropy
        self._i = implementation
        self._diversification = diversification
        self._family = family
        self._size = 16 if implementation & _S16_BIT else 8
        self._begun: _Begun | None = None
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
        proprietary = bool(command.cla & _PROPRIETARY)
        if proprietary and command.ins == _INITIALIZE and not is_marked(command.cla):
            return self._initialize_update(command)
        if proprietary and command.ins == _AUTHENTICATE and self._begun is not None:
            return self._external_authenticate(command, self._begun)
        self._begun = None
        if self.messaging is None or channel_number(command.cla) != self._number:
            return CONDITIONS if is_marked(command.cla) else command
        plain = self.messaging.unwrap(command)
        self._bare = isinstance(plain, Response)
        if isinstance(plain, Command) and proprietary and plain.ins in (_BEGIN, _END):
            return self._r_mac_session(plain, self.messaging)
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
        if len(command.data) != self._size:
            return WRONG_LENGTH
        counter = b""
        if self._i & _CHALLENGE_BIT:
            if self.counters.get(version, 0) >= _LAST_COUNTER:
                return CONDITIONS
            count = self.counters[version] = self.counters.get(version, 0) + 1
            counter = count.to_bytes(3, "big")
            challenge = pseudo_random_challenge(keys.enc, count, self._application, self._size)
        else:
            challenge = self._entropy(self._size)
        context = command.data + challenge
        session = session_keys(keys, context)
        self._begun = _Begun(session, context, channel_number(command.cla))
        proof = cryptogram(Cmac(session.s_mac), Constant.CARD_CRYPTOGRAM, self._size, context)
        return Response(self._diversification + bytes((version, 0x03, self._i)) + challenge + proof + counter, 0x9000)

    def _external_authenticate(self, command: Command, begun: _Begun) -> Response:
        self.terminate()
        if command.p1 not in self._levels() or command.p2:
            return WRONG_P1_P2
        messaging = CardMessaging(begun.keys, Level.C_MAC, mac_length=self._size, family=self._family)
        plain = messaging.unwrap(command)
        if isinstance(plain, Response):
            return plain
        expected = cryptogram(Cmac(begun.keys.s_mac), Constant.HOST_CRYPTOGRAM, self._size, begun.context)
        if channel_number(command.cla) != begun.number or not hmac.compare_digest(expected, plain.data):
            return NOT_AUTHENTIC
        messaging.authenticated(Level(command.p1))
        self.messaging, self._number = messaging, begun.number
        return DONE

    def _levels(self) -> tuple[int, ...]:
        levels: tuple[int, ...] = _OF_COMMANDS
        if self._i & _R_MAC_BIT:
            levels += _WITH_R_MAC
            if self._i & _R_ENC_BIT:
                levels += (_WITH_R_ENC,)
        return levels

    def _r_mac_session(self, plain: Command, messaging: CardMessaging) -> Response:
        if plain.ins == _BEGIN:
            offered = plain.p1 in (0x10, 0x30) and self._i & plain.p1 << 1 & (_R_MAC_BIT | _R_ENC_BIT) == plain.p1 << 1
            allowed = bool(offered) and messaging.begin_r_mac(plain.p1)
        else:
            allowed = messaging.end_r_mac()
        return messaging.wrap(DONE if allowed else CONDITIONS)
