"""
A card and a host that share session keys, for the tests of L{cardgw.scp}.
"""

from __future__ import annotations

from collections.abc import Callable

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_chaining import Segments
from cardgw.scp.card_messaging import CardMessaging
from cardgw.scp.card_scp03 import CardScp03
from cardgw.scp.families import STRICT, Family
from cardgw.scp.kdf import SessionKeys, session_keys
from cardgw.scp.keys import KeySet
from cardgw.scp.level import S8, Level
from cardgw.scp.messaging import SecureMessaging
from cardgw.scp.primitives import ZERO_BLOCK
from cardgw.scp.session import Handshake, Session

AID = bytes.fromhex("A000000151000000")
KEYS = KeySet.of_aes(0x30, bytes(range(0x40, 0x50)), bytes(range(0x50, 0x60)), bytes(range(0x60, 0x70)))
CONTEXT = bytes(range(16))
GET_STATUS = Command(0x80, 0xF2, 0x20, 0x02, b"\x4f\x00", 256)
DONE = Response(b"", 0x9000)


def keys_of(size: int) -> KeySet:
    """
    Static keys of some length.
    """
    return KeySet.of_aes(0x30, *(bytes(range(start, start + size)) for start in (0, 50, 100)))


def fresh_keys(size: int = 16) -> SessionKeys:
    """
    Session keys, always the same.
    """
    return session_keys(keys_of(size), CONTEXT)


def both(
    level: Level = Level.FULL, *, mac_length: int = S8, size: int = 16, family: Family = STRICT, chain: bytes = ZERO_BLOCK
) -> tuple[SecureMessaging, CardMessaging]:
    """
    The two ends of a session that has just begun.

    @param chain: the first MAC chaining value: zeros in SCP03, a receipt in SCP11.
    """
    host = SecureMessaging(fresh_keys(size), level, mac_length=mac_length, family=family, chain=chain)
    return host, CardMessaging(fresh_keys(size), level, mac_length=mac_length, family=family, chain=chain)


def run(handshake: Handshake, answer: Callable[[Command], Response]) -> Session:
    """
    Let a handshake talk to a card that is a function.
    """
    command = next(handshake)
    try:
        while True:
            command = handshake.send(answer(command))
    except StopIteration as done:
        session: Session = done.value
        return session


class Card:
    """
    A card whose one application answers each command with its own bytes, or as it is told.

    @ivar scp: its secure channel.
    @ivar plain: the commands that came to the application.
    @ivar sent: the commands as they came.
    @ivar protected: bytes of the answers as they went.
    """

    def __init__(
        self,
        implementation: int = 0x70,
        *,
        size: int = 16,
        family: Family = STRICT,
        counters: dict[int, int] | None = None,
        chained: bool = False,
    ) -> None:
        """
        @param chained: whether it puts commands together.
        """
        self.segments = Segments() if chained else None
        self.scp = CardScp03(
            {0x30: keys_of(size)},
            application=AID,
            entropy=lambda count: bytes(range(count)),
            implementation=implementation,
            family=family,
            counters=counters,
        )
        self.plain: list[Command] = []
        self.sent: list[Command] = []
        self.protected: list[int] = []
        self.reply: Callable[[Command], Response] = lambda command: Response(command.data[:200], 0x9000)

    def __call__(self, octets: bytes) -> bytes:
        """
        For L{cardgw.apdu.memory.MemoryChannel}.
        """
        return self.answer(Command.decode(octets)).encode()

    def answer(self, command: Command) -> Response:
        """
        One command.
        """
        self.sent.append(command)
        answer = self._answer(command)
        self.protected.append(len(answer.data))
        return answer

    def _answer(self, command: Command) -> Response:
        if (command.ins, command.p1) == (0xA4, 0x04):
            self.scp.terminate()
            return DONE
        whole = command if self.segments is None else self.segments.take(command)
        plain = whole if isinstance(whole, Response) else self.scp.take(whole)
        if isinstance(plain, Response):
            return plain
        self.plain.append(plain)
        return self.scp.answer(self.reply(plain))
