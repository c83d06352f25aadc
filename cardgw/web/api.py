# -*- test-case-name: tests.web.test_api -*-
"""
Serves the table of endpoints.  A request is looked at in this order: path, method, token, role, kind of answer, query, headers,
body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from cardgw.errors import CardGatewayError, ParameterError
from cardgw.gateway.control import Control
from cardgw.gateway.faults import Forbidden
from cardgw.gateway.records import Principal
from cardgw.schema import build_strictly
from cardgw.web.access import bearer
from cardgw.web.answer import JSON, STREAM, Answer
from cardgw.web.body import parse_json
from cardgw.web.endpoint import Call, Endpoint, Following, Nothing, Ways, acceptable
from cardgw.web.faults import Defect, MalformedRequest, MethodNotAllowed, NoSuchPath, UnsupportedMediaType
from cardgw.web.feed import Feeds
from cardgw.web.problems import problem_answer
from cardgw.web.query import decoded, parse_query

_log = Logger()


@frozen
class Headers:
    """
    The headers of a request as text.
    """

    request: Any

    def all(self, name: str) -> list[str]:
        """
        All values of a header.
        """
        raw = self.request.requestHeaders.getRawHeaders(name.encode("ascii"), [])
        return [value.decode("latin-1") for value in raw]

    def __call__(self, name: str) -> str:
        """
        The values of a header, joined as RFC 9110 5.3 has it; empty where there is none.
        """
        return ", ".join(self.all(name))


class Api(Resource):
    """
    Everything that is in a table of endpoints.
    """

    isLeaf = True

    def __init__(self, control: Control, endpoints: tuple[Endpoint, ...], feeds: Feeds) -> None:
        Resource.__init__(self)
        self.control = control
        self.ways = Ways(endpoints)
        self.feeds = feeds

    def render(self, request: Any) -> Any:
        """
        See L{twisted.web.resource.IResource}.
        """
        Deferred.fromCoroutine(self._serve(request)).addErrback(lambda failure: _log.failure("a request failed", failure))
        return NOT_DONE_YET

    async def _serve(self, request: Any) -> None:
        names: dict[str, str] = {}
        answer: Answer | Following
        try:
            answer = await self._answer(request, names)
        except CardGatewayError as error:
            answer = problem_answer(error, names.get("job", ""))
        except Exception:
            _log.failure("{method} {path} failed", method=_shown(request.method), path=_shown(request.path))
            answer = problem_answer(Defect())
        if isinstance(answer, Answer):
            send(request, answer)
        elif not request.gone:
            self.feeds.follow(request, answer)

    async def _answer(self, request: Any, names: dict[str, str]) -> Answer | Following:
        found = self.ways.find(_path(request))
        if found is None:
            raise NoSuchPath
        way, given = found
        names.update(given)
        method = request.method.decode("latin-1")
        if method == "OPTIONS":
            return Answer(204, headers={"Allow": ", ".join(way.allowed)})
        endpoint = way.endpoints.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            raise MethodNotAllowed(way.allowed)
        return await self._called(request, endpoint, names, method)

    async def _called(self, request: Any, endpoint: Endpoint, names: Mapping[str, str], method: str) -> Answer | Following:
        headers = Headers(request)
        token = bearer(headers.all("Authorization")) if endpoint.role is not None else ""
        who = await self._principal(endpoint, token)
        media = acceptable(endpoint.media, headers("Accept"))
        query: Any = parse_query(endpoint.query, request.uri.partition(b"?")[2])
        _check_headers(endpoint, headers)
        body = _body(request, endpoint, headers) if method not in {"GET", "HEAD"} else Nothing()
        if method == "HEAD" and media == STREAM:
            return Answer(headers={"Content-Type": STREAM})
        address = getattr(request.getClientAddress(), "host", "")
        return await endpoint.run(Call(self.control, who, names, query, body, headers, address, media, token))

    async def _principal(self, endpoint: Endpoint, token: str) -> Principal | None:
        if endpoint.role is None:
            return None
        who = await self.control.authenticate(token)
        if not who.may(endpoint.role):
            raise Forbidden(f"it takes the role {endpoint.role.value}, and this token has {who.role.value}")
        return who


class Missing(Resource):
    """
    What is at all other paths.
    """

    isLeaf = True

    def render(self, request: Any) -> Any:
        """
        See L{twisted.web.resource.IResource}.
        """
        send(request, problem_answer(NoSuchPath()))
        return NOT_DONE_YET


def send(request: Any, answer: Answer) -> None:
    """
    Answer a request, unless nobody waits any more.
    """
    if request.gone:
        return
    request.setResponseCode(answer.status, answer.phrase.encode("ascii"))
    for name, value in answer.all_headers.items():
        request.setHeader(name, value)
    request.write(answer.body)
    request.finish()


def _path(request: Any) -> str:
    """
    The path; segments are decoded one by one, so that an encoded slash separates nothing.
    """
    segments = [decoded(each) for each in request.path.split(b"/")]
    if any("/" in each for each in segments):
        raise NoSuchPath
    return "/".join(segments)


def _check_headers(endpoint: Endpoint, headers: Headers) -> None:
    for name, (kind, _) in endpoint.headers.items():
        values = headers.all(name)
        try:
            for value in values:
                kind.parse(value)
        except ValueError:
            raise MalformedRequest(f"{name}: expected {kind.expected}") from None
        if len(values) > 1:
            raise MalformedRequest(f"{name}: given twice")


def _body(request: Any, endpoint: Endpoint, headers: Headers) -> Any:
    content = request.content.read()
    if not content and endpoint.body is Nothing:
        return Nothing()
    _check_media(headers)
    value = parse_json(content)
    if not isinstance(value, dict):
        raise ParameterError("in the body: expected an object")
    return build_strictly(endpoint.body, value, "in the body:")


def _check_media(headers: Headers) -> None:
    kind, *parameters = (each.strip().lower() for each in headers("Content-Type").split(";"))
    charsets = {each.removeprefix("charset=").strip('"') for each in parameters if each.startswith("charset=")}
    if kind != JSON or not charsets <= {"utf-8"} or headers("Content-Encoding").lower() not in {"", "identity"}:
        raise UnsupportedMediaType


def _shown(text: bytes) -> str:
    return text.decode("latin-1")
