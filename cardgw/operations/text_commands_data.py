# -*- test-case-name: tests.operations.test_text_commands_data -*-
"""
C{/data}: uses up mobile data, so that a number stays alive, in message boxes full of nothing; as estkme-cloud has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.task import deferLater

from cardgw.errors import NotSupported
from cardgw.interfaces import ISession
from cardgw.operations.text_parser import Typed, number
from cardgw.values import Feature

KIB = 1024
KIB_MAX = 1024
"""Most that can be asked for (estkme-cloud, data.go)."""
FRAME_HEAD = 3
"""Bytes of a frame before its value: tag and length (the published protocol draft of eSTK.me)."""
BOX_MAX = 253
"""Most bytes in a message box: so many does estkme-cloud send here."""
NOTHING = "@"
"""A zero byte, in the GSM 7-bit default alphabet."""
BOXES_AT_ONCE = 16
"""After so many others have their turn."""


def fill(kib: int, request: str, answer: str) -> Iterator[str]:
    """
    The boxes that make a session transfer so much: the frames of the request, these boxes, the answer and the goodbye are C{kib}
    times 1024 bytes.

    @param request: what was typed; its characters are a byte each, and so are those of the C{answer}.
    """
    rest = kib * KIB - (FRAME_HEAD + len(request)) - (FRAME_HEAD + len(answer)) - FRAME_HEAD
    while rest > 0:
        frame = min(rest, FRAME_HEAD + BOX_MAX)
        if 0 < rest - frame <= FRAME_HEAD:  # the last box needs something in it
            frame -= FRAME_HEAD
        yield NOTHING * (frame - FRAME_HEAD)
        rest -= frame


async def data(session: ISession, typed: Typed) -> dict[str, Any]:
    """
    C{/data}.

    @raise WrongForm: the amount is not one.
    @raise NotSupported: this card cannot be shown anything.
    """
    kib = number(typed, 1, KIB_MAX, "KiB")
    if Feature.SHOW not in session.channel.info.offers:
        raise NotSupported(f"{session.channel.info.transport}: {Feature.SHOW.value}")
    answer = f"You used {kib} KiB data"
    session.stage("use_data", kib=kib)
    boxes = tuple(fill(kib, typed.text, answer))
    for done, box in enumerate(boxes, 1):
        await session.show(box)
        if not done % BOXES_AT_ONCE:
            session.percent(done * 100 // len(boxes))
            await deferLater(session.clock, 0)
    session.farewell(answer)
    return {"kib": kib}
