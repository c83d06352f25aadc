# -*- test-case-name: tests.hsm.test_uri -*-
"""
Where a key in a token is (RFC 7512)::

    pkcs11:token=issuer;object=enc;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/cardgw/pin

C{token}, C{serial}, C{manufacturer}, C{model} and C{slot-id} say which token, C{object} and C{id} which key in it; at least one
of these two must be there.  C{pin-source} is a path, a C{file:} URI, or one of the sources of L{cardgw.secrets}.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from attrs import field, frozen

from cardgw.secrets import Source, parse_source

SCHEME = "pkcs11:"
_TOKEN = ("token", "serial", "manufacturer", "model", "slot-id")
_KEY = ("object", "id")
_PATH = (*_TOKEN, *_KEY, "type")
_QUERY = ("module-path", "pin-source")
_TYPES = ("private", "secret-key")


@frozen
class TokenUri:
    """
    A key in a token.

    @ivar module: the path of the library that knows the token.
    @ivar token: which token: names and values, as the URI has them.
    @ivar label: of the key; empty for any.
    @ivar id: of the key, likewise.
    @ivar pin: where the PIN is; C{None} where none is needed.
    """

    module: str
    token: tuple[tuple[str, str], ...] = ()
    label: str = ""
    id: bytes = b""
    pin: Source | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """
        Which key it is, for people.
        """
        parts = ([f'object "{self.label}"'] if self.label else []) + ([f"id {self.id.hex().upper()}"] if self.id else [])
        return ", ".join([*(f'{name} "{value}"' for name, value in self.token), *parts])


def parse_uri(text: str) -> TokenUri:
    """
    @raise ValueError: it is none, or says more than is understood; the text does not repeat what may be a PIN.
    """
    path, _, query = text.removeprefix(SCHEME).partition("?")
    if not text.startswith(SCHEME) or "#" in text:
        raise ValueError("it is no pkcs11: URI")
    if "pin-value" in _names(query, "&"):
        raise ValueError("pin-value: the PIN itself does not belong here; say with pin-source where it is")
    found, asked = _attributes(path, ";", _PATH), _attributes(query, "&", _QUERY)
    if not any(found.get(name) for name in _KEY):
        raise ValueError("neither object nor id says which key is meant")
    if found.get("type", b"private").decode("utf-8", "replace") not in _TYPES:
        raise ValueError(f"type: one of {', '.join(_TYPES)} is expected")
    if not asked.get("module-path", b"").startswith(b"/"):
        raise ValueError("module-path: the absolute path of a PKCS#11 library is expected")
    token = tuple((name, _text(found[name])) for name in _TOKEN if name in found)
    if any(name == "slot-id" and not value.isdecimal() for name, value in token):
        raise ValueError("slot-id: a number is expected")
    label = _text(found.get("object", b""))
    return TokenUri(_text(asked["module-path"]), token, label, found.get("id", b""), _pin(asked.get("pin-source")))


def _names(part: str, separator: str) -> list[str]:
    return [each.partition("=")[0] for each in part.split(separator)]


def _attributes(part: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    names = [name for name in _names(part, separator) if name]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise ValueError(f"{unknown[:20]}: it is not understood; known are {', '.join(known)}")
    if len(set(names)) != len(names):
        raise ValueError("something is said twice")
    pairs = (each.partition("=") for each in part.split(separator) if each)
    return {name: unquote_to_bytes(value) for name, _, value in pairs}


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("text is expected in UTF-8") from None


def _pin(source: bytes | None) -> Source | None:
    if source is None:
        return None
    text = _text(source)
    if text.startswith("/"):
        return Source("file", text)
    if text.startswith("file://"):
        return Source("file", "/" + text.removeprefix("file://").partition("/")[2])
    try:
        return parse_source(text)
    except ValueError:
        raise ValueError('pin-source: a path, or "file:…", "env:…", "credential:…" or "command:…" is expected') from None
