# -*- test-case-name: tests.virtual.test_security_domain_keys -*-
"""
The keys of a security domain of the software card: put, replaced, deleted, told, and given to secure channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from cardgw.gp.key_information import KeyInformation, KeyPart, encode_key_information
from cardgw.gp.keys import KeyType
from cardgw.scp.card_pso import Authority
from cardgw.scp.card_scp11 import CardKey
from cardgw.scp.curves import PrivateKey, PublicKey, curve_by_reference, curve_of, decode_point
from cardgw.scp.keys import AesKey, DesKey, KeySet, StaticKey
from cardgw.scp.store import KeyReference
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, SW_MEMORY, SW_PARAMETERS, SW_REFERENCE, Refused
from cardgw.virtual.security_domain_options import FACTORY_VERSION

ENC, MAC, DEK = 1, 2, 3
"""Identifiers of the keys of a secure channel."""
HIGHEST = 0x7F
OWN_KEYS = (0x11, 0x13, 0x15)
"""Identifiers of key pairs for SCP11a, b and c."""
AUTHORITIES = (0x10, *range(0x20, 0x30))
LEAST_RSA, MOST_RSA = 1024, 4096
"""Bits."""
_AES, _DES = (KeyType.AES,), (KeyType.DES, 0x82)


@frozen
class StoredKey:
    """
    One key.

    @ivar type: of its first component.
    @ivar curve: reference of the curve of one for elliptic curves.
    @ivar check: its check value; empty where it has none.
    @ivar exponent: the public exponent of one of RSA, whose value is the modulus.
    """

    type: int
    value: bytes = field(repr=False)
    curve: int | None = None
    check: bytes = b""
    exponent: bytes = b""

    def static(self) -> StaticKey | None:
        """
        As secure channels use it; C{None} for keys of other kinds.
        """
        if self.type in _AES:
            return AesKey(self.value)
        return DesKey(self.value) if self.type in _DES else None

    def parts(self) -> tuple[KeyPart, ...]:
        """
        As it is told.
        """
        first = KeyPart(self.type, len(self.value))
        if self.exponent:
            return first, KeyPart(KeyType.RSA_PUBLIC_EXPONENT, len(self.exponent))
        return (first,) if self.curve is None else (first, KeyPart(KeyType.EC_PARAMETERS, 1))


class KeyRing:
    """
    The keys of one security domain, by version and identifier.

    @ivar counters: the sequence counter of each version.
    @ivar failures: how many authentications have failed in a row, by version.
    @ivar certificates: by key; leaf last, as bytes.
    @ivar issuers: whom an authority is known as, by its key.
    @ivar card_issuers: likewise, of those that certify the card.
    @ivar allowed: serial numbers that an authority's hosts must have, by its key.
    @ivar lists: the highest counter of such a list, likewise.
    @ivar attempts: how many agreements on keys have failed in a row, by key.
    @ivar factory: what was there from the factory, by version.
    """

    def __init__(self, most: int) -> None:
        """
        @param most: key versions.
        """
        self.versions: dict[int, dict[int, StoredKey]] = {}
        self.counters: dict[int, int] = {}
        self.failures: dict[int, int] = {}
        self.certificates: dict[KeyReference, tuple[bytes, ...]] = {}
        self.issuers: dict[KeyReference, bytes] = {}
        self.card_issuers: dict[KeyReference, bytes] = {}
        self.allowed: dict[KeyReference, frozenset[bytes]] = {}
        self.lists: dict[KeyReference, int] = {}
        self.attempts: dict[KeyReference, int] = {}
        self.factory: dict[int, dict[int, StoredKey]] = {}
        self._most = most

    def restore(self) -> None:
        """
        The keys of the factory are there again; others stay.
        """
        for version, keys in self.factory.items():
            self.store(version, keys)

    def reset(self) -> None:
        """
        All is as it came from the factory.
        """
        for kept in (self.certificates, self.issuers, self.card_issuers, self.allowed, self.lists, self.attempts):
            kept.clear()
        self.versions.clear()
        self.restore()

    def is_blocked(self, tries: int) -> bool:
        """
        Whether no key is left that has not failed so often.
        """
        channels = {version for version in self.versions if self._is_channel(version)}
        pairs = {
            KeyReference(key, version) for version, keys in self.versions.items() for key in keys if key in OWN_KEYS + AUTHORITIES
        }
        return all(self.failures.get(each, 0) >= tries for each in channels) and all(
            self.attempts.get(each, 0) >= tries for each in pairs
        )

    def put(self, replaced: int, version: int, first: int, keys: Sequence[StoredKey]) -> None:
        """
        PUT KEY, once its keys have been read (11.8.2).

        @param replaced: 0 to add.
        @param first: the identifier of the first key.
        @raise Refused: what is to be replaced is not there, or what is to be added is.
        """
        if not 1 <= version <= HIGHEST or first + len(keys) - 1 > HIGHEST:
            raise Refused(SW_DATA)
        made = dict(enumerate(keys, first))
        if replaced:
            old = self.versions.get(replaced, {})
            if not made.keys() <= old.keys():
                raise Refused(SW_REFERENCE)
            if version != replaced and (version in self.versions or made.keys() != old.keys()):
                raise Refused(SW_CONDITIONS)
            self.versions = {version if each == replaced else each: value for each, value in self.versions.items()}
        elif made.keys() & self.versions.get(version, {}).keys():
            raise Refused(SW_CONDITIONS)
        elif version not in self.versions and len(self.versions.keys() - {FACTORY_VERSION}) >= self._most:
            raise Refused(SW_MEMORY)
        self.store(version, made)

    def store(self, version: int, keys: Mapping[int, StoredKey]) -> None:
        """
        Keys as they are; a secure channel's own begin to count anew, and those of the factory are gone.
        """
        self.versions[version] = dict(sorted({**self.versions.get(version, {}), **keys}.items()))
        if ENC in keys:
            self.counters[version] = self.failures[version] = 0
        if version != FACTORY_VERSION and self._is_channel(version):
            self.versions.pop(FACTORY_VERSION, None)

    def delete(self, identifier: int | None, version: int | None, used: int | None) -> None:
        """
        DELETE [key] (11.2).

        @param used: the version of the session, whose keys stay.
        @raise Refused: there is none of these.
        """
        if identifier is None and version is None:
            raise Refused(SW_DATA)
        found = [
            (each, key)
            for each, keys in self.versions.items()
            for key in keys
            if version in (None, each) and identifier in (None, key)
        ]
        if not found:
            raise Refused(SW_REFERENCE)
        if any(each == used and key in (ENC, MAC, DEK) for each, key in found):
            raise Refused(SW_CONDITIONS)
        for each, key in found:
            del self.versions[each][key]
            if not self.versions[each]:
                del self.versions[each]
            for kept in (self.certificates, self.issuers, self.allowed, self.lists):
                kept.pop(KeyReference(key, each), None)

    def _is_channel(self, version: int) -> bool:
        return self.channel_keys(version) is not None

    def channel_keys(self, version: int) -> KeySet | None:
        """
        The three keys of a secure channel; C{None} where there are none of that version.
        """
        keys = [self.versions.get(version, {}).get(each) for each in (ENC, MAC, DEK)]
        static = [each.static() for each in keys if each is not None]
        usable = [each for each in static if each is not None]
        if len(usable) != DEK or len({each.block for each in usable}) != 1:
            return None
        return KeySet(version, *usable)

    @property
    def first(self) -> int | None:
        """
        The version that comes first.
        """
        return next(filter(self._is_channel, self.versions), None)

    def available(self, tries: int | None) -> int | None:
        """
        The version that is used where none is asked for: the first that is not blocked, or else the first.

        @param tries: so many failures block it; C{None} for any number.
        """
        if tries is None:
            return self.first
        good = (each for each in filter(self._is_channel, self.versions) if self.failures.get(each, 0) < tries)
        return next(good, self.first)

    @property
    def opens(self) -> bool:
        """
        Whether a secure channel can be opened with what is here.
        """
        return self.first is not None or bool(self.own_keys())

    def of_version(self, version: int) -> tuple[StoredKey, ...]:
        """
        All keys of a version, in the order of their identifiers.
        """
        return tuple(self.versions.get(version, {}).values())

    def information(self) -> bytes:
        """
        The key information template.
        """
        pairs = ((version, key, stored) for version, keys in self.versions.items() for key, stored in keys.items())
        return encode_key_information(tuple(KeyInformation(key, version, stored.parts()) for version, key, stored in pairs))

    def own_keys(self) -> dict[KeyReference, CardKey]:
        """
        Key pairs for SCP11.
        """
        return {
            KeyReference(key, version): CardKey(private_key(stored))
            for version, keys in self.versions.items()
            for key, stored in keys.items()
            if key in OWN_KEYS and stored.type == KeyType.EC_PRIVATE
        }

    def authorities(self) -> dict[KeyReference, Authority]:
        """
        Whose certificates are believed in SCP11.
        """
        found = {}
        for version, keys in self.versions.items():
            for key, stored in keys.items():
                if key in AUTHORITIES and stored.type == KeyType.EC_PUBLIC:
                    reference = KeyReference(key, version)
                    issuer = self.issuers.get(reference, b"")
                    found[reference] = Authority(public_key(stored), issuer, self.allowed.get(reference))
        return found

    def has(self, reference: KeyReference) -> bool:
        """
        Whether there is such a key.
        """
        return reference.kid in self.versions.get(reference.kvn, {})


def stored_pair(private: PrivateKey) -> StoredKey:
    """
    A key pair for SCP11, as it is kept.
    """
    curve = curve_of(private)
    return StoredKey(KeyType.EC_PRIVATE, private.private_numbers().private_value.to_bytes(curve.size, "big"), curve.reference)


def private_key(stored: StoredKey) -> PrivateKey:
    """
    @raise Refused: it is none on its curve.
    """
    try:
        return ec.derive_private_key(int.from_bytes(stored.value, "big"), curve_by_reference(stored.curve or 0).group)
    except ValueError:
        raise Refused(SW_DATA) from None


def public_key(stored: StoredKey) -> PublicKey:
    """
    @raise Refused: it is no point of its curve.
    """
    try:
        return decode_point(curve_by_reference(stored.curve or 0), stored.value)
    except ValueError:
        raise Refused(SW_DATA) from None


def rsa_key(stored: StoredKey) -> RSAPublicKey:
    """
    @raise Refused: it is none, or too short or too long for a card.
    """
    if not LEAST_RSA <= 8 * len(stored.value) <= MOST_RSA:
        raise Refused(SW_DATA)
    try:
        numbers = RSAPublicNumbers(int.from_bytes(stored.exponent, "big"), int.from_bytes(stored.value, "big"))
        return numbers.public_key()
    except ValueError:
        raise Refused(SW_DATA) from None


def check_key(stored: StoredKey) -> StoredKey:
    """
    @return: the same.
    @raise Refused: it is a point or a number that is not of its curve, or no RSA key.
    """
    if stored.type == KeyType.EC_PRIVATE:
        private_key(stored)
    elif stored.type == KeyType.EC_PUBLIC:
        public_key(stored)
    elif stored.type == KeyType.RSA_MODULUS:
        rsa_key(stored)
    return stored


def check_version(version: int) -> int:
    """
    @return: the same: a version in P1.
    @raise Refused: there can be no such.
    """
    if version > HIGHEST:
        raise Refused(SW_PARAMETERS)
    return version
