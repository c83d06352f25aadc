# -*- test-case-name: tests.test_touch_site -*-
"""
The HTTP of the daemon that lends a card here to the servers of web pages.

A page loads an image, and has it when all is over; or it fetches the same address with C{.json}, and reads how it went.  Every
page of every site can send such a request, and with a name of its own that points to this machine: so the name by which we are
called is looked at, where the page is from, and what was approved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.resource import Resource

from cardgw.bridges.touch import Outcome
from cardgw.bridges.touch_daemon_ask import Gate
from cardgw.bridges.touch_daemon_desk import Desk
from cardgw.bridges.touch_daemon_errors import NotApproved, PageMistaken
from cardgw.bridges.touch_daemon_image import failed, passed
from cardgw.bridges.touch_daemon_request import HIDDEN, PROGRAM, Wanted, parse_request
from cardgw.errors import CardGatewayError
from cardgw.web.answer import PLAIN, Answer
from cardgw.web.api import send
from cardgw.web.faults import Defect
from cardgw.web.site import Limits, WebRequest, WebSite

PNG = "image/png"
ERROR = "X-Cardgw-Error"
"""The header with the code of what went wrong."""
DONE, FAILED = "done", "failed"
_LIMITS = Limits(max_body=1024, max_connections=100)
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
_LOCAL = ("Private-Network", "Local-Network")
"""What browsers ask before a page may reach a server of this machine: the older and the newer name."""
_log = Logger()


class TouchRequest(WebRequest):
    """
    One request.
    """

    def process(self) -> None:
        """
        See L{WebRequest.process}.
        """
        called = self._called()
        if len(called) != 1 or not _HOST.fullmatch(called[0]):
            send(self, _refusal(421, "This is reached as 127.0.0.1 or localhost only."))
        elif self.method == b"GET":
            self.channel.site.serve(self)
        elif self.method == b"OPTIONS":
            send(self, self.channel.site.preflight(self))
        else:
            send(self, evolve(_refusal(405, "Images are loaded with GET."), headers={"Allow": "GET, OPTIONS"}))


class TouchSite(WebSite):
    """
    See the module's docstring.

    @param gate: knows which pages are let in without a question.
    @param reactor: C{IReactorTime}.
    """

    def __init__(self, desk: Desk, gate: Gate, reactor: Any) -> None:
        super().__init__(Resource(), _LIMITS, reactor)
        self.requestFactory = TouchRequest
        self._desk = desk
        self._gate = gate

    def serve(self, request: TouchRequest) -> None:
        """
        Answer when the session is over.  Who hangs up before that ends it.
        """
        serving = Deferred.fromCoroutine(self._serve(request))
        request.notifyFinish().addErrback(lambda _: serving.cancel())
        serving.addErrback(_defect, request)

    async def _serve(self, request: TouchRequest) -> None:
        as_json = request.path.endswith(b".json")
        headers: Mapping[str, str] = {}
        try:
            wanted = _wanted(request)
            headers = _for_page(wanted)
            answer = _told(await self._desk.serve(wanted), as_json=as_json)
        except CardGatewayError as error:
            headers = {} if isinstance(error, NotApproved) else headers
            if isinstance(error, PageMistaken):
                _log.warn("{reason}", event="page-mistaken", reason=str(error))
            answer = _told(error, as_json=as_json)
        send(request, evolve(answer, headers={**answer.headers, **headers}))

    def preflight(self, request: TouchRequest) -> Answer:
        """
        A browser asks whether a page may ask.  The person here is not asked about that.
        """
        try:
            wanted = _wanted(request)
        except PageMistaken as error:
            return _refusal(403, str(error))
        if wanted.page in (HIDDEN, PROGRAM) or not self._gate.known(wanted):
            return _refusal(403, str(NotApproved(wanted.page)))
        headers = {**_for_page(wanted), "Access-Control-Allow-Methods": "GET"}
        for name in _LOCAL:
            if request.requestHeaders.getRawHeaders(f"Access-Control-Request-{name}") == ["true"]:
                headers[f"Access-Control-Allow-{name}"] = "true"
        return Answer(204, headers=headers)


def _wanted(request: TouchRequest) -> Wanted:
    headers: dict[str, Sequence[str]] = {
        name.decode("latin-1").lower(): [each.decode("latin-1") for each in values]
        for name, values in request.requestHeaders.getAllRawHeaders()
    }
    return parse_request(request.uri.partition(b"?")[2].decode("latin-1"), headers)


def _for_page(wanted: Wanted) -> dict[str, str]:
    """
    The headers by which a page that was approved may read the answer.
    """
    headers = {"Vary": "Origin"}
    if wanted.page not in (HIDDEN, PROGRAM):
        headers["Access-Control-Allow-Origin"] = wanted.page
        headers["Access-Control-Expose-Headers"] = ERROR
    return headers


def _told(result: Outcome | CardGatewayError, *, as_json: bool) -> Answer:
    """
    How it went.  Images of other statuses than 200 are not shown everywhere.
    """
    error = result if isinstance(result, CardGatewayError) else None
    headers = {"Cross-Origin-Resource-Policy": "cross-origin", **({ERROR: error.code} if error is not None else {})}
    if not as_json:
        return Answer(200, passed() if error is None else failed(), headers, PNG)
    told = None if error is None else {"code": error.code, "title": error.sentence, "detail": error.detail, "hint": error.hint}
    notice = result.notice if isinstance(result, Outcome) else ""
    return Answer(200, {"state": DONE if error is None else FAILED, "error": told, "notice": notice}, headers)


def _refusal(status: int, text: str) -> Answer:
    return Answer(status, f"{text}\n".encode(), media=PLAIN)


def _defect(failure: Any, request: TouchRequest) -> None:
    _log.failure("a request failed", failure, event="defect")
    send(request, _told(Defect(), as_json=False))
