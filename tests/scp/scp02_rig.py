"""
A card of SCP02 for the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_scp02 import CardScp02
from cardgw.scp.keys import KeySet
from cardgw.scp.scp02 import scp02
from cardgw.scp.scp02_messaging import Scp02Messaging
from tests.scp.rig import run

AID = bytes.fromhex("A000000003000000")
KEYS = KeySet.of_des(0x20, bytes(range(0x40, 0x50)), bytes(range(0x50, 0x60)), bytes(range(0x60, 0x70)))
DONE = Response(b"", 0x9000)


class Card:
    """
    A card whose application answers each command with its own bytes, or as it is told.

    @ivar sent: the commands as they came.
    @ivar plain: those that came to the application.
    """

    def __init__(self, implementation: int = 0x55, **options: Any) -> None:
        options.setdefault("keys", {0x20: KEYS})
        self.scp = CardScp02(
            application=AID,
            entropy=lambda count: bytes(range(count)),
            implementation=implementation,
            **options,
        )
        self.sent: list[Command] = []
        self.plain: list[Command] = []
        self.reply: Callable[[Command], Response] = lambda command: Response(command.data, 0x9000)

    def answer(self, command: Command) -> Response:
        """
        One command.
        """
        self.sent.append(command)
        plain = self.scp.take(command)
        if isinstance(plain, Response):
            return plain
        self.plain.append(plain)
        return self.scp.answer(self.reply(plain))


def open_session(card: Card, level: int, implementation: int = 0x55, **options: Any) -> Scp02Messaging:
    """
    Let the handshake talk to the card.
    """
    options.setdefault("application", AID)
    options.setdefault("keys", KEYS)
    session = run(scp02(level=level, implementation=implementation, **options), card.answer)
    assert isinstance(session, Scp02Messaging)
    return session


def exchange(session: Scp02Messaging, card: Card, command: Command) -> Response:
    """
    One command through a session.
    """
    return session.unwrap(command, card.answer(session.wrap(command)))
