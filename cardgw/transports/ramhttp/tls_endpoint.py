# -*- test-case-name: tests.transports.ramhttp.test_tls_endpoint -*-
"""
Listening with TLS, as endpoint strings:

  - C{psk:tcp:8443:interface=…[:minimum=1.0][:suites=A,B]}: with pre-shared keys, those of C{[keys]};
  - C{tls:tcp:8444:certificate=FILE:key=FILE[:clients=FILE]}: with a certificate; C{clients} are the roots of those of clients,
    which must have one then.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL
from OpenSSL.crypto import X509, PKey
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.internet.ssl import Certificate, CertificateOptions, trustRootFromCertificates
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from cardgw.errors import SettingsError
from cardgw.interfaces import IGateway
from cardgw.listening import Scheme, with_backlog
from cardgw.transports.ramhttp import tls_psk

INSTEAD = "Use stunnel in front of a plain listener instead: etc/stunnel-ramhttp.conf is an example."
_END = b"-----END CERTIFICATE-----"


@implementer(IStreamServerEndpoint)
@define(eq=False)
class TlsEndpoint:
    """
    TLS on another endpoint.

    @ivar creator: makes the TLS of each connection.
    """

    _reactor: Any
    _below: IStreamServerEndpoint
    _creator: Any

    def listen(self, factory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        See L{IStreamServerEndpoint}.
        """
        listening: Deferred[IListeningPort] = self._below.listen(
            TLSMemoryBIOFactory(self._creator, False, factory, clock=self._reactor)
        )
        return listening


def schemes(gateway: IGateway) -> Mapping[str, Scheme]:
    """
    For L{cardgw.listening.Listeners}.

    @param gateway: who knows the keys.
    """

    def key_of(identity: bytes) -> bytes | None:
        found = gateway.psk(identity)
        return None if found is None else found.key

    return {"psk": lambda reactor, text: psk_endpoint(reactor, text, key_of), "tls": tls_endpoint}


def psk_endpoint(reactor: Any, text: str, key_of: tls_psk.KeyOf) -> IStreamServerEndpoint:
    """
    @param text: what stands behind C{psk:}.
    @raise SettingsError: it is wrong, or this machine cannot do that.
    """
    missing = tls_psk.available()
    if missing:
        raise SettingsError(f"there is no TLS with pre-shared keys here: {missing}", hint=INSTEAD)
    below, given = _parted(text, ("minimum", "suites"))
    minimum = given.get("minimum", tls_psk.DEFAULT_VERSION)
    if minimum not in tls_psk.VERSIONS:
        raise SettingsError(f"minimum={minimum}: expected one of {', '.join(tls_psk.VERSIONS)}")
    suites = tuple(filter(None, given.get("suites", "").split(",")))
    for each in suites:
        if not tls_psk.knows_suite(each):
            raise SettingsError(f"suites: {each} is no suite with a pre-shared key", hint=f"Known: {', '.join(tls_psk.SUITES)}.")
    return TlsEndpoint(reactor, _endpoint(reactor, below), tls_psk.PskServer(key_of, minimum, suites))


def tls_endpoint(reactor: Any, text: str) -> IStreamServerEndpoint:
    """
    @param text: what stands behind C{tls:}.
    @raise SettingsError: it is wrong.
    @raise OSError: a file cannot be read.
    """
    below, given = _parted(text, ("certificate", "key", "clients"))
    for name in ("certificate", "key"):
        if not given.get(name):
            raise SettingsError(f"{name} is missing", hint="Write it like tls:tcp:8444:certificate=FILE:key=FILE.")
    chain = _certificates(given["certificate"])
    roots = _certificates(given["clients"]) if "clients" in given else []
    options = CertificateOptions(
        privateKey=_key(given["key"]),
        certificate=chain[0].original,
        extraCertChain=_originals(chain[1:]),
        trustRoot=trustRootFromCertificates(roots) if roots else None,
    )
    try:
        context = options.getContext()
        context.check_privatekey()
    except SSL.Error:
        raise SettingsError(f"{given['key']} is not the key of {given['certificate']}") from None
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # a client that comes again shows its certificate again
    return TlsEndpoint(reactor, _endpoint(reactor, below), options)


def _endpoint(reactor: Any, text: str) -> IStreamServerEndpoint:
    endpoint: IStreamServerEndpoint = serverFromString(reactor, with_backlog(text))
    return endpoint


def _parted(text: str, names: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """
    An endpoint string without the parts that are ours, and these.  A backslash makes the next character an ordinary one.
    """
    others: list[str] = []
    given: dict[str, str] = {}
    for part in _parts(text):
        name, equals, value = part.partition("=")
        if equals and name in names:
            given[name] = _plain(value)
        else:
            others.append(part)
    return ":".join(others), given


def _parts(text: str) -> list[str]:
    parts, escaped = [""], False
    for each in text:
        if each == ":" and not escaped:
            parts.append("")
        else:
            parts[-1] += each
        escaped = each == "\\" and not escaped
    return parts


def _plain(text: str) -> str:
    plain, escaped = "", False
    for each in text:
        escaped = each == "\\" and not escaped
        plain += "" if escaped else each
    return plain


def _certificates(path: str) -> list[Certificate]:
    octets = Path(path).expanduser().read_bytes()
    try:
        found = [Certificate.loadPEM(each + _END) for each in octets.split(_END)[:-1]]
    except Exception:  # what is in it may be anything
        found = []
    if not found:
        raise SettingsError(f"{path} has no certificate in PEM in it")
    return found


def _originals(chain: list[Certificate]) -> list[X509]:
    return [each.original for each in chain]


def _key(path: str) -> Any:
    octets = Path(path).expanduser().read_bytes()
    try:
        return PKey.from_cryptography_key(load_pem_private_key(octets, None))  # type: ignore[arg-type]
    except Exception:  # it may be encrypted, or no key at all; nothing of it may be told
        raise SettingsError(f"{path} has no key in PEM in it that has no passphrase") from None
