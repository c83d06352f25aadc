# -*- test-case-name: tests.texts.test_languages -*-
"""
Tests for the catalogues in C{cardgw/texts/languages/}: each has all that the code says to card holders, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import normalize

from twisted.trial.unittest import SynchronousTestCase

from cardgw.operations.text_command import HELP
from cardgw.operations.text_parser import FORMS
from cardgw.texts.catalogue import ENGLISH, PLACEHOLDER, Catalogue, catalogue, languages
from cardgw.transports.estk.gsm7 import BOX_MAX, decode, encode
from tests.texts.emitted import NAME, SPOKEN, emitted, errors, untranslated

LONGEST = {
    "named": "W" * 97,  # a provider's name has 32 bytes, that of its profile 64 (SGP.22 5.5.3)
    "title": "W" * 97,
    "code": "W" * 16,
    "command": "/" + "W" * 33,
    "commands": " ".join(f"/{name}" for name in FORMS),
}
NAME_SENTENCES = NAME + "."
NUMBER = "2147483647"
USED = "You used {#kib} KiB data"


def each_language() -> list[Catalogue]:
    """
    All but English.
    """
    return [catalogue(name) for name in languages() if name != ENGLISH]


def templates(known: Catalogue, text: str) -> set[str]:
    """
    The entries that a text is made of.
    """
    return {piece.entry.template for piece in known.pieces(text) if piece.entry is not None}


def found_in(known: Catalogue) -> Iterator[tuple[str, str, str]]:
    """
    What stands for placeholders in what the code says: the template, the kind of the placeholder, and the words.
    """
    for text in emitted():
        for piece in known.pieces(text):
            if piece.entry is not None:
                values = piece.entry.values(piece.english) or {}
                for kind, name in PLACEHOLDER.findall(piece.entry.template):
                    yield piece.entry.template, kind, values[name]


class CompletenessTests(SynchronousTestCase):
    """
    What the code says, and what the catalogues know.
    """

    def test_languages(self) -> None:
        """
        There are at least these.
        """
        self.assertEqual({"en", "de", "es", "fr"} - set(languages()), set())

    def test_known(self) -> None:
        """
        Every catalogue knows all that the code says to card holders, whole or sentence by sentence.
        """
        for known in each_language():
            missing = {piece.english for text in emitted() for piece in known.pieces(text) if piece.entry is None}
            missing -= {each for each in missing if each in NAME_SENTENCES}
            self.assertEqual(sorted(missing), [], f"cardgw/texts/languages/{known.language}.toml lacks these")

    def test_inside(self) -> None:
        """
        So it does the words of the code that come into a text.
        """
        for known in each_language():
            unknown = {words for _, kind, words in found_in(known) if kind == "@" and not templates(known, words)}
            self.assertEqual(sorted(unknown), [], known.language)

    def test_noneStale(self) -> None:
        """
        What no code says any more is in no catalogue.
        """
        for known in each_language():
            used = {template for text in emitted() for template in templates(known, text)}
            used |= {template for _, kind, words in found_in(known) if kind == "@" for template in templates(known, words)}
            self.assertEqual(sorted(known.entries.keys() - used), [], f"cardgw/texts/languages/{known.language}.toml")

    def test_translated(self) -> None:
        """
        Transports have their own words translated.
        """
        self.assertEqual(untranslated(), [])

    def test_sameTexts(self) -> None:
        """
        All catalogues have the same texts in the same order, so that they can be read side by side.
        """
        first, *others = each_language()
        for other in others:
            self.assertEqual(list(other.entries), list(first.entries), other.language)

    def test_placeholders(self) -> None:
        """
        A translation has the placeholders of its text.
        """
        for known in each_language():
            for template, translation in known.entries.items():
                self.assertEqual(sorted(PLACEHOLDER.findall(translation)), sorted(PLACEHOLDER.findall(template)), translation)

    def test_names(self) -> None:
        """
        Whatever a profile is called, its name comes through whole.
        """
        for known in each_language():
            for text in emitted():
                self.assertEqual(known.translate(text).count(NAME), text.count(NAME), text)

    def test_spoken(self) -> None:
        """
        An error whose brief has its detail in it is collected with the details that there may be.
        """
        for each in errors():
            if each not in SPOKEN:
                self.assertTrue(each.__new__(each).brief.endswith("."), each)


class DisplayTests(SynchronousTestCase):
    """
    What a phone shows of them.
    """

    def test_alphabet(self) -> None:
        """
        A letter that the GSM 7-bit default alphabet lacks loses no more than its accent, as phones have it.
        """
        for known in each_language():
            for translation in known.entries.values():
                shown = decode(encode(translation))
                for letter, seen in zip(normalize("NFC", translation), shown, strict=True):
                    self.assertIn(seen, (letter, normalize("NFD", letter)[0]), translation)

    def test_length(self) -> None:
        """
        Each fits a box, with the longest words that may come into it.
        """
        for known in each_language():
            for text in (*known.entries, *known.entries.values()):
                self.assertLessEqual(len(encode(self.filled(text, known))), BOX_MAX, text)

    def filled(self, text: str, known: Catalogue) -> str:
        """
        A text with long values.
        """
        details = [PLACEHOLDER.sub(NUMBER, each) for each in known.entries.values() if not each.endswith((".", "?"))]
        detail = max(details, key=len)
        return PLACEHOLDER.sub(lambda found: {"@": detail, "#": NUMBER}.get(found[1]) or LONGEST[found[2]], text)

    def test_boxes(self) -> None:
        """
        What is put together of them, and has one box in English, has one.
        """
        for known in each_language():
            for text in emitted():
                if len(encode(text)) <= BOX_MAX:
                    self.assertLessEqual(len(encode(known.translate(text))), BOX_MAX, text)

    def test_help(self) -> None:
        """
        C{/help} is one box, and what is typed is the same in all languages.
        """
        for known in each_language():
            shown = known.translate(HELP)
            self.assertLessEqual(len(encode(shown)), BOX_MAX)
            self.assertEqual([line.split()[0] for line in shown.splitlines()[:-1]], [f"/{n}" for n in FORMS if n != "help"])

    def test_data(self) -> None:
        """
        C{/data} counts the bytes of its answer, so that is as long in all languages.
        """
        for known in each_language():
            self.assertEqual(len(encode(known.entries[USED])), len(encode(USED)))
