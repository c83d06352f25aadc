# -*- test-case-name: tests.scp.test_sessions_on_channels -*-
"""
SCP11 and SCP02 as channels and without a reactor: the same as SCP03.
"""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.scp import blocking
from cardgw.scp.channel import open_session
from cardgw.scp.scp02 import scp02
from cardgw.scp.scp11 import KeysNotManageable, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.session import Handshake
from cardgw.values import ChannelInfo
from tests.scp import scp02_rig
from tests.scp.scp11_rig import card, plan

INFO = ChannelInfo("memory")
GET_STATUS = Command(0x80, 0xF2, 0x20, 0x02, b"\x4f\x00", 256)
PUT_KEY = Command(0x80, 0xD8, 0x00, 0x81, bytes(24), 256)


class _Card(Protocol):
    def answer(self, command: Command) -> Response:
        """
        One command.
        """


class Device:
    """
    A card in bytes, whose answers come in pieces.
    """

    def __init__(self, peer: _Card) -> None:
        self.peer = peer
        self.left = b""
        self.sent = 0

    def send_and_receive(self, command: bytes, /) -> bytes:
        """
        See L{blocking.Device}.
        """
        plain = Command.decode(command)
        if plain.ins == 0xC0:
            octets, status = self.left, 0x9000
        else:
            self.sent += 1
            answer = self.peer.answer(plain)
            octets, status = answer.data, answer.status
        piece, self.left = octets[:256], octets[256:]
        return piece + (b"\x61" + bytes((len(self.left) & 0xFF,)) if self.left else status.to_bytes(2, "big"))

    def is_extended_length_apdu_supported(self) -> bool:
        """
        Short commands only.
        """
        return False

    def close_connection(self) -> None:
        """
        There is none.
        """


def handshakes() -> list[tuple[_Card, Handshake]]:
    """
    Cards, and how to open sessions to them.
    """
    found: list[tuple[_Card, Handshake]] = [(card(), scp11(plan(Terms(variant)))) for variant in Variant]
    found.append((scp02_rig.Card(), scp02(scp02_rig.KEYS, implementation=0x55, application=scp02_rig.AID)))
    return found


class ChannelTests(SynchronousTestCase):
    """
    L{cardgw.scp.channel.open_session}.
    """

    def done(self, waiting: Any) -> Any:
        """
        The result of what needs no reactor.
        """
        return self.successResultOf(Deferred.fromCoroutine(waiting))

    def test_exchange(self) -> None:
        """
        Certificates come by GET RESPONSE below; commands are protected.
        """
        for peer, handshake in handshakes():
            secure = self.done(open_session(MemoryChannel(INFO, Device(peer).send_and_receive), handshake))
            (answer,) = self.successResultOf(secure.exchange(Script.of(GET_STATUS)))
            self.assertEqual(answer, Response(GET_STATUS.data, 0x9000))

    def test_policy(self) -> None:
        """
        A script with a command that manages keys is refused whole in SCP11b, before its first command, and the session goes on.
        """
        device = Device(card())
        secure = self.done(open_session(MemoryChannel(INFO, device.send_and_receive), scp11(plan(Terms(Variant.B)))))
        before = device.sent
        for pipelined in (False, True):
            script = Script(Script.of(GET_STATUS, PUT_KEY).steps, pipelined)
            self.failureResultOf(secure.exchange(script), KeysNotManageable)
        self.assertEqual(device.sent, before)
        self.assertEqual(len(self.successResultOf(secure.exchange(Script.of(GET_STATUS)))), 1)


class BlockingTests(SynchronousTestCase):
    """
    L{cardgw.scp.blocking}.
    """

    def test_exchange(self) -> None:
        """
        The same, without a reactor.
        """
        for peer, handshake in handshakes():
            secure = blocking.open_session(Device(peer), handshake)
            self.assertEqual(secure.send_and_receive(GET_STATUS.encode()), b"\x4f\x00\x90\x00")

    def test_policy(self) -> None:
        """
        Keys are not managed in SCP11b; the session goes on.
        """
        secure = blocking.open_session(Device(card()), scp11(plan(Terms(Variant.B))))
        self.assertRaises(KeysNotManageable, secure.exchange, PUT_KEY)
        self.assertEqual(secure.exchange(GET_STATUS).status, 0x9000)
