# -*- test-case-name: tests.virtual.test_security_domain -*-
"""
A card of GlobalPlatform in software: its issuer security domain with secure channels, registry, keys and life cycle.  It is as
strict as the documents; what families of cards do otherwise is data (L{cardgw.virtual.security_domain_options}).

C{python -m cardgw.virtual.security_domain --help} has it dial in to a reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from secrets import token_bytes
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import ec

from cardgw.apdu.atr import make_atr
from cardgw.gp.keys import KeyType
from cardgw.gp.life_cycle import CardState
from cardgw.gp.registry import Entry
from cardgw.scp.card_scp11 import MakeKey
from cardgw.scp.curves import PrivateKey, PublicKey, curve_of, encode_point
from cardgw.scp.keys import AesKey, DesKey
from cardgw.scp.store import KeyReference
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.security_domain_apdu import transmit
from cardgw.virtual.security_domain_keys import DEK, ENC, MAC, KeyRing, StoredKey, stored_pair
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from cardgw.virtual.security_domain_persistent import restore_card, save_card
from cardgw.virtual.security_domain_registry import CardRegistry
from cardgw.virtual.security_domain_select import end, open_channel
from cardgw.virtual.security_domain_session import Chance
from cardgw.virtual.security_domain_state import Card

DEFAULT_KEY = bytes(range(0x40, 0x50))
"""The key that cards for trial are sold with."""
_SERVICES = bytes.fromhex("31C0")
_CAPABILITIES = bytes.fromhex("73C0")
_EXTENDED, _CHAINING, _ASSIGNED_BY_CARD, _MANY = 0x40, 0x80, 0x10, 7


class VirtualSecurityDomain:
    """
    The card.  It is a callable: command APDU in, response APDU out.

    @ivar options: what kind of card it is.
    """

    def __init__(
        self,
        options: SecurityDomainOptions | None = None,
        keys: Sequence[bytes] = (DEFAULT_KEY,),
        *,
        entropy: Callable[[int], bytes] = token_bytes,
        make_key: MakeKey = ec.generate_private_key,
    ) -> None:
        """
        @param keys: ENC, MAC and DEK from the factory; one stands for all three.
        @param entropy: gives so many random bytes.
        @param make_key: makes ephemeral keys.
        @raise ParameterError: a key has a length that none has.
        """
        self.options = options or SecurityDomainOptions()
        registry = CardRegistry(self.options)
        self._card = Card(self.options, Chance(entropy, make_key), registry, {})
        enc, mac, dek = (*keys, *keys, *keys)[:3] if len(keys) == 1 else keys
        stored = {number: self._factory_key(key) for number, key in ((ENC, enc), (MAC, mac), (DEK, dek))}
        self._ring.store(self.options.family.version, stored)
        self._ring.factory[self.options.family.version] = stored
        open_channel(self._card, 0)

    def _factory_key(self, key: bytes) -> StoredKey:
        if self.options.family.des:
            return StoredKey(KeyType.DES, key, check=DesKey(key).kcv())
        return StoredKey(KeyType.AES, key, check=AesKey(key).kcv())

    @property
    def _ring(self) -> KeyRing:
        ring = self._card.registry.isd.ring
        assert ring is not None
        return ring

    @property
    def aid(self) -> bytes:
        """
        Of the issuer security domain.
        """
        return self._card.registry.isd.aid

    @property
    def atr(self) -> bytes:
        """
        The answer to reset: how many logical channels it has, and whether it knows extended length.
        """
        options = self.options
        channels = _ASSIGNED_BY_CARD | min(options.channels, _MANY) if options.channels else 0
        third = channels | _CHAINING | (_EXTENDED if options.extended else 0)
        historical = b"\x80" + _SERVICES + _CAPABILITIES + bytes((0x21, third)) + b"\x55cg-gp"
        return make_atr(historical, int(options.delivery is not Delivery.T0))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """
        The registry.
        """
        return tuple(each.entry() for each in self._card.registry.items.values())

    @property
    def state(self) -> CardState:
        """
        Of the card.
        """
        return CardState(self._card.registry.card_state)

    @property
    def versions(self) -> tuple[int, ...]:
        """
        The key versions of the issuer security domain.
        """
        return tuple(self._ring.versions)

    def add_own_key(self, reference: KeyReference, private: PrivateKey, certificates: Sequence[bytes] = ()) -> None:
        """
        A key pair for SCP11, as if from the factory.

        @param reference: KID 11, 13 or 15.
        @param certificates: leaf last.
        """
        self._ring.store(reference.kvn, {reference.kid: stored_pair(private)})
        self._ring.certificates[reference] = tuple(certificates)

    def add_authority(self, reference: KeyReference, public: PublicKey, identifier: bytes = b"") -> None:
        """
        Whose certificates of hosts are believed, as if from the factory.

        @param reference: KID 10, or 20 to 2F.
        @param identifier: of the key, or the name of its owner.
        """
        stored = StoredKey(KeyType.EC_PUBLIC, encode_point(public), curve_of(public).reference)
        self._ring.store(reference.kvn, {reference.kid: stored})
        self._ring.issuers[reference] = identifier

    def stored(self, aid: bytes = b"") -> Mapping[int, bytes]:
        """
        What STORE DATA has put there, by tag; what an application was personalised with is at 0.

        @param aid: of an application or a security domain; that of the issuer by itself.
        @raise KeyError: there is none.
        """
        return MappingProxyType(self._card.registry.items[aid or self.aid].data)

    def reset(self) -> None:
        """
        Power off and on.
        """
        for channel in self._card.channels.values():
            end(self._card, channel)
        self._card.channels.clear()
        open_channel(self._card, 0)

    def save(self, path: Path) -> None:
        """
        Write down what is on the card: see L{save_card}.
        """
        save_card(self._card, path)

    def restore(self, path: Path) -> None:
        """
        Have on the card what was written down, keys included, and power it off and on: see L{restore_card}.
        """
        restore_card(self._card, path)
        self.reset()

    def __call__(self, apdu: bytes) -> bytes:
        """
        One command APDU.

        @return: the response APDU.
        """
        return transmit(self._card, apdu)


if __name__ == "__main__":
    from cardgw.virtual.security_domain_command import main

    main()
