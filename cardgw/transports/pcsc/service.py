# -*- test-case-name: tests.transports.pcsc.test_service -*-
"""
The transport plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.connections.service import Drain
from cardgw.errors import ChannelError
from cardgw.interfaces import IGateway, ITransport
from cardgw.transports.pcsc.board import Change, What
from cardgw.transports.pcsc.calls import Calling, Calls
from cardgw.transports.pcsc.driver import Driver, scard_driver
from cardgw.transports.pcsc.errors import CardTakenOut, PcscStopped, ReaderUnplugged
from cardgw.transports.pcsc.monitor import Monitor
from cardgw.transports.pcsc.selectors import Seen, Selection
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.slot import Hall, Slot
from cardgw.values import ARRIVALS

_log = Logger()


@implementer(IPlugin, ITransport)
class PcscTransport:
    """
    See L{ITransport}.

    @param driver: gives the calls of PC/SC.
    """

    name = "pcsc"
    summary = "cards in readers of this machine (PC/SC)"
    settings: Any = PcscSettings
    requests: Mapping[str, str] = ARRIVALS

    def __init__(self, driver: Callable[[], Driver] = scard_driver) -> None:
        self._driver = driver

    def make_service(self, settings: PcscSettings, gateway: IGateway) -> IService:
        """
        See L{ITransport.make_service}.
        """
        service: IService = PcscService(Hall(self._driver(), settings, gateway))
        return service


class PcscService(Service):
    """
    Knows the readers, and gives what happens at each to its L{Slot}.

    @ivar hall: what the readers have in common.
    @param make_calls: starts a thread of a name, by which readers are watched.
    """

    name = "pcsc"

    def __init__(self, hall: Hall, make_calls: Callable[[str], Calling] | None = None) -> None:
        self.hall = hall
        self._reactor = hall.gateway.reactor
        settings = hall.settings
        self._selection = Selection(settings.readers, settings.ignore, settings.names)
        self._monitor = Monitor(hall.driver, make_calls or self._calls, self._reactor, settings.retry, self)
        self._drain = Drain(self._reactor, hall.crowd, settings.grace, "readers")
        self._slots: dict[str, Slot] = {}

    def _calls(self, name: str) -> Calling:
        return Calls(self._reactor, name)

    @property
    def problem(self) -> str:
        """
        Why no card can be reached now; empty where they can.
        """
        return self._monitor.problem

    def startService(self) -> None:
        """
        See L{IService.startService}.
        """
        Service.startService(self)
        self._monitor.start()

    def stopService(self) -> Deferred[None]:
        """
        Let cards go (see L{Drain}); then watch the readers no more.

        @return: C{Deferred[None]}, when all cards are let go, and the threads have ended that can.
        """
        Service.stopService(self)
        return self._drain.begin().addCallback(lambda _: Deferred.fromCoroutine(self._monitor.stop()))

    def changed(self, changes: list[Change]) -> None:
        """
        See L{Listener<cardgw.transports.pcsc.monitor.Listener>}.
        """
        for change in changes:
            slot = self._slots.get(change.reader.name)
            if slot is not None:
                self._at(slot, change)
            elif change.what is What.READER_HERE and not self.hall.crowd.stopping:
                self._reader_here(change.reader)

    def _reader_here(self, reader: Seen) -> None:
        called = self._selection.called(reader)
        self._slots[reader.name] = Slot(self.hall, reader.name)
        _log.info("{reader}: a reader is here", event="reader-here", reader=called, name=reader.name)

    def _at(self, slot: Slot, change: Change) -> None:
        reader = change.reader
        if change.what is What.CARD_IN:
            self._card_in(slot, reader)
        elif change.what is What.CARD_OUT:
            slot.removed(CardTakenOut(self._selection.called(reader)))
            self._selection.forget(reader.name, card=True)
        elif change.what is What.FREE:
            self._free(slot, reader)
        else:
            called = self._selection.called(reader)
            _log.info("{reader}: the reader is gone", event="reader-gone", reader=called, name=reader.name)
            self._gone(reader.name, ReaderUnplugged(called))

    def _card_in(self, slot: Slot, reader: Seen) -> None:
        called = self._selection.called(reader)
        if self._selection.wants(reader):
            slot.inserted(called)
        else:
            fmt = "{reader}: its card is left to other programs, as [transports.pcsc] has it"
            _log.info(fmt, event="card-left-alone", reader=called)

    def _free(self, slot: Slot, reader: Seen) -> None:
        """
        A card that was mute has told its answer to reset only now, so it may be another one's than it seemed.
        """
        if not self._selection.wants(reader):
            return
        if slot.taken:
            slot.freed()
        else:
            slot.inserted(self._selection.called(reader))

    def _gone(self, name: str, reason: ChannelError) -> None:
        self._selection.forget(name)
        self._slots.pop(name).gone(reason)

    def service_lost(self) -> None:
        """
        See L{Listener<cardgw.transports.pcsc.monitor.Listener>}.
        """
        for name in list(self._slots):
            self._gone(name, PcscStopped())
