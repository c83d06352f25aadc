# -*- test-case-name: tests.test_key_store -*-
"""
Key sets of cards by name, for secure channels and for PUT KEY: the tables C{[keys."name"]} of the settings.  A table says where
each key is, as C{[secrets]} does (L{cardgw.secrets}); there it is written in hexadecimal.

  - C{enc}, C{mac}, C{dek}: three keys; or
  - C{master}: one in place of the three.

With C{diversification} they are master keys, from which those of each card are derived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from attrs import field, frozen

from cardgw.errors import ParameterError, SecretError, SettingsError
from cardgw.fields import Kind, build, choice, integer, option
from cardgw.scp.diversification import TEMPLATES, Diversification, MasterKeys, diversification
from cardgw.scp.keys import AesKey, DesKey, Keys, KeySet, StaticKey
from cardgw.secrets import Source, read_secret, secret_source

_THREE = ("enc", "mac", "dek")
_CIPHERS: Mapping[str, Callable[[bytes], StaticKey]] = {"aes": AesKey, "des": DesKey}


def _way(value: Any) -> Diversification | None:
    if not isinstance(value, str):
        raise TypeError
    try:
        return diversification(value) if value else None
    except ParameterError as problem:
        raise ValueError(problem.detail) from None


_NAMES = ", ".join(f'"{name}"' for name in TEMPLATES)


@frozen
class KeySettings:
    """
    Of one key set.
    """

    version: int = option(integer(0, 0xFF), "the key version number; 0 is whichever the card uses first", default=0)
    cipher: str = option(choice(*_CIPHERS), "what the keys are for: AES, or triple DES (SCP02)", default="aes")
    enc: Source | None = option(secret_source, "where the key for encryption is, in hexadecimal", default=None, secret=True)
    mac: Source | None = option(secret_source, "where the key for MACs is", default=None, secret=True)
    dek: Source | None = option(secret_source, "where the key that encrypts keys is", default=None, secret=True)
    master: Source | None = option(secret_source, "where the key is that stands for all three", default=None, secret=True)
    diversification: Diversification | None = option(
        Kind(f'{_NAMES}, a template such as "$_ 00 $k $0 $1", or ""', _way),
        "how the keys of a card follow from these; empty: they are the same on every card",
        default=None,
    )


def key_settings(values: Mapping[str, Any], where: str) -> KeySettings:
    """
    @param where: what an error begins with: C{'cardgw.toml: [keys."issuer"]'}.
    @raise SettingsError: something is wrong or missing.
    """
    found = build(KeySettings, values, where)
    given = [name for name in _THREE if getattr(found, name) is not None]
    if found.master is not None and given:
        raise SettingsError(f"{where} {given[0]}: master stands for it already")
    if found.master is None and len(given) != len(_THREE):
        missing = next(name for name in _THREE if name not in given)
        raise SettingsError(f"{where} {missing}: missing", hint="Give enc, mac and dek, or one master.")
    return found


@frozen
class KeyStore:
    """
    The key sets that settings name.  They are read once, when the gateway starts or reads its settings again.
    """

    _sets: Mapping[str, Keys] = field(factory=dict, repr=False)

    def __call__(self, name: str) -> Keys:
        """
        @raise SecretError: no key set is called so.
        """
        try:
            return self._sets[name]
        except KeyError:
            near = get_close_matches(name, self._sets, 1, 0.5)
            hint = f'Did you mean "{near[0]}"?' if near else f'Say where its keys are in [keys."{name}"] of cardgw.toml.'
            raise SecretError(f"{name}: there is no key set of this name", hint=hint) from None


def read_keys(settings: Mapping[str, KeySettings], environ: Mapping[str, str] | None = None) -> KeyStore:
    """
    @param settings: by name.
    @param environ: the environment, by default that of the process.
    @raise SecretError: a key cannot be read, or is none; the text says which and why, not what.
    """
    return KeyStore({name: _key_set(each, f'[keys."{name}"]', environ) for name, each in settings.items()})


def _key_set(settings: KeySettings, where: str, environ: Mapping[str, str] | None) -> Keys:
    names = _THREE if settings.master is None else ("master",)
    keys = [_key(settings, name, f"{where} {name}", environ) for name in names] * (len(_THREE) // len(names))
    enc, mac, dek = keys
    if settings.diversification is None:
        return KeySet(settings.version, enc, mac, dek)
    return MasterKeys(settings.version, enc, mac, dek, settings.diversification, _CIPHERS[settings.cipher])


def _key(settings: KeySettings, name: str, where: str, environ: Mapping[str, str] | None) -> StaticKey:
    written = read_secret(getattr(settings, name), where, environ)
    try:
        return _CIPHERS[settings.cipher](bytes.fromhex(written.decode("ascii")))
    except ParameterError as problem:
        raise SecretError(f"{where}: {problem.detail}") from None
    except ValueError:
        raise SecretError(f"{where}: expected a key in hexadecimal") from None  # Python's own words show a part of it
