# -*- test-case-name: tests.transports.ramhttp.test_tls_psk -*-
"""
TLS with pre-shared keys (RFC 4279), as cards have it (GlobalPlatform Amendment B 1.1.3, 3.3; SGP.02 2.4.4).

The one module that uses private names of pyOpenSSL, which has no public ones for this.  Where they are missing, L{available} says
so, and nothing else here may be used.

Cards are narrow clients: there are no session tickets and no resumption, a record is no more than it has to be (no
encrypt-then-MAC, no empty fragments), and TLS 1.3 is off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from OpenSSL import SSL, _util
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator
from twisted.logger import Logger
from zope.interface import implementer

KeyOf: TypeAlias = Callable[[bytes], bytes | None]
"""The key of an identity; C{None}: nobody is called so."""
VERSIONS = {"1.0": SSL.TLS1_VERSION, "1.1": SSL.TLS1_1_VERSION, "1.2": SSL.TLS1_2_VERSION}
DEFAULT_VERSION = "1.2"
SUITES = ("PSK-AES128-GCM-SHA256", "PSK-AES128-CBC-SHA256")
"""By the names of OpenSSL (SGP.02, 2.4.4.1; Amendment B 1.1.3, 3.3.2)."""
OLD_SUITES = ("PSK-AES128-CBC-SHA",)
"""Besides, where older versions than TLS 1.2 are allowed."""
IDENTITY_MAX = 128
"""Bytes of an identity that every implementation has (RFC 4279, 5.3)."""
_NO_ENCRYPT_THEN_MAC = 1 << 19
_OPTIONS = SSL.OP_NO_TICKET | _NO_ENCRYPT_THEN_MAC | SSL.OP_DONT_INSERT_EMPTY_FRAGMENTS | SSL.OP_NO_RENEGOTIATION
_SERVER = "unsigned int (*)(SSL *, const char *, unsigned char *, unsigned int)"
_CLIENT = "unsigned int (*)(SSL *, const char *, char *, unsigned int, unsigned char *, unsigned int)"
_NEEDED = ("SSL_CTX_set_psk_server_callback", "SSL_CTX_set_psk_client_callback")
_log = Logger()


def available() -> str:
    """
    @return: why there is no TLS with pre-shared keys here; empty if there is.
    """
    lib, ffi = getattr(_util, "lib", None), getattr(_util, "ffi", None)
    missing = [name for name in _NEEDED if not hasattr(lib, name)]
    missing += [name for name in ("callback", "string", "buffer") if not hasattr(ffi, name)]
    if not missing and not getattr(lib, "Cryptography_HAS_PSK", 1):
        missing.append("PSK")
    try:
        probe = SSL.Context(SSL.TLS_METHOD)
        missing += [] if hasattr(probe, "_context") else ["Context"]
        missing += [] if hasattr(SSL.Connection(probe, None), "_ssl") else ["Connection"]
    except SSL.Error:
        missing.append("TLS")
    return f"this pyOpenSSL has no {missing[0]}" if missing else ""


def knows_suite(name: str) -> bool:
    """
    Whether there is a suite of this name, and it uses a pre-shared key.
    """
    if "PSK" not in name or not name.replace("-", "").isalnum():
        return False
    try:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_cipher_list(f"{name}:@SECLEVEL=0".encode())
    except SSL.Error:
        return False
    return name in SSL.Connection(context, None).get_cipher_list()


class PskConnection(SSL.Connection):
    """
    A connection whose other end is known by its key.

    @ivar identity: who it says it is; proven once the handshake is over.
    """

    identity: bytes | None = None


def psk_identity(transport: Any) -> bytes | None:
    """
    @param transport: of a connection whose handshake is over.
    @return: who has proven to know the key of this identity; C{None} over any other connection.
    """
    get_handle = getattr(transport, "getHandle", None)
    identity = getattr(get_handle(), "identity", None) if get_handle is not None else None
    return identity if isinstance(identity, bytes) else None


def _context(minimum: str, suites: tuple[str, ...]) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(VERSIONS[minimum])
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(_OPTIONS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    if not suites:
        suites = SUITES if minimum == DEFAULT_VERSION else (*SUITES, *OLD_SUITES)
    weak = minimum != DEFAULT_VERSION or any("NULL" in each for each in suites)
    context.set_cipher_list(":".join((*suites, *(["@SECLEVEL=0"] if weak else []))).encode())
    return context


@implementer(IOpenSSLServerConnectionCreator)
class PskServer:
    """
    Makes the server's end of connections.  An identity without a key ends the handshake with the alert C{unknown_psk_identity}.
    """

    def __init__(self, key_of: KeyOf, minimum: str = DEFAULT_VERSION, suites: tuple[str, ...] = ()) -> None:
        """
        @param minimum: one of L{VERSIONS}.
        @param suites: those that there may be; by itself L{SUITES}, and with older versions L{OLD_SUITES}.
        @raise SSL.Error: there is no such suite.
        """
        self._key_of = key_of
        self._open: WeakValueDictionary[Any, PskConnection] = WeakValueDictionary()
        self._context = _context(minimum, suites)
        callback = _util.ffi.callback(_SERVER, self._asked)
        self._context.set_app_data(callback)  # it lives as long as OpenSSL may call it: with the last connection
        _util.lib.SSL_CTX_set_psk_server_callback(self._context._context, callback)

    def serverConnectionForTLS(self, tls: Any) -> PskConnection:  # noqa: N802 - Twisted names it
        """
        See L{IOpenSSLServerConnectionCreator}.
        """
        connection = PskConnection(self._context, None)
        self._open[connection._ssl] = connection
        return connection

    def _asked(self, ssl: Any, name: Any, room: Any, most: int) -> int:
        """
        OpenSSL asks for the key of an identity.  Nothing may be raised here.
        """
        try:
            identity = _util.ffi.string(name)
            key = self._key_of(identity)
            if key is None or not 0 < len(key) <= most:
                return 0
            self._open[ssl].identity = identity
            _util.ffi.buffer(room, most)[: len(key)] = key
            return len(key)
        except Exception:
            _log.failure("the key of a TLS client could not be looked up", event="psk-lookup-failed")
            return 0


@implementer(IOpenSSLClientConnectionCreator)
class PskClient:
    """
    Makes the client's end of connections, as a card does.
    """

    def __init__(self, identity: bytes, key: bytes, minimum: str = DEFAULT_VERSION, suites: tuple[str, ...] = ()) -> None:
        """
        @param identity: without a zero byte, at most L{IDENTITY_MAX} bytes.
        @param minimum: see L{PskServer}.
        """
        self._context = _context(minimum, suites)
        callback = _util.ffi.callback(_CLIENT, partial(_give, identity + b"\x00", key))
        self._context.set_app_data(callback)
        _util.lib.SSL_CTX_set_psk_client_callback(self._context._context, callback)

    def clientConnectionForTLS(self, tls: Any) -> SSL.Connection:
        """
        See L{IOpenSSLClientConnectionCreator}.
        """
        return SSL.Connection(self._context, None)


def _give(identity: bytes, key: bytes, *asked: Any) -> int:
    """
    OpenSSL asks for identity and key: C{(ssl, hint, identity, its room, key, its room)}.
    """
    _, _, name, longest, room, most = asked
    if len(identity) > longest or len(key) > most:
        return 0
    _util.ffi.buffer(name, longest)[: len(identity)] = identity
    _util.ffi.buffer(room, most)[: len(key)] = key
    return len(key)
