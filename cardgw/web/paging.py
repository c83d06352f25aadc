# -*- test-case-name: tests.web.test_endpoints_jobs -*-
"""
Lists in pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cardgw.fields import Kind, integer
from cardgw.web.answer import Answer
from cardgw.web.query import query_text

T = TypeVar("T")
LIMIT: Kind = integer(1, 500, "entries")
PAGE = 50


def page(items: Sequence[T], show: Callable[[T], Mapping[str, Any]], path: str, query: Mapping[str, Any]) -> Answer:
    """
    One page of a list, the latest first.

    @param items: with an C{id}, as many as the query's C{limit} allows.
    @param path: of the list.
    @param query: with which it was asked for.
    """
    full = len(items) >= query["limit"]
    following = f"{path}?{query_text({**query, 'before': _id(items[-1])})}" if full else None
    return Answer(content={"items": [show(each) for each in items], "next": following})


def whole(items: Sequence[Mapping[str, Any]]) -> Answer:
    """
    A list that is never long.
    """
    return Answer(content={"items": list(items), "next": None})


def _id(item: Any) -> Any:
    return item.id
