# -*- test-case-name: tests.transports.pcsc.test_errors -*-
"""
Tests for L{cardgw.transports.pcsc.errors}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ChannelError, PeerLost, PeerSilent
from cardgw.transports.pcsc import errors
from cardgw.transports.pcsc.codes import Code
from cardgw.transports.pcsc.driver import PcscError

NAMES = {
    Code.SCARD_W_REMOVED_CARD: errors.CardTakenOut,
    Code.SCARD_E_NO_SMARTCARD: errors.CardTakenOut,
    Code.SCARD_E_READER_UNAVAILABLE: errors.ReaderUnplugged,
    Code.SCARD_E_UNKNOWN_READER: errors.ReaderUnplugged,
    Code.SCARD_E_NO_SERVICE: errors.PcscStopped,
    Code.SCARD_E_SERVICE_STOPPED: errors.PcscStopped,
    Code.SCARD_F_COMM_ERROR: errors.PcscStopped,
    Code.SCARD_E_INVALID_HANDLE: errors.PcscStopped,
    Code.SCARD_E_SHARING_VIOLATION: errors.CardInUse,
    Code.SCARD_W_RESET_CARD: errors.CardReset,
    Code.SCARD_W_UNRESPONSIVE_CARD: errors.CardMute,
    Code.SCARD_W_UNPOWERED_CARD: errors.CardMute,
    Code.SCARD_E_PROTO_MISMATCH: errors.ProtocolMismatch,
    Code.SCARD_E_NO_MEMORY: errors.ReaderFailed,
}


class NamedTests(SynchronousTestCase):
    """
    L{errors.named} says what a code means.
    """

    def test_names(self) -> None:
        """
        Each has its class, and all are losses of the card.
        """
        for code, expected in NAMES.items():
            found = errors.named(PcscError(code), "bench")
            self.assertIs(type(found), expected)
            self.assertIsInstance(found, ChannelError)
            self.assertIn(f"bench: {code.name} ({code.value:08X})", str(found))

    def test_unknown(self) -> None:
        """
        What has no name has its number.
        """
        found = errors.named(PcscError(0x80100FFF), "bench")
        self.assertEqual(str(found), "The reader could not do it: bench: code of PC/SC (80100FFF)")

    def test_kinds(self) -> None:
        """
        Where the card or its reader went away, the card's side is lost; a mute card is silent.
        """
        for each in (errors.CardTakenOut, errors.ReaderUnplugged, errors.PcscStopped, errors.CardReset):
            self.assertTrue(issubclass(each, PeerLost))
        self.assertTrue(issubclass(errors.CardMute, PeerSilent))
        self.assertFalse(issubclass(errors.CardInUse, PeerLost))
