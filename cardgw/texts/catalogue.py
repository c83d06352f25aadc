# -*- test-case-name: tests.texts.test_catalogue -*-
"""
Catalogues: what card holders read, in other languages than English.

Everything in the gateway speaks English, errors and farewells too; a text is translated when it is handed to a card's display.
So a catalogue maps English texts to those of its language.  In C{languages/} there is a file for each, in TOML:

    "The server is busy." = "Der Server ist ausgelastet."
    "Installed: {named}." = "Installiert: {named}."
    "It is good for {#minutes} minutes." = "Er gilt {#minutes} Minuten."
    "Type it like this: {@form}." = "Bitte so eingeben: {@form}."

C{{name}} stands for any words, C{{#name}} for a number, C{{@name}} for words that are translated too,
if they are known.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from attrs import define, field, frozen

from cardgw.errors import SettingsError

ENGLISH = "en"
"""The language that needs no catalogue."""
LONGEST = 1000
"""Most characters of a line that is translated."""
SENTENCES_MAX = 8
"""Most sentences that are looked for as one."""
PLACEHOLDER = re.compile(r"\{([#@]?)(\w+)\}")
_KINDS = {"": ".+?", "@": ".+?", "#": "[0-9]+"}
_SUFFIX = ".toml"
_SENTENCE_END = re.compile(r"(?<=[.!?]) +")
_CLAUSE_END = ", "


@frozen
class Entry:
    """
    One text that a catalogue knows.

    @ivar template: in English.
    @ivar translation: with the same placeholders.
    """

    template: str
    translation: str
    _start: str = field(init=False, repr=False, eq=False)
    _end: str = field(init=False, repr=False, eq=False)
    _pattern: re.Pattern[str] = field(init=False, repr=False, eq=False)

    @_start.default
    def _default_start(self) -> str:
        return PLACEHOLDER.split(self.template, maxsplit=1)[0]

    @_end.default
    def _default_end(self) -> str:
        return PLACEHOLDER.split(self.template)[-1]

    @_pattern.default
    def _default_pattern(self) -> re.Pattern[str]:
        parts = PLACEHOLDER.split(self.template)
        groups = (f"(?P<{name}>{_KINDS[kind]})" for kind, name in zip(parts[1::3], parts[2::3], strict=True))
        literals = map(re.escape, parts[::3])
        return re.compile("".join(part for pair in zip(literals, (*groups, ""), strict=True) for part in pair))

    @property
    def is_plain(self) -> bool:
        """
        Whether it has no placeholders.
        """
        return PLACEHOLDER.search(self.template) is None

    def values(self, text: str) -> dict[str, str] | None:
        """
        What stands in a text for the placeholders, or C{None} where it is another text.
        """
        if not (text.startswith(self._start) and text.endswith(self._end)):
            return None
        found = self._pattern.fullmatch(text)
        return None if found is None else found.groupdict()


@frozen
class Piece:
    """
    A part of a text, as a catalogue sees it.

    @ivar english: a line, some of its sentences, or a clause.
    @ivar entry: what it was recognised as, or C{None}.
    @ivar text: what it becomes.
    """

    english: str
    entry: Entry | None
    text: str


@frozen
class _Sentence:
    """
    Its clauses, or itself; and what it becomes.
    """

    pieces: tuple[Piece, ...]
    text: str


@define(eq=False)
class Catalogue:
    """
    The texts of one language.

    @ivar language: its code, such as C{"de"}.
    @ivar entries: English to translation.
    """

    language: str
    entries: Mapping[str, str]
    _plain: dict[str, Entry] = field(factory=dict, init=False, repr=False)
    _templates: list[Entry] = field(factory=list, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for template, translation in self.entries.items():
            entry = Entry(template, translation)
            if entry.is_plain:
                self._plain[template] = entry
            else:
                self._templates.append(entry)

    def translate(self, text: str) -> str:
        """
        A text in this language.  Of one that has several lines and sentences, those stay English that are not known.
        """
        if not self.entries:
            return text
        return "\n".join(" ".join(each.text for each in self._line(line)) for line in text.split("\n"))

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """
        How a text is read: for tests, and for those who write a catalogue.
        """
        return tuple(piece for line in text.split("\n") for sentence in self._line(line) for piece in sentence.pieces)

    def _line(self, line: str) -> Iterator[_Sentence]:
        if not line or len(line) > LONGEST:
            yield _Sentence((Piece(line, None, line),), line)
            return
        rest = _SENTENCE_END.split(line)
        while rest:
            count, sentence = self._beginning(rest)
            del rest[:count]
            yield sentence

    def _beginning(self, sentences: list[str]) -> tuple[int, _Sentence]:
        """
        What a line begins with.  Of texts without placeholders the longest counts; of those with some the shortest, for the
        words that a placeholder stands for may have full stops in them.

        @return: how many sentences that are, and what they become.
        """
        begun = [" ".join(sentences[:count]) for count in range(1, min(len(sentences), SENTENCES_MAX) + 1)]
        for count, english in reversed(list(enumerate(begun, 1))):
            if (piece := self._fixed(english)) is not None:
                return count, _Sentence((piece,), piece.text)
        for count, english in enumerate(begun, 1):
            if (piece := self._filled(english)) is not None:
                return count, _Sentence((piece,), piece.text)
        return 1, self._clauses(sentences[0])

    def _clauses(self, sentence: str) -> _Sentence:
        """
        A sentence may be a list of clauses, all of which are known; it ends with a full stop, and they do not.
        """
        found = [self._clause(each) for each in sentence.removesuffix(".").split(_CLAUSE_END)]
        known = tuple(each for each in found if each is not None)
        if len(known) < len(found) or not sentence.endswith("."):
            return _Sentence((Piece(sentence, None, sentence),), sentence)
        return _Sentence(known, _CLAUSE_END.join(each.text for each in known) + ".")

    def _clause(self, english: str) -> Piece | None:
        return self._fixed(english) or self._filled(english)

    def _fixed(self, english: str) -> Piece | None:
        entry = self._plain.get(english)
        return None if entry is None else Piece(english, entry, entry.translation)

    def _filled(self, english: str) -> Piece | None:
        for entry in self._templates:
            if (values := entry.values(english)) is not None:
                return Piece(english, entry, self._with(entry, values))
        return None

    def _with(self, entry: Entry, values: Mapping[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            kind, name = match.groups()
            words = values.get(name, "")
            inner = self._clause(words) if kind == "@" else None
            return words if inner is None else inner.text

        return PLACEHOLDER.sub(value, entry.translation)


@define(eq=False)
class Words:
    """
    What card holders are told, in the language of the settings; that changes when these are read again.
    """

    catalogue: Catalogue = field(factory=lambda: Catalogue(ENGLISH, {}))

    def __call__(self, text: str) -> str:
        """
        See L{Catalogue.translate}.
        """
        return self.catalogue.translate(text)


def languages() -> tuple[str, ...]:
    """
    The codes of the languages that there are, English first.
    """
    names = (each.name for each in files(__package__).joinpath("languages").iterdir())
    return (ENGLISH, *sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


@cache
def catalogue(language: str) -> Catalogue:
    """
    The catalogue of a language; that of English leaves texts as they are.

    @raise SettingsError: there is none.
    """
    known = languages()
    if language not in known:
        raise SettingsError(f'there are no texts in the language "{language}"', hint=f"There are: {', '.join(known)}.")
    if language == ENGLISH:
        return Catalogue(ENGLISH, {})
    return Catalogue(language, read(files(__package__).joinpath("languages", language + _SUFFIX).read_text("utf-8")))


def read(content: str) -> dict[str, str]:
    """
    The entries of a file.

    @raise ValueError: it is not TOML, or has something else in it than texts.
    """
    entries = tomllib.loads(content)
    if wrong := [name for name, value in entries.items() if not isinstance(value, str)]:
        raise ValueError(f"{wrong[0]!r}: expected a text")
    return entries
