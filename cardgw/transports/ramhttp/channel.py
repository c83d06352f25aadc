# -*- test-case-name: tests.transports.ramhttp.test_channel,tests.transports.ramhttp.test_channel_contract -*-
"""
A card to which commands go in templates, many at once, as L{cardgw.interfaces.ICardChannel}: for all dialects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from cardgw.apdu.base import ChannelBase
from cardgw.errors import ChannelError


class Carrier(Protocol):
    """
    Takes templates to the card and brings back what it answered; one template at a time.
    """

    def send(self, commands: Sequence[bytes], seconds: float) -> Deferred[tuple[bytes, ...]]:
        """
        Send one template as soon as the card's side asks for something to do.

        @param commands: C-APDUs, at least one.
        @param seconds: how long the card may take for them, from the moment when they have gone out.
        @return: its R-APDUs, one for each command that the card answered, in order.
        @raise ChannelError: (as failure) the card is lost; C{responses} are the answers that came to this template, and
            C{unanswered} how many more of its commands may have reached the card (none while it had not gone out).
        """

    def withdraw(self) -> None:
        """
        Take the template back if it has not gone out yet: its C{Deferred} fails with C{CancelledError}, now.  One that has gone
        out is not touched.
        """

    def leave(self, reason: ChannelError | None) -> None:
        """
        Say goodbye.  A template that was given to L{send} fails at once, with this reason (or C{ChannelClosed}) and its counts.
        When all is over, L{TemplateChannel.gone} is called.
        """


class TemplateChannel(ChannelBase):
    """
    See L{cardgw.interfaces.ICardChannel}.  Work in progress of scripts is by templates, planned by
    L{cardgw.transports.ramhttp.plan}.
    """

    def gone(self, reason: ChannelError | None) -> None:
        """
        All is over.

        @param reason: what those who wait for the end are told.
        """
        raise NotImplementedError
