# -*- test-case-name: tests.test_key_store -*-
"""
Key sets of cards by name, for secure channels, for signatures and for what is put on cards: what the settings say
(L{cardgw.key_settings}), read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from attrs import Factory, field, frozen
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key

from cardgw.errors import ParameterError, SecretError
from cardgw.hsm.keys import CIPHERS, TokenKey
from cardgw.hsm.pair import TokenKeyPair
from cardgw.hsm.token import TokenPool, require_library
from cardgw.hsm.uri import TokenUri
from cardgw.key_settings import AUTO, THREE, KeySettings
from cardgw.psk_keys import joined, parse_fleet, parse_key
from cardgw.scp.certificate import Certificate
from cardgw.scp.certificate_errors import ScpCertificateRefused
from cardgw.scp.chain import arrange
from cardgw.scp.diversification import MasterKeys
from cardgw.scp.host_keys import HostKeys
from cardgw.scp.key_pair import KeyPair, PublicKey, check_public, load_private
from cardgw.scp.keys import AesKey, DesKey, Keys, KeySet, StaticKey
from cardgw.scp.scp11_terms import Variant
from cardgw.scp.store import parse_certificates
from cardgw.scp.x509_certificate import X509Certificate
from cardgw.secrets import read_secret
from cardgw.values import Psk

_CIPHERS: Mapping[str, Callable[[bytes], StaticKey]] = {"aes": AesKey, "des": DesKey}
_PEM = b"-----BEGIN "


@frozen
class KeyStore:
    """
    The key sets that settings name.  They are read once, when the gateway starts or reads its settings again; keys in tokens are
    looked for when they are first used.

    @ivar tokens: those that are open; to be given to the next key store.
    """

    _sets: Mapping[str, Keys | HostKeys] = field(factory=dict, repr=False)
    tokens: TokenPool = field(default=Factory(TokenPool), repr=False)
    _of_tls: Mapping[bytes, Psk] = field(factory=dict, repr=False)

    def psk(self, identity: bytes) -> Psk | None:
        """
        The key that is shared with whoever calls itself so in TLS; C{None}: nobody does.
        """
        return self._of_tls.get(identity)

    def __call__(self, name: str) -> Any:
        """
        @return: L{Keys} or L{HostKeys}.
        @raise SecretError: no key set is called so.
        """
        try:
            return self._sets[name]
        except KeyError:
            near = get_close_matches(name, self._sets, 1, 0.5)
            hint = f'Did you mean "{near[0]}"?' if near else f'Say where its keys are in [keys."{name}"] of cardgw.toml.'
            raise SecretError(f"{name}: there is no key set of this name", hint=hint) from None


def read_keys(
    settings: Mapping[str, KeySettings], environ: Mapping[str, str] | None = None, tokens: TokenPool | None = None
) -> KeyStore:
    """
    @param settings: by name.
    @param environ: the environment, by default that of the process.
    @param tokens: those of the process.
    @raise SecretError: a key cannot be read, or is none; the text says which and why, not what.
    """
    tokens = tokens or TokenPool()
    readers = {name: _Reader(each, f'[keys."{name}"]', environ, tokens) for name, each in settings.items()}
    sets = {name: each() for name, each in readers.items() if not each.settings.is_of_tls}
    return KeyStore(sets, tokens, joined({each.where: each.of_tls() for each in readers.values() if each.settings.is_of_tls}))


@frozen
class _Reader:
    """
    Reads one table.
    """

    settings: KeySettings
    where: str
    environ: Mapping[str, str] | None = field(repr=False)
    tokens: TokenPool

    def __call__(self) -> Keys | HostKeys:
        return self._static() if self.settings.is_static else self._host()

    def of_tls(self) -> dict[bytes, Psk]:
        """
        The keys for TLS, by identity.
        """
        settings = self.settings
        name = "psk" if settings.psk_file is None else "psk_file"
        where, source = f"{self.where} {name}", getattr(settings, name)
        read = read_secret(source, where, self.environ)
        if settings.psk_file is not None:
            return parse_fleet(read, where)
        return {settings.identity: Psk(parse_key(read, where), settings.agent)}

    def _static(self) -> Keys:
        settings = self.settings
        names = THREE if settings.master is None else ("master",)
        enc, mac, dek = [self._key(name) for name in names] * (len(THREE) // len(names))
        if settings.diversification is None:
            return KeySet(settings.version, enc, mac, dek)
        return MasterKeys(settings.version, enc, mac, dek, settings.diversification, _CIPHERS[settings.cipher])

    def _key(self, name: str) -> StaticKey:
        source, where, cipher = getattr(self.settings, name), f"{self.where} {name}", self.settings.cipher
        if isinstance(source, TokenUri):
            require_library()
            return TokenKey(self.tokens.token(source, self.environ), source, where, CIPHERS[cipher], self.tokens.aside)
        written = read_secret(source, where, self.environ)
        try:
            return _CIPHERS[cipher](bytes.fromhex(written.decode("ascii")))
        except ParameterError as problem:
            raise SecretError(f"{where}: {problem.detail}") from None
        except ValueError:
            raise SecretError(f"{where}: expected a key in hexadecimal") from None  # Python's own words show a part of it

    def _host(self) -> HostKeys:
        settings = self.settings
        certificates = self._certificates("certificates", settings.certificates)
        leaf = self._leaf(certificates)
        return HostKeys(
            version=settings.version,
            pair=None if settings.private is None else self._pair(leaf),
            known=leaf if settings.private is not None else self._public(),
            certificates=certificates,
            roots=self._certificates("roots", settings.roots),
            variant=None if settings.variant == AUTO else Variant(settings.variant),
            identifier=settings.identifier,
            authority_identifier=settings.authority_identifier,
            authority_version=settings.authority_version,
            host_id=settings.host_id,
            card_ids=settings.card_ids,
            without_receipt=settings.without_receipt,
        )

    def _leaf(self, certificates: tuple[Certificate, ...]) -> PublicKey | None:
        try:
            return arrange(certificates)[0].facts.key if certificates else None
        except ScpCertificateRefused as problem:
            raise SecretError(f"{self.where} certificates: {problem.detail}") from None

    def _pair(self, leaf: PublicKey | None) -> KeyPair:
        settings, where = self.settings, f"{self.where} private"
        assert settings.private is not None
        if isinstance(settings.private, TokenUri):
            require_library()
            token = self.tokens.token(settings.private, self.environ)
            return TokenKeyPair(token, settings.private, where, self.tokens.aside, leaf)
        octets = read_secret(settings.private, where, self.environ, binary=True)
        passphrase = None
        if settings.passphrase is not None:
            passphrase = read_secret(settings.passphrase, f"{self.where} passphrase", self.environ)
        try:
            pair = load_private(octets, passphrase)
        except ParameterError as problem:
            raise SecretError(f"{where}: {problem.detail}") from None
        if leaf is not None and pair.public != leaf:
            raise SecretError(f"{self.where} certificates: the first of the chain is for another key than private")
        return pair

    def _public(self) -> PublicKey | None:
        if not self.settings.public:
            return None
        where = f"{self.where} public"
        try:
            key = check_public(load_pem_public_key(_read(self.settings.public, where)))
        except ParameterError as problem:
            raise SecretError(f"{where}: {problem.detail}") from None
        except (ValueError, UnsupportedAlgorithm):
            raise SecretError(f"{where}: {self.settings.public} is no public key in PEM") from None
        return key

    def _certificates(self, name: str, paths: tuple[str, ...]) -> tuple[Certificate, ...]:
        found: list[Certificate] = []
        for path in paths:
            where = f"{self.where} {name}"
            try:
                found += _parse(_read(path, where))
            except ScpCertificateRefused as problem:
                raise SecretError(f"{where}: {path} has no certificate in it that is understood: {problem.detail}") from None
            except ValueError:
                raise SecretError(f"{where}: {path} has no certificate in it") from None
        return tuple(found)


def _parse(octets: bytes) -> tuple[Certificate, ...]:
    if _PEM not in octets:
        return parse_certificates(octets)
    parsed = x509.load_pem_x509_certificates(octets)
    return tuple(X509Certificate.decode(each.public_bytes(Encoding.DER)) for each in parsed)


def _read(path: str, where: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as problem:
        raise SecretError(f"{where}: {path}: {problem.strerror}") from None
