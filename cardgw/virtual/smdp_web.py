# -*- test-case-name: tests.virtual.test_smdp_web -*-
"""
ES9+ and ES11 over HTTP (SGP.22 6.2, 6.5) for L{cardgw.virtual.smdp.Smdp} and L{cardgw.virtual.smds.Smds}, and ways for them to
misbehave.

    >>> web.misbehave["getBoundProfilePackage"] = Misbehaviour(drop=True)
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from attrs import evolve, frozen
from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITCPTransport
from twisted.web.http import BAD_REQUEST, NO_CONTENT, NOT_ALLOWED, NOT_FOUND, OK, Request
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from cardgw.virtual import smdp_answers as codes
from cardgw.virtual.rsp_calls import Calls
from cardgw.virtual.smdp_answers import Refusal, failure

PATH = b"/gsma/rsp2/es9plus/"
PROTOCOL = "gsma/rsp/v2.2.2"
"""The version that this server speaks (X-Admin-Protocol, SGP.22 6.2)."""
PROTOCOL_PREFIX = "gsma/rsp/v"
JSON = "application/json"
HTML = "text/html"
ERROR_PAGE = b"<html><head><title>500</title></head><body><h1>Internal Server Error</h1></body></html>"


@frozen
class Misbehaviour:
    """
    What is wrong with the answers to one function.

    @ivar delay: seconds before anything is answered.
    @ivar silent: nothing is ever answered.
    @ivar drop: the connection is closed instead of an answer.
    @ivar cut: the connection is closed after so many bytes of the body.
    @ivar handled: the server does what was asked, even where its answer is not sent or another one is.
    @ivar body: this instead of the right answer.
    @ivar times: so many calls; C{None} for all.
    """

    delay: float = 0.0
    silent: bool = False
    drop: bool = False
    cut: int | None = None
    handled: bool = False
    status: int | None = None
    body: bytes | None = None
    content_type: str = JSON
    location: str | None = None
    times: int | None = None

    @property
    def replaces(self) -> bool:
        """
        Whether the right answer is not sent.
        """
        return self.silent or self.drop or self.body is not None or self.status is not None


def error_page(status: int = 500) -> Misbehaviour:
    """
    An HTML page with an HTTP error.
    """
    return Misbehaviour(status=status, body=ERROR_PAGE, content_type=HTML)


def rubbish(body: bytes = b"\x00\xff{not JSON") -> Misbehaviour:
    """
    Something that is no JSON.
    """
    return Misbehaviour(body=body)


def huge(size: int) -> Misbehaviour:
    """
    Valid JSON of so many bytes.
    """
    return Misbehaviour(body=json.dumps({"padding": ""}).encode()[:-2] + b"A" * max(0, size - 15) + b'"}')


def redirect(location: str, status: int = 302) -> Misbehaviour:
    """
    A redirect to elsewhere.
    """
    return Misbehaviour(status=status, body=b"", location=location)


@frozen
class _Reply:
    status: int
    body: bytes = b""
    content_type: str = JSON + ";charset=UTF-8"
    location: str | None = None


@implementer(IResource)
class Es9(Resource):
    """
    The whole web site.

    @ivar misbehave: by function name.
    @ivar requests: how many calls, by function name.
    @ivar report: called with a C{dict} for each call that was answered or spoiled.
    """

    isLeaf = True

    def __init__(self, calls: Calls, reactor: IReactorTime, report: Callable[[dict[str, Any]], object] = lambda _: None) -> None:
        Resource.__init__(self)
        self.calls = calls
        self.misbehave: dict[str, Misbehaviour] = {}
        self.requests: Counter[str] = Counter()
        self.report = report
        self._reactor = reactor

    def render(self, request: Request) -> Any:
        """
        Answer a request, at once or later.
        """
        function = (request.path or b"").removeprefix(PATH).decode("ascii", "replace")
        self.requests[function] += 1
        wrong = self._misbehaviour(function)
        if wrong.delay:
            call = self._reactor.callLater(wrong.delay, self._answer, request, function, wrong)
            request.notifyFinish().addErrback(lambda _: _forget(call))
        else:
            self._answer(request, function, wrong)
        return NOT_DONE_YET

    def _misbehaviour(self, function: str) -> Misbehaviour:
        wrong = self.misbehave.get(function, Misbehaviour())
        if wrong.times is not None:
            self.misbehave[function] = evolve(wrong, times=wrong.times - 1)
            if wrong.times <= 1:
                del self.misbehave[function]
        return wrong

    def _answer(self, request: Request, function: str, wrong: Misbehaviour) -> None:
        reply = self._reply(request, function) if wrong.handled or not wrong.replaces else _Reply(OK)
        if wrong.replaces:
            reply = _Reply(wrong.status or OK, wrong.body or b"", wrong.content_type, wrong.location)
        self.report({"event": "request", "function": function, "http": reply.status, **_summary(reply)})
        if wrong.drop:
            _connection(request).abortConnection()
        elif not wrong.silent:
            _send(request, reply, wrong.cut)

    def _reply(self, request: Request, function: str) -> _Reply:
        if not (request.path or b"").startswith(PATH):
            return _Reply(NOT_FOUND)
        if request.method != b"POST":
            return _Reply(NOT_ALLOWED)
        try:
            _check_headers(request)
            assert request.content is not None
            values = json.loads(request.content.read())
            if not isinstance(values, dict):
                raise Refusal(codes.FUNCTION, codes.INVALID, "the body is no JSON object")
            result = self.calls.handle(function, values)
        except LookupError:
            return _Reply(NOT_FOUND)
        except Refusal as refusal:
            result = failure(refusal)
        except (ValueError, RecursionError):
            return _Reply(BAD_REQUEST)
        return _Reply(NO_CONTENT) if result is None else _Reply(OK, json.dumps(result).encode())


def _forget(call: IDelayedCall) -> None:
    if call.active():
        call.cancel()


def _connection(request: Request) -> ITCPTransport:
    return cast("ITCPTransport", request.transport)


def _check_headers(request: Request) -> None:
    if (request.getHeader("content-type") or "").partition(";")[0].strip().lower() != JSON:
        raise Refusal(codes.REQUESTER, codes.INVALID, f"Content-Type must be {JSON}")
    if not (request.getHeader("x-admin-protocol") or "").startswith(PROTOCOL_PREFIX):
        raise Refusal(codes.PROTOCOL_VERSION, codes.INVALID, f"X-Admin-Protocol must begin with {PROTOCOL_PREFIX}")


def _send(request: Request, reply: _Reply, cut: int | None) -> None:
    request.setResponseCode(reply.status)
    request.setHeader("x-admin-protocol", PROTOCOL)
    if reply.location is not None:
        request.setHeader("location", reply.location)
    if reply.status != NO_CONTENT:
        request.setHeader("content-type", reply.content_type)
        request.setHeader("content-length", str(len(reply.body)))
        request.write(reply.body[:cut])
    if cut is None:
        request.finish()
    else:
        # Not of the transport: that would wait for ever until the channel, which feeds it, has unregistered.
        request.channel.loseConnection()


def _summary(reply: _Reply) -> dict[str, str]:
    try:
        state = json.loads(reply.body)["header"]["functionExecutionStatus"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    data = state.get("statusCodeData", {})
    found = {"status": state["status"], "subject": data.get("subjectCode"), "reason": data.get("reasonCode")}
    return {name: value for name, value in found.items() if value}
