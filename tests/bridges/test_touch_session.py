"""
Tests for L{cardgw.bridges.touch_session}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_session import LONGEST_COOKIE, MOST_COOKIES, Cookies, parse
from cardgw.errors import ParameterError


class ParseTests(SynchronousTestCase):
    """
    L{parse}.
    """

    def test_urls(self) -> None:
        """
        Addresses go as they are, names and paths in ASCII.
        """
        for typed, url in (
            ("https://cards.example/rt/a%2Fb?x=1&y=2", "https://cards.example/rt/a%2Fb?x=1&y=2"),
            (" http://cards.example:8080 ", "http://cards.example:8080/"),
            ("https://k\u00e4rten.example/r\u00f6#part", "https://xn--krten-gra.example/r%C3%B6"),
            ("http://[::1]:8080/rt", "http://[::1]:8080/rt"),
        ):
            self.assertEqual(parse(typed).url, url)

    def test_password(self) -> None:
        """
        User and password become a header, and are in the address no more.
        """
        session = parse("https://anna:p%40ss@cards.example/rt")
        self.assertEqual((session.url, session.authorization), ("https://cards.example/rt", "Basic YW5uYTpwQHNz"))

    def test_token(self) -> None:
        """
        A token becomes a header.
        """
        self.assertEqual(parse("https://cards.example/", "", b"abc").authorization, "Bearer abc")

    def test_session(self) -> None:
        """
        An id is what Java's servers call it; what has a name keeps it.
        """
        self.assertEqual(parse("http://a/", "4711").cookie, "JSESSIONID=4711")
        self.assertEqual(parse("http://a/", "SID=xyz").cookie, "SID=xyz")
        self.assertEqual(parse("http://a/").cookie, "")

    def test_refused(self) -> None:
        """
        What cannot be used is refused, without telling what it was.
        """
        for url, session, token in (
            ("cards.example/rt", "", b""),
            ("ftp://anna:geheim@cards.example/", "", b""),
            ("https://anna:geheim@", "", b""),
            ("https://anna:geheim@cards.example:geheim/", "", b""),
            ("https://anna:geheim@cards.example/", "", b"token"),
            ("https://cards.example/", "geheim\r\nX: y", b""),
            ("https://cards.example/", "geheim;b", b""),
            ("https://cards.example/", "", b"geheim\n"),
        ):
            error = self.assertRaises(ParameterError, parse, url, session, token)
            self.assertNotIn("geheim", str(error))


class CookiesTests(SynchronousTestCase):
    """
    L{Cookies}.
    """

    def test_replaced(self) -> None:
        """
        The first cookie of the server's replaces the one that was typed; further ones stand beside it.
        """
        cookies = Cookies("JSESSIONID=typed")
        self.assertEqual(cookies.header, "JSESSIONID=typed")
        cookies.take(["SID=1; Path=/; HttpOnly"])
        self.assertEqual(cookies.header, "SID=1")
        cookies.take(["SID=2", "lang=de"])
        self.assertEqual(cookies.header, "SID=2; lang=de")
        cookies.take(["lang=; Max-Age=0"])
        self.assertEqual(cookies.header, "SID=2")

    def test_nonsense(self) -> None:
        """
        What is no cookie is ignored, and so are too many.
        """
        cookies = Cookies()
        cookies.take(["", "=x", "a b=c", "novalue", f"a={'x' * LONGEST_COOKIE}"])
        self.assertEqual(cookies.header, "")
        cookies.take(f"c{number}=1" for number in range(MOST_COOKIES + 5))
        self.assertEqual(len(cookies.header.split("; ")), MOST_COOKIES)
