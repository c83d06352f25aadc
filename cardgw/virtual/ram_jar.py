# -*- test-case-name: tests.virtual.test_ram_jar -*-
"""
What becomes of the cookies that a server sets.
"""

from __future__ import annotations

from typing import Protocol

SESSION = "JSESSIONID"


class Jar(Protocol):
    """
    Keeps cookies.
    """

    def take(self, values: list[str], path: str) -> None:
        """
        What one reply sets.

        @param values: its headers Set-Cookie, in their order.
        @param path: that of the request.
        """

    def header(self, path: str) -> str | None:
        """
        The header Cookie of a request; C{None} to send none.
        """


class WholeJar:
    """
    As curl has it, and ours: all cookies, those of another path kept back (RFC 6265, 5.1.4).

    @param first: one that is there from the beginning, C{name=value}.
    """

    def __init__(self, first: str = "") -> None:
        name, _, value = first.partition("=")
        self._kept: dict[str, tuple[str, str]] = {name: (value, "/")} if first else {}

    def take(self, values: list[str], path: str) -> None:
        """
        See L{Jar.take}.
        """
        for each in values:
            pair, *attributes = (part.strip() for part in each.split(";"))
            name, _, value = pair.partition("=")
            known = {key.lower(): found for key, _, found in (one.partition("=") for one in attributes)}
            self._kept.pop(name, None)
            if known.get("max-age", "1") != "0":
                self._kept[name] = (value, known.get("path") or path.rpartition("/")[0] or "/")

    def header(self, path: str) -> str | None:
        """
        See L{Jar.header}.
        """
        fitting = [f"{name}={value}" for name, (value, where) in self._kept.items() if _below(path, where)]
        return "; ".join(fitting) or None


def _below(path: str, where: str) -> bool:
    return path == where or path.startswith(where.rstrip("/") + "/")


class OneCookie:
    """
    As the OpenCard client has it: the last cookie of the first reply, whatever its path, or the one that it was started with.
    The header is there without any, too.

    @param first: the cookie that it was started with, C{name=value}.
    """

    def __init__(self, first: str = "") -> None:
        self._kept = first
        self._asked = False

    def take(self, values: list[str], path: str) -> None:
        """
        See L{Jar.take}.
        """
        if not self._asked and values:
            self._kept = values[-1].split(";")[0].strip()
        self._asked = True

    def header(self, path: str) -> str | None:
        """
        See L{Jar.header}.
        """
        return self._kept


def given(session: str, *, verbatim: bool = False) -> str:
    """
    The cookie of a session id that a program was started with.

    @param verbatim: where it looks like a cookie, it is one.
    """
    if not session:
        return ""
    return session if verbatim and "=" in session else f"{SESSION}={session}"
