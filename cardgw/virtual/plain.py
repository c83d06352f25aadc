# -*- test-case-name: tests.virtual.test_plain -*-
"""
What went wrong outside, in plain words: for the commands of this room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.error import CannotListenError, ConnectError

T = TypeVar("T")


def plain(problem: BaseException) -> str:
    """
    An error of a file or a socket as the operating system calls it, with the file, and without class names and numbers.
    """
    if isinstance(problem, CannotListenError):
        problem = problem.socketError
    if isinstance(problem, ConnectError):
        return _first_small(next((str(each) for each in problem.args if each), "there is no connection"))
    if isinstance(problem, OSError) and problem.strerror:
        words = _first_small(problem.strerror)
        return words if problem.filename is None else f"{problem.filename}: {words}"
    return str(problem) or type(problem).__name__


def endpoint(parse: Callable[[Any, str], T], reactor: Any, text: str) -> T:
    """
    What an endpoint string describes.

    @param parse: C{serverFromString} or C{clientFromString}.
    @raise ValueError: it is none; the text says so.
    """
    try:
        return parse(reactor, text)
    except (ValueError, TypeError, LookupError):
        raise ValueError(f'"{text}" is no endpoint; one looks like tcp:127.0.0.1:1888 or, to listen, tcp:1888') from None


def _first_small(words: str) -> str:
    words = words.rstrip(".")
    return words[:1].lower() + words[1:] if words[1:2].islower() else words
