# -*- test-case-name: tests.cli.test_touch_reader -*-
"""
A card in a reader of this machine, for one command of its own: without a gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cardgw.cli.errors import EmptyReader, NoCard
from cardgw.errors import ChannelError, ParameterError
from cardgw.transports.pcsc.board import Change, What
from cardgw.transports.pcsc.calls import Calling, Calls
from cardgw.transports.pcsc.channel import PcscChannel, open_card
from cardgw.transports.pcsc.driver import Driver
from cardgw.transports.pcsc.errors import CardTakenOut, PcscStopped, ReaderUnplugged
from cardgw.transports.pcsc.inquiry import CARD, EXCLUSIVE, MUTE, Found
from cardgw.transports.pcsc.monitor import Monitor
from cardgw.transports.pcsc.place import Place
from cardgw.transports.pcsc.selectors import matches, well_formed
from cardgw.transports.pcsc.settings import LEAVE, RESET, PcscSettings
from cardgw.transports.pcsc.worker import Hand, ThreadHand, Worker

_WITH_CARD = (CARD, MUTE, EXCLUSIVE)


def meant(found: Sequence[Found], selector: str) -> list[Found]:
    """
    The readers that a selector means: the one that is called so, or else those whose names begin so, or else what it means in
    settings (L{cardgw.transports.pcsc.selectors}).

    @raise ParameterError: it is none.
    """
    try:
        well_formed(selector)
    except ValueError as problem:
        raise ParameterError(f"-r: {problem}") from None
    called = [each for each in found if each.reader.name == selector]
    begun = [each for each in found if each.reader.name.startswith(selector) and not selector.isdecimal()]
    return called or begun or [each for each in found if matches(selector, each.reader)]


def chosen(found: Sequence[Found], selector: str) -> str:
    """
    The name of the reader whose card is meant.

    @param found: all readers.
    @param selector: empty for the only card that there is.
    @raise NoCard: there is none, or more than one.
    """
    readers = meant(found, selector) if selector else list(found)
    if not readers:
        raise EmptyReader(f"no reader is {selector}" if selector else "there is no reader")
    cards = [each.reader.name for each in readers if each.state in _WITH_CARD]
    if not cards:
        raise EmptyReader(", ".join(each.reader.name for each in readers))
    if len(cards) > 1:
        raise NoCard(f"there are cards in {' and '.join(cards)}", hint="-r says which reader is meant.")
    return cards[0]


class LocalReader:
    """
    One reader, from opening its card to leaving it.  It is also the listener of a L{Monitor}: a card that is taken out is noticed
    while nothing is asked of it, too.
    """

    def __init__(
        self,
        driver: Driver,
        reactor: Any,
        name: str,
        *,
        reset: bool = True,
        hand: Callable[[str], Hand] = ThreadHand,
        make_calls: Callable[[str], Calling] | None = None,
    ) -> None:
        """
        @param name: its PC/SC name.
        @param reset: the card is reset in the end.
        """
        settings = PcscSettings(close=RESET if reset else LEAVE)
        self.channel: PcscChannel | None = None
        self._name = name
        self._worker = Worker(reactor, name, hand)
        self._place = Place(driver, name, name, settings, self._worker, reactor, {})
        self._monitor = Monitor(driver, make_calls or (lambda each: Calls(reactor, each)), reactor, settings.retry, self)

    async def open(self) -> PcscChannel:
        """
        Connect to the card.

        @raise ChannelError: one of L{cardgw.transports.pcsc.errors}.
        """
        self.channel = await open_card(self._place)
        self._monitor.start()
        return self.channel

    async def close(self) -> None:
        """
        Leave the card.
        """
        if self.channel is not None:
            await self.channel.close()
            await self._monitor.stop()
        self._worker.end()

    def changed(self, changes: list[Change]) -> None:
        """
        See L{cardgw.transports.pcsc.monitor.Listener}.
        """
        for change in changes:
            if change.reader.name == self._name and change.what is What.CARD_OUT:
                self._gone(CardTakenOut(self._name))
            elif change.reader.name == self._name and change.what is What.READER_GONE:
                self._gone(ReaderUnplugged(self._name))

    def service_lost(self) -> None:
        """
        See L{cardgw.transports.pcsc.monitor.Listener}.
        """
        self._gone(PcscStopped(self._name))

    def _gone(self, reason: ChannelError) -> None:
        if self.channel is not None:
            self.channel.gone(reason)
