# -*- test-case-name: tests.apdu.test_base -*-
"""
What all channels have in common: turns, holding, and being gone.  L{ChannelBase} for transports, L{ChannelDecorator} for what
stands on another channel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.python.failure import Failure
from zope.interface import implementer

from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.apdu.turns import Turns
from cardgw.errors import ChannelClosed, ChannelError, NotSupported
from cardgw.interfaces import ICardChannel
from cardgw.values import ChannelInfo, Feature, Reset

Watch: TypeAlias = Callable[[Response], object] | None
Answers: TypeAlias = tuple[Response, ...]


@implementer(ICardChannel)
class ChannelBase:
    """
    A channel that still has to say how it runs a script.  Subclasses

      1. define C{_run}; it may raise, and what C{watch} raises must become the failure of that script alone;
      2. define C{_show} if C{info.offers} has C{Feature.SHOW}, and C{_reset} if there are C{info.resets};
      3. may define C{_hold}, C{_release} and C{_close};
      4. end the running script themselves when the card is lost, and call C{_lost} then.
    """

    def __init__(self, info: ChannelInfo) -> None:
        self.info = info
        self._turn = Turns()
        self._holder = Turns()
        self._waiting: list[Deferred[ChannelError | None]] = []
        self._gone = False
        self._reason: ChannelError | None = None

    def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
        """
        See L{ICardChannel.exchange}.
        """
        return self._turn.run(self._in_turn, script, watch)

    def _in_turn(self, script: Script, watch: Watch) -> Deferred[Answers]:
        if self._gone:
            return fail(self._closed())
        return self._run(script, watch)

    def hold(self) -> Deferred[None]:
        """
        See L{ICardChannel.hold}.
        """
        return self._holder.acquire().addCallback(lambda _: self._held())

    def _held(self) -> Deferred[None]:
        if self._gone:
            self._holder.release()
            return fail(self._closed())
        return maybeDeferred(self._hold).addErrback(self._not_held)

    def _not_held(self, failure: Failure) -> Failure:
        if not self._gone:
            self._holder.release()
        return failure

    def release(self) -> None:
        """
        See L{ICardChannel.release}.
        """
        if self._holder.locked and not self._gone:
            try:
                self._release()
            finally:
                if not self._gone:
                    self._holder.release()

    def show(self, text: str) -> Deferred[None]:
        """
        See L{ICardChannel.show}.
        """
        if Feature.SHOW not in self.info.offers:
            return fail(NotSupported(f"{self.info.transport}: {Feature.SHOW.value}"))
        return fail(self._closed()) if self._gone else maybeDeferred(self._show, text)

    def reset(self, kind: Reset) -> Deferred[None]:
        """
        See L{ICardChannel.reset}.
        """
        if kind not in self.info.resets:
            return fail(NotSupported(f"{self.info.transport}: {kind.value}"))
        return fail(self._closed()) if self._gone else maybeDeferred(self._reset, kind)

    def close(self, reason: ChannelError | None = None) -> Deferred[None]:
        """
        See L{ICardChannel.close}.
        """
        gone: Deferred[None] = self.when_gone().addCallback(lambda _: None)
        if not self._gone:
            self._close(reason)
        return gone

    def when_gone(self) -> Deferred[ChannelError | None]:
        """
        See L{ICardChannel.when_gone}.
        """
        if self._gone:
            return succeed(self._reason)
        waiting: Deferred[ChannelError | None] = Deferred(self._forget)
        self._waiting.append(waiting)
        return waiting

    def _forget(self, waiting: Deferred[ChannelError | None]) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def _lost(self, reason: ChannelError | None = None) -> None:
        if self._gone:
            return
        self._gone, self._reason = True, reason
        if self._holder.locked:
            self._holder.release()
        while self._waiting:
            self._waiting.pop(0).callback(reason)

    def _closed(self) -> ChannelError:
        return self._reason.during((), 0) if self._reason is not None else ChannelClosed()

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        raise NotImplementedError

    def _hold(self) -> Deferred[None]:
        return succeed(None)

    def _release(self) -> None:
        return None

    def _show(self, text: str) -> Deferred[None]:
        raise NotImplementedError

    def _reset(self, kind: Reset) -> Deferred[None]:
        raise NotImplementedError

    def _close(self, reason: ChannelError | None) -> None:
        self._lost(reason)


@implementer(ICardChannel)
class ChannelDecorator:
    """
    A channel on another channel.  Subclasses override L{exchange}, most often nothing else.

    @ivar channel: the one below.
    """

    def __init__(self, channel: ICardChannel) -> None:
        self.channel = channel

    @property
    def info(self) -> ChannelInfo:
        """
        See L{ICardChannel}.
        """
        return self.channel.info

    def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
        """
        See L{ICardChannel.exchange}.
        """
        return self.channel.exchange(script, watch)

    def hold(self) -> Deferred[None]:
        """
        See L{ICardChannel.hold}.
        """
        return self.channel.hold()

    def release(self) -> None:
        """
        See L{ICardChannel.release}.
        """
        self.channel.release()

    def show(self, text: str) -> Deferred[None]:
        """
        See L{ICardChannel.show}.
        """
        return self.channel.show(text)

    def reset(self, kind: Reset) -> Deferred[None]:
        """
        See L{ICardChannel.reset}.
        """
        return self.channel.reset(kind)

    def close(self, reason: ChannelError | None = None) -> Deferred[None]:
        """
        See L{ICardChannel.close}.
        """
        return self.channel.close(reason)

    def when_gone(self) -> Deferred[ChannelError | None]:
        """
        See L{ICardChannel.when_gone}.
        """
        return self.channel.when_gone()
