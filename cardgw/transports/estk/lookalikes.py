# -*- test-case-name: tests.transports.estk.test_gsm7 -*-
# ruff: noqa: RUF001, SIM905
"""
What stands in for characters that the GSM 7-bit default alphabet lacks and that Unicode does not decompose.
"""

_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
_GREEK_SMALL = {letter.lower(): letter for letter in "ΓΔΘΛΞΠΣΦΨΩ"} | {a.lower(): b for a, b in _GREEK.items()} | {"ς": "Σ"}

_CYRILLIC = dict(
    zip(
        "абвгґдеєёжзиіїйклмнопрстуўфхцчшщъыьэюя",
        "a b v g g d e ye yo zh z i i yi y k l m n o p r s t u u f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)
_CYRILLIC_CAPITAL = {letter.upper(): latin.capitalize() for letter, latin in _CYRILLIC.items()}

_LATIN = {
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T",
    "ı": "i", "ĸ": "k", "ŋ": "ng", "Ŋ": "NG", "œ": "oe", "Œ": "OE", "ẞ": "ß", "ə": "e", "Ə": "E", "ɛ": "e", "ɔ": "o",
}  # fmt: skip

_SIGNS = {
    "\t": " ", "\u200b": "", "`": "'", "´": "'", "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"',
    "‟": '"', "″": '"', "«": '"', "»": '"', "‹": "'", "›": "'", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-",
    "−": "-", "·": ".", "•": "*", "×": "x", "÷": "/", "⁄": "/", "→": "->", "←": "<-", "↔": "<->", "⇒": "=>", "≤": "<=", "≥": ">=",
    "≠": "=", "✓": "OK", "✔": "OK", "©": "(c)", "®": "(r)", "°": "deg", "±": "+/-", "¢": "c", "₤": "£", "¦": "|", "\u2028": "\n",
    "\u2029": "\n", "\x85": "\n", "\v": "\n",
}  # fmt: skip

LOOKALIKES: dict[str, str] = {**_GREEK, **_GREEK_SMALL, **_CYRILLIC, **_CYRILLIC_CAPITAL, **_LATIN, **_SIGNS}
"""One character to its replacement, whose characters the alphabet has or L{cardgw.transports.estk.gsm7} can reduce further."""
