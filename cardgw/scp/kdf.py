# -*- test-case-name: tests.scp.test_kdf -*-
"""
Key derivation of SCP03 (GlobalPlatform Card Specification, Amendment D 1.1.1, 4.1.5): NIST SP 800-108 in counter mode with
AES-CMAC.  What SCP11 derives its keys with is X9.63; both give L{SessionKeys}.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from attrs import define, field

from cardgw.scp.keys import KeySet, StaticKey
from cardgw.scp.primitives import BLOCK

_LABEL_ZEROS = bytes(11)
_BITS = 8


class Constant(IntEnum):
    """
    What is derived: the last byte of the label (Amendment D, table 4-1).
    """

    CARD_CRYPTOGRAM = 0x00
    HOST_CRYPTOGRAM = 0x01
    CARD_CHALLENGE = 0x02
    S_ENC = 0x04
    S_MAC = 0x06
    S_RMAC = 0x07


@define(eq=False)
class SessionKeys:
    """
    The keys of one session.  Whoever ends it calls L{drop}.

    @ivar s_enc: 16, 24 or 32 bytes; empty when dropped.  The others likewise.
    @ivar dek: what wraps keys for the card: the static one in SCP03, that of the session in SCP11.
    """

    s_enc: bytes = field(repr=False)
    s_mac: bytes = field(repr=False)
    s_rmac: bytes = field(repr=False)
    dek: StaticKey | None = field(default=None, repr=False)

    def drop(self) -> None:
        """
        Forget them.
        """
        self.s_enc = self.s_mac = self.s_rmac = b""
        self.dek = None


def derive(cmac: Callable[[bytes], bytes], constant: Constant, size: int, context: bytes) -> bytes:
    """
    @param cmac: AES-CMAC under the key that is derived from.
    @param size: how many bytes are wanted, at most 32.
    @param context: both challenges, or what a card challenge is made of.
    """
    label = _LABEL_ZEROS + bytes((constant, 0x00)) + (size * _BITS).to_bytes(2, "big")
    blocks = [cmac(label + bytes((counter + 1,)) + context) for counter in range(-(-size // BLOCK))]
    return b"".join(blocks)[:size]


def session_keys(keys: KeySet, context: bytes) -> SessionKeys:
    """
    The keys of a session of SCP03 (Amendment D, 6.2.1), which has no DEK of its own.

    @param context: host challenge and card challenge.
    """
    return SessionKeys(
        derive(keys.enc.cmac, Constant.S_ENC, keys.enc.length, context),
        derive(keys.mac.cmac, Constant.S_MAC, keys.mac.length, context),
        derive(keys.mac.cmac, Constant.S_RMAC, keys.mac.length, context),
        keys.dek,
    )


def cryptogram(cmac: Callable[[bytes], bytes], constant: Constant, size: int, context: bytes) -> bytes:
    """
    By which one side shows that it has the keys (Amendment D, 6.2.2.2 and 6.2.2.3).

    @param cmac: AES-CMAC under S-MAC.
    @param size: 8 or 16 bytes.
    """
    return derive(cmac, constant, size, context)


def pseudo_random_challenge(key: StaticKey, counter: int, application: bytes, size: int) -> bytes:
    """
    The card challenge of a card that makes it so (Amendment D, 6.2.2.1).

    @param key: the static Key-ENC.
    @param counter: of the key set, 3 bytes on the wire.
    @param application: the AID of the application that is selected.
    @param size: 8 or 16 bytes.
    """
    return derive(key.cmac, Constant.CARD_CHALLENGE, size, counter.to_bytes(3, "big") + application)
