# -*- test-case-name: tests.scp.test_card_scp02 -*-
"""
The handshake of SCP02, the card's side (GlobalPlatform Card Specification 2.3.1, E.1 to E.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import channel_number
from cardgw.apdu.response import Response
from cardgw.scp.card_channel import CONDITIONS, END_R_MAC, CardChannel
from cardgw.scp.card_scp02_messaging import CardScp02Messaging
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.keys import KeySet
from cardgw.scp.scp02_terms import (
    Scp02Implementation,
    card_cryptogram,
    host_cryptogram,
    pseudo_random_challenge,
    session_keys,
)

_HOST_CHALLENGE, _CARD_CHALLENGE = 8, 6
_LAST_COUNTER = 0xFFFF
_R_MAC = 0x10


@frozen
class _Begun:
    """
    Between INITIALIZE UPDATE and EXTERNAL AUTHENTICATE.
    """

    version: int
    keys: SessionKeys
    host_challenge: bytes
    counter: bytes
    challenge: bytes
    number: int


class CardScp02(CardChannel[_Begun, CardScp02Messaging]):
    """
    The secure channel of one application: see L{CardChannel}.
    """

    def __init__(
        self,
        keys: Mapping[int, KeySet],
        *,
        application: bytes,
        entropy: Callable[[int], bytes],
        implementation: int = 0x55,
        diversification: bytes = bytes(10),
        counters: dict[int, int] | None = None,
        protects_errors: bool = False,
    ) -> None:
        """
        @param keys: triple DES keys by version; the first one is that of version 0.
        @param application: its AID, of which pseudo-random challenges are made.
        @param implementation: the parameter i.
        @param diversification: the key diversification data, 10 bytes.
        @param protects_errors: put an R-MAC on errors, too.
        """
        super().__init__(keys, application, entropy, diversification, counters)
        self._form = Scp02Implementation(implementation)
        self._protects_errors = protects_errors

    def _r_mac_session(self, plain: Command, messaging: CardScp02Messaging) -> bool:
        if plain.ins == END_R_MAC:
            return messaging.end_r_mac()
        return plain.p1 == _R_MAC and messaging.begin_r_mac()

    def _host_challenge_length(self) -> int:
        return _HOST_CHALLENGE

    def _begin(self, command: Command, version: int, keys: KeySet) -> Response:
        count = self.counters.get(version, 0)
        if count > _LAST_COUNTER:
            return CONDITIONS
        counter = count.to_bytes(2, "big")
        session = session_keys(keys, counter)
        challenge = self._challenge(session)
        self._begun = _Begun(version, session, command.data, counter, challenge, channel_number(command.cla))
        proof = card_cryptogram(session.s_enc, command.data, counter, challenge)
        return Response(self._diversification + bytes((version, 0x02)) + counter + challenge + proof, 0x9000)

    def _challenge(self, session: SessionKeys) -> bytes:
        if self._form.pseudo_random:
            return pseudo_random_challenge(session.s_mac, self._application)
        return self._entropy(_CARD_CHALLENGE)

    def _messaging_of(self, begun: _Begun) -> CardScp02Messaging:
        return CardScp02Messaging(begun.keys, self._form, protects_errors=self._protects_errors)

    def _host_proof(self, begun: _Begun) -> bytes:
        return host_cryptogram(begun.keys.s_enc, begun.host_challenge, begun.counter, begun.challenge)

    def _accepted(self, begun: _Begun) -> None:
        self.counters[begun.version] = self.counters.get(begun.version, 0) + 1

    def _levels(self) -> tuple[int, ...]:
        return (0x00, 0x01, 0x03, 0x11, 0x13) if self._form.r_mac else (0x00, 0x01, 0x03)
