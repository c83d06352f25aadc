# -*- test-case-name: tests.functional.test_foreign_yubikit -*-
"""
What the manufacturer's library for YubiKeys needs to see the software card of GlobalPlatform as one.  Only where it is installed.
"""

from __future__ import annotations

from attrs import frozen
from cryptography.x509 import Certificate
from yubikit.core import TRANSPORT
from yubikit.core.smartcard import ApduError, SmartCardConnection
from yubikit.core.smartcard.scp import KeyRef, Scp03KeyParams, Scp11KeyParams, ScpKeyParams, StaticKeys
from yubikit.securitydomain import SecurityDomainSession

from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.security_domain_pki import Scp11Pki
from tests.virtual.security_domain_rig import make_card

CA = KeyRef(0x10, 3)
"""Where the card is to keep the key of those who certify hosts."""
OWN = {kid: KeyRef(kid, kid) for kid in (0x11, 0x13, 0x15)}
"""Where the card is to keep its own keys."""


def three(octet: int) -> StaticKeys:
    """
    Keys ENC, MAC and DEK, each of the same octets.
    """
    return StaticKeys(*(bytes((octet + number,)) * 16 for number in range(3)))


class Connection(SmartCardConnection):
    """
    A card in this process.
    """

    def __init__(self, card: VirtualSecurityDomain, transport: TRANSPORT) -> None:
        self.card = card
        self._transport = transport

    @property
    def transport(self) -> TRANSPORT:
        """
        See C{SmartCardConnection}.
        """
        return self._transport

    def close(self) -> None:
        """
        See C{SmartCardConnection}.
        """

    def send_and_receive(self, apdu: bytes) -> tuple[bytes, int]:
        """
        See C{SmartCardConnection}.
        """
        answer = self.card(bytes(apdu))
        return answer[:-2], int.from_bytes(answer[-2:], "big")


@frozen
class Owner:
    """
    Who has a YubiKey.

    @ivar transport: over USB, commands are of extended length; over NFC they are cut, bit 5 of the class byte telling it.
    """

    card: VirtualSecurityDomain
    transport: TRANSPORT

    def session(self, params: ScpKeyParams | None = None) -> SecurityDomainSession:
        """
        The security domain, selected.

        @param params: authenticate with these.
        """
        session = SecurityDomainSession(Connection(self.card, self.transport))
        if params is not None:
            session.authenticate(params)
        return session

    def administrator(self) -> SecurityDomainSession:
        """
        With the keys from the factory.
        """
        return self.session(Scp03KeyParams())

    def params(self, pki: Scp11Pki, kid: int, between: tuple[Certificate, ...] = ()) -> Scp11KeyParams:
        """
        How the host of a PKI authenticates, once the card has what it needs for that.

        @param between: certificates of those between the host and who certifies hosts.
        """
        public = pki.card[kid].key.public_key()
        if kid == OWN[0x13].kid:
            return Scp11KeyParams(OWN[kid], public)
        return Scp11KeyParams(OWN[kid], public, CA, pki.host.key, [*between, pki.host.certificate])

    def provide(self, pki: Scp11Pki) -> None:
        """
        Put the keys and the certificates of a PKI into the card.
        """
        session = self.administrator()
        for kid, identity in pki.card.items():
            session.put_key(OWN[kid], identity.key)
            session.store_certificate_bundle(OWN[kid], [pki.card_root.certificate, identity.certificate])
            session.store_ca_issuer(OWN[kid], pki.card_root.key_id)
        session.put_key(CA, pki.host_authority.key.public_key())
        session.store_ca_issuer(CA, pki.host_authority.key_id)

    def status(self, params: ScpKeyParams) -> int:
        """
        What the card says when somebody authenticates; 9000 if nothing else.
        """
        try:
            self.session(params)
        except ApduError as refused:
            return int(refused.sw)
        return 0x9000


OWNERS = ((TRANSPORT.USB, True), (TRANSPORT.NFC, False))
"""Ways to a card, and whether commands of extended length go there."""


def owners() -> tuple[Owner, ...]:
    """
    One for each way, each with a card of its own.
    """
    return tuple(Owner(make_card("yubikey", extended=extended), transport) for transport, extended in OWNERS)
