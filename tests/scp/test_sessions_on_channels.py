# -*- test-case-name: tests.scp.test_sessions_on_channels -*-
"""
All protocols as channels and without a reactor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.scp import blocking, channel
from cardgw.scp.curves import encode_point
from cardgw.scp.errors import SecureSessionOver
from cardgw.scp.level import Level
from cardgw.scp.messaging import begin_r_mac, end_r_mac
from cardgw.scp.scp11 import KeysNotManageable
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.values import ChannelInfo
from tests.scp import rig, scp02_rig
from tests.scp.rig import GET_STATUS
from tests.scp.scp11_rig import card, plan, private_key

INFO = ChannelInfo("memory")
PUT_KEY = Command(0x80, 0xD8, 0x00, 0x81, bytes(24), 256)


class _Card(Protocol):
    def answer(self, command: Command) -> Response:
        """
        One command.
        """


class Device:
    """
    A card in bytes, whose answers come in pieces.

    @ivar sent: how many commands came, besides GET RESPONSE.
    @ivar octets: all of them.
    @ivar last: the last one.
    """

    def __init__(self, peer: _Card) -> None:
        self.peer = peer
        self.left = b""
        self.sent = 0
        self.octets = b""
        self.last = GET_STATUS

    def send_and_receive(self, command: bytes, /) -> bytes:
        """
        See L{blocking.Device}.
        """
        plain = Command.decode(command)
        if plain.ins == 0xC0:
            octets, status = self.left, 0x9000
        else:
            self.sent += 1
            self.last = plain
            self.octets += command
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


def peers() -> list[tuple[_Card, Callable[[Any, Any], Any]]]:
    """
    Cards, and how to open sessions to them with one of the two modules.
    """

    def scp11(variant: Variant) -> Callable[[Any, Any], Any]:
        return lambda module, below: module.open_scp11(below, plan(Terms(variant)))

    found: list[tuple[_Card, Callable[[Any, Any], Any]]] = [(card(), scp11(variant)) for variant in Variant]
    found.append(
        (
            scp02_rig.Card(),
            lambda module, below: module.open_scp02(below, scp02_rig.KEYS, implementation=0x55, application=scp02_rig.AID),
        )
    )
    found.append((rig.Card(), lambda module, below: module.open_scp03(below, rig.keys_of(16), application=rig.AID)))
    return found


class ChannelTests(SynchronousTestCase):
    """
    L{cardgw.scp.channel}.
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
        for peer, opening in peers():
            secure = self.done(opening(channel, MemoryChannel(INFO, Device(peer).send_and_receive)))
            (answer,) = self.successResultOf(secure.exchange(Script.of(GET_STATUS)))
            self.assertEqual(answer, Response(GET_STATUS.data, 0x9000))

    def test_policy(self) -> None:
        """
        A script with a command that manages keys is refused whole in SCP11b, before its first command, and the session goes on.
        """
        device = Device(card())
        secure = self.done(channel.open_scp11(MemoryChannel(INFO, device.send_and_receive), plan(Terms(Variant.B))))
        before = device.sent
        for pipelined in (False, True):
            script = Script(Script.of(GET_STATUS, PUT_KEY).steps, pipelined)
            self.failureResultOf(secure.exchange(script), KeysNotManageable)
        self.assertEqual(device.sent, before)
        self.assertEqual(len(self.successResultOf(secure.exchange(Script.of(GET_STATUS)))), 1)

    def test_randomness(self) -> None:
        """
        The ephemeral key of the host may be given, and so its challenges.
        """
        device = Device(card())
        below = MemoryChannel(INFO, device.send_and_receive)
        self.done(channel.open_scp11(below, plan(Terms(Variant.A)), make_key=lambda _: private_key("known")))
        self.assertIn(encode_point(private_key("known").public_key()), device.octets)
        for peer, opening in (
            (rig.Card(), partial(channel.open_scp03, keys=rig.keys_of(16), application=rig.AID)),
            (scp02_rig.Card(), partial(channel.open_scp02, keys=scp02_rig.KEYS, implementation=0x55, application=scp02_rig.AID)),
        ):
            device = Device(peer)
            below = MemoryChannel(INFO, device.send_and_receive)
            self.done(opening(below, entropy=lambda size: b"\xa5" * size))
            self.assertIn(b"\xa5" * 8, device.octets)


class RMacSessionTests(SynchronousTestCase):
    """
    BEGIN and END R-MAC SESSION through a channel, and without a reactor.
    """

    COMMANDS = (begin_r_mac(Level.R_MAC | Level.R_ENCRYPTION), GET_STATUS, end_r_mac(), GET_STATUS)

    def check(self, peer: rig.Card, answers: Sequence[Response]) -> None:
        """
        All four were understood, and what came back was as long as it had to be.
        """
        data = GET_STATUS.data
        self.assertEqual([(each.data, each.status) for each in answers], [(each, 0x9000) for each in (b"", data, b"", data)])
        self.assertEqual(peer.protected, [0, 24, 8, 2])

    def test_channel(self) -> None:
        """
        One by one, and pipelined.
        """
        for pipelined in (False, True):
            peer = rig.Card()
            below = MemoryChannel(INFO, peer, burst=9)
            opening = channel.open_scp03(below, rig.keys_of(16), 0x03, application=rig.AID)
            secure = self.successResultOf(Deferred.fromCoroutine(opening))
            peer.protected.clear()
            answers = self.successResultOf(secure.exchange(Script(tuple(Step(each) for each in self.COMMANDS), pipelined)))
            self.check(peer, answers)
            self.assertEqual((secure.level, secure.over), (0x03, ""))

    def test_blocking(self) -> None:
        """
        Without a reactor.
        """
        peer = rig.Card()
        secure = blocking.open_scp03(Device(peer), rig.keys_of(16), 0x03, application=rig.AID)
        peer.protected.clear()
        self.check(peer, [secure.exchange(each) for each in self.COMMANDS])


class BlockingTests(SynchronousTestCase):
    """
    L{cardgw.scp.blocking}.
    """

    def test_exchange(self) -> None:
        """
        The same, without a reactor.
        """
        for peer, opening in peers():
            secure = opening(blocking, Device(peer))
            self.assertEqual(secure.send_and_receive(GET_STATUS.encode()), b"\x4f\x00\x90\x00")

    def test_policy(self) -> None:
        """
        Keys are not managed in SCP11b; the session goes on.
        """
        secure = blocking.open_scp11(Device(card()), plan(Terms(Variant.B)))
        self.assertRaises(KeysNotManageable, secure.exchange, PUT_KEY)
        self.assertEqual(secure.exchange(GET_STATUS).status, 0x9000)

    def test_ended(self) -> None:
        """
        SELECT and the end of the logical channel end every kind of session; nothing is sent after them.
        """
        for command in (Command(0x00, 0xA4, 0x04, 0x00, rig.AID, 256), Command(0x00, 0x70, 0x80, 0x01)):
            for peer, opening in peers():
                device = Device(peer)
                secure = opening(blocking, device)
                secure.exchange(command)
                before = device.sent
                self.assertRaises(SecureSessionOver, secure.exchange, GET_STATUS)
                self.assertEqual((device.sent, device.last), (before, command))
