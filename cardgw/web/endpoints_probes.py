# -*- test-case-name: tests.web.test_endpoints_probes -*-
"""
For machines that look after this one: is it alive, is it ready, what has it done.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from attrs import frozen

from cardgw.fields import boolean, option
from cardgw.gateway.faults import Forbidden
from cardgw.web.access import bearer, is_loopback
from cardgw.web.answer import PLAIN, Answer
from cardgw.web.endpoint import Call, Endpoint, Reply
from cardgw.web.schemas import TEXT

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The text format of Prometheus."""


@frozen
class Verbosity:
    """
    How much is told.
    """

    verbose: bool = option(boolean, "list the parts, and why they are not ready", default=False)


async def livez(call: Call) -> Answer:
    """
    It answers.
    """
    return Answer(content=b"ok\n", media=PLAIN)


async def readyz(call: Call) -> Answer:
    """
    It can do its work.
    """
    parts = call.control.health()
    ready = all(each.ready for each in parts)
    lines = [f"[+] {each.part}: ok" if each.ready else f"[-] {each.part}: {each.reason}" for each in parts]
    text = "\n".join([*(lines if call.query.verbose else ()), "ok" if ready else "not ready"]) + "\n"
    return Answer(200 if ready else 503, text.encode("utf-8", "replace"), media=PLAIN)


@frozen
class Metrics:
    """
    Gives the metrics to whoever has their token, or a token of the API; without a token of their own also to this machine.
    """

    render: Callable[[], bytes]
    token: str

    async def __call__(self, call: Call) -> Answer:
        """
        See L{cardgw.web.endpoint.Handler}.
        """
        if self.token or not is_loopback(call.address):
            await self._check(call)
        return Answer(content=self.render(), media=METRICS_TYPE)

    async def _check(self, call: Call) -> None:
        given = call.header("Authorization")
        token = bearer([given] if given else [])
        if self.token and compare_digest(token.encode(), self.token.encode()):
            return
        who = await call.control.authenticate(token)
        if who.card:
            raise Forbidden("it is good for one card alone")


def probe_endpoints(render: Callable[[], bytes], token: str) -> tuple[Endpoint, ...]:
    """
    @param render: gives the metrics in the text format of Prometheus.
    @param token: that reads them, or empty.
    """
    metrics = Endpoint(
        "GET",
        "/metrics",
        None,
        Metrics(render, token),
        "Show metrics for Prometheus",
        {200: Reply("in its text format", TEXT)},
        "From elsewhere than this machine, or where metrics_token is set, it takes that token or one of the API.",
        faults=(401, 403),
        media=(METRICS_TYPE,),
    )
    return (_LIVEZ, _READYZ, metrics)


_LIVEZ = Endpoint("GET", "/livez", None, livez, "Tell that it is alive", {200: Reply("it is", TEXT)}, media=(PLAIN,))
_READYZ = Endpoint(
    "GET",
    "/readyz",
    None,
    readyz,
    "Tell whether it is ready",
    {200: Reply("it is", TEXT), 503: Reply("it is not", TEXT)},
    query=Verbosity,
    media=(PLAIN,),
)
