# -*- test-case-name: tests.operations.test_text_command -*-
"""
Tests for L{cardgw.operations.text_command}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.fields import options
from cardgw.lpa.isdr import ISD_R
from cardgw.operations.text_command import HELP, TextCommand
from cardgw.operations.text_parser import FORMS, UnknownCommand
from cardgw.testing import FakeSession, KnowingCard, OperationTestsMixin, session_for
from cardgw.values import ChannelInfo, Feature
from cardgw.virtual.euicc_options import Delivery
from tests.lpa.card import BOUND
from tests.lpa.switching import TwoProfiles
from tests.operations.text_commands import boxes, type_in


class TextCommandTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{card.command} is an operation.
    """

    command = "/enable 2"

    def make_operation(self) -> TextCommand:
        """
        See L{OperationTestsMixin}.
        """
        return TextCommand()

    def make_card(self) -> Any:
        """
        See L{OperationTestsMixin}.
        """
        self.world = TwoProfiles(delivery=Delivery.WHOLE)
        return self.world.card.transmit

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return {"text": self.command}

    def prepare(self, session: FakeSession) -> None:
        """
        See L{OperationTestsMixin}.
        """
        session.http = self.world.http


class ProfilesTests(TextCommandTests):
    """
    So it is with another command.
    """

    command = "/profiles"


class RunTests(SynchronousTestCase):
    """
    What it does itself.
    """

    def test_help(self) -> None:
        """
        C{/help} shows all commands in one box, without a command to the card.
        """
        world = TwoProfiles(BOUND)
        self.assertEqual(self.successResultOf(type_in(world, "/HELP")), {"command": "help"})
        (box,) = boxes(world.session.farewells[-1])
        self.assertEqual(box, HELP)
        for name, form in FORMS.items():
            self.assertEqual(form in box, name != "help", form)
        self.assertEqual(world.wire.sent, [])

    def test_data(self) -> None:
        """
        C{/data} does not bother the card either: each command would count.
        """
        card = KnowingCard({})
        channel = MemoryChannel(ChannelInfo("memory", application=ISD_R, offers=frozenset({Feature.SHOW})), card)
        session = session_for(TextCommand(), channel, {"text": "/data 1"})
        running = Deferred.fromCoroutine(TextCommand().run(session))
        self.assertEqual(self.successResultOf(running), {"command": "data", "kib": 1})
        self.assertEqual((len(session.shown), session.farewells), (4, ["You used 1 KiB data"]))

    def test_unknown(self) -> None:
        """
        What is no command is refused before anything is sent.
        """
        world = TwoProfiles(BOUND)
        self.failureResultOf(type_in(world, "/format"), UnknownCommand)
        self.assertEqual(world.wire.sent, [])

    def test_parameter(self) -> None:
        """
        The text is what the holder typed.
        """
        self.assertEqual([each.name for each in options(TextCommand.parameters) if each.from_request], ["text"])
