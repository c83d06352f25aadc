# -*- test-case-name: tests.texts.test_catalogue -*-
"""
Tests for L{cardgw.texts.catalogue}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.texts.catalogue import LONGEST, Catalogue, Words, catalogue, languages, read

ENTRIES = {
    "It is done.": "Fertig.",
    "The card restarts.": "Die Karte startet neu.",
    "It is done. The card restarts.": "Fertig, die Karte startet neu.",
    "Installed: {named}.": "Installiert: {named}.",
    "Sent {#count} to {place}.": "An {place} gesendet: {#count}.",
    "Wrong: {@detail}.": "Falsch: {@detail}.",
    "it is empty": "es ist leer",
    "it has {#count} words": "es hat {#count} Wörter",
    "{#count} sent": "{#count} gesendet",
    "{#count} lost": "{#count} verloren",
    "{name} is here.": "{name} ist da.",
    "Nothing": "Nichts",
}
SIMPLE = Catalogue("xx", ENTRIES)


class TranslateTests(SynchronousTestCase):
    """
    L{Catalogue.translate}.
    """

    def check(self, english: str, expected: str) -> None:
        """
        What becomes of a text.
        """
        self.assertEqual(SIMPLE.translate(english), expected)

    def test_plain(self) -> None:
        """
        A text without placeholders is replaced.
        """
        self.check("It is done.", "Fertig.")
        self.check("Nothing", "Nichts")

    def test_unknown(self) -> None:
        """
        One that is not known stays as it is, line ends and all.
        """
        for text in ("", " ", "\n", "It is done", "What?  Who.\n\n", "a, b.", "nothing"):
            self.check(text, " ".join(text.split("  ")))

    def test_lines(self) -> None:
        """
        Each line is looked at by itself.
        """
        self.check("It is done.\nOr is it?\n\nNothing", "Fertig.\nOr is it?\n\nNichts")

    def test_sentences(self) -> None:
        """
        So is each sentence; some that are known together count as one.
        """
        self.check("The card restarts. It is done.", "Die Karte startet neu. Fertig.")
        self.check("Well. It is done. Really.", "Well. Fertig. Really.")
        self.check("It is done. The card restarts. It is done.", "Fertig, die Karte startet neu. Fertig.")

    def test_words(self) -> None:
        """
        What stands for a placeholder comes through as it is, also with full stops, braces and backslashes in it.
        """
        self.check("Installed: A {named} \\1.", "Installiert: A {named} \\1.")
        self.check("Installed: St. X Ltd. Y. It is done.", "Installiert: St. X Ltd. Y. Fertig.")
        self.check("St. X. Y is here.", "St. X. Y ist da.")
        self.check("Installed: Nothing.", "Installiert: Nothing.")

    def test_order(self) -> None:
        """
        Placeholders may change their places.
        """
        self.check("Sent 3 to A.", "An A gesendet: 3.")

    def test_numbers(self) -> None:
        """
        A number is digits, and nothing else.
        """
        self.check("Sent three to A.", "Sent three to A.")

    def test_inside(self) -> None:
        """
        Words that are to be translated are, where they are known.
        """
        self.check("Wrong: it is empty.", "Falsch: es ist leer.")
        self.check("Wrong: it has 12 words.", "Falsch: es hat 12 Wörter.")
        self.check("Wrong: it is odd.", "Falsch: it is odd.")

    def test_clauses(self) -> None:
        """
        A sentence may be a list of clauses; where one is not known, all stay.
        """
        self.check("1 sent, 2 lost.", "1 gesendet, 2 verloren.")
        self.check("1 sent.", "1 gesendet.")
        self.check("1 sent, 2 kept.", "1 sent, 2 kept.")
        self.check("1 sent, 2 lost", "1 sent, 2 lost")

    def test_pieces(self) -> None:
        """
        Whoever writes a catalogue can see what it does not know.
        """
        pieces = SIMPLE.pieces("It is done. Really.\n1 sent, 2 lost.")
        self.assertEqual([each.english for each in pieces], ["It is done.", "Really.", "1 sent", "2 lost"])
        self.assertEqual([each.entry is not None for each in pieces], [True, False, True, True])
        self.assertEqual([each.text for each in pieces], ["Fertig.", "Really.", "1 gesendet", "2 verloren"])

    def test_long(self) -> None:
        """
        Lines that no code of ours gives cost little: they stay.
        """
        text = "Installed: " + "x" * LONGEST + "."
        self.check(text, text)
        self.check("a. " * 300, "a. " * 300)

    @given(
        st.lists(st.sampled_from([*ENTRIES, *ENTRIES.values(), "{", "}", " ", "\n", ". ", ", ", "3", "ß", "\\g<0>"])).map("".join)
    )
    def test_anything(self, text: str) -> None:
        """
        No text makes it fail, and no line is lost.
        """
        for each in (SIMPLE, *map(catalogue, languages())):
            self.assertEqual(each.translate(text).count("\n"), text.count("\n"))

    def test_backwards(self) -> None:
        """
        A translation that has other placeholders than its text makes nothing fail.
        """
        self.assertEqual(Catalogue("xx", {"On {day}.": "{when}: {day}"}).translate("On Monday."), ": Monday")


class LanguageTests(SynchronousTestCase):
    """
    L{catalogue}, L{languages}, L{read} and L{Words}.
    """

    def test_english(self) -> None:
        """
        English is first, and leaves all as it is.
        """
        self.assertEqual(languages()[0], "en")
        self.assertEqual(catalogue("en").translate("It  is. \n"), "It  is. \n")

    def test_german(self) -> None:
        """
        Others have a file.
        """
        self.assertEqual(catalogue("de").translate("The server is busy."), "Der Server ist ausgelastet.")

    def test_missing(self) -> None:
        """
        Of one that there is not, those that there are are told.
        """
        for name in ("xx", "", "../languages/de", "DE"):
            error = self.assertRaises(SettingsError, catalogue, name)
            self.assertEqual(error.detail, f'there are no texts in the language "{name}"')
            self.assertEqual(error.hint, f"There are: {', '.join(languages())}.")

    def test_read(self) -> None:
        """
        A file has texts, and nothing else.
        """
        self.assertEqual(read('# x\n"A {b}." = "{b} a."'), {"A {b}.": "{b} a."})
        for wrong in ("a = 1", "[a]\nb = 'c'", "a", "a = ''\na = ''"):
            self.assertRaises(ValueError, read, wrong)

    def test_words(self) -> None:
        """
        What card holders are told is English, until a language is chosen.
        """
        words = Words()
        self.assertEqual(words("The server is busy."), "The server is busy.")
        words.catalogue = catalogue("de")
        self.assertEqual(words("The server is busy."), "Der Server ist ausgelastet.")
