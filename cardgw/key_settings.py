# -*- test-case-name: tests.test_key_settings -*-
"""
The tables C{[keys."name"]} of the settings.  A table says where keys are, and what belongs to them:

  - C{enc}, C{mac}, C{dek}, or one C{master} in place of the three: static keys, in hexadecimal, for SCP03 and SCP02, and for PUT
    KEY.  With C{diversification} they are master keys, from which those of each card are derived;
  - C{private} (PKCS#8), or no key at all but C{roots}: for SCP11, and for signatures;
  - C{public}: a public key alone;
  - C{psk} and C{identity}, or C{psk_file}: for cards that come over TLS with a pre-shared key.

Where a key is, is said as C{[secrets]} does (L{cardgw.secrets}), or by the URI of a key in a PKCS#11 token (L{cardgw.hsm.uri}).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import fields, frozen

from cardgw.errors import ParameterError, SettingsError
from cardgw.fields import Kind, boolean, build, checked, choice, each_of, integer, octets, option, text
from cardgw.hsm.uri import SCHEME, TokenUri, parse_uri
from cardgw.psk_keys import parse_identity
from cardgw.scp.diversification import OF_AES, TEMPLATES, Diversification, diversification
from cardgw.scp.scp11_terms import Variant
from cardgw.secrets import Source, parse_source, secret_source

THREE = ("enc", "mac", "dek")
STATIC = (*THREE, "master")
PAIR = ("private", "public", "certificates", "roots")
OF_PRIVATE = ("passphrase", "certificates", "authority_identifier", "authority_version", "host_id")
"""What says nothing without a private key."""
OF_SCP11 = ("variant", "identifier", "card_ids", "without_receipt", *OF_PRIVATE)
OF_TLS = ("identity", "psk", "agent", "psk_file")
CIPHER_NAMES = ("aes", "des")
AUTO = "auto"


def _way(value: Any) -> Diversification | None:
    if not isinstance(value, str):
        raise TypeError
    try:
        return diversification(value) if value else None
    except ParameterError as problem:
        raise ValueError(problem.detail) from None


def _place(value: str) -> Source | TokenUri:
    return parse_uri(value) if value.startswith(SCHEME) else parse_source(value)


_NAMES = ", ".join(f'"{name}"' for name in TEMPLATES)
key_place = checked('where the key is: "file:…", "env:…", "credential:…", "command:…" or "pkcs11:…"', _place)
"""A L{Source} or a L{TokenUri}."""


@frozen
class KeySettings:
    """
    Of one key set.
    """

    version: int = option(integer(0, 0xFF), "the key version number; 0 is whichever the card uses first", default=0)
    cipher: str = option(choice(*CIPHER_NAMES), "what the keys are for: AES, or triple DES (SCP02)", default="aes")
    enc: Source | TokenUri | None = option(
        key_place, "where the key for encryption is, in hexadecimal or in a token", default=None, secret=True
    )
    mac: Source | TokenUri | None = option(key_place, "where the key for MACs is", default=None, secret=True)
    dek: Source | TokenUri | None = option(key_place, "where the key that encrypts keys is", default=None, secret=True)
    master: Source | TokenUri | None = option(key_place, "where the key is that stands for all three", default=None, secret=True)
    diversification: Diversification | None = option(
        Kind(f'{_NAMES}, a template such as "$_ 00 $k $0 $1", or ""', _way),
        "how the keys of a card follow from these; empty: they are the same on every card",
        default=None,
    )
    private: Source | TokenUri | None = option(
        key_place, "where the private key is (PKCS#8, PEM or DER), for SCP11 and for signatures", default=None, secret=True
    )
    passphrase: Source | None = option(secret_source, "where its passphrase is, if it has one", default=None, secret=True)
    certificates: tuple[str, ...] = option(
        each_of(text), "files with its certificate and those above it (PEM, DER, or GlobalPlatform's own form)", default=()
    )
    roots: tuple[str, ...] = option(each_of(text), "files with the roots whose certificates of cards are believed", default=())
    public: str = option(text, "a file with the public key (PEM), where there is no private one", default="")
    variant: str = option(
        choice(AUTO, *(each.value for each in Variant)),
        "of SCP11; by itself a or c with a private key, as the card says, and b without",
        default=AUTO,
    )
    identifier: int | None = option(integer(1, 0x7F), "of the card's own key; by itself that of the variant", default=None)
    authority_identifier: int | None = option(
        integer(1, 0x7F), "of the key that checks the certificates on the card; by itself the card is asked", default=None
    )
    authority_version: int | None = option(integer(1, 0xFF), "the version of that key, likewise", default=None)
    host_id: bytes = option(octets, "who the host says it is; empty: nobody in particular", default=b"")
    card_ids: tuple[bytes, ...] = option(
        each_of(octets), "with host_id: what the card is or belongs to (its SIN and SDIN, or its card group)", default=()
    )
    without_receipt: bool = option(boolean, "believe cards that give no receipt in SCP11b, as older ones do", default=False)
    identity: bytes = option(
        checked('text, or "hex:" and bytes in hexadecimal', parse_identity),
        "with psk: what the card's side calls itself in TLS",
        default=b"",
    )
    psk: Source | None = option(
        secret_source, "where the key is, in hexadecimal, that it shares with the gateway (TLS-PSK)", default=None, secret=True
    )
    agent: str = option(
        text, "with psk: the agent that it may say to be (X-Admin-From of Amendment B); empty: anybody", default=""
    )
    psk_file: Source | None = option(
        secret_source, "where the keys of many are, one line each: identity:key", default=None, secret=True
    )

    @property
    def is_of_tls(self) -> bool:
        """
        Whether it is for TLS with pre-shared keys, and nothing else.
        """
        return any(getattr(self, name) for name in OF_TLS)

    @property
    def is_static(self) -> bool:
        """
        Whether it has static keys; otherwise it is for TLS, or has a key pair.
        """
        if self.is_of_tls:
            return False
        return any(getattr(self, name) is not None for name in STATIC) or not any(getattr(self, name) for name in PAIR)


_DEFAULTS = KeySettings()


def key_settings(values: Mapping[str, Any], where: str) -> KeySettings:
    """
    @param where: what an error begins with: C{'cardgw.toml: [keys."issuer"]'}.
    @raise SettingsError: something is wrong or missing.
    """
    _check_uris(values, where)
    found = build(KeySettings, values, where)
    if found.is_of_tls:
        _check_tls(found, where)
    elif found.is_static:
        _check_static(found, where)
    else:
        _check_pair(found, where)
    return found


def _check_uris(values: Mapping[str, Any], where: str) -> None:
    """
    What is wrong with a URI is told, which has no secret in it but a PIN that does not belong there.
    """
    for name, value in values.items():
        if isinstance(value, str) and value.startswith(SCHEME):
            try:
                parse_uri(value)
            except ValueError as problem:
                raise SettingsError(f"{where} {name}: {problem}") from None


def _given(found: KeySettings, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(found, name) != getattr(_DEFAULTS, name)]


def _check_static(found: KeySettings, where: str) -> None:
    of_pair = _given(found, (*PAIR, *OF_SCP11))
    if of_pair:
        raise SettingsError(f"{where} {of_pair[0]}: it belongs to a key pair, and these are static keys", hint="Make two tables.")
    given = _given(found, THREE)
    if found.master is not None and given:
        raise SettingsError(f"{where} {given[0]}: master stands for it already")
    if found.master is None and len(given) != len(THREE):
        missing = next(name for name in THREE if name not in given)
        raise SettingsError(f"{where} {missing}: missing", hint="Give enc, mac and dek, or one master, or a key pair (private).")
    _check_way(found, where)


def _check_tls(found: KeySettings, where: str) -> None:
    others = [each.name for each in fields(KeySettings) if each.name not in OF_TLS]
    given = _given(found, tuple(others))
    if given:
        raise SettingsError(f"{where} {given[0]}: it does not belong to a key of TLS (psk)", hint="Make two tables.")
    if found.psk_file is not None and (alone := _given(found, OF_TLS[:-1])):
        raise SettingsError(f"{where} {alone[0]}: it is for one key, and psk_file has those of many", hint="Make two tables.")
    if found.psk_file is None and (missing := [name for name in ("identity", "psk") if not getattr(found, name)]):
        raise SettingsError(f"{where} {missing[0]}: missing", hint="Give identity and psk, or psk_file.")


def _check_way(found: KeySettings, where: str) -> None:
    way = "" if found.diversification is None else found.diversification.name
    needed = "aes" if way in OF_AES else "des"
    if way in TEMPLATES and found.cipher != needed:
        raise SettingsError(
            f'{where} diversification: {way} is for cipher = "{needed}"', hint="Whoever wants just this writes it as a template."
        )


def _check_pair(found: KeySettings, where: str) -> None:
    if found.diversification is not None:
        raise SettingsError(f"{where} diversification: it is for static keys")
    if found.private is not None and found.public:
        raise SettingsError(f"{where} public: it follows from private")
    if isinstance(found.private, TokenUri) and found.passphrase is not None:
        raise SettingsError(f"{where} passphrase: a token has a PIN, which pin-source names")
    alone = [] if found.private is not None else _given(found, OF_PRIVATE)
    if alone:
        raise SettingsError(f"{where} {alone[0]}: it is for a private key (private), which is missing")
    authenticates = found.variant in (Variant.A.value, Variant.C.value)
    if authenticates and found.private is None:
        raise SettingsError(f"{where} variant: SCP11{found.variant} needs a private key (private)")
    if authenticates and found.without_receipt:
        raise SettingsError(f"{where} without_receipt: SCP11{found.variant} is nothing without a receipt")
    if found.card_ids and not found.host_id:
        raise SettingsError(f"{where} card_ids: they need a host_id")
