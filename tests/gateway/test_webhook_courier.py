"""
Tests of L{cardgw.gateway.webhook_courier}; see L{tests.functional.test_webhooks} for it over sockets.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionLost, DNSLookupError, NoRouteError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseDone, ResponseNeverReceived
from zope.interface.verify import verifyObject

from cardgw.errors import CardGatewayError, DeliveryRefused, SecretError, SettingsError
from cardgw.gateway.webhook_courier import MOST_ANSWER, MOST_SECONDS, WebhookCourier, WebhookFailed, open_webhooks, signature
from cardgw.interfaces import ICourier
from cardgw.secrets import Secrets
from cardgw.testing import FakeHTTP
from cardgw.values import Parcel
from cardgw.version import VERSION
from cardgw.virtual.pki import make_pki
from tests.gateway.test_webhook_settings import webhook

NOW = 1_700_000_000
SECRET = b"hunter2"
BODY = b'{"id": "e-1"}'
PARCEL = Parcel("webhook", "", 1, "desk", BODY, {"event": "job.ended", "id": "e-1"}, remove=False)


class Connection:
    """
    Under an answer's body.
    """

    aborted = False

    def abortConnection(self) -> None:
        """
        Close it.
        """
        self.aborted = True

    def loseConnection(self) -> None:
        """
        Not what is wanted here.
        """


class Response:
    """
    An answer whose body comes when a test wants it.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        self.connection = Connection()

    def deliverBody(self, protocol: Any) -> None:
        """
        See C{IResponse}.
        """
        self.body = protocol
        protocol.makeConnection(self.connection)

    def end(self) -> None:
        """
        That was all.
        """
        self.body.connectionLost(Failure(ResponseDone()))


class Agent:
    """
    Keeps what was asked of it.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes, dict[bytes, bytes], bytes]] = []
        self.answer: Deferred[Any] = Deferred()

    def request(self, method: bytes, uri: bytes, headers: Any, body: Any) -> Deferred[Any]:
        """
        See C{IAgent}.
        """
        written: list[bytes] = []
        consumer = type("Consumer", (), {"write": staticmethod(written.append)})
        body.startProducing(consumer)
        assert body.length == len(b"".join(written))
        self.asked.append((method, uri, {name: one for name, (one,) in headers.getAllRawHeaders()}, b"".join(written)))
        return self.answer


class SignatureTests(SynchronousTestCase):
    """
    L{signature}.
    """

    def test_vector(self) -> None:
        """
        The value that C{printf %s '1700000000.{"id": "e-1"}' | openssl dgst -sha256 -hmac hunter2} gives.
        """
        expected = "e0bde2c109f2c1f5fbcd07100ac3d6c53f0adb0d1ec4c0e3451c53f60d5eda0c"
        self.assertEqual(signature(SECRET, NOW, BODY), f"t={NOW},v1={expected}")

    @given(st.binary(min_size=1, max_size=100), st.integers(0, 1 << 40), st.binary(max_size=200))
    def test_verified(self, secret: bytes, now: int, body: bytes) -> None:
        """
        It is verified as the documentation says.
        """
        fields = dict(each.split("=", 1) for each in signature(secret, now, body).split(","))
        expected = hmac.new(secret, fields["t"].encode() + b"." + body, sha256).hexdigest()
        self.assertTrue(hmac.compare_digest(fields["v1"], expected))


class CourierTests(SynchronousTestCase):
    """
    L{WebhookCourier}.
    """

    def setUp(self) -> None:
        """
        A receiver that is called desk.
        """
        self.clock = Clock()
        self.clock.advance(NOW + 0.9)
        self.agent = Agent()
        self.courier = WebhookCourier(self.clock, Secrets({"key": SECRET}), agent=lambda reactor, policy: self.agent)
        self.use(secret="key")

    def use(self, **values: Any) -> None:
        """
        Have other settings.
        """
        (found,) = open_webhooks([webhook(name="desk", **values)])
        self.courier.webhooks = {"desk": found}

    def deliver(self, parcel: Parcel = PARCEL) -> Deferred[None]:
        """
        Begin.
        """
        return Deferred.fromCoroutine(self.courier.deliver(parcel, FakeHTTP()))

    def answered(self, code: int) -> Deferred[None]:
        """
        Deliver, with this answer.
        """
        response = Response(code)
        self.agent.answer = succeed(response)
        delivery = self.deliver()
        response.end()
        return delivery

    def broken(self, problem: Exception) -> str:
        """
        Deliver, with this going wrong.
        """
        self.agent.answer = Deferred()
        delivery = self.deliver()
        self.agent.answer.errback(problem)
        error = self.failureResultOf(delivery, WebhookFailed).value
        self.assertNotIn("desk.example", str(error))
        return str(error.detail)

    def test_interface(self) -> None:
        """
        It is a courier for webhooks.
        """
        verifyObject(ICourier, self.courier)
        self.assertEqual(self.courier.kind, PARCEL.kind)

    def test_request(self) -> None:
        """
        The body is posted as it is stored; the headers say what it is, and are signed now.
        """
        self.successResultOf(self.answered(204))
        ((method, url, headers, body),) = self.agent.asked
        self.assertEqual((method, url, body), (b"POST", b"https://desk.example/cards", BODY))
        expected = {
            b"Content-Type": b"application/json",
            b"User-Agent": f"cardgw/{VERSION}".encode(),
            b"X-Cardgw-Event": b"job.ended",
            b"X-Cardgw-Delivery": b"e-1",
            b"X-Cardgw-Signature": signature(SECRET, NOW, BODY).encode(),
        }
        self.assertEqual({name.lower(): one for name, one in headers.items()}, {n.lower(): v for n, v in expected.items()})

    def test_unsigned(self) -> None:
        """
        Without a secret there is no signature.
        """
        self.use()
        self.successResultOf(self.answered(200))
        self.assertNotIn(b"x-cardgw-signature", {name.lower() for name in self.agent.asked[0][2]})

    def test_statuses(self) -> None:
        """
        2xx has taken it, 410 never will; anything else is tried again, redirects too.
        """
        for code in (200, 201, 202, 204, 299):
            self.successResultOf(self.answered(code))
        error = self.failureResultOf(self.answered(410), DeliveryRefused).value
        self.assertEqual(error.detail, "it answered 410 Gone: it wants no more of these")
        for code in (300, 302, 307, 400, 401, 404, 429, 500, 503, 999):
            self.assertNotIsInstance(self.failureResultOf(self.answered(code), WebhookFailed).value, DeliveryRefused)
        self.assertEqual(self.failureResultOf(self.answered(503)).value.detail, "it answered 503 Service Unavailable")
        self.assertEqual(self.failureResultOf(self.answered(999)).value.detail, "it answered 999")

    def test_unknown(self) -> None:
        """
        What waits for a webhook that is not in the settings any more is refused in words; nothing is sent.
        """
        self.courier.webhooks = {}
        error = self.failureResultOf(self.deliver(), DeliveryRefused).value
        self.assertEqual(error.detail, "no webhook is called desk any more")
        self.assertEqual(self.agent.asked, [])

    def test_unknownHere(self) -> None:
        """
        Where gateways share an outbox, it may be another one's, whose settings have it: it is left to that.
        """
        self.courier.webhooks, self.courier.shared = {}, True
        error = self.failureResultOf(self.deliver(), WebhookFailed).value
        self.assertEqual(error.detail, "no webhook is called desk in the settings of this gateway")
        self.assertEqual(self.agent.asked, [])

    def test_noSecret(self) -> None:
        """
        What cannot be signed is not sent.
        """
        self.use(secret="another")
        self.failureResultOf(self.deliver(), SecretError)
        self.assertEqual(self.agent.asked, [])

    def test_silent(self) -> None:
        """
        A receiver that does not answer is given up for now.
        """
        delivery = self.deliver()
        self.clock.advance(MOST_SECONDS - 1)
        self.assertNoResult(delivery)
        self.clock.advance(1)
        self.assertEqual(self.failureResultOf(delivery, WebhookFailed).value.detail, "it did not answer within 30 seconds")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_slowBody(self) -> None:
        """
        The status counts as soon as it is there, however long the body takes.
        """
        response = Response(200)
        self.agent.answer = succeed(response)
        delivery = self.deliver()
        self.assertNoResult(delivery)
        self.clock.advance(MOST_SECONDS)
        self.successResultOf(delivery)
        self.assertTrue(response.connection.aborted)

    def test_largeBody(self) -> None:
        """
        A body that does not end is cut off.
        """
        response = Response(200)
        self.agent.answer = succeed(response)
        delivery = self.deliver()
        response.body.dataReceived(b"x" * MOST_ANSWER)
        self.assertFalse(response.connection.aborted)
        response.body.dataReceived(b"x")
        self.assertTrue(response.connection.aborted)
        response.end()
        self.successResultOf(delivery)

    def test_troubles(self) -> None:
        """
        Why it could not be reached, in words, without the URL.
        """
        expected = {
            "the name of its host is not known": DNSLookupError("no results for hostname lookup: desk.example"),
            "no route to host": NoRouteError(113, "No route to host."),
            "it closed the connection without an answer": ResponseNeverReceived([Failure(ConnectionLost())]),
            "no secure connection: certificate verify failed": ResponseNeverReceived(
                [Failure(SSL.Error([("SSL routines", "", "certificate verify failed")]))]
            ),
            "no secure connection: it broke off": ResponseNeverReceived([Failure(SSL.Error())]),
            "no answer in HTTP could be read (ValueError)": ValueError("invalid hostname: desk.example"),
            "no answer in HTTP could be read (KeyError)": ResponseNeverReceived([Failure(KeyError("desk.example"))]),
        }
        self.assertEqual({text: self.broken(problem) for text, problem in expected.items()}, {text: text for text in expected})

    def test_secretNotTold(self) -> None:
        """
        No secret is in what is said of a courier, or of an error.
        """
        self.assertNotIn("hunter2", repr(self.courier) + repr(self.failureResultOf(self.answered(500)).value))

    def test_cancelled(self) -> None:
        """
        A delivery can be broken off.
        """
        delivery = self.deliver()
        delivery.cancel()
        self.failureResultOf(delivery)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class RootsTests(SynchronousTestCase):
    """
    L{open_webhooks}.
    """

    def directory(self, **files: bytes) -> str:
        """
        One with these files.
        """
        path = Path(self.mktemp())
        path.mkdir()
        for name, content in files.items():
            (path / name.replace("_", ".")).write_bytes(content)
        return str(path)

    def refuse(self, directory: str) -> str:
        """
        What is wrong with it.
        """
        error: CardGatewayError = self.assertRaises(SettingsError, open_webhooks, [webhook(name="desk", roots=directory)])
        self.assertTrue(error.detail.startswith("[[webhooks]] roots: desk: "), error.detail)
        return error.detail.replace(directory, "DIR")

    def test_roots(self) -> None:
        """
        All certificates of a directory; other files do not matter.
        """
        place = Path(self.mktemp())
        make_pki().save(place)
        (place / "roots" / "README").write_text("nothing")
        (found,) = open_webhooks([webhook(roots=str(place / "roots"))])
        self.assertIsNotNone(found.policy.creatorForNetloc(b"desk.example", 443))

    def test_mistakes(self) -> None:
        """
        A directory that is not there, or has no certificates, is a mistake in the settings.
        """
        self.assertIn("DIR: no such file or directory", self.refuse(self.mktemp()))
        self.assertIn("there is no certificate in DIR", self.refuse(self.directory(note_txt=b"")))
        self.assertIn("DIR: a file in it has no certificate", self.refuse(self.directory(a_pem=b"nothing")))
