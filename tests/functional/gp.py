# -*- test-case-name: tests.functional.test_gp -*-
"""
What the functional tests of administration have in common: the service, whose settings name keys, and the software card of
GlobalPlatform, which dials in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from cardgw.gp.card_data import CardData, parse_cplc
from cardgw.gp.commands import Ins
from cardgw.gp.identity import gp_identity
from cardgw.scp.scp11_terms import Variant
from cardgw.scp.store import KeyReference
from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from cardgw.virtual.vicc import Manners, Vicc
from tests.functional.matrix import GpWay
from tests.functional.pcsc import PcscTestCase
from tests.functional.scp11_files import Owner
from tests.functional.vpcd import VpcdTestCase, vicc_of

ENC, MAC, DEK = ("404142434445464748494A4B4C4D4E4F", "505152535455565758595A5B5C5D5E5F", "606162636465666768696A6B6C6D6E6F")
NEXT = "000102030405060708090A0B0C0D0E0F" * 2
OLD_NEXT = "F0E1D2C3B4A5968778695A4B3C2D1E0F"
KEYS = {"enc": ENC, "mac": MAC, "dek": DEK, "next": NEXT, "old": OLD_NEXT}
"""By the names of their files."""
SETTINGS = """
[keys."issuer"]
version = 48
enc = "file:{0}/enc"
mac = "file:{0}/mac"
dek = "file:{0}/dek"

[keys."next"]
version = 49
master = "file:{0}/next"
diversification = "kdf3"

[keys."old"]
version = 48
cipher = "des"
enc = "file:{0}/enc"
mac = "file:{0}/mac"
dek = "file:{0}/dek"

[keys."old-next"]
version = 49
cipher = "des"
master = "file:{0}/old"

[keys."wrong"]
master = "file:{0}/next"

[keys."host"]
version = {1}
private = "file:{0}/owners/host/key.pem"
certificates = "{0}/owners/host/leaf.pem"
roots = "{0}/owners/card/root.pem"

[keys."stranger"]
version = {1}
roots = "{0}/owners/card/root.pem"
"""
OWN_KEY = KeyReference(0x13, 2)
"""A key pair of each card, which has no certificates."""
AGREEMENT = 1
"""The version of those that have, for SCP11."""


@cache
def owner(name: str) -> Owner:
    """
    The cards' owner, or the host.
    """
    return Owner.make(name)


class GpCard:
    """
    A card, and what came to it.

    @ivar card: the card itself.
    @ivar sent: the commands.
    """

    def __init__(self, **options: Any) -> None:
        """
        @param options: of the card.
        """
        self.card = VirtualSecurityDomain(SecurityDomainOptions(**options), [bytes.fromhex(each) for each in (ENC, MAC, DEK)])
        self.card.add_own_key(OWN_KEY, ec.generate_private_key(ec.SECP256R1()))
        for variant in Variant:
            self.card.add_own_key(KeyReference(variant.kid, AGREEMENT), owner("card").key, [owner("card").leaf.raw])
        authority = owner("host").root.facts
        self.card.add_authority(KeyReference(0x10, AGREEMENT), authority.key, authority.key_identifier)
        self.sent: list[bytes] = []
        self._factory = self.card.entries

    def __call__(self, command: bytes) -> bytes:
        """
        One command.
        """
        self.sent.append(command)
        return self.card(command)

    @property
    def identity(self) -> str:
        """
        What the gateway calls it.
        """
        return gp_identity(CardData(parse_cplc(self.card.options.cplc)))

    @property
    def loads(self) -> list[bytes]:
        """
        The blocks that came.
        """
        return [each for each in self.sent if each[1] == Ins.LOAD]

    def there(self) -> list[bytes]:
        """
        What is on it that was not there from the factory.
        """
        return [each.aid for each in self.card.entries if each not in self._factory]

    def vicc(self, manners: Manners | None = None, transmit: Callable[[bytes], bytes] | None = None) -> Vicc:
        """
        The side of it that dials in.

        @param transmit: what stands between the card and the wire.
        """
        return vicc_of(transmit or self, self.card.atr, self.card.reset, manners)


class GpTestCase(VpcdTestCase):
    """
    A service with keys.
    """

    async def start(self, settings: str = "") -> None:
        """
        Start it.

        @param settings: more of them.
        """
        await super().start(settings + SETTINGS.format(self.key_files(), AGREEMENT))

    def key_files(self) -> Path:
        """
        A directory with keys that only their owner may read.
        """
        directory = self._new_directory()
        for name, key in KEYS.items():
            (directory / name).touch(0o600)
            (directory / name).write_text(f"{key}\n")
        for name in ("host", "card"):
            owner(name).write(directory / "owners" / name)
        return directory

    async def administered(
        self, way: GpWay, manners: Manners | None = None, transmit: Callable[[bytes], bytes] | None = None
    ) -> GpCard:
        """
        A card comes.

        @return: when it has been identified.
        """
        card = GpCard(**way.options)
        await self.come(card, manners, transmit)
        return card

    async def come(self, card: GpCard, manners: Manners | None = None, transmit: Callable[[bytes], bytes] | None = None) -> Vicc:
        """
        A card comes, perhaps again.
        """
        vicc = await self.enter(card.vicc(manners, transmit))
        await self.identified(card.identity)
        return vicc

    async def enter(self, vicc: Vicc) -> Vicc:
        """
        It dials in.
        """
        return await self.dial_in(vicc)


class GpReaderTestCase(PcscTestCase, GpTestCase):
    """
    The same with a card in a reader of this machine.
    """

    async def enter(self, vicc: Vicc) -> Vicc:
        """
        It is put in.
        """
        found: Vicc = await self.daemon.insert(vicc)
        self.addCleanup(found.drop)
        return found
