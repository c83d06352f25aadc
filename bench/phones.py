# -*- test-case-name: tests.functional.test_crash -*-
"""
Phones with eSTK.me cards in them, which dial in again and again, whether anybody answers or not.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.task import deferLater

from cardgw.transports.estk.wire import Tag
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_notifications import Event, Notification
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.pki import Pki
from cardgw.virtual.terminal import Manners, dial, request_frame

_MEMORY = 1 << 30
MANAGED, DOWNLOADS = 0.15, 0.75
"""So many visits are for remote management; so many for that or a download; the others for notifications."""
LONGEST_STAY = 1.0
"""Seconds after which the holder ends remote management at the latest."""
_REFUSED = 0.03
"""Seconds until a phone dials again that nobody answered."""
_BREAKS = 0.1


@define(eq=False)
class Phone:
    """
    A phone, its holder, and the eUICC.  All that the eUICC ever had is known.

    @ivar buy: gives a new activation code.
    @ivar made: all notifications that the eUICC ever made, by their bytes.
    @ivar installed: the ICCIDs of all profiles that it ever had.
    @ivar resting: whether it dials in no more by itself.
    @ivar visits: how many there were.
    """

    reactor: Any
    port: int
    card: VirtualEuicc
    dice: random.Random
    buy: Callable[[], str]
    made: dict[bytes, Notification] = field(factory=dict)
    installed: set[str] = field(factory=set)
    resting: bool = False
    visits: int = 0
    _code: str = ""
    _calls: set[Deferred[Any]] = field(factory=set)

    @property
    def identity(self) -> str:
        """
        Who the card is.
        """
        return f"eid:{self.card.eid.hex()}"

    @property
    def busy(self) -> bool:
        """
        Whether it has a connection.
        """
        return bool(self._calls)

    @property
    def pending(self) -> set[bytes]:
        """
        The notifications on the card.
        """
        return {each.raw for each in self.card.notifications}

    @property
    def lingering(self) -> set[bytes]:
        """
        Those of them that the policy of the gateway does not leave there.
        """
        return {each.raw for each in self.card.notifications if each.event is not Event.DELETE}

    async def live(self) -> None:
        """
        Dial in again and again, for this and that, until L{resting}.
        """
        while not self.resting:
            if self.dice.random() < 0.5:
                self.reset()
            request = self._wish()
            manners = Manners(delay=self.dice.choice((0.0, 0.002, 0.01, 0.03)), hang_up_at=self._end())
            while not await self.visit(request, manners) and not self.resting:
                await deferLater(self.reactor, _REFUSED)
            await deferLater(self.reactor, self.dice.random() * 0.1)

    def _wish(self) -> bytes:
        kind = self.dice.random()
        if kind < MANAGED:
            return request_frame(Tag.REMOTE_MANAGEMENT)
        return self._download() if kind < DOWNLOADS else request_frame(Tag.PROCESS_NOTIFICATION)

    def _end(self) -> int | None:
        """
        The frame at which the connection breaks, if it does.
        """
        return self.dice.randrange(60) if self.dice.random() < _BREAKS else None

    def _download(self) -> bytes:
        """
        What the holder types: a new activation code, or the last one again.
        """
        if not self._code or self.dice.random() < 0.6:
            self._code = self.buy()
        return request_frame(Tag.DOWNLOAD_PROFILE, self._code)

    def reset(self) -> None:
        """
        The phone is switched off and on.
        """
        self.card.reset()
        self._look()

    async def visit(self, request: bytes | None = None, manners: Manners | None = None) -> bool:
        """
        Dial in.

        @param request: that for notifications by default.
        @return: whether anybody answered.
        """
        frame = request_frame(Tag.PROCESS_NOTIFICATION) if request is None else request
        call = dial(
            self.reactor, TCP4ClientEndpoint(self.reactor, "127.0.0.1", self.port), self._transmit, frame, manners=manners
        )
        self._calls.add(call)
        leaving = (
            self.reactor.callLater(self.dice.random() * LONGEST_STAY, call.cancel) if frame[0] == Tag.REMOTE_MANAGEMENT else None
        )
        try:
            await call
        except ConnectError:
            return False
        except (CancelledError, ConnectingCancelledError):
            pass
        finally:
            self._calls.discard(call)
            if leaving is not None and leaving.active():
                leaving.cancel()
        self.visits += 1
        return True

    def _transmit(self, apdu: bytes) -> bytes:
        answer = self.card.transmit(apdu)
        self._look()
        return answer

    def _look(self) -> None:
        """
        Note what is new on the card.
        """
        for each in self.card.notifications:
            self.made.setdefault(each.raw, each)
        self.installed.update(each.iccid for each in self.card.profiles)


def make_card(pki: Pki, number: int, *, reloads: bool) -> VirtualEuicc:
    """
    An eUICC of this hierarchy.

    @param number: of the eUICC, see L{Pki.another_euicc}.
    @param reloads: see L{Options}.
    """
    return VirtualEuicc.from_pki(pki.another_euicc(number), options=Options(pinned=True, memory=_MEMORY, reloads=reloads))
