# -*- test-case-name: tests.gateway.test_webhook_courier,tests.functional.test_webhooks -*-
"""
Carries events to those who want to be told: one C{POST} for each, signed.

C{X-Cardgw-Signature} is C{t=<seconds since 1970>,v1=<HMAC-SHA256 in hexadecimal>}, over the digits of C{t}, a full stop and the
body as it is sent.  C{t} is the time of this attempt, so a receiver can refuse what somebody has recorded and sends again later.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.python.failure import Failure
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer
from zope.interface import implementer

from cardgw.errors import CardGatewayError, DeliveryRefused, SettingsError
from cardgw.gateway.webhook_settings import WebhookSettings
from cardgw.interfaces import ICourier, IHTTPClient
from cardgw.values import Parcel
from cardgw.version import VERSION

WEBHOOK = "webhook"
"""The kind of parcel."""
CONNECT_SECONDS = 10.0
"""Connecting takes no longer, TLS not included."""
MOST_SECONDS = 30.0
"""From the beginning to the end of the answer."""
MOST_ANSWER = 1 << 16
"""Bytes of the answer's body that are read; they do not matter."""

_SUFFIXES = {".pem", ".crt", ".cer"}


class WebhookFailed(CardGatewayError):
    """
    The receiver of a webhook did not take an event.
    """

    hint = "It is tried again by itself."


@frozen
class Webhook:
    """
    A receiver.

    @ivar policy: C{IPolicyForHTTPS}: whose certificates are believed.
    """

    settings: WebhookSettings
    policy: Any = field(repr=False)


def open_webhooks(settings: Iterable[WebhookSettings], where: str = "[[webhooks]]") -> tuple[Webhook, ...]:
    """
    Read the certificates that settings name.

    @param where: names the table in errors.
    @raise SettingsError: a directory cannot be read, or has none.
    """
    return tuple(Webhook(each, _policy(each.roots, f"{where} roots: {each.name}")) for each in settings)


def _policy(directory: str, where: str) -> BrowserLikePolicyForHTTPS:
    if not directory:
        return BrowserLikePolicyForHTTPS()
    try:
        files = [path.read_bytes() for path in sorted(Path(directory).iterdir()) if path.suffix in _SUFFIXES]
        read = [each for octets in files for each in x509.load_pem_x509_certificates(octets)]
    except OSError as problem:
        raise SettingsError(f"{where}: {directory}: {(problem.strerror or 'it cannot be read').lower()}") from None
    except ValueError:
        raise SettingsError(f"{where}: {directory}: a file in it has no certificate") from None
    if not read:
        raise SettingsError(f"{where}: there is no certificate in {directory} (files *.pem, *.crt, *.cer)")
    roots = [Certificate.loadPEM(each.public_bytes(Encoding.PEM)) for each in read]
    return BrowserLikePolicyForHTTPS(trustRootFromCertificates(roots))


def signature(secret: bytes, now: int, body: bytes) -> str:
    """
    The value of C{X-Cardgw-Signature}.

    @param now: seconds since 1970.
    """
    return f"t={now},v1={hmac.new(secret, b'%d.%s' % (now, body), sha256).hexdigest()}"


def _agent(reactor: Any, policy: Any) -> IAgent:
    return Agent(reactor, policy, connectTimeout=CONNECT_SECONDS)


@implementer(ICourier)
@define(eq=False)
class WebhookCourier:
    """
    See L{ICourier}.

    @ivar secret: gives the secret of a name.
    @ivar shared: other gateways have the same outbox: they may know webhooks that this one does not.
    @ivar webhooks: by name; replaced when the settings are read again.
    @ivar agent: makes an C{IAgent} of a reactor and a policy.
    """

    kind = WEBHOOK

    reactor: Any
    secret: Callable[[str], bytes] = field(repr=False)
    shared: bool = False
    webhooks: Mapping[str, Webhook] = field(factory=dict)
    agent: Callable[[Any, Any], Any] = _agent

    async def deliver(self, parcel: Parcel, http: IHTTPClient) -> None:
        """
        See L{ICourier.deliver}.

        @param http: not used: it is for hosts that cards name.
        @raise WebhookFailed: the receiver has not taken it.
        @raise DeliveryRefused: it is gone (410), or the webhook is not in the settings any more.
        @raise SecretError: what signs it is not set.
        """
        webhook = self.webhooks.get(parcel.address)
        if webhook is None:
            if self.shared:
                raise WebhookFailed(f"no webhook is called {parcel.address} in the settings of this gateway")
            raise DeliveryRefused(f"no webhook is called {parcel.address} any more")
        posting = Deferred.fromCoroutine(self._post(webhook, parcel))
        status = await posting.addTimeout(MOST_SECONDS, self.reactor, _late)
        if status == HTTPStatus.GONE:
            raise DeliveryRefused(f"{_name_of(status)}: it wants no more of these")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise WebhookFailed(_name_of(status))

    async def _post(self, webhook: Webhook, parcel: Parcel) -> int:
        headers = Headers({name: [value] for name, value in self._headers(webhook.settings, parcel).items()})
        agent = self.agent(self.reactor, webhook.policy)
        try:
            response = await agent.request(b"POST", webhook.settings.url.encode("ascii"), headers, _Body(parcel.payload))
        except CancelledError:
            raise
        except Exception as problem:  # Twisted has many for what a peer does, and ValueError for a host that is none
            raise WebhookFailed(_why(problem)) from None
        ignored = _Ignored()
        response.deliverBody(ignored)
        with suppress(CancelledError):  # the status is known
            await ignored.done
        return int(response.code)

    def _headers(self, settings: WebhookSettings, parcel: Parcel) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"cardgw/{VERSION}",
            "X-Cardgw-Event": str(parcel.facts.get("event", "")),
            "X-Cardgw-Delivery": str(parcel.facts.get("id", "")),
        }
        if settings.secret:
            now = int(self.reactor.seconds())
            headers["X-Cardgw-Signature"] = signature(self.secret(settings.secret), now, parcel.payload)
        return headers


@implementer(IBodyProducer)
@frozen(eq=False)
class _Body:
    """
    The body, at once.
    """

    octets: bytes = field(repr=False)

    @property
    def length(self) -> int:
        """
        See L{IBodyProducer}.
        """
        return len(self.octets)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        """
        See L{IBodyProducer}.
        """
        consumer.write(self.octets)
        return succeed(None)

    def pauseProducing(self) -> None:
        """
        Nothing is left to be produced.
        """

    def resumeProducing(self) -> None:
        """
        Nothing is left to be produced.
        """

    def stopProducing(self) -> None:
        """
        Nothing is left to be produced.
        """


class _Ignored(Protocol):
    """
    The body of an answer, which does not matter.

    @ivar done: fires at its end, or when there is too much of it.
    """

    def __init__(self) -> None:
        self.done: Deferred[None] = Deferred(lambda _: self._abort())
        self._left = MOST_ANSWER

    def dataReceived(self, data: bytes) -> None:
        """
        Count it.
        """
        self._left -= len(data)
        if self._left < 0:
            self._abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        That was all, or it is cut off.
        """
        if not self.done.called:
            self.done.callback(None)

    def _abort(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            getattr(transport, "abortConnection", transport.loseConnection)()


def _late(result: Any, seconds: float) -> Any:
    if isinstance(result, Failure):
        raise WebhookFailed(f"it did not answer within {seconds:g} seconds")
    return result


def _name_of(status: int) -> str:
    """
    In our own words: those of a peer could be anything.
    """
    try:
        return f"it answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"it answered {status}"


def _why(problem: Exception) -> str:
    """
    Without the URL, which may be a secret.
    """
    if isinstance(problem, DNSLookupError):
        return "the name of its host is not known"
    if isinstance(problem, ConnectError):
        return next((str(each) for each in problem.args if each), "no connection").rstrip(".").lower()
    reasons = [each.value for each in getattr(problem, "reasons", ())]
    tls = next((each for each in reasons if isinstance(each, SSL.Error)), None)
    if tls is not None:
        return f"no secure connection: {tls.args[0][0][-1] if tls.args and tls.args[0] else 'it broke off'}"
    if any(isinstance(each, ConnectionClosed) for each in reasons):
        return "it closed the connection without an answer"
    return f"no answer in HTTP could be read ({type((reasons or [problem])[0]).__name__})"
