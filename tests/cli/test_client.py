"""
Tests of L{cardgw.cli.client}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.client import Api
from cardgw.cli.errors import GatewayUnreachable, NoToken, RequestRefused
from cardgw.cli.settings import Access
from tests.cli.fakes import TOKEN, URL, FakeApi, answer, problem


def api(handler: Callable[[httpx.Request], httpx.Response], token: str = TOKEN) -> Api:
    """
    A client of a function.
    """
    return Api(Access(URL, token), httpx.MockTransport(handler))


def given_for(given: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """
    Always the same answer.
    """
    return lambda _: given


class ApiTests(SynchronousTestCase):
    """
    L{Api}.
    """

    def test_request(self) -> None:
        """
        A request has the token and who sends it; what is not given is not in the query.
        """
        fake = FakeApi()
        self.assertEqual(len(api(fake).get("cards", {"x": "", "y": None, "z": 1})["items"]), 1)
        (request,) = fake.requests
        self.assertEqual(str(request.url), f"{URL}/api/v1/cards?z=1")
        self.assertEqual(request.headers["Authorization"], f"Bearer {TOKEN}")
        self.assertTrue(request.headers["User-Agent"].startswith("cardgw/"))

    def test_prefix(self) -> None:
        """
        A gateway may be below a path.
        """
        seen: list[str] = []

        def handler(request: httpx.Request) -> httpx.Response:
            seen.append(str(request.url))
            return answer({})

        for url in ("https://h/cards", "unix:/run/x"):
            Api(Access(url, "t"), httpx.MockTransport(handler)).get("whoami")
        self.assertEqual(seen, ["https://h/cards/api/v1/whoami", "http://localhost/api/v1/whoami"])

    def test_noToken(self) -> None:
        """
        Without a token nothing is sent, except where none is needed; it is only looked whether there is a gateway.
        """
        fake = FakeApi()
        client = api(fake, "")
        self.assertRaises(NoToken, client.get, "cards")
        with self.assertRaises(NoToken), client.events():
            pass
        self.assertEqual(client.post("claims", {"code": "ACDEFG"}, token=False)["token"], "cards-token")
        self.assertEqual([each.url.path for each in fake.requests], ["/livez", "/livez", "/api/v1/claims"])

    def test_noTokenNorGateway(self) -> None:
        """
        Where there is neither a token nor a gateway, the gateway is what is missing: it makes tokens.
        """

        def refuse(_: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("Connection refused")

        self.assertRaises(GatewayUnreachable, api(refuse, "").get, "cards")

    def test_problems(self) -> None:
        """
        A problem is an error with the gateway's words.
        """
        error = self.assertRaises(RequestRefused, api(lambda _: problem(409, "conflict", "Not now", detail="busy")).get, "cards")
        self.assertEqual((error.status, str(error), error.problem["code"]), (409, "Not now: busy", "conflict"))

    def test_noGateway(self) -> None:
        """
        What answers and is no gateway is told apart from one that refuses.
        """
        for given in (httpx.Response(502, text="<h1>Bad"), httpx.Response(200, text="hi"), httpx.Response(200, json=[1])):
            error = self.assertRaises(GatewayUnreachable, api(given_for(given)).get, "cards")
            self.assertIn("is no cardgw", str(error))
        self.assertRaises(GatewayUnreachable, api(lambda _: httpx.Response(404, json={"error": "x"})).get, "cards")

    def test_text(self) -> None:
        """
        Text is taken for text where it was asked for; nothing else is.
        """
        self.assertEqual(api(given_for(httpx.Response(200, text="# T\n"))).text("jobs/1/transcript"), "# T\n")
        self.assertRaises(GatewayUnreachable, api(given_for(httpx.Response(200, json={"text": "x"}))).text, "jobs/1/transcript")
        self.assertRaises(RequestRefused, api(lambda _: problem(404, "no-transcript", "None")).text, "jobs/1/transcript")

    def test_unreachable(self) -> None:
        """
        Where nothing listens, that is said with what to do.
        """

        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("[Errno 111] Connection refused")

        error = self.assertRaises(GatewayUnreachable, api(refuse).get, "cards")
        self.assertTrue(str(error).startswith(f"The gateway cannot be reached: {URL}: nothing listens there. Is `twistd cardgw`"))
        self.assertRaises(GatewayUnreachable, api(refuse).probe, "/readyz")
        with self.assertRaises(GatewayUnreachable), api(refuse).events():
            pass

    def test_again(self) -> None:
        """
        A request with a key is sent again if the connection breaks, others are not.
        """
        fake, breaks = FakeApi(), [1, 1]

        def handler(request: httpx.Request) -> httpx.Response:
            found = fake(request)
            if breaks:
                breaks.pop()
                raise httpx.ReadError("reset")
            return found

        client = api(handler)
        body = {"operation": "lpa.info", "card": "a1b2c3d4", "parameters": {}}
        client.post("jobs", body, key="k")
        self.assertEqual([each.headers["Idempotency-Key"] for each in fake.requests], ["k"] * 3)
        breaks.append(1)
        self.assertRaises(GatewayUnreachable, client.post, "jobs", body)

    def test_pages(self) -> None:
        """
        A list is taken from as many pages as it needs, and no more than is wanted.
        """
        fake = FakeApi()
        client = api(fake)
        for _ in range(5):
            client.post("jobs", {"operation": "lpa.info", "card": "a1b2c3d4", "parameters": {}})
        found = client.listed("jobs", {"limit": 2}, 3)
        self.assertEqual([each["id"] for each in found["items"]], ["01JOB5", "01JOB4", "01JOB3"])
        self.assertTrue(found["next"])
        self.assertEqual(client.listed("jobs", {"limit": 2}, 9)["next"], None)

    def test_noContent(self) -> None:
        """
        An answer without content is an empty object.
        """
        self.assertEqual(api(FakeApi()).delete("tokens/admin"), {})

    def test_events(self) -> None:
        """
        Events come with what they are after; a refusal is an error; what breaks off is one too.
        """
        fake = FakeApi(events=[("card.gone", {"card": {}})])
        with api(fake).events({"kind": "card"}, "e-0") as events:
            self.assertEqual([each.kind for each in events], ["card.gone"])
        self.assertEqual(fake.requests[0].headers["Last-Event-ID"], "e-0")
        fake.streams = False
        with self.assertRaises(RequestRefused), api(fake).events():
            pass

    def test_eventsBreak(self) -> None:
        """
        A stream that breaks, or has an endless event, is a gateway that cannot be reached.
        """

        def broken() -> Any:
            yield b": hello\n\n"
            raise httpx.ReadError("reset")

        def endless() -> Any:
            while True:
                yield b"data: " + b"x" * 1_000_000

        for content in (broken, endless):
            with (
                self.assertRaises(GatewayUnreachable),
                api(given_for(httpx.Response(200, content=content()))).events() as events,
            ):
                list(events)
