# -*- test-case-name: tests.scp.test_host_keys -*-
"""
What a host has for SCP11, and for signatures: its key pair and certificates, and whom it believes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import field, frozen

from cardgw.errors import ParameterError
from cardgw.scp.certificate import Certificate
from cardgw.scp.chain import check_chain
from cardgw.scp.key_pair import EllipticPair, KeyPair, PublicKey
from cardgw.scp.scp11 import Host
from cardgw.scp.scp11_terms import Variant
from cardgw.scp.store import KeyReference

AUTHORITY = 0x10
"""The identifier of the first key of a card that checks certificates of hosts (Amendment F, 5.1)."""


@frozen
class HostKeys:
    """
    A key pair, with what belongs to it.

    @ivar version: of the card's key, 0 to 255; 0 for the one that the card tells.
    @ivar pair: C{None} where only a public key is known, or SCP11b alone is spoken.
    @ivar known: its public half, where it is given without the other, or beside it.
    @ivar certificates: of the pair, and of those above it.
    @ivar roots: whose certificates of cards are believed.
    @ivar variant: of SCP11; C{None} for the best that there is.
    @ivar identifier: of the card's key; C{None} for the variant's own.
    @ivar authority_identifier: of the key with which the card checks the host's certificates; C{None} for the one that it tells.
    @ivar authority_version: likewise.
    @ivar host_id: who the host says it is; C{b""} for nobody in particular.
    @ivar card_ids: what the card is or belongs to; see L{cardgw.scp.scp11_terms.Terms}.
    @ivar without_receipt: in SCP11b, no receipt is needed.
    """

    version: int = 0
    pair: KeyPair | None = field(default=None, repr=False)
    known: PublicKey | None = field(default=None, repr=False)
    certificates: tuple[Certificate, ...] = field(default=(), repr=False)
    roots: tuple[Certificate, ...] = field(default=(), repr=False)
    variant: Variant | None = None
    identifier: int | None = None
    authority_identifier: int | None = None
    authority_version: int | None = None
    host_id: bytes = field(default=b"", repr=False)
    card_ids: tuple[bytes, ...] = field(default=(), repr=False)
    without_receipt: bool = False

    @property
    def public(self) -> PublicKey | None:
        """
        The public key; C{None} where there is none.
        """
        return self.known if self.known is not None or self.pair is None else self.pair.public

    def accept(self, now: datetime) -> _Accept:
        """
        What decides whether the certificates of a card are believed.
        """
        return _Accept(self.roots, now)

    def host(self, authority: KeyReference) -> Host:
        """
        For SCP11a and SCP11c.

        @raise ParameterError: key pair or certificates are missing, or it is an RSA key.
        """
        if self.pair is None or not self.certificates:
            missing = "a private key" if self.pair is None else "certificates"
            raise ParameterError(f"SCP11a and SCP11c need {missing} of the host")
        return Host(EllipticPair.of(self.pair), self.certificates, authority)


@frozen
class _Accept:
    roots: tuple[Certificate, ...]
    now: datetime

    def __call__(self, certificates: Sequence[Certificate]) -> Certificate:
        return check_chain(certificates, self.roots, self.now)
