# -*- test-case-name: tests.transports.pcsc.test_errors -*-
"""
What goes wrong at readers, by name.
"""

from __future__ import annotations

from cardgw.errors import ChannelError, PeerLost, PeerSilent
from cardgw.transports.pcsc.codes import Code, describe
from cardgw.transports.pcsc.driver import PcscError


class CardTakenOut(PeerLost):
    """
    The card was taken out of the reader.
    """


class ReaderUnplugged(PeerLost):
    """
    The reader was unplugged.
    """


class PcscStopped(PeerLost):
    """
    The smart card service of the machine (pcscd) has stopped.
    """

    hint = "The gateway uses its readers again as soon as pcscd runs."


class CardReset(PeerLost):
    """
    Another program has reset the card.
    """

    hint = 'With share = "exclusive" in the table [transports.pcsc] no other program can.'


class CardInUse(ChannelError):
    """
    Another program holds the card.
    """

    hint = "The gateway takes the card when that program has released it."


class CardMute(PeerSilent):
    """
    The card does not answer the reader.
    """

    hint = "Is it the right way round, and clean?"


class ProtocolMismatch(ChannelError):
    """
    The card does not speak the transmission protocol that it is to be used with.
    """

    hint = "The setting is protocol in the table [transports.pcsc]."


class ReaderFailed(ChannelError):
    """
    The reader could not do it.
    """


NAMED: dict[int, type[ChannelError]] = {
    Code.SCARD_W_REMOVED_CARD: CardTakenOut,
    Code.SCARD_E_NO_SMARTCARD: CardTakenOut,
    Code.SCARD_E_READER_UNAVAILABLE: ReaderUnplugged,
    Code.SCARD_E_UNKNOWN_READER: ReaderUnplugged,
    Code.SCARD_E_NO_READERS_AVAILABLE: ReaderUnplugged,
    Code.SCARD_E_NO_SERVICE: PcscStopped,
    Code.SCARD_E_SERVICE_STOPPED: PcscStopped,
    Code.SCARD_F_COMM_ERROR: PcscStopped,
    Code.SCARD_E_INVALID_HANDLE: PcscStopped,
    Code.SCARD_E_SHARING_VIOLATION: CardInUse,
    Code.SCARD_W_RESET_CARD: CardReset,
    Code.SCARD_W_UNRESPONSIVE_CARD: CardMute,
    Code.SCARD_W_UNPOWERED_CARD: CardMute,
    Code.SCARD_W_UNSUPPORTED_CARD: CardMute,
    Code.SCARD_E_NOT_TRANSACTED: CardMute,
    Code.SCARD_E_PROTO_MISMATCH: ProtocolMismatch,
}


def named(error: PcscError, reader: str) -> ChannelError:
    """
    What a code of PC/SC means.

    @param reader: what people call the reader.
    """
    kind = NAMED.get(error.code, ReaderFailed)
    return kind(f"{reader}: {describe(error.code)}")
