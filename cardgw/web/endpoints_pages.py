# -*- test-case-name: tests.web.test_endpoints_pages -*-
"""
The description of the API, and a page to try it.  The page loads nothing from anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from attrs import define, field

from cardgw.interfaces import IOperation
from cardgw.web.answer import HTML, Answer
from cardgw.web.endpoint import Call, Endpoint, Handler, Reply
from cardgw.web.schemas import OBJECT

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Mapping[str, str] = {"Content-Security-Policy": CSP, "Cache-Control": "no-cache"}
_FILES: Mapping[str, tuple[str, str]] = {
    "/api/docs": ("docs.html", HTML),
    "/api/docs.css": ("docs.css", "text/css; charset=utf-8"),
    "/api/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
}


def page_endpoints(document: Callable[[Call], dict[str, Any]]) -> tuple[Endpoint, ...]:
    """
    @param document: makes the OpenAPI document.
    """
    described = _Described(document)
    listed = Endpoint(
        "GET",
        "/api/v1/openapi.json",
        None,
        described,
        "Describe this API",
        {200: Reply("an OpenAPI 3.1 document", OBJECT)},
    )
    short = Endpoint("GET", "/api/openapi.json", None, described, "Describe this API", listed.replies, listed=False)
    return (listed, short, *(_page(path, name, media) for path, (name, media) in _FILES.items()))


@define(eq=False)
class _Described:
    """
    The document, which anybody may ask for and which takes long to make: made anew when there are other operations.
    """

    document: Callable[[Call], dict[str, Any]]
    _of: Sequence[IOperation] = ()
    _answer: Answer = field(factory=Answer)

    async def __call__(self, call: Call) -> Answer:
        operations = call.control.operations()
        if self._answer.content is None or list(map(id, operations)) != list(map(id, self._of)):
            self._of, self._answer = operations, Answer(content=self.document(call))
        return self._answer


def _page(path: str, name: str, media: str) -> Endpoint:
    content = files("cardgw.web").joinpath("page", name).read_bytes()
    return Endpoint("GET", path, None, _always(Answer(200, content, _HEADERS, media)), name, {}, media=(media,), listed=False)


def _always(answer: Answer) -> Handler:
    async def page(call: Call) -> Answer:
        return answer

    return page
