# -*- test-case-name: tests.gp.test_get_status -*-
"""
L{cardgw.gp.get_status}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import MalformedAnswer, ParameterError, PeerMisbehaved, UnexpectedStatus
from cardgw.gp.get_status import FORMS, MOST_ROUNDS, Form, get_status, read_registry, read_status
from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import Privilege
from cardgw.gp.registry import Entry, Scope
from cardgw.interfaces import ICardChannel
from cardgw.values import ChannelInfo

_T = TypeVar("_T")

ISD = Entry(Kind.ISD, bytes.fromhex("A000000151000000"), 0x01, Privilege.SecurityDomain | Privilege.CardLock)
APPLET = Entry(Kind.APP, bytes.fromhex("A00000006203010801"), 0x07)
DOMAIN = Entry(Kind.SSD, bytes.fromhex("A00000015153504341"), 0x0F, Privilege.SecurityDomain)
PACKAGE = Entry(Kind.PKG, bytes.fromhex("A0000000620301"), 0x01, modules=(bytes.fromhex("A0000000620301FF"),))
BARE = Entry(Kind.PKG, PACKAGE.aid, 0x01)
LISTED = (Kind.ISD, Kind.SSD, Kind.APP)


@define(eq=False)
class StatusCard:
    """
    What answers GET STATUS, and nothing else.

    @ivar page: how many entries an answer has; the rest must be asked for.
    @ivar lists: whether it knows tag lists.
    @ivar tagged: whether it knows data objects.
    @ivar modules: whether it tells what is in load files.
    @ivar sent: the commands that came.
    """

    entries: tuple[Entry, ...] = (ISD, DOMAIN, APPLET, PACKAGE)
    page: int = 100
    lists: bool = True
    tagged: bool = True
    modules: bool = True
    sent: list[bytes] = field(factory=list)
    at: int = 0

    def transmit(self, apdu: bytes) -> bytes:
        """
        One command APDU.
        """
        self.sent.append(apdu)
        command = Command.decode(apdu)
        if (command.p2 & 2 and not self.tagged) or (command.p1 == 0x10 and not self.modules):
            return b"\x6a\x86"
        if not command.data.startswith(b"\x4f\0") or (b"\x5c" in command.data and not self.lists):
            return b"\x6a\x80"
        kinds = {0x80: (Kind.ISD,), 0x40: (Kind.APP, Kind.SSD)}.get(command.p1, (Kind.PKG,))
        found = [each for each in self.entries if each.kind in kinds]
        self.at = self.at if command.p2 & 1 else 0
        page = found[self.at : self.at + self.page]
        self.at += len(page)
        if not page:
            return b"\x6a\x88"
        encoded = [each.encode() if command.p2 & 2 else each.encode_record(Scope(command.p1)) for each in page]
        return b"".join(encoded) + (b"\x63\x10" if self.at < len(found) else b"\x90\0")


class CommandTests(SynchronousTestCase):
    """
    L{get_status}.
    """

    def test_forms(self) -> None:
        """
        With a tag list, without, and for old cards.
        """
        commands = [get_status(Scope.APPLICATIONS, form).encode().hex() for form in FORMS]
        self.assertEqual(commands, ["80f240020b4f005c074f9f70c5cfc4cc00", "80f24002024f0000", "80f24000024f0000"])
        command = get_status(Scope.LOAD_FILES_AND_MODULES, FORMS[0], following=True)
        self.assertEqual(command.encode().hex(), "80f210030a4f005c064f9f70cecc8400")

    def test_criterion(self) -> None:
        """
        The beginning of an AID does; one that is too long does not.
        """
        self.assertEqual(get_status(Scope.ISD, aid=b"\xa0\0").encode().hex(), "80f28002044f02a00000")
        self.assertRaises(ParameterError, get_status, Scope.ISD, aid=bytes(17))


class ReadTests(SynchronousTestCase):
    """
    L{read_status} and L{read_registry}.
    """

    def ask(self, transmit: Callable[[bytes], bytes], run: Callable[[ICardChannel], Awaitable[_T]]) -> _T:
        """
        What comes of it.
        """

        async def asked() -> _T:
            return await run(MemoryChannel(ChannelInfo("memory"), transmit))

        return self.successResultOf(Deferred.fromCoroutine(asked()))

    def fail_with(self, kind: type[Exception], answer: bytes) -> tuple[str, int]:
        """
        How reading of the applications fails, with a card that always answers this; and after how many commands.
        """
        sent: list[bytes] = []

        def transmit(apdu: bytes) -> bytes:
            sent.append(apdu)
            return answer

        channel = MemoryChannel(ChannelInfo("memory"), transmit)
        failure = self.failureResultOf(Deferred.fromCoroutine(read_status(channel, Scope.APPLICATIONS)), kind)
        return str(failure.value), len(sent)

    def test_whole(self) -> None:
        """
        Three commands get all.
        """
        card = StatusCard()
        self.assertEqual(self.ask(card.transmit, read_registry).entries, card.entries)
        self.assertEqual([each[2] for each in card.sent], [0x80, 0x40, 0x10])

    def test_pages(self) -> None:
        """
        After 6310 the next ones are asked for, until there are no more.
        """
        card = StatusCard(page=1)
        self.assertEqual(self.ask(card.transmit, read_registry).entries, card.entries)
        self.assertEqual([each[2:4].hex() for each in card.sent], ["8002", "4002", "4003", "1002"])

    def test_nothingMore(self) -> None:
        """
        A card that says 6310 and has no more is believed.
        """
        answers = iter((APPLET.encode() + b"\x63\x10", b"\x6a\x88"))
        found = self.ask(lambda _: next(answers), lambda channel: read_status(channel, Scope.APPLICATIONS))
        self.assertEqual(found, (APPLET,))

    def test_olderForms(self) -> None:
        """
        What a card does not know is not asked again: without tag list, then without tags.
        """
        for card in (StatusCard(lists=False), StatusCard(tagged=False, page=1)):
            found = self.ask(card.transmit, lambda channel: read_status(channel, Scope.APPLICATIONS))
            self.assertEqual(found, (DOMAIN, APPLET))
        card = StatusCard(tagged=False)
        form = Form(tagged=False)
        self.assertEqual(len(self.ask(card.transmit, lambda channel: read_status(channel, Scope.ISD, form))), 1)
        self.assertEqual(len(card.sent), 1)

    def test_unknownTag(self) -> None:
        """
        A card that says that there is nothing, because it does not know a tag, is asked without tag list.
        """
        card = StatusCard(entries=(APPLET,))

        def transmit(apdu: bytes) -> bytes:
            return b"\x6a\x88" if b"\x5c" in apdu else card.transmit(apdu)

        self.assertEqual(self.ask(transmit, lambda channel: read_status(channel, Scope.APPLICATIONS)), (APPLET,))

    def test_withoutModules(self) -> None:
        """
        A card that does not tell what is in load files tells load files.
        """
        card = StatusCard(modules=False, entries=(ISD, BARE))
        self.assertEqual(self.ask(card.transmit, read_registry).entries, (ISD, BARE))

    def test_empty(self) -> None:
        """
        6A88 is no error: there is nothing of that kind.
        """
        self.assertEqual(self.ask(StatusCard(entries=()).transmit, read_registry).entries, ())

    def test_channel(self) -> None:
        """
        All of it goes over the logical channel.
        """
        card = StatusCard(page=1)
        self.ask(card.transmit, lambda channel: read_registry(channel, number=3))
        self.assertEqual({each[0] for each in card.sent}, {0x83})

    def test_refused(self) -> None:
        """
        Another status is the card's refusal, and no other form is tried.
        """
        said, sent = self.fail_with(UnexpectedStatus, b"\x69\x82")
        self.assertIn("GET STATUS of APPLICATIONS: 6982", said)
        self.assertEqual(sent, 1)

    def test_endless(self) -> None:
        """
        A card that always has more is not listened to for ever.
        """
        self.assertEqual(self.fail_with(PeerMisbehaved, b"\x63\x10")[1], MOST_ROUNDS)
        self.assertEqual(self.fail_with(PeerMisbehaved, bytes(60000) + b"\x63\x10")[1], 5)

    def test_malformed(self) -> None:
        """
        An answer that is none is the card's.
        """
        self.fail_with(MalformedAnswer, b"\xe3\x05\x90\0")
