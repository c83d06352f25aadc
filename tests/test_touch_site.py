"""
Tests for L{cardgw.touch_site}.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch import Outcome
from cardgw.bridges.touch_daemon_desk import Desk
from cardgw.bridges.touch_daemon_errors import NoCardInserted, NotApproved, SessionCancelled
from cardgw.bridges.touch_daemon_image import failed, passed
from cardgw.bridges.touch_daemon_request import Wanted
from cardgw.touch_site import TouchSite
from tests.bridges.touch_daemon import CARDS, SHOP
from tests.logs import captured
from tests.web.client import Connection, Response, encoded, parsed

HOST = "127.0.0.1:27001"
URL = f"{CARDS}/rt/hsm"
PAGE = f"/4711.png?url={quote(URL, safe='')}&sessionId=0815&pinrequired=1"


class FakeDesk(Desk):
    """
    Does what a test says.

    @ivar wanted: what pages want.
    @ivar served: what they wait for.
    @ivar cancelled: how many have hung up.
    """

    def __init__(self) -> None:
        nobody: Any = None
        super().__init__(nobody, nobody, nobody)
        self.wanted: list[Wanted] = []
        self.served: Deferred[Outcome] = Deferred(self._cancel)
        self.cancelled = 0

    def _cancel(self, served: Deferred[Outcome]) -> None:
        self.cancelled += 1
        served.errback(SessionCancelled())

    def serve(self, wanted: Wanted) -> Deferred[Outcome]:
        """
        See L{Desk.serve}.
        """
        self.wanted.append(wanted)
        return self.served


class FakeGate:
    """
    See L{cardgw.bridges.touch_daemon_ask.Gate}.

    @ivar pages: which are approved.
    """

    def __init__(self) -> None:
        self.pages = {SHOP}

    def known(self, wanted: Wanted) -> bool:
        """
        See L{cardgw.bridges.touch_daemon_ask.Gate}.
        """
        return wanted.page in self.pages

    def admit(self, wanted: Wanted) -> Deferred[None]:
        """
        Nobody is asked: see L{FakeDesk}.
        """
        return fail(NotApproved())


class SiteTestCase(SynchronousTestCase):
    """
    A site without sockets.
    """

    def setUp(self) -> None:
        self.desk, self.gate, self.clock = FakeDesk(), FakeGate(), Clock()
        self.site = TouchSite(self.desk, self.gate, self.clock)

    def send(self, path: str = PAGE, method: str = "GET", host: str = HOST, **headers: str) -> Connection:
        """
        Ask for something.
        """
        connection = Connection(self.site)
        given = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.channel.dataReceived(encoded(method, path, given, None))
        return connection

    def ask(self, path: str = PAGE, method: str = "GET", host: str = HOST, **headers: str) -> Response:
        """
        The same, and read the answer.
        """
        return parsed(self.send(path, method, host, **headers).read(), method)


class ImageTests(SiteTestCase):
    """
    Images.
    """

    def image(self, response: Response, body: bytes, code: str | None = None) -> None:
        """
        It is this image.
        """
        self.assertEqual((response.status, response.body, response.headers.get("X-Cardgw-Error")), (200, body, code))
        self.assertEqual(response.headers["Content-Type"], "image/png")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Content-Length"], str(len(body)))
        self.assertEqual(response.headers["Cross-Origin-Resource-Policy"], "cross-origin")

    def test_passed(self) -> None:
        """
        The green one comes when the session is over; not before.
        """
        connection = self.send(Referer=f"{SHOP}/checkout")
        self.assertEqual(connection.read(), b"")
        self.assertEqual(self.desk.wanted, [Wanted(URL, "0815", 1, SHOP)])
        self.desk.served.callback(Outcome(3))
        octets = connection.read()
        self.assertTrue(octets.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.image(parsed(octets), passed())
        self.assertTrue(connection.transport.connected)

    def test_failed(self) -> None:
        """
        The red one, with the code of the error.
        """
        self.desk.served = fail(NoCardInserted())
        response = self.ask(Referer=f"{SHOP}/")
        self.image(response, failed(), "no-card-inserted")
        self.assertEqual(response.headers["Access-Control-Allow-Origin"], SHOP)

    def test_mistaken(self) -> None:
        """
        What is not right is red, and logged.
        """
        events = captured(self)
        for path in ("/x.png", "/x.png?url=ftp://h", "/", "/x.png?sessionId=1"):
            self.image(self.ask(path), failed(), "page-mistaken")
        self.assertEqual([each["event"] for each in events if each.get("event") != "request"], ["page-mistaken"] * 4)
        self.assertEqual(self.desk.wanted, [])

    def test_anyName(self) -> None:
        """
        The name of the image does not matter, nor whether the address is encoded.
        """
        self.send(f"/a/b/c?url={URL}")
        self.assertEqual(self.desk.wanted, [Wanted(URL)])

    def test_several(self) -> None:
        """
        Several pages wait at the same time.
        """
        self.send()
        self.send()
        self.assertEqual(len(self.desk.wanted), 2)

    def test_hangsUp(self) -> None:
        """
        Who hangs up ends the session.
        """
        connection = self.send()
        connection.transport.loseConnection()
        self.assertEqual(self.desk.cancelled, 1)

    def test_defect(self) -> None:
        """
        A defect of ours is red as well.
        """
        self.desk.served = fail(ZeroDivisionError())
        self.image(self.ask(), failed(), "defect")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class JsonTests(SiteTestCase):
    """
    The same for scripts.
    """

    path = PAGE.replace(".png", ".json")

    def test_done(self) -> None:
        """
        It is told as JSON, and the page that was approved may read it.
        """
        self.desk.served.callback(Outcome(3, "thank you"))
        response = self.ask(self.path, Origin=SHOP)
        self.assertEqual(response.json, {"state": "done", "error": None, "notice": "thank you"})
        found = {name: response.headers.get(name) for name in ("Access-Control-Allow-Origin", "Vary")}
        self.assertEqual(found, {"Access-Control-Allow-Origin": SHOP, "Vary": "Origin"})
        self.assertEqual(response.headers["Access-Control-Expose-Headers"], "X-Cardgw-Error")

    def test_failed(self) -> None:
        """
        The error has a code and words.
        """
        self.desk.served = fail(NoCardInserted("ACR39U"))
        told = self.ask(self.path, Origin=SHOP).json
        self.assertEqual((told["state"], told["error"]["code"]), ("failed", "no-card-inserted"))
        self.assertEqual((told["error"]["title"], told["error"]["detail"]), ("There is no card in the reader", "ACR39U"))

    def test_notApproved(self) -> None:
        """
        A page that was not approved may not even read that.
        """
        self.desk.served = fail(NotApproved())
        response = self.ask(self.path, Origin="https://evil.example")
        self.assertNotIn("Access-Control-Allow-Origin", response.headers)
        self.assertEqual(response.headers["X-Cardgw-Error"], "not-approved")

    def test_hidden(self) -> None:
        """
        Nor can one that hides where it is from.
        """
        self.desk.served.callback(Outcome(3))
        self.assertNotIn("Access-Control-Allow-Origin", self.ask(self.path, Origin="null").headers)


class HostTests(SiteTestCase):
    """
    By what name we are called.
    """

    def test_ours(self) -> None:
        """
        These are ours.
        """
        for host in ("127.0.0.1", "127.0.0.1:27001", "localhost:27001", "LOCALHOST", "[::1]:27001"):
            self.send(host=host)
        self.assertEqual(len(self.desk.wanted), 5)

    def test_others(self) -> None:
        """
        Others may point here without our doing: nothing is done, and no image given.
        """
        for host in ("evil.example:27001", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1", "127.0.0.2", ""):
            response = self.ask(host=host)
            self.assertEqual((response.status, response.headers["Content-Type"]), (421, "text/plain; charset=utf-8"))
        self.assertEqual(self.ask(f"http://evil.example{PAGE}").status, 421)
        old = Connection(self.site).send(f"GET {PAGE} HTTP/1.0\r\n\r\n".encode())
        self.assertEqual(parsed(old).status, 421)
        self.assertEqual(self.desk.wanted, [])

    def test_methods(self) -> None:
        """
        Images are loaded with GET.
        """
        for method in ("POST", "HEAD", "PUT"):
            response = self.ask(method=method)
            self.assertEqual((response.status, response.headers["Allow"]), (405, "GET, OPTIONS"))
        self.assertEqual(self.desk.wanted, [])


class PreflightTests(SiteTestCase):
    """
    What browsers ask before.
    """

    def preflight(self, origin: str, path: str = PAGE, **headers: str) -> Response:
        """
        Ask.
        """
        return self.ask(path, "OPTIONS", Origin=origin, Access_Control_Request_Method="GET", **headers)

    def test_approved(self) -> None:
        """
        A page that is approved may; it is told what was asked for, and no more.
        """
        response = self.preflight(SHOP, Access_Control_Request_Private_Network="true")
        self.assertEqual(response.status, 204)
        found = {name: value for name, value in response.headers.items() if name.startswith("Access-Control")}
        expected = {
            "Access-Control-Allow-Origin": SHOP,
            "Access-Control-Expose-Headers": "X-Cardgw-Error",
            "Access-Control-Allow-Methods": "GET",
            "Access-Control-Allow-Private-Network": "true",
        }
        self.assertEqual(found, expected)
        response = self.preflight(SHOP, Access_Control_Request_Local_Network="true")
        self.assertEqual(response.headers["Access-Control-Allow-Local-Network"], "true")
        self.assertNotIn("Access-Control-Allow-Private-Network", response.headers)

    def test_others(self) -> None:
        """
        Others may not, and nobody is asked about them.
        """
        self.gate.pages |= {"null", ""}
        for origin, path in (("https://evil.example", PAGE), ("null", PAGE), (SHOP, "/x.png")):
            response = self.preflight(origin, path, Access_Control_Request_Private_Network="true")
            self.assertEqual(response.status, 403)
            self.assertFalse([name for name in response.headers if name.startswith("Access-Control")])
        self.assertEqual(self.desk.wanted, [])
