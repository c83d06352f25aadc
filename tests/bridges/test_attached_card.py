# -*- test-case-name: tests.bridges.test_attached_card -*-
"""
Tests for L{cardgw.bridges.attached_card}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.script import Script
from cardgw.bridges.attached_card import AttachedCard
from cardgw.errors import NotSupported, PeerLost
from cardgw.testing.card import KnowingCard
from cardgw.values import ChannelInfo, Feature, Reset
from tests.apdu.strategies import commands

AID = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
ATR, SPARE = bytes.fromhex("3B01AA"), bytes.fromhex("3B00")
READ, MORE = bytes.fromhex("80E2910003BF2D00"), bytes.fromhex("00C0000010")
ANSWERS = {READ: bytes.fromhex("6110"), MORE: bytes(16) + b"\x90\x00"}
OPEN = frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS})
BOTH = frozenset({Reset.COLD, Reset.WARM})


class Stubborn(MemoryChannel):
    """
    A channel with a limit that it does not tell beforehand.
    """

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        return fail(NotSupported())


class AttachedCardTests(SynchronousTestCase):
    """
    L{AttachedCard}.
    """

    def attach(self, info: ChannelInfo, kind: type[MemoryChannel] = MemoryChannel) -> AttachedCard:
        """
        A card on a channel like this.
        """
        self.known, self.uses = KnowingCard(ANSWERS), 0
        self.channel = kind(info, self.known)
        return AttachedCard(GetResponse(self.channel), SPARE, self.used)

    def used(self) -> None:
        """
        Count it.
        """
        self.uses += 1

    def test_exact(self) -> None:
        """
        A local program gets the answers of the card as they are, and asks for the rest itself.
        """
        card = self.attach(ChannelInfo("memory", atr=ATR, offers=OPEN))
        self.successResultOf(card.power_on())
        self.assertEqual(self.successResultOf(card.transmit(READ)), b"\x61\x10")
        self.assertEqual(self.successResultOf(card.transmit(MORE)), ANSWERS[MORE])
        self.assertEqual(self.successResultOf(card.transmit(b"\x00\xb0\x00\x00")), b"\x6d\x00")
        self.assertEqual((self.known.sent, card.commands, self.uses), ([READ, MORE, b"\x00\xb0\x00\x00"], 3, 4))

    @given(commands.map(lambda command: command.encode()) | st.binary(min_size=2, max_size=300))
    def test_property(self, octets: bytes) -> None:
        """
        The card gets each command as it was sent, or not at all; and there is an answer in any case.
        """
        offers = OPEN | {Feature.EXTENDED_LENGTH}
        card = self.attach(ChannelInfo("memory", offers=offers, max_command=65535))
        card.power_on()
        answer = self.successResultOf(card.transmit(octets))
        if self.known.sent:
            self.assertEqual((self.known.sent, answer[-2:]), ([octets], ANSWERS.get(octets, b"\x6d\x00")[-2:]))
        else:
            self.assertEqual(answer, b"\x67\x00")

    def test_malformed(self) -> None:
        """
        What is no command, or too long for the channel, is answered here.
        """
        card = self.attach(ChannelInfo("memory", offers=OPEN))
        card.power_on()
        for octets in ("00B0", "00B000", "00B0000005AA", "00B00000000100", "00D60000000100" + 256 * "00"):
            self.assertEqual(self.successResultOf(card.transmit(bytes.fromhex(octets))), b"\x67\x00", octets)
        self.assertEqual((self.known.sent, card.commands), ([], 5))
        card = self.attach(ChannelInfo("memory", offers=OPEN), Stubborn)
        card.power_on()
        self.assertEqual(self.successResultOf(card.transmit(READ)), b"\x67\x00")

    def test_power(self) -> None:
        """
        Powering on starts the card anew, for the first time too; twice is once; a card that is off does not answer.
        """
        card = self.attach(ChannelInfo("memory", offers=OPEN, resets=BOTH))
        self.assertEqual((self.successResultOf(card.transmit(READ)), card.atr), (b"", SPARE))
        for _ in range(2):
            self.successResultOf(card.power_on())
        card.power_off()
        self.assertEqual(self.successResultOf(card.transmit(READ)), b"")
        self.successResultOf(card.power_on())
        self.assertEqual((self.channel.resets, card.starts, card.powered), ([Reset.COLD, Reset.COLD], 2, True))
        self.assertEqual(self.known.sent, [])

    def test_reset(self) -> None:
        """
        A reset is a warm one where that can be; a channel that has one kind has that for both; one that has none is left alone.
        """
        for resets, expected in (
            (BOTH, [Reset.COLD, Reset.WARM]),
            (frozenset({Reset.COLD}), [Reset.COLD, Reset.COLD]),
            (frozenset({Reset.WARM}), [Reset.WARM, Reset.WARM]),
            (frozenset({Reset.REBOOT}), []),
        ):
            card = self.attach(ChannelInfo("memory", offers=OPEN, resets=resets))
            card.power_on()
            card.reset()
            self.assertEqual((self.channel.resets, card.starts), (expected, 2))

    def test_bound(self) -> None:
        """
        A card that is bound to one application is completed, and forgets channels when it is started anew.
        """
        card = self.attach(ChannelInfo("memory", application=AID))
        card.power_on()
        program = (("0070000001", "019000"), ("01A4040C10" + AID.hex(), "9000"), ("81E2910003BF2D00", "6110"))
        for sent, answer in program:
            self.assertEqual(self.successResultOf(card.transmit(bytes.fromhex(sent))).hex(), answer)
        self.assertEqual((self.known.sent, card.atr), ([READ], SPARE))
        card.reset()
        self.assertEqual(self.successResultOf(card.transmit(bytes.fromhex("81E2910003BF2D00"))), b"\x68\x81")

    def test_selectable(self) -> None:
        """
        A card with an application selected, on which others can be, is left as it is.
        """
        card = self.attach(ChannelInfo("memory", application=AID, offers=OPEN))
        card.power_on()
        self.assertEqual(self.successResultOf(card.transmit(b"\x01\xb0\x00\x00")), b"\x6d\x00")

    def test_lost(self) -> None:
        """
        That the card is lost is told.
        """
        card = self.attach(ChannelInfo("memory", offers=OPEN, resets=BOTH))
        card.power_on()
        self.channel.lose()
        self.failureResultOf(card.transmit(READ), PeerLost)
        self.failureResultOf(card.reset(), PeerLost)

    def test_putBack(self) -> None:
        """
        When it is taken out, nothing that a program has left on it stays; where no program had it, there is nothing to do.
        """
        card = self.attach(ChannelInfo("memory", offers=OPEN, resets=BOTH))
        self.successResultOf(Deferred.fromCoroutine(card.put_back()))
        self.assertEqual(self.channel.resets, [])
        card.power_on()
        self.successResultOf(Deferred.fromCoroutine(card.put_back()))
        self.assertEqual((self.channel.resets, card.starts, card.powered), ([Reset.COLD, Reset.COLD], 1, False))
        self.channel.lose()
        self.successResultOf(Deferred.fromCoroutine(card.put_back()))
