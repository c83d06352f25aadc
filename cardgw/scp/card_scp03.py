# -*- test-case-name: tests.scp.test_card_scp03 -*-
"""
The handshake of SCP03, the card's side (GlobalPlatform Card Specification, Amendment D 1.1.1, 5.6, 6.2.2 and 7.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import channel_number
from cardgw.apdu.response import Response
from cardgw.scp.card_channel import CONDITIONS, END_R_MAC, CardChannel
from cardgw.scp.card_messaging import CardMessaging
from cardgw.scp.families import STRICT, Family
from cardgw.scp.kdf import Constant, SessionKeys, cryptogram, pseudo_random_challenge, session_keys
from cardgw.scp.keys import KeySet
from cardgw.scp.level import Level
from cardgw.scp.primitives import Cmac

_S16_BIT, _CHALLENGE_BIT, _R_MAC_BIT, _R_ENC_BIT = 0x01, 0x10, 0x20, 0x40
_LAST_COUNTER = 0xFFFFFF
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


class CardScp03(CardChannel[_Begun, CardMessaging]):
    """
    The secure channel of one application: see L{CardChannel}.
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
        super().__init__(keys, application, entropy, diversification, counters)
        self._i = implementation
        self._family = family
        self._size = 16 if implementation & _S16_BIT else 8

    def _host_challenge_length(self) -> int:
        return self._size

    def _begin(self, command: Command, version: int, keys: KeySet) -> Response:
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

    def _messaging_of(self, begun: _Begun) -> CardMessaging:
        return CardMessaging(begun.keys, Level.C_MAC, mac_length=self._size, family=self._family)

    def _host_proof(self, begun: _Begun) -> bytes:
        return cryptogram(Cmac(begun.keys.s_mac), Constant.HOST_CRYPTOGRAM, self._size, begun.context)

    def _levels(self) -> tuple[int, ...]:
        levels: tuple[int, ...] = _OF_COMMANDS
        if self._i & _R_MAC_BIT:
            levels += _WITH_R_MAC
            if self._i & _R_ENC_BIT:
                levels += (_WITH_R_ENC,)
        return levels

    def _r_mac_session(self, plain: Command, messaging: CardMessaging) -> bool:
        if plain.ins == END_R_MAC:
            return messaging.end_r_mac()
        offered = plain.p1 in (0x10, 0x30) and self._i & plain.p1 << 1 & (_R_MAC_BIT | _R_ENC_BIT) == plain.p1 << 1
        return bool(offered) and messaging.begin_r_mac(plain.p1)
