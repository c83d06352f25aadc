# -*- test-case-name: tests.web.test_problems -*-
"""
What is answered to a request, before it is bytes on a connection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

from attrs import field, frozen

from cardgw.version import VERSION

JSON = "application/json"
PROBLEM = "application/problem+json"
"""RFC 9457."""
LPAC = "application/vnd.lpac+json"
HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
STREAM = "text/event-stream"

HEADERS: Mapping[str, str] = {
    "Server": f"cardgw/{VERSION.partition('.')[0]}",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""What every answer has, unless it says otherwise."""


@frozen
class Answer:
    """
    A whole answer.

    @ivar content: JSON, or bytes of type C{media}, or C{None} for no body.
    """

    status: int = 200
    content: Any = None
    headers: Mapping[str, str] = field(factory=dict)
    media: str = JSON

    @property
    def phrase(self) -> str:
        """
        What the status means (RFC 9110 15).
        """
        return HTTPStatus(self.status).phrase

    @cached_property
    def body(self) -> bytes:
        """
        The bytes of the body.
        """
        if self.content is None:
            return b""
        if isinstance(self.content, bytes):
            return self.content
        return json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"

    @property
    def all_headers(self) -> dict[str, str]:
        """
        All headers, the length included.
        """
        kind = {"Content-Type": self.media} if self.content is not None else {}
        length = {"Content-Length": str(len(self.body))} if self.status != 204 else {}
        return {**HEADERS, **kind, **self.headers, **length}
