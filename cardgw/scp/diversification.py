# -*- test-case-name: tests.scp.test_diversification -*-
"""
Keys of one card, made of master keys and of what the card says of itself: by the usual ways, or by a template in the notation of
GlobalPlatformPro.

A template is bytes in hex, and besides:

  - C{$0} to C{$9}: the bytes of the key diversification data (the first 10 of the answer to INITIALIZE UPDATE);
  - C{$k}: 01 for ENC, 02 for MAC, 03 for DEK;
  - C{$_}: a counter from 01; with it, the template goes through AES-CMAC as often as the key needs (NIST SP 800-108);
  - C{$l$l}: the bits of the key, in two bytes.

Without C{$_} it is encrypted with the master key, block by block.  Spaces and C{0x} are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from cardgw.errors import ParameterError
from cardgw.scp.keys import AesKey, KeySet, StaticKey
from cardgw.scp.primitives import BLOCK

DATA_LENGTH = 10
"""Bytes of the key diversification data."""
ENC, MAC, DEK = 1, 2, 3
"""Numbers of the keys."""
_TOKEN = re.compile(r"\$l\$l|\$[0-9k_]|[0-9a-f]{2}")
_COUNTER, _NUMBER, _BITS = "$_", "$k", "$l$l"


@frozen
class Diversification:
    """
    A way to make keys.

    @ivar tokens: bytes and placeholders.
    """

    name: str
    tokens: tuple[str, ...] = field(repr=False)

    @classmethod
    def parse(cls, template: str, name: str = "template") -> Self:
        """
        @raise ParameterError: it is no template.
        """
        text = template.lower().replace("0x", " ").replace(" ", "")
        tokens = tuple(_TOKEN.findall(text))
        if not tokens or "".join(tokens) != text:
            raise ParameterError("a template is hex and $0 to $9, $k, $_, $l$l", hint="EMV is: " + TEMPLATES["emv"])
        if tokens.count(_COUNTER) > 1:
            raise ParameterError("a template has one counter, $_, at most")
        return cls(name, tokens)

    def derive(self, master: StaticKey, number: int, data: bytes) -> bytes:
        """
        The bytes of one key of one card.

        @param number: L{ENC}, L{MAC} or L{DEK}.
        @param data: the key diversification data, 10 bytes.
        @raise ParameterError: data or template have a length that does not fit.
        """
        if len(data) != DATA_LENGTH:
            raise ParameterError(f"key diversification data have {DATA_LENGTH} bytes, not {len(data)}")
        if _COUNTER in self.tokens:
            blocks = [master.cmac(self._expand(master, number, data, i + 1)) for i in range(-(-master.length // BLOCK))]
            return b"".join(blocks)[: master.length]
        plain = self._expand(master, number, data, 0)
        if len(plain) % master.block:
            raise ParameterError(f"the template makes {len(plain)} bytes, which are no blocks of {master.block}")
        return b"".join(master.encrypt(plain[at : at + master.block]) for at in range(0, len(plain), master.block))

    def _expand(self, master: StaticKey, number: int, data: bytes, counter: int) -> bytes:
        values = {_COUNTER: bytes((counter,)), _NUMBER: bytes((number,)), _BITS: (master.length * 8).to_bytes(2, "big")}
        values |= {f"${at}": bytes((octet,)) for at, octet in enumerate(data)}
        return b"".join(values[token] if token in values else bytes.fromhex(token) for token in self.tokens)


TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "emv": "$4 $5 $6 $7 $8 $9 F0 $k $4 $5 $6 $7 $8 $9 0F $k",
        "visa": "$0 $1 $2 $3 $8 $9 F0 $k $0 $1 $2 $3 $8 $9 0F $k",
        "visa2": "$0 $1 $4 $5 $6 $7 F0 $k $0 $1 $4 $5 $6 $7 0F $k",
        "kdf3": "$_ 00 00 00 $k 00 $0 $1 $2 $3 $4 $5 $6 $7 $8 $9",
    }
)
"""EMV CPS 1.1 and those of Visa, for triple DES master keys; that of Amendment D, for AES."""
OF_AES = frozenset({"kdf3"})
"""Those which are for AES."""


def diversification(text: str) -> Diversification:
    """
    @param text: a name from L{TEMPLATES}, or a template.
    @raise ParameterError: it is neither.
    """
    template = TEMPLATES.get(text.lower())
    return Diversification.parse(text) if template is None else Diversification.parse(template, text.lower())


@frozen
class MasterKeys:
    """
    Keys of which each card has its own: see L{cardgw.scp.keys.Keys}.  C{for_card(data).check_values()} shows, before anything is
    sent, which ones they would be.

    @ivar make: what the bytes become: keys of AES, or of triple DES.
    """

    version: int
    enc: StaticKey = field(repr=False)
    mac: StaticKey = field(repr=False)
    dek: StaticKey = field(repr=False)
    diversification: Diversification
    make: Callable[[bytes], StaticKey] = field(default=AesKey, repr=False)

    @classmethod
    def of(cls, version: int, master: StaticKey, how: Diversification, make: Callable[[bytes], StaticKey] = AesKey) -> Self:
        """
        Of one master key.
        """
        return cls(version, master, master, master, how, make)

    def for_card(self, diversification: bytes) -> KeySet:
        """
        See L{cardgw.scp.keys.Keys.for_card}.

        @raise ParameterError: template and keys do not fit.
        """
        masters = ((self.enc, ENC), (self.mac, MAC), (self.dek, DEK))
        made = (self.make(self.diversification.derive(master, number, diversification)) for master, number in masters)
        return KeySet(self.version, *made)
