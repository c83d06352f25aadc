# -*- test-case-name: tests.operations.test_text_command -*-
"""
What the tests of text commands share: typing one on a card.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.operations.text_command import TextCommand
from cardgw.testing import session_for
from cardgw.transports.estk import gsm7
from cardgw.values import CardRequest
from tests.lpa.world import World


def type_in(world: World, text: str, *, by_holder: bool = True, **settings: Any) -> Deferred[dict[str, Any]]:
    """
    Run a text command in the session of a world.

    @param by_holder: the card has asked for it; otherwise somebody else has.
    """
    request = CardRequest("command", text) if by_holder else None
    wire = world.wire
    wire.info = evolve(wire.info, request=request)
    operation = TextCommand()
    fresh = session_for(operation, world.session.channel, {"text": text}, settings)
    world.session.parameters, world.session.settings = fresh.parameters, fresh.settings
    return Deferred.fromCoroutine(operation.run(world.session))


def boxes(text: str) -> list[str]:
    """
    What a card holder reads, box by box.
    """
    return [gsm7.decode(each) for each in gsm7.boxes(text)]
