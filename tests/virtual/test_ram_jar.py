# -*- test-case-name: tests.virtual.test_ram_jar -*-
"""
Tests for L{cardgw.virtual.ram_jar}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.ram_jar import OneCookie, WholeJar, given


class JarTests(SynchronousTestCase):
    """
    Both jars.
    """

    def test_whole(self) -> None:
        """
        All cookies; the newest of a name, unless it is over.
        """
        jar = WholeJar()
        self.assertIsNone(jar.header("/rt/x"))
        jar.take(["a=1; Path=/rt; HttpOnly", "b=2"], "/rt/x")
        jar.take(["a=3; path=/"], "/rt/x")
        self.assertEqual(jar.header("/rt/x"), "b=2; a=3")
        jar.take(["b=; Max-Age=0"], "/rt/x")
        self.assertEqual(jar.header("/rt/x"), "a=3")

    def test_paths(self) -> None:
        """
        Those of other paths are kept back.
        """
        jar = WholeJar()
        jar.take(["a=1; Path=/rt", "b=2; Path=/other", "c=3"], "/rt/deep/x")
        self.assertEqual(jar.header("/rt/x"), "a=1")
        self.assertEqual(jar.header("/rt/deep/x"), "a=1; c=3")
        self.assertEqual(jar.header("/rtx"), None)

    def test_one(self) -> None:
        """
        The last one of the first reply, and the header is there without one, too.
        """
        jar = OneCookie()
        self.assertEqual(jar.header("/"), "")
        jar.take(["a=1; Path=/x", "b=2; HttpOnly"], "/")
        jar.take(["c=3"], "/")
        self.assertEqual(jar.header("/"), "b=2")

    def test_given(self) -> None:
        """
        One to begin with stays where the server sets none; it may be a whole cookie.
        """
        for jar in (OneCookie(given("X")), WholeJar(given("X"))):
            jar.take([], "/")
            self.assertEqual(jar.header("/"), "JSESSIONID=X")
        self.assertEqual((given(""), given("S=1"), given("S=1", verbatim=True)), ("", "JSESSIONID=S=1", "S=1"))
