# -*- test-case-name: tests.web.test_query -*-
"""
Tests for L{cardgw.web.query}.
"""

from __future__ import annotations

from urllib.parse import urlencode

from attrs import asdict, frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.fields import boolean, choice, integer, option, text
from cardgw.web.faults import MalformedRequest
from cardgw.web.query import parse_query, query_text


@frozen
class Query:
    """
    One of each kind.
    """

    name: str = option(text, "a name", default="")
    count: int = option(integer(0, 99), "a number", default=7)
    flag: bool = option(boolean, "a flag", default=False)
    word: str = option(choice("a", "b"), "a word", default="a")


class QueryTests(SynchronousTestCase):
    """
    L{parse_query}.
    """

    def test_values(self) -> None:
        """
        Text becomes what is declared; a name alone means yes.
        """
        self.assertEqual(parse_query(Query, b""), Query())
        self.assertEqual(
            parse_query(Query, b"name=a+b%20c%C3%AB&count=12&flag=true&word=b"),
            Query(name="a b cë", count=12, flag=True, word="b"),
        )
        self.assertEqual(parse_query(Query, b"flag&&name="), Query(flag=True))

    def test_wrong(self) -> None:
        """
        What is unknown, given twice or of another kind is refused.
        """
        for wrong in (b"nome=x", b"name=a&name=b", b"count=", b"count=007", b"count=+7", b"count=1_0", b"count=%D9%A1"):
            self.assertRaises(ParameterError, parse_query, Query, wrong)
        for wrong in (b"count=100", b"count=1.0", b"flag=yes", b"flag=", b"word=c", b"count=" + b"9" * 5000):
            self.assertRaises(ParameterError, parse_query, Query, wrong)

    def test_encoding(self) -> None:
        """
        What is not UTF-8 is no text.
        """
        self.assertRaises(MalformedRequest, parse_query, Query, b"name=%FF")

    @given(st.builds(Query, name=st.text(), count=st.integers(0, 99), word=st.sampled_from("ab")))
    def test_roundTrip(self, query: Query) -> None:
        """
        What is written is read again.
        """
        shown = {name: value for name, value in asdict(query).items() if value is not False}
        try:
            written = query_text(shown).encode()
        except UnicodeEncodeError:
            return
        self.assertEqual(parse_query(Query, written), query)
        self.assertEqual(parse_query(Query, urlencode(shown).encode()), query)
