# -*- test-case-name: tests.transports.pcsc.test_facts -*-
"""
Tests for L{cardgw.transports.pcsc.facts}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.transports.pcsc.codes import Protocol
from cardgw.transports.pcsc.facts import Facts, channel_info, encode, is_contactless
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.values import CardRequest, Feature, Reset
from tests.transports.pcsc.stage import CONTACTLESS_ATR, EXTENDED_ATR, T1_ATR

T1 = Protocol.T1
UID = bytes.fromhex("04112233445566")


class InfoTests(SynchronousTestCase):
    """
    L{channel_info} says what a card can do.
    """

    def test_plain(self) -> None:
        """
        SELECT and logical channels, short commands, both resets.
        """
        info = channel_info("bench", Facts(T1_ATR, T1), PcscSettings())
        self.assertEqual((info.transport, info.peer, info.atr), ("pcsc", "bench", T1_ATR))
        self.assertEqual(info.offers, {Feature.SELECT, Feature.LOGICAL_CHANNELS})
        self.assertEqual(info.resets, {Reset.COLD, Reset.WARM})
        self.assertEqual((info.max_command, info.max_response), (261, 258))
        self.assertEqual((info.request, info.uid), (CardRequest("arrival"), None))

    def test_extended(self) -> None:
        """
        Commands may be long where the ATR says so, the reader does not say the contrary, and the protocol carries them.
        """
        for facts, expected in (
            (Facts(EXTENDED_ATR, T1), 65535),
            (Facts(EXTENDED_ATR, T1, 65544), 65544),
            (Facts(EXTENDED_ATR, T1, 2000), 2000),
            (Facts(EXTENDED_ATR, T1, 261), 261),
            (Facts(EXTENDED_ATR, Protocol.T0), 261),
            (Facts(T1_ATR, T1, 65544), 261),
        ):
            info = channel_info("bench", facts, PcscSettings())
            self.assertEqual(info.max_command, expected)
            self.assertEqual(info.max_response, 258 if expected == 261 else 65538)
            self.assertEqual(Feature.EXTENDED_LENGTH in info.offers, expected > 261)

    def test_settings(self) -> None:
        """
        Settings know better than card and reader.
        """
        for facts, word, expected in ((Facts(T1_ATR, T1, 261), "yes", 65535), (Facts(EXTENDED_ATR, T1, 65544), "no", 261)):
            self.assertEqual(channel_info("bench", facts, PcscSettings(extended_length=word)).max_command, expected)

    def test_odd(self) -> None:
        """
        An ATR that contradicts itself says nothing, and is kept.
        """
        odd = bytes.fromhex("3B8001FF")
        info = channel_info("bench", Facts(odd, T1), PcscSettings())
        self.assertEqual((info.atr, info.offers), (odd, {Feature.SELECT, Feature.LOGICAL_CHANNELS}))

    def test_uid(self) -> None:
        """
        The UID is there, but not where the facts are shown.
        """
        facts = Facts(CONTACTLESS_ATR, T1, None, UID)
        self.assertEqual(channel_info("bench", facts, PcscSettings()).uid, UID)
        self.assertNotIn("112233", repr(facts))


class ContactlessTests(SynchronousTestCase):
    """
    L{is_contactless} knows the answers to reset that readers make.
    """

    def test_known(self) -> None:
        """
        DESFire, MIFARE Classic; not a card with contacts.
        """
        storage = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
        self.assertEqual([is_contactless(each) for each in (CONTACTLESS_ATR, storage)], [True, True])
        self.assertEqual([is_contactless(each) for each in (T1_ATR, EXTENDED_ATR, storage[:-1], b"")], [False] * 4)


class EncodeTests(SynchronousTestCase):
    """
    L{encode} writes commands as readers want them.
    """

    def test_t0(self) -> None:
        """
        With T=0 case 1 has P3, and case 4 has no Le.
        """
        for command, expected in (
            (Command(0, 0xB0), "00B0000000"),
            (Command(0, 0xB0, expected=16), "00B0000010"),
            (Command(0, 0xD6, data=b"\x01\x02"), "00D60000020102"),
            (Command(0, 0xA4, 4, 0, b"\x3f\x00", 256), "00A40400023F00"),
            (Command(0, 0xA4, 4, 0, b"\x3f\x00", 256, extended=True), "00A404000000023F00"),
        ):
            self.assertEqual(encode(command, Protocol.T0).hex().upper(), expected)

    @given(st.binary(max_size=300), st.none() | st.integers(1, 65536), st.sampled_from((Protocol.T1, Protocol.RAW)))
    def test_others(self, data: bytes, expected: int | None, protocol: int) -> None:
        """
        With others a command is what it is.
        """
        command = Command(0x80, 0xE2, 0, 0, data, expected)
        self.assertEqual(encode(command, protocol), command.encode())
