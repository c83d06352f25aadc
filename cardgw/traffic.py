# -*- test-case-name: tests.test_traffic -*-
"""
APDU traffic in the log: headers, lengths and status words; the data only where the settings say C{unsafe_trace}.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.logger import Logger

from cardgw.apdu.command import Command
from cardgw.apdu.record import Recorder, redact, redact_response
from cardgw.apdu.response import Response
from cardgw.errors import ChannelError
from cardgw.interfaces import ICardChannel
from cardgw.log import TRAFFIC, rules
from cardgw.values import ChannelInfo

_log = Logger(namespace=TRAFFIC)


@define
class LogSink:
    """
    Writes what a L{Recorder} tells into the log.
    """

    info: ChannelInfo
    _log: Logger = field(default=_log)

    def command(self, command: Command) -> None:
        """
        See L{cardgw.apdu.record.Sink.command}.
        """
        shown = command.encode().hex().upper() if rules.log.unsafe_trace else redact(command)
        self._emit("{transport} {peer} > {apdu}", "command", apdu=shown)

    def answer(self, response: Response, seconds: float) -> None:
        """
        See L{cardgw.apdu.record.Sink.answer}.
        """
        shown = response.encode().hex().upper() if rules.log.unsafe_trace else redact_response(response)
        self._emit("{transport} {peer} < {apdu} ({seconds:.3f} s)", "answer", apdu=shown, seconds=round(seconds, 6))

    def lost(self, error: ChannelError) -> None:
        """
        See L{cardgw.apdu.record.Sink.lost}.
        """
        self._emit("{transport} {peer}: {reason}", "lost", reason=str(error))

    def _emit(self, form: str, event: str, **values: Any) -> None:
        self._log.info(form, event=event, transport=self.info.transport, peer=self.info.peer, **values)


def record(channel: ICardChannel, clock: Any) -> ICardChannel:
    """
    The channel, with its traffic in the log.

    @param clock: C{IReactorTime}.
    """
    return Recorder(channel, LogSink(channel.info), clock)
