"""
Tests for L{cardgw.bridges.touch_daemon_request}.
"""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_errors import PageMistaken
from cardgw.bridges.touch_daemon_request import HIDDEN, PROGRAM, Wanted, origin_of, page_of, parse_request

URL = "http://localhost:8080/rt/hsm"


class ParseTests(SynchronousTestCase):
    """
    L{parse_request}.
    """

    def test_literal(self) -> None:
        """
        Pages of old write the address as it is.
        """
        found = parse_request(f"url={URL}&sessionId=4711AB&pinrequired=1", {})
        self.assertEqual(found, Wanted(URL, "4711AB", 1))

    def test_literalWithQuery(self) -> None:
        """
        What follows in such an address belongs to it, up to the next of our names.
        """
        self.assertEqual(parse_request(f"url={URL}?x=1&y=2&sessionId=1", {}), Wanted(f"{URL}?x=1&y=2", "1"))
        self.assertEqual(parse_request(f"v=9&sessionId=1&url={URL}?x=%20", {}), Wanted(f"{URL}?x=%20", "1"))

    def test_encoded(self) -> None:
        """
        Others encode it, and then nothing that follows belongs to it.
        """
        url = f"{URL}?x=1&sessionId=no"
        found = parse_request(f"url={quote(url, safe='')}&other=1&sessionId=a%3Db", {})
        self.assertEqual(found, Wanted(url, "a=b"))
        self.assertEqual(parse_request(f"url={quote(url)}", {}).url, url)

    @given(st.text("abcXYZ019-_~!$&'()*+,;=:/?@%", max_size=40), st.sampled_from(("", "1", "0", "31")))
    def test_anyAddress(self, rest: str, pin: str) -> None:
        """
        Encoded, every address comes out as it went in.
        """
        url = f"https://cards.example/rt{rest}"
        found = parse_request(f"pinrequired={pin}&url={quote(url, safe='')}&sessionId=", {})
        self.assertEqual(found, Wanted(url, "", int(pin or 0) or None))

    def refused(self, query: str, expected: str) -> None:
        """
        It is not taken, and the reason is told.
        """
        told = str(self.assertRaises(PageMistaken, parse_request, query, {}))
        self.assertIn(expected, told)

    def test_missing(self) -> None:
        """
        There must be an address, once.
        """
        for query in ("", "x", "url=", "sessionId=1"):
            self.refused(query, "url is missing")
        self.refused(f"url={URL}&url={URL}", "url is there twice")

    def test_wrongAddress(self) -> None:
        """
        It must be one that can be compared.
        """
        for url, expected in (
            ("ftp://h/x", "http://"),
            ("https:///x", "http://"),
            ("javascript:alert(1)", "http://"),
            ("https://a@h/x", "user"),
            ("https://h:/x", "port"),
            ("https://h:0/x", "port"),
            ("https://h:99999/x", "url: "),
            ("https://h%2e/x", "port"),
            ("https://./x", "port"),
            ("https://h../x", "port"),
            ("https://cards.example,evil.example/x", "port"),
            ("https://cards.example;evil.example/x", "port"),
            ("https://*/x", "port"),
            ("https://" + "h." * 130 + "evil/x", "port"),
            ("https://h/a/../b", "back"),
            ("https://h/a/%2e%2E/b", "back"),
            ("https://h/a%2F..%2fb", "back"),
            ("https://h/a/..;/b", "back"),
            ("https://h/a/%2e.%3bx=1/b", "back"),
            ("https://h/a/..%5Cb", "back"),
            ("https://h\\@evil/", "character"),
            ("https://h/#x", "character"),
            ("https://h/a b", "character"),
            ("https://h/\r\nX: y", "character"),
            ("https://m\u00fcnchen.example/", "character"),
            ("https://h/" + "x" * 3000, "2048"),
        ):
            self.refused(f"url={quote(url, safe='')}", expected)

    def test_notText(self) -> None:
        """
        What is encoded is UTF-8.
        """
        self.refused("url=%FF", "UTF-8")

    def test_session(self) -> None:
        """
        A session's id is to be sent as a cookie, and can be nothing else.
        """
        for session in ("a;b", "a%0D%0AX:%20y", "%C3%BC", "a b", "x" * 257):
            self.refused(f"url={URL}&sessionId={session}", "sessionId")

    def test_secret(self) -> None:
        """
        It is not in the representation.
        """
        self.assertNotIn("4711", repr(Wanted(URL, "4711")))

    def test_pin(self) -> None:
        """
        A PIN is a small number.
        """
        for pin in ("x", "-1", "32", "1.0", "129", "00000001", "%C2%B2"):
            self.refused(f"url={URL}&pinrequired={pin}", "pinrequired")


class OriginTests(SynchronousTestCase):
    """
    L{origin_of} and L{page_of}.
    """

    def test_oneForm(self) -> None:
        """
        An origin has one form.
        """
        for url, expected in (
            ("HTTPS://Cards.Example:443/x?y", "https://cards.example"),
            ("http://cards.example.:80", "http://cards.example"),
            ("http://cards.example:443", "http://cards.example:443"),
            ("http://[::1]:8080/rt", "http://[::1]:8080"),
        ):
            self.assertEqual(origin_of(url), expected)

    def test_page(self) -> None:
        """
        The origin counts most, then the referrer; a browser that tells neither was told to by the page.
        """
        for headers, expected in (
            ({}, PROGRAM),
            ({"origin": ["https://shop.example"], "referer": ["https://other.example/"]}, "https://shop.example"),
            ({"referer": ["https://shop.example:443/a/b?c=d"], "sec-fetch-site": ["cross-site"]}, "https://shop.example"),
            ({"origin": ["null"]}, HIDDEN),
            ({"origin": ["https://a.example", "https://b.example"]}, HIDDEN),
            ({"origin": ["https://a.example https://b.example"]}, HIDDEN),
            ({"referer": ["about:blank"]}, HIDDEN),
            ({"referer": [""]}, HIDDEN),
            ({"sec-fetch-site": ["cross-site"]}, HIDDEN),
            ({"sec-fetch-site": ["none"]}, HIDDEN),
            ({"user-agent": ["Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/15.6 Safari/605.1.15"]}, HIDDEN),
            ({"user-agent": ["curl/8.5.0"]}, PROGRAM),
        ):
            self.assertEqual(page_of(headers), expected, headers)
