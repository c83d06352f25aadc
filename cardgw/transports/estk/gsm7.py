# -*- test-case-name: tests.transports.estk.test_gsm7 -*-
"""
The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1), one character per byte as SIM toolkit texts carry it, with its extension
table; and how a text is split into the message boxes of an eSTK.me card.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, normalize

from cardgw.transports.estk.lookalikes import LOOKALIKES

ESCAPE = 0x1B
"""The next byte is to be looked up in the extension table (3GPP TS 23.038, 6.2.1.1)."""
BOX_MAX = 253
"""Most bytes in a message box: the largest that any server is known to send."""
UNKNOWN = b"?"

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}
_BYTES = {character: bytes((code,)) for code, character in enumerate(_BASIC) if code != ESCAPE}
_BYTES |= {character: bytes((ESCAPE, code)) for code, character in _EXTENSION.items()}
_BYTES |= {"\f": b"\n"}
_CHARACTERS = _BASIC.replace(chr(ESCAPE), " ") + "?" * 0x80
_SPACES = b" \n\r"


def encode(text: str) -> bytes:
    r"""
    The text in the alphabet.  Characters that it lacks are replaced by similar ones: é stays, ł becomes l, “ becomes ", … becomes
    three full stops; what has nothing similar becomes a question mark, what is invisible vanishes.

    @return: one byte per character, two for C{^ { } \ [ ~ ] | €}.
    """
    return b"".join(map(_encoded, normalize("NFC", text)))


@lru_cache(4096)
def _encoded(character: str) -> bytes:
    if character in _BYTES:
        return _BYTES[character]
    if character in LOOKALIKES:
        return encode(LOOKALIKES[character])
    kind = category(character)
    if kind in {"Mn", "Me", "Cf"}:
        return b""
    if kind.startswith("Z"):
        return b" "
    parts = normalize("NFKD", character)
    return b"".join(map(_encoded, parts)) if parts != character else UNKNOWN


def decode(octets: bytes) -> str:
    """
    The characters of a text in the alphabet.  Never fails: bytes without a meaning become question marks, an unknown extension
    the character of the basic table, an escape before an escape or at the end a space (3GPP TS 23.038, 6.2.1.1).
    """
    codes = iter(octets)
    return "".join(_extended(next(codes, ESCAPE)) if code == ESCAPE else _CHARACTERS[code] for code in codes)


def _extended(code: int) -> str:
    return _EXTENSION.get(code) or _CHARACTERS[code]


def boxes(text: str, limit: int = BOX_MAX) -> list[bytes]:
    """
    Split a text into message boxes, as few as possible, for each stops the card until the holder confirms it.  Breaks are at
    line ends where that costs no further box, else between words; a word longer than a box is cut, an extension escape never.

    @param limit: most bytes in a box, at least 2.
    @return: the boxes in the alphabet; none for a text without anything to see.
    """
    found = []
    rest = encode(text).strip(_SPACES)
    while rest:
        end = _end(rest, limit)
        found.append(rest[:end].rstrip(_SPACES))
        rest = rest[end:].lstrip(_SPACES)
    return found


def _end(rest: bytes, limit: int) -> int:
    end = _last(rest, limit)
    line = rest.rfind(b"\n", 0, end)
    if end == len(rest) or line <= 0 or _count(rest[line:], limit) > _count(rest[end:], limit):
        return end
    return line


def _count(rest: bytes, limit: int) -> int:
    count = 0
    while rest := rest.lstrip(_SPACES):
        count += 1
        rest = rest[_last(rest, limit) :]
    return count


def _last(rest: bytes, limit: int) -> int:
    if len(rest) <= limit:
        return len(rest)
    if rest[limit] in _SPACES:
        return limit
    start = max(rest.rfind(space, 0, limit) for space in (b" ", b"\n", b"\r")) + 1
    stops = [at for at in (rest.find(space, limit) for space in (b" ", b"\n", b"\r")) if at >= 0]
    word = min(stops, default=len(rest)) - start
    if start > 0 and word <= limit:
        return start
    return limit - 1 if rest[limit - 1] == ESCAPE else limit
