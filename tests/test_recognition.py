# -*- test-case-name: tests.test_recognition -*-
"""
L{cardgw.recognition}.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import ChannelError, PeerLost
from cardgw.quirks import Quirks
from cardgw.recognition import recognise
from cardgw.values import ChannelInfo, Feature, Recognised, Reset
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Faults, Options
from cardgw.virtual.vicc import euicc_atr
from tests.gp.card import CUID, STORAGE_ATR, UID, GpCard
from tests.lpa.world import SlowCard, pki_of

EID = 0xBF3E
MANAGE_CHANNEL = 0x70
CONTACTLESS_ATR = bytes.fromhex("3B80800101")
READER = ChannelInfo("memory", offers=frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS}), resets=frozenset({Reset.WARM}))
NO_CHANNELS = evolve(READER, offers=frozenset({Feature.SELECT}))


def euicc(**options: Any) -> VirtualEuicc:
    """
    A software eUICC.
    """
    return VirtualEuicc.from_pki(pki_of("nist"), options=Options(**options))


def before_antenna(card: bytes = CONTACTLESS_ATR, uid: bytes | None = UID) -> ChannelInfo:
    """
    The reader, with a contactless card.
    """
    return evolve(READER, atr=card, uid=uid)


class RecogniseTestCase(SynchronousTestCase):
    """
    Asks cards.
    """

    def ask(self, transmit: Callable[[bytes], Any], info: ChannelInfo = READER) -> Deferred[Recognised]:
        """
        Begin to ask a card.
        """
        self.channel = MemoryChannel(info, transmit)
        return Deferred.fromCoroutine(recognise(GetResponse(self.channel), Quirks()))

    def found(self, transmit: Callable[[bytes], Any], info: ChannelInfo = READER) -> tuple[str, str]:
        """
        Identity and kind of a card.
        """
        found = self.successResultOf(self.ask(transmit, info))
        return found.identity, found.kind


class EuiccTests(RecogniseTestCase):
    """
    eUICCs.
    """

    def test_reader(self) -> None:
        """
        An eUICC in a reader is known by its EID, however it answers, and whether it hides from those who have no LPA.  Its
        logical channel is closed: with but one, it can be asked again.
        """
        for delivery in Delivery:
            card = euicc(channels=1, shy=delivery is Delivery.T0, delivery=delivery)
            info = evolve(READER, atr=euicc_atr(card.options))
            for _ in range(2):
                self.assertEqual(self.found(card.transmit, info), (f"eid:{card.eid.hex()}", "euicc"))
            self.assertEqual(self.channel.resets, [])

    def test_bound(self) -> None:
        """
        On a channel that is bound to the ISD-R it is asked there, and nothing else is sent.
        """
        card = euicc(pinned=True)
        info = ChannelInfo("memory", application=card.options.aid, resets=frozenset({Reset.WARM}))
        self.assertEqual(self.found(card.transmit, info), (f"eid:{card.eid.hex()}", "euicc"))
        self.assertEqual((card.apdus, self.channel.resets), (2, []))

    def test_boundElsewhere(self) -> None:
        """
        A channel that is bound to something else, or lets nothing be selected, is not asked at all.
        """
        for info in (ChannelInfo("memory", application=bytes(7)), ChannelInfo("memory")):
            self.assertEqual(self.found(self.fail, info), ("", ""))

    def test_noChannels(self) -> None:
        """
        Without logical channels it is asked on the basic one, and started anew in the end.
        """
        card = euicc(channels=0)
        self.assertEqual(self.found(card.transmit, NO_CHANNELS)[1], "euicc")
        self.assertEqual(self.channel.resets, [Reset.WARM])
        self.assertEqual(self.found(card.transmit, evolve(NO_CHANNELS, resets=frozenset()))[1], "euicc")
        self.assertEqual(self.channel.resets, [])

    def test_refuses(self) -> None:
        """
        One that does not tell its EID is not known as an eUICC.
        """
        card = euicc(faults=Faults(status={EID: 0x6985}))
        self.assertEqual(self.found(card.transmit), ("", ""))


class GlobalPlatformTests(RecogniseTestCase):
    """
    Other cards of GlobalPlatform.
    """

    def test_reader(self) -> None:
        """
        It is known by its chip; all is said on one logical channel, which is closed, and TERMINAL CAPABILITY is not sent.
        """
        card = GpCard()
        self.assertEqual(self.found(card.transmit), (CUID, "globalplatform"))
        self.assertTrue(card.untouched)
        self.assertEqual({each[0] & 0x03 for each in card.sent if each[1] != MANAGE_CHANNEL}, {1})
        self.assertNotIn(0xAA, {each[1] for each in card.sent})

    def test_noChannels(self) -> None:
        """
        One that has no logical channels, or has none left, is asked on the basic one, and started anew in the end.
        """
        for info in (READER, NO_CHANNELS):
            self.assertEqual(self.found(GpCard(channels=0).transmit, info), (CUID, "globalplatform"))
            self.assertEqual(self.channel.resets, [Reset.WARM])

    def test_untold(self) -> None:
        """
        One that does not tell who it is is of that kind all the same.
        """
        self.assertEqual(self.found(GpCard(objects={}).transmit), ("", "globalplatform"))

    def test_contactless(self) -> None:
        """
        Before an antenna it is not asked for an ISD-R; where it does not tell who it is, its UID does.
        """
        card = GpCard()
        self.assertEqual(self.found(card.transmit, before_antenna()), (CUID, "globalplatform"))
        self.assertEqual([each[5:] for each in card.sent if each[1] == 0xA4], [b""])
        silent = GpCard(objects={})
        self.assertEqual(self.found(silent.transmit, before_antenna()), (f"uid:{UID.hex().upper()}", "globalplatform"))


def _always(status: bytes, _: bytes) -> bytes:
    return status


class OtherTests(RecogniseTestCase):
    """
    Other cards.
    """

    def test_dumb(self) -> None:
        """
        A card that refuses everything is of no kind.
        """
        for status in (b"\x6d\x00", b"\x6e\x00", b"\x6f\x00", b"\x68\x81"):
            self.assertEqual(self.found(partial(_always, status)), ("", ""))

    def test_storage(self) -> None:
        """
        A contactless storage card is told nothing: it understands no commands.
        """
        self.assertEqual(self.found(self.fail, before_antenna(STORAGE_ATR)), (f"uid:{UID.hex().upper()}", "contactless"))
        self.assertEqual(self.found(self.fail, before_antenna(STORAGE_ATR, None)), ("", "contactless"))

    def test_contactless(self) -> None:
        """
        A contactless card of another kind is known by its UID, unless that is random.
        """
        for atr in (CONTACTLESS_ATR, b"?"):
            info = before_antenna(atr)
            self.assertEqual(self.found(lambda _: b"\x6d\x00", info), (f"uid:{UID.hex().upper()}", "contactless"))
        info = before_antenna(uid=bytes.fromhex("08A1B2C3"))
        self.assertEqual(self.found(lambda _: b"\x6d\x00", info), ("", "contactless"))

    @given(st.data())
    def test_anything(self, data: st.DataObject) -> None:
        """
        Whatever a card answers, it is of some kind or none, and it does not take long.
        """
        sent: list[bytes] = []
        statuses = st.sampled_from((b"\x90\x00", b"\x62\x83", b"\x6a\x82", b"\x6c\x10", b"\x91\x0b"))

        def transmit(command: bytes) -> bytes:
            sent.append(command)
            return data.draw(st.binary(max_size=50)) + data.draw(statuses)

        self.found(transmit)
        self.assertLessEqual(len(sent), 50)

    def test_sayMore(self) -> None:
        """
        A card that never ends an answer is an error of the channel; the logical channel is closed all the same.
        """
        sent: list[bytes] = []

        def transmit(command: bytes) -> bytes:
            sent.append(command)
            return b"\x01\x90\x00" if command[1] == MANAGE_CHANNEL else b"\x61\x01"

        self.failureResultOf(self.ask(transmit), ChannelError)
        self.assertEqual(sent[-1].hex(), "00708001")


class EndTests(RecogniseTestCase):
    """
    Asking comes to no good end.
    """

    def test_lost(self) -> None:
        """
        Wherever the card is lost, that is told.
        """
        whole = GpCard()
        self.found(whole.transmit)
        for count in range(len(whole.sent) - 1):
            card = GpCard()

            def transmit(command: bytes, card: GpCard = card, count: int = count) -> bytes:
                if len(card.sent) == count:
                    raise PeerLost
                return card.transmit(command)

            self.failureResultOf(self.ask(transmit), PeerLost)

    def test_lostAtTheEnd(self) -> None:
        """
        So it is while it starts anew.
        """
        card = GpCard(channels=0)

        async def lose(kind: Reset) -> None:
            raise PeerLost

        self.patch(MemoryChannel, "reset", lambda channel, kind: Deferred.fromCoroutine(lose(kind)))
        self.failureResultOf(self.ask(card.transmit), PeerLost)

    def test_cancelled(self) -> None:
        """
        Wherever it is cancelled, the card is left as it was.
        """
        whole = GpCard()
        self.found(whole.transmit)
        for count in range(len(whole.sent)):
            card = GpCard()
            slow = SlowCard(card.transmit)
            asking = self.ask(slow)
            for _ in range(count):
                slow.go_on(1)
            asking.cancel()
            slow.go_on()
            self.failureResultOf(asking, CancelledError)
            self.assertTrue(card.untouched, count)

    def test_cancelledWithoutChannels(self) -> None:
        """
        Where the basic channel was used, the card starts anew.
        """
        slow = SlowCard(GpCard(channels=0).transmit)
        asking = self.ask(slow)
        slow.go_on(5)
        asking.cancel()
        slow.go_on()
        self.failureResultOf(asking, CancelledError)
        self.assertEqual(self.channel.resets, [Reset.WARM])
