# -*- test-case-name: tests.lpa.test_access -*-
"""
Tests for L{cardgw.lpa.access}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import MalformedAnswer, NotSupported, UnexpectedStatus
from cardgw.lpa.access import OTHER_AIDS, NoIsdr, look_for_isdr, open_isdr
from cardgw.lpa.isdr import ISD_R, Isdr
from cardgw.quirks import Quirks
from cardgw.values import Feature
from tests.lpa.card import BOUND, READER, ScriptedChannel, replay

CAPABILITY = ("80aa00000aa9088100820101830107", "9000")
OPEN = ("0070000001", "019000")
SELECT = "01a4040010a0000005591010ffffffff8900000100"


def refusing(command: bytes) -> bytes:
    """
    A card without an ISD-R.
    """
    if command[1] == 0x70 and command[2] == 0:
        return bytes.fromhex("019000")
    return bytes.fromhex("6a82" if command[1] == 0xA4 else "9000")


class Shelf:
    """
    A card with one application, which nothing else replaces.

    @ivar selected: its AID, when it was selected last of all that was tried.
    """

    def __init__(self, aid: bytes, answer: bytes) -> None:
        self.aid, self.answer = aid, answer
        self.selected = b""
        self.tried: list[bytes] = []

    def __call__(self, command: bytes) -> bytes:
        """
        One command.
        """
        if command[1] != 0xA4:
            return bytes.fromhex("019000" if command[1] == 0x70 else "9000")
        self.tried.append(command[5:])
        self.selected = self.aid if command[5:] == self.aid else b""
        return self.answer if self.selected else b"\x6a\x82"


class OpenTests(SynchronousTestCase):
    """
    From a channel to the ISD-R and back.
    """

    def open(self, channel: ScriptedChannel, quirks: Quirks | None = None) -> Deferred[Isdr]:
        return Deferred.fromCoroutine(open_isdr(channel, quirks or Quirks()))

    def test_boundChannel(self) -> None:
        """
        A channel whose card side has selected the ISD-R is used as it is: no APDU is spent, none at the end either.
        """
        channel = ScriptedChannel(replay([]))
        isdr = self.successResultOf(self.open(channel))
        self.successResultOf(Deferred.fromCoroutine(isdr.close()))
        self.assertEqual(channel.sent, [])

    def test_boundToOtherIsdr(self) -> None:
        """
        A channel bound to the ISD-R by the AID of another maker is bound to it as well.
        """
        info = evolve(BOUND, application=bytes.fromhex("A06573746B6D65FFFF4953442D522030"))
        self.successResultOf(self.open(ScriptedChannel(replay([]), info)))

    def test_logicalChannel(self) -> None:
        """
        On a reader: TERMINAL CAPABILITY, MANAGE CHANNEL, SELECT, then commands with the channel's class byte, and in the end
        the channel is closed, once.
        """
        transcript = [CAPABILITY, OPEN, (SELECT, "6f009000"), ("81e2910003bf2800", "aa9000"), ("00708001", "9000")]
        channel = ScriptedChannel(replay(transcript), READER)
        isdr = self.successResultOf(self.open(channel))
        self.successResultOf(Deferred.fromCoroutine(isdr.command(bytes.fromhex("bf2800"))))
        for _ in range(2):
            self.successResultOf(Deferred.fromCoroutine(isdr.close()))
        self.assertEqual(len(channel.sent), 5)

    def test_capabilityRefused(self) -> None:
        """
        A card that does not know TERMINAL CAPABILITY does without.
        """
        channel = ScriptedChannel(replay([(CAPABILITY[0], "6e00"), OPEN, (SELECT, "9000")]), READER)
        self.successResultOf(self.open(channel))

    def test_answerToSelectIsLeft(self) -> None:
        """
        61xx after SELECT is success; what the card has to say is not fetched.
        """
        channel = ScriptedChannel(replay([CAPABILITY, OPEN, (SELECT, "6121")]), READER)
        self.successResultOf(self.open(channel))

    def test_basicChannel(self) -> None:
        """
        Without logical channels the ISD-R is selected on the basic one, which needs no closing.
        """
        info = evolve(READER, offers=frozenset({Feature.SELECT}))
        channel = ScriptedChannel(replay([CAPABILITY, ("00" + SELECT[2:], "9000")]), info)
        isdr = self.successResultOf(self.open(channel))
        self.successResultOf(Deferred.fromCoroutine(isdr.close()))

    def test_otherAids(self) -> None:
        """
        The AID of the quirks is tried first, then the standard one, then those of known makers.
        """
        own = bytes.fromhex("A0000005591010000000008900000300")
        channel = ScriptedChannel(refusing, READER)
        error = self.failureResultOf(self.open(channel, Quirks(isd_r=own)), NoIsdr).value
        self.assertIn("SELECT: 6A82 (file or application not found)", str(error))
        tried = [command[5:] for command in channel.sent if command[1] == 0xA4]
        self.assertEqual(tried[:2], [own, ISD_R])
        self.assertEqual(len(tried), len(set(tried)))

    def test_together(self) -> None:
        """
        The AIDs of single makers go together where the channel carries many commands at once; the one that is there is selected
        in the end, as it is over a channel that carries one.
        """
        for burst, exchanges, tried in ((1, 4, 4), (20, 4, 9)):
            for answer in ("6121", "9000"):
                card = Shelf(OTHER_AIDS[2], bytes.fromhex(answer))
                channel = MemoryChannel(READER, card, burst=burst)
                self.successResultOf(Deferred.fromCoroutine(open_isdr(channel, Quirks())))
                self.assertEqual(card.selected, OTHER_AIDS[2])
                self.assertEqual(len(card.tried), tried)
                self.assertEqual(channel.exchanges, exchanges if burst > 1 else exchanges + 2)

    def test_closedAfterFailure(self) -> None:
        """
        The logical channel is closed when there is no ISD-R to select.
        """
        channel = ScriptedChannel(refusing, READER)
        self.failureResultOf(self.open(channel), NoIsdr)
        self.assertEqual(channel.sent[-1].hex(), "00708001")

    def test_noLogicalChannelLeft(self) -> None:
        """
        A refused MANAGE CHANNEL is an error that names it.
        """
        channel = ScriptedChannel(replay([CAPABILITY, (OPEN[0], "6a81")]), READER)
        error = self.failureResultOf(self.open(channel), UnexpectedStatus).value
        self.assertIn("MANAGE CHANNEL: 6A81", str(error))

    def test_nonsenseChannel(self) -> None:
        """
        A channel number that cannot be is an error.
        """
        channel = ScriptedChannel(replay([CAPABILITY, (OPEN[0], "2a9000")]), READER)
        self.failureResultOf(self.open(channel), MalformedAnswer)

    def test_noSelect(self) -> None:
        """
        A channel that is bound to something else cannot be used.
        """
        info = evolve(BOUND, application=b"\xa0\0\0\0\1")
        self.failureResultOf(self.open(ScriptedChannel(replay([]), info)), NotSupported)

    def test_segmentSizeOfQuirks(self) -> None:
        """
        The segment size of the quirks counts before any other.
        """
        isdr = self.successResultOf(self.open(ScriptedChannel(replay([])), Quirks(segment_size=60)))
        self.assertEqual(isdr.segment_size, 60)

    def test_closeOfLostCard(self) -> None:
        """
        Closing never fails, not even when the card is gone.
        """
        channel = ScriptedChannel(replay([CAPABILITY, OPEN, (SELECT, "9000")]), READER, lose_after=3)
        isdr = self.successResultOf(self.open(channel))
        self.successResultOf(Deferred.fromCoroutine(isdr.close()))


class LookTests(SynchronousTestCase):
    """
    To the ISD-R of a card of which nothing is known.
    """

    MF = "01a40004023f0000"

    def look(self, channel: ScriptedChannel, quirks: Quirks | None = None, number: int = 1) -> Deferred[Isdr]:
        return Deferred.fromCoroutine(look_for_isdr(channel, quirks or Quirks(), number))

    def test_capability(self) -> None:
        """
        TERMINAL CAPABILITY is for UICCs that say that they know it, and comes before the first application is selected.  The
        logical channel is somebody else's, and stays open.
        """
        fcp = "620d8202782183023f00a503870101" + "9000"
        channel = ScriptedChannel(replay([(self.MF, fcp), CAPABILITY, (SELECT, "9000")]), READER)
        isdr = self.successResultOf(self.look(channel))
        self.successResultOf(Deferred.fromCoroutine(isdr.close()))
        self.assertEqual(len(channel.sent), 3)

    def test_noCapability(self) -> None:
        """
        Others are not sent it: cards without an MF, UICCs that do not know it, and those whose answer says nothing.
        """
        for answer in ("6a82", "6e00", "9000", "6207820278218301019000", "6205a5038701009000", "6202a5009000"):
            channel = ScriptedChannel(replay([(self.MF, answer), (SELECT, "9000")]), READER)
            self.successResultOf(self.look(channel))

    def test_wrongLength(self) -> None:
        """
        A UICC that wants the right Le is asked again.
        """
        again = (self.MF[:-2] + "07", "6205a5038701019000")
        channel = ScriptedChannel(replay([(self.MF, "6c07"), again, CAPABILITY, (SELECT, "9000")]), READER)
        self.successResultOf(self.look(channel))

    def test_none(self) -> None:
        """
        All known AIDs are tried, that of the quirks first.
        """
        own = bytes.fromhex("A0000005591010000000008900000300")
        channel = ScriptedChannel(refusing, READER)
        self.failureResultOf(self.look(channel, Quirks(isd_r=own)), NoIsdr)
        tried = [command[5:] for command in channel.sent if command[1:3] == b"\xa4\x04"]
        self.assertEqual((tried[:2], len(tried)), ([own, ISD_R], len(set(tried))))

    def test_bound(self) -> None:
        """
        A bound channel is asked nothing; one that is bound to something else cannot be.
        """
        self.successResultOf(self.look(ScriptedChannel(replay([])), number=0))
        info = evolve(BOUND, application=b"\xa0\0\0\0\1")
        self.failureResultOf(self.look(ScriptedChannel(replay([]), info), number=0), NotSupported)
