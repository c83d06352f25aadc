# -*- test-case-name: tests.transports.ramhttp.test_traits -*-
"""
Tests for L{cardgw.transports.ramhttp.traits}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.traits import (
    CARDGW,
    COMMAND_MAX,
    OPENCARD,
    OTHER,
    RAM_CLIENT,
    Traits,
    channel_info,
    checked_atr,
    limits_of,
    traits_of,
)
from cardgw.transports.ramhttp.wire import Apdu, Initiation, encode_request
from cardgw.values import CardRequest, ChannelInfo, Feature, Reset
from tests.transports.ramhttp.fakes import ATR, EXTENDED

ALWAYS = {Feature.SELECT, Feature.SHOW}
REQUEST = CardRequest("download", "x")


def info(atr: bytes = ATR, traits: Traits = OTHER, *limits: int, **settings: Any) -> ChannelInfo:
    """
    What such a card's channel is.
    """
    return channel_info("peer", Initiation(atr, *limits), traits, RamHttpSettings(**settings), REQUEST)


class TraitsTests(SynchronousTestCase):
    """
    L{traits_of}.
    """

    def test_known(self) -> None:
        """
        Clients are known by their headers, also one of before 2022 that says to be a card.
        """
        for headers, expected in (
            ({"x-cardgw-completes": "yes", "x-admin-protocol": "openscdp-remote-admin/1.0"}, CARDGW),
            ({"user-agent": "Java/17.0.15"}, OPENCARD),
            ({"x-admin-protocol": "openscdp-remote-admin/1.0"}, RAM_CLIENT),
            ({"x-admin-protocol": "globalplatform-remote-admin/1.0"}, RAM_CLIENT),
            ({"user-agent": "curl/7.88"}, OTHER),
            ({"x-cardgw-completes": "no"}, OTHER),
            ({"x-cardgw-completes": "Yes ", "user-agent": "Java"}, CARDGW),
            ({"x-admin-protocol": "globalplatform-remote-admin/1.0", "x-admin-from": "//se-id/eid/1"}, OTHER),
            ({}, OTHER),
        ):
            self.assertIs(traits_of(headers), expected)


class InfoTests(SynchronousTestCase):
    """
    L{channel_info} and L{limits_of}.
    """

    def test_plain(self) -> None:
        """
        A UICC.
        """
        found = info()
        self.assertEqual((found.transport, found.peer, found.atr, found.request), ("ramhttp", "peer", ATR, REQUEST))
        self.assertEqual(found.offers, ALWAYS | {Feature.LOGICAL_CHANNELS})
        self.assertEqual((found.max_command, found.max_response), (261, 258))
        self.assertEqual((found.resets, found.self_carried), ({Reset.COLD}, False))

    def test_extended(self) -> None:
        """
        A card that takes long commands has no more than a template carries.
        """
        found = info(EXTENDED)
        self.assertEqual(found.offers, ALWAYS | {Feature.EXTENDED_LENGTH})
        self.assertEqual((found.max_command, found.max_response), (COMMAND_MAX, COMMAND_MAX))
        encode_request([Apdu(bytes(COMMAND_MAX))])

    def test_clients(self) -> None:
        """
        Java's clients have no logical channels; ram-client has room for 4096 bytes of an answer.
        """
        self.assertEqual(info(ATR, OPENCARD).offers, ALWAYS)
        self.assertEqual(info(EXTENDED, RAM_CLIENT).max_response, 4096)
        completes = [limits_of(info(), each, RamHttpSettings()).completes for each in (CARDGW, OPENCARD, RAM_CLIENT, OTHER)]
        self.assertEqual(completes, [True, True, False, False])

    def test_limits(self) -> None:
        """
        What a reader takes counts.
        """
        found = info(EXTENDED, OPENCARD, 2000, 2048)
        self.assertEqual((found.max_command, found.max_response), (2000, 2048))
        found = info(ATR, OPENCARD, 2000, 100)
        self.assertEqual((found.max_command, found.max_response), (261, 100))
        limits = limits_of(found, OPENCARD, RamHttpSettings(template_seconds=3))
        self.assertEqual((limits.max_command, limits.max_response, limits.seconds), (261, 100, 3))
        self.assertEqual((limits.template_bytes, limits.response_bytes), (65535, 65535))

    def test_settings(self) -> None:
        """
        Settings know better.
        """
        found = info(ATR, OPENCARD, extended_length="yes", logical_channels="yes")
        self.assertEqual(found.offers, ALWAYS | {Feature.EXTENDED_LENGTH, Feature.LOGICAL_CHANNELS})
        self.assertEqual(info(EXTENDED, extended_length="no", logical_channels="no").offers, ALWAYS)
        for word, expected in (("yes", True), ("no", False)):
            limits = limits_of(info(), CARDGW if word == "no" else OTHER, RamHttpSettings(completes=word))
            self.assertEqual(limits.completes, expected)

    def test_atr(self) -> None:
        """
        One that contradicts itself says nothing; what cannot be one is refused.
        """
        self.assertEqual(info(bytes.fromhex("3B8001FF")).offers, ALWAYS | {Feature.LOGICAL_CHANNELS})
        for wrong in ("3B", "9000", "3B" + "00" * 33):
            self.assertRaises(ValueError, checked_atr, bytes.fromhex(wrong))
            self.assertRaises(ValueError, info, bytes.fromhex(wrong))

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever is said to be an ATR is taken, or refused by C{ValueError}.
        """
        for atr in (octets, b"\x3b" + octets, b"\x3f" + octets):
            try:
                checked_atr(atr)
            except ValueError:
                continue
            self.assertEqual(info(atr).atr, atr)
