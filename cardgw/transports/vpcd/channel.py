# -*- test-case-name: tests.transports.vpcd.test_channel -*-
"""
The card at the other end of a connection, as L{cardgw.interfaces.ICardChannel}.  APDUs go over the wire one at a time.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail

from cardgw.apdu.atr import CONVENTIONS, MAX_LENGTH, Atr
from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.command import SHORT_COMMAND, SHORT_RESPONSE
from cardgw.apdu.lockstep import LockstepChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelClosed, ChannelError, NotSupported, PeerLost, PeerMisbehaved
from cardgw.transports.vpcd.line import Line
from cardgw.transports.vpcd.settings import AUTO, YES, VpcdSettings
from cardgw.transports.vpcd.wire import BODY_MAX, Control, control, encode
from cardgw.values import ARRIVAL, CardRequest, ChannelInfo, Feature, Reset

RESETS = {
    Reset.COLD: control(Control.POWER_OFF, Control.POWER_ON, Control.GET_ATR),
    Reset.WARM: control(Control.RESET, Control.GET_ATR),
}


def channel_info(peer: str, atr: bytes, settings: VpcdSettings) -> ChannelInfo:
    """
    What such a card's channel is.  Logical channels are offered unless the ATR says that there are none.

    @param peer: C{address:port}.
    @raise PeerMisbehaved: the ATR cannot be one.  Where it only contradicts itself, it says nothing.
    """
    if not 2 <= len(atr) <= MAX_LENGTH or atr[0] not in CONVENTIONS:
        raise PeerMisbehaved(f"{atr[:MAX_LENGTH].hex().upper()} is no answer to reset")
    try:
        parsed = Atr.decode(atr)
    except ValueError:
        parsed = Atr(atr, (0,), b"")
    extended = settings.extended_length == YES or (settings.extended_length == AUTO and bool(parsed.extended_length))
    offers = {Feature.SELECT: True, Feature.LOGICAL_CHANNELS: parsed.channels != 1, Feature.EXTENDED_LENGTH: extended}
    return ChannelInfo(
        transport="vpcd",
        peer=peer,
        atr=atr,
        offers=frozenset(each for each, offered in offers.items() if offered),
        resets=frozenset(RESETS),
        request=CardRequest(ARRIVAL),
        max_command=BODY_MAX if extended else SHORT_COMMAND,
        max_response=BODY_MAX if extended else SHORT_RESPONSE,
    )


class VpcdChannel(LockstepChannel):
    """
    See L{cardgw.interfaces.ICardChannel}.
    """

    def __init__(self, info: ChannelInfo, line: Line, settings: VpcdSettings) -> None:
        super().__init__(info)
        self._line = line
        self._settings = settings
        self._off = False
        self._ending: ChannelError | None = None
        self._resetting: Deferred[None] | None = None

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        if self._is_over():
            return fail(self._closed())
        if any(step.command.is_extended and not self._fits(step) for step in script.steps):
            return fail(NotSupported(f"vpcd: commands of more than {self.info.max_command} bytes"))
        return super()._run(script, watch)

    def _fits(self, step: Step) -> bool:
        return Feature.EXTENDED_LENGTH in self.info.offers and len(step.command.encode()) <= self.info.max_command

    def _is_over(self) -> bool:
        return self._off or self._line.leaving

    def _transmit(self, step: Step) -> None:
        limit = self._settings.slow_timeout if step.slow else self._settings.apdu_timeout
        self._line.ask(encode(step.command.encode()), limit, "the answer to a command", self._answered)

    def _rest(self) -> None:
        self._line.rest()

    def _answered(self, octets: bytes) -> None:
        if self._off:
            return
        if not octets:
            self._close(PeerLost("there is no answer to a command"))
        elif not 2 <= len(octets) <= self.info.max_response:
            self._close(PeerMisbehaved(f"an answer of {len(octets)} bytes; it has 2 to {self.info.max_response}"))
        else:
            self._came(Response(octets[:-2], octets[-2] << 8 | octets[-1]))

    def _reset(self, kind: Reset) -> Deferred[None]:
        return self._turn.run(self._reset_now, kind)

    def _reset_now(self, kind: Reset) -> Deferred[None]:
        if self._is_over():
            return fail(self._closed())
        resetting = self._resetting = Deferred()
        self._line.ask(RESETS[kind], self._settings.apdu_timeout, "the answer to a reset", self._started)
        return resetting

    def _started(self, atr: bytes) -> None:
        if self._off:
            return
        if not atr:
            self._close(PeerLost("there is no answer to a reset"))
            return
        try:
            self.info = channel_info(self.info.peer, atr, self._settings)
        except PeerMisbehaved as error:
            self._close(error.with_traceback(None))
            return
        self._line.rest()
        resetting, self._resetting = self._resetting, None
        if resetting is not None:
            resetting.callback(None)

    def _interrupt(self, reason: ChannelError) -> None:
        super()._interrupt(reason)
        resetting, self._resetting = self._resetting, None
        if resetting is not None:
            resetting.errback(reason.during((), 0))

    def _close(self, reason: ChannelError | None) -> None:
        if self._is_over():
            return
        self._ending = reason
        self._line.depart()
        self._interrupt(reason or ChannelClosed())

    def _closed(self) -> ChannelError:
        reason = self._reason or self._ending
        return reason.during((), 0) if reason is not None else ChannelClosed()

    def gone(self, reason: ChannelError | None) -> ChannelError | None:
        """
        The card is gone, and perhaps its connection, too.

        @param reason: why, where nobody has closed it from this side.
        @return: what those who wait for the end are told.
        """
        if self._line.leaving:
            reason = self._ending
        self._ending, self._off = reason, True
        self._interrupt(reason or ChannelClosed())
        self._lost(reason)
        return reason
