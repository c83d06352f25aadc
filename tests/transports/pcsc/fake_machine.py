"""
A machine with readers, cards and other programs: all that happens is what a test makes happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from attrs import Factory, define

from cardgw.transports.pcsc.codes import Disposition, Protocol, State
from tests.transports.pcsc.fake_threads import FakeHand

ATR = bytes.fromhex("3B00")
"""T=0, and nothing said."""


@define(eq=False)
class SoftCard:
    """
    A card.

    @ivar answer: gives the answer to a command.
    @ivar protocols: what it speaks.
    @ivar silent: it never answers a command, until this is C{False} again.
    @ivar mute: it does not even answer to reset.
    @ivar commands: what it got.
    @ivar resets: how it was started anew.
    """

    answer: Callable[[bytes], bytes] = lambda _: b"\x90\x00"
    atr: bytes = ATR
    protocols: int = Protocol.T0
    silent: bool = False
    mute: bool = False
    commands: list[bytes] = Factory(list)
    resets: list[Disposition] = Factory(list)

    def transmit(self, octets: bytes) -> bytes:
        """
        A command comes.
        """
        self.commands.append(octets)
        return self.answer(octets)


OTHER = -1
"""The handle of another program."""


@define(eq=False)
class SoftReader:
    """
    A reader.

    @ivar card: the card in it.
    @ivar events: cards that came and went.
    @ivar holder: the handle that has a transaction.
    @ivar owner: the handle that does not share the card.
    @ivar attributes: answers to SCardGetAttrib.
    @ivar controls: answers to SCardControl.
    """

    card: SoftCard | None = None
    events: int = 0
    holder: int = 0
    owner: int = 0
    attributes: dict[int, bytes] = Factory(dict)
    controls: dict[int, bytes] = Factory(dict)

    def state(self) -> int:
        """
        What SCardGetStatusChange says of it.
        """
        if self.card is None:
            return self.events << 16 | State.EMPTY
        found = State.PRESENT | (State.MUTE if self.card.mute else 0) | (State.EXCLUSIVE if self.owner else 0)
        return self.events << 16 | found | (State.INUSE if self.holder else 0)


@define(eq=False)
class Handle:
    """
    A connection to a card.
    """

    context: int
    name: str
    reader: SoftReader
    card: SoftCard
    share: int
    protocol: int
    reset: bool = False


@define(eq=False)
class FakeMachine:
    """
    A machine with PC/SC: its readers, and the other programs.

    @ivar plugged: the readers, by name.
    @ivar running: whether pcscd runs.
    @ivar contexts: those that have been made and not released.
    @ivar handles: the same of handles.
    @ivar calls: all calls, with what they were given.
    @ivar cancelled: contexts in which L{changes} was cancelled.
    """

    plugged: dict[str, SoftReader] = Factory(dict)
    running: bool = True
    contexts: set[int] = Factory(set)
    handles: dict[int, Handle] = Factory(dict)
    calls: list[tuple[Any, ...]] = Factory(list)
    cancelled: list[int] = Factory(list)
    hands: list[FakeHand] = Factory(list)
    numbers: Iterator[int] = Factory(lambda: count(1))

    def plug(self, name: str) -> SoftReader:
        """
        A reader is plugged in.
        """
        self.plugged[name] = SoftReader()
        return self.plugged[name]

    def unplug(self, name: str) -> None:
        """
        It is unplugged.
        """
        del self.plugged[name]

    def insert(self, name: str, card: SoftCard) -> SoftCard:
        """
        A card is put into a reader.
        """
        reader = self.plugged[name]
        reader.card, reader.events = card, reader.events + 1
        return card

    def remove(self, name: str) -> None:
        """
        The card is taken out.
        """
        reader = self.plugged[name]
        reader.card, reader.events, reader.holder, reader.owner = None, reader.events + 1, 0, 0

    def other_begins(self, name: str) -> None:
        """
        Another program begins a transaction.
        """
        self.plugged[name].holder = OTHER

    def other_ends(self, name: str) -> None:
        """
        It ends it, or leaves the card altogether.
        """
        reader = self.plugged[name]
        reader.holder, reader.owner = (0 if each == OTHER else each for each in (reader.holder, reader.owner))

    def other_owns(self, name: str) -> None:
        """
        Another program connects to the card, and does not share it.
        """
        self.plugged[name].owner = OTHER

    def other_resets(self, name: str) -> None:
        """
        Another program resets the card.
        """
        for each in self.handles.values():
            each.reset = each.reset or each.reader is self.plugged[name]

    def stop(self) -> None:
        """
        The service pcscd ends; nothing that was made with it is good any more.
        """
        self.running = False
        self.contexts.clear()
        self.handles.clear()
        for reader in self.plugged.values():
            reader.holder = reader.owner = 0

    def start(self) -> None:
        """
        The service runs again.
        """
        self.running = True

    def hand(self, name: str) -> FakeHand:
        """
        What does the errands of a worker, in place of a thread.  It has the name of the reader.
        """
        self.hands.append(FakeHand(self, name))
        return self.hands[-1]

    def go(self) -> None:
        """
        Let everything go on that can.
        """
        for each in self.hands:
            each.go()

    def blocks(self, name: str, what: str) -> bool:
        """
        Whether a call would not return now.

        @param what: C{"connect"}, C{"begin"}, C{"transmit"} or C{"leave"}.
        """
        reader = self.plugged.get(name)
        if not self.running or reader is None or reader.card is None:
            return False
        return reader.holder == OTHER or (what == "transmit" and reader.card.silent)
