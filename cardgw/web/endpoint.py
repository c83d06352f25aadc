# -*- test-case-name: tests.web.test_endpoint -*-
"""
One thing that the API offers: where it is, who may use it, what it takes and what it gives.  The same values make the dispatch,
the validation and the OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

from cardgw.fields import Kind, matching
from cardgw.gateway.control import Control
from cardgw.gateway.events import Event
from cardgw.gateway.records import Role
from cardgw.identities import WORDS
from cardgw.web.answer import JSON, Answer
from cardgw.web.faults import NotAcceptable

NAME = "[0-9A-Za-z][0-9A-Za-z:._~-]{0,99}"
"""Ids and names of all kinds."""
LOWER_NAME = "[a-z0-9][a-z0-9._-]{0,62}"
NAMED: Mapping[str, tuple[Kind, str]] = {
    "card": (matching("a card", NAME), f"the id of a card that is here, or its identity ({WORDS})"),
    "operation": (matching("an operation", NAME), "the name of an operation"),
    "job": (matching("a job", NAME), "the id of a job"),
    "entry": (matching("an entry", NAME), "the id of an entry of the outbox"),
    "link": (matching("a link", NAME), "the id of a link"),
    "token": (matching("up to 63 of a-z, 0-9, dot, hyphen, underscore", LOWER_NAME), "the name of a token"),
}
"""What the names in braces in a path stand for."""


@frozen
class Nothing:
    """
    No parameters at all.
    """


@frozen
class Call:
    """
    A request that may be served.

    @ivar who: whoever asks; C{None} where the endpoint asks for nobody.
    @ivar token: with which; empty likewise.
    @ivar names: what stands for the names in the path.
    @ivar query: an instance of the endpoint's C{query}.
    @ivar body: an instance of its C{body}.
    @ivar header: gives a header's value, or an empty text.
    @ivar address: of the caller.
    @ivar media: the type of answer that was chosen.
    """

    control: Control
    who: Any
    names: Mapping[str, str] = field(factory=dict)
    query: Any = None
    body: Any = None
    header: Callable[[str], str] = lambda name: ""
    address: str = ""
    media: str = JSON
    token: str = field(default="", repr=False)


@frozen
class Following:
    """
    An answer that goes on: events as they come.

    @ivar wanted: which.
    @ivar last: whether this one is the last that may be told.
    @ivar after: the id of the last event that the caller knows, or empty.
    @ivar still: whether the caller may still follow; fails where not.
    """

    wanted: Callable[[Event], bool]
    last: Callable[[Event], bool]
    after: str
    still: Callable[[], Awaitable[object]]


Handler: TypeAlias = Callable[[Call], Awaitable[Answer | Following]]


@frozen
class Reply:
    """
    One of the answers that an endpoint gives.

    @ivar schema: of its JSON, or C{None} for none.
    @ivar headers: what they mean, by name.
    """

    meaning: str
    schema: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(factory=dict)


@frozen
class Endpoint:
    """
    See the module's docstring.

    @ivar path: with names in braces: C{/api/v1/jobs/{job}}.
    @ivar role: that a token needs, or C{None} where none is asked for.
    @ivar query: an attrs class of L{cardgw.fields.option} fields.
    @ivar body: likewise.
    @ivar replies: what it gives, by status.
    @ivar faults: the statuses of problems that only this endpoint has.
    @ivar media: the types of answer it has, the one for those who do not care first.
    @ivar headers: what request headers mean, by name.
    @ivar listed: whether it is in the OpenAPI document.
    """

    method: str
    path: str
    role: Role | None
    run: Handler
    summary: str
    replies: Mapping[int, Reply]
    description: str = ""
    query: type = Nothing
    body: type = Nothing
    faults: tuple[int, ...] = ()
    media: tuple[str, ...] = (JSON,)
    headers: Mapping[str, tuple[Kind, str]] = field(factory=dict)
    listed: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """
        The names in the path.
        """
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def operation_id(self) -> str:
        """
        A name for programs that are made from the document: C{post_jobs_job_cancel}.
        """
        words = re.findall(r"\w+", self.path.removeprefix("/api/v1"))
        return "_".join([self.method.lower(), *words])


@frozen
class Way:
    """
    A path and its endpoints, by method.
    """

    pattern: re.Pattern[str]
    endpoints: dict[str, Endpoint]

    @property
    def allowed(self) -> tuple[str, ...]:
        """
        The methods that can be used here.
        """
        head = {"HEAD"} if "GET" in self.endpoints else set()
        return tuple(sorted({*self.endpoints, *head, "OPTIONS"}))


class Ways:
    """
    Finds the endpoint for a path.
    """

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        found: dict[str, Way] = {}
        for each in endpoints:
            way = found.setdefault(each.path, Way(_pattern(each.path), {}))
            way.endpoints[each.method] = each
        self._ways = tuple(found.values())

    def find(self, path: str) -> tuple[Way, dict[str, str]] | None:
        """
        @param path: decoded.
        @return: the way, and what stands for the names in it; C{None} where there is none.
        """
        for way in self._ways:
            match = way.pattern.fullmatch(path)
            if match is not None:
                return way, match.groupdict()
        return None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("".join(f"(?P<{each[1:-1]}>{NAME})" if each[:1] == "{" else re.escape(each) for each in _parts(path)))


def _parts(path: str) -> list[str]:
    return re.split(r"({\w+})", path)


def acceptable(media: tuple[str, ...], accept: str) -> str:
    """
    The type of answer to give (RFC 9110 12.5.1): the one that is liked best; of equals, the first.

    @param media: what there is.
    @param accept: the header, or empty.
    @raise NotAcceptable: none is accepted.
    """
    if not accept.strip():
        return media[0]
    ranges = [_range(each) for each in accept.split(",") if each.strip()]
    likes = {each: _liked(each.partition(";")[0], ranges) for each in media}
    best = max(media, key=lambda each: likes[each])
    if likes[best] <= 0:
        raise NotAcceptable(f"there is {', '.join(media)}")
    return best


def _range(text: str) -> tuple[str, float]:
    kind, *parameters = (each.strip().lower() for each in text.split(";"))
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return kind, float(quality)
    except ValueError:
        return kind, 0.0


def _liked(kind: str, ranges: list[tuple[str, float]]) -> float:
    for form in (kind, kind.partition("/")[0] + "/*", "*/*"):
        found = [quality for accepted, quality in ranges if accepted == form]
        if found:
            return max(found)
    return 0.0
