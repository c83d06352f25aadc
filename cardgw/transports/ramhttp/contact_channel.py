# -*- test-case-name: tests.transports.ramhttp.test_contact_channel,tests.transports.ramhttp.test_channel_contract -*-
"""
The card of a client that speaks the dialect of CardContact: it can be shown texts, and be reset.
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.python.failure import Failure

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import BASIC, INS_MANAGE_CHANNEL, channel_number
from cardgw.apdu.script import Step
from cardgw.errors import ChannelClosed, ChannelError, NotSupported, PeerMisbehaved
from cardgw.transports.ramhttp.channel import Patience, TemplateChannel
from cardgw.transports.ramhttp.session import ContactSession
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.traits import Traits, channel_info, limits_of
from cardgw.transports.ramhttp.wire import Initiation
from cardgw.values import CardRequest, Reset

_RESETTING = (Step(Command(0, 0)),)
"""Stands for a reset where the steps of a template would be."""


class ContactChannel(TemplateChannel):
    """
    See L{cardgw.interfaces.ICardChannel}.
    """

    def __init__(
        self, session: ContactSession, initiation: Initiation, traits: Traits, settings: RamHttpSettings, request: CardRequest
    ) -> None:
        """
        @raise ValueError: what its side has said first cannot be true.
        """
        info = channel_info(session.peer, initiation, traits, settings, request)
        patience = Patience(settings.apdu_timeout, settings.slow_timeout)
        super().__init__(info, session, limits_of(info, traits, settings), patience, session.seconds)
        self._initiation = initiation
        self._traits = traits
        self._settings = settings
        self._resetting: Deferred[None] | None = None

    def _refuse_unfit(self, step: Step) -> None:
        command = step.command
        if self._traits.basic_channel and (command.ins == INS_MANAGE_CHANNEL or channel_number(command.cla) != BASIC):
            raise NotSupported("ramhttp: this client ends when it is to use a logical channel")
        super()._refuse_unfit(step)

    def _forecast(self, seconds: float) -> None:
        self._carrier.forecast(seconds)

    def _show(self, text: str) -> Deferred[None]:
        shown: Deferred[None] = self._carrier.show(text)
        return shown

    def _reset(self, kind: Reset) -> Deferred[None]:
        return self._turn.run(self._reset_now)

    def _reset_now(self) -> Deferred[None]:
        if self._leaving:
            return fail(self._closed())
        resetting = self._resetting = Deferred(self._reset_cancelled)
        self._when_free(self._send_reset)
        return resetting

    def _send_reset(self) -> None:
        self._out = _RESETTING
        ordered: Deferred[tuple[bytes, ...]] = self._carrier.reset(self._settings.apdu_timeout)
        ordered.addCallbacks(self._was_reset, self._not_reset)

    def _reset_cancelled(self, resetting: Deferred[None]) -> None:
        if resetting is self._resetting:
            self._resetting = self._after = None
            if self._out:
                self._stale = True
                self._carrier.withdraw()
        resetting.errback(CancelledError())

    def _was_reset(self, atrs: tuple[bytes, ...]) -> None:
        self._initiation = evolve(self._initiation, atr=atrs[0])
        request = self.info.request or CardRequest("")
        try:
            self.info = channel_info(self.info.peer, self._initiation, self._traits, self._settings, request)
        except ValueError as problem:
            self._back()
            self._close(PeerMisbehaved(str(problem)))
            return
        self.limits = limits_of(self.info, self._traits, self._settings)
        if self._back():
            self._tell_reset(None)

    def _not_reset(self, failure: Failure) -> None:
        if self._back():
            self._tell_reset(failure)

    def _tell_reset(self, result: Failure | None) -> None:
        resetting, self._resetting = self._resetting, None
        if resetting is not None:
            resetting.callback(result)

    def _interrupt(self, reason: ChannelError | None) -> None:
        super()._interrupt(reason)
        self._tell_reset(Failure((reason or ChannelClosed()).during((), 0)))
