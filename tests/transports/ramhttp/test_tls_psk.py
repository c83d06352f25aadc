"""
Tests of L{cardgw.transports.ramhttp.tls_psk}.
"""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp import tls_psk
from cardgw.transports.ramhttp.tls_psk import PskClient, PskServer, available, knows_suite, psk_identity
from tests.transports.ramhttp.tls import move, shake

KEY = bytes(range(16))
IDENTITY = b"card-1"


class PskTests(SynchronousTestCase):
    """
    Both ends, in memory.
    """

    def setUp(self) -> None:
        """
        Who knows a key.
        """
        self.keys: dict[bytes, bytes] = {IDENTITY: KEY, b"card-2": bytes(64)}

    def shaken(self, server: PskServer, client: PskClient) -> str:
        """
        Shake hands.
        """
        self.server, self.client = server.serverConnectionForTLS(None), client.clientConnectionForTLS(None)
        return shake(self.client, self.server)

    def identity(self) -> bytes | None:
        """
        Who has proven who it is.
        """
        return psk_identity(SimpleNamespace(getHandle=lambda: self.server))

    def test_available(self) -> None:
        """
        What is installed here has what is needed.
        """
        self.assertEqual(available(), "")

    def test_missing(self) -> None:
        """
        Another library may not; then it is said what is missing.
        """
        self.patch(tls_psk, "_util", SimpleNamespace(lib=object(), ffi=vars(tls_psk)["_util"].ffi))
        self.assertEqual(available(), "this pyOpenSSL has no SSL_CTX_set_psk_server_callback")
        self.patch(tls_psk, "_util", SimpleNamespace())
        self.assertIn("has no", available())

    def test_handshake(self) -> None:
        """
        Both know the key: the server knows whom it talks to; it is TLS 1.2, without a ticket, and with a suite of SGP.02.
        """
        self.assertEqual(self.shaken(PskServer(self.keys.get), PskClient(IDENTITY, KEY)), "")
        self.assertEqual(self.identity(), IDENTITY)
        self.assertEqual(
            (self.server.get_protocol_version_name(), self.server.get_cipher_name()), ("TLSv1.2", "PSK-AES128-GCM-SHA256")
        )
        self.client.send(b"hello")
        move(self.client, self.server)
        self.assertEqual(self.server.recv(100), b"hello")

    def test_collected(self) -> None:
        """
        What OpenSSL calls stays, whatever is thrown away.
        """
        thrown_away = PskServer(self.keys.get), PskClient(IDENTITY, KEY)
        server_end, client_end = thrown_away[0].serverConnectionForTLS(None), thrown_away[1].clientConnectionForTLS(None)
        del thrown_away
        gc.collect()
        self.assertEqual(shake(client_end, server_end), "")
        self.assertEqual(server_end.identity, IDENTITY)
        server, client = PskServer(self.keys.get), PskClient(b"card-2", bytes(64))
        gc.collect()
        for _ in range(3):
            self.assertEqual(self.shaken(server, client), "")
            self.assertEqual(self.identity(), b"card-2")
        del self.server
        gc.collect()
        self.assertLessEqual(len(server._open), 0)

    def test_unknown(self) -> None:
        """
        A stranger is told so, by the alert for it.
        """
        told = self.shaken(PskServer(self.keys.get), PskClient(b"nobody", KEY))
        self.assertIn("psk identity not found", told)
        self.assertIsNone(self.identity())
        problem = self.assertRaises(SSL.Error, self.client.do_handshake)
        self.assertIn("unknown psk identity", str(problem))

    def test_wrongKey(self) -> None:
        """
        So is one with another key, in the ordinary way.
        """
        self.assertNotEqual(self.shaken(PskServer(self.keys.get), PskClient(IDENTITY, bytes(16))), "")

    def test_lookupFails(self) -> None:
        """
        Where the key cannot be looked up, nobody is let in, and the log has why.
        """

        def fails(identity: bytes) -> bytes | None:
            raise RuntimeError("no store")

        self.assertNotEqual(self.shaken(PskServer(fails), PskClient(IDENTITY, KEY)), "")
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_badKeys(self) -> None:
        """
        A key that is empty, or longer than OpenSSL has room for, is none.
        """
        for key in (b"", bytes(100_000)):
            self.keys[IDENTITY] = key
            self.assertNotEqual(self.shaken(PskServer(self.keys.get), PskClient(IDENTITY, KEY)), "")
        for client in (PskClient(bytes(1000), KEY), PskClient(IDENTITY, bytes(100_000))):
            self.assertNotEqual(self.shaken(PskServer(self.keys.get), client), "")

    def test_versions(self) -> None:
        """
        Older versions and their suites are there where they are allowed, and nowhere else.
        """
        old = PskClient(IDENTITY, KEY, "1.0", ("PSK-AES128-CBC-SHA",))
        old._context.set_max_proto_version(SSL.TLS1_VERSION)
        self.assertNotEqual(self.shaken(PskServer(self.keys.get), old), "")
        self.assertEqual(self.shaken(PskServer(self.keys.get, "1.0"), old), "")
        self.assertEqual(self.server.get_protocol_version_name(), "TLSv1")

    def test_noTls13(self) -> None:
        """
        A client that has TLS 1.3 gets 1.2.
        """
        client = PskClient(IDENTITY, KEY)
        client._context.set_max_proto_version(SSL.TLS1_3_VERSION)
        self.assertEqual(self.shaken(PskServer(self.keys.get), client), "")
        self.assertEqual(self.server.get_protocol_version_name(), "TLSv1.2")

    def test_suites(self) -> None:
        """
        Suites without encryption are there only where they are named.
        """
        client = PskClient(IDENTITY, KEY, suites=("PSK-NULL-SHA256",))
        self.assertNotEqual(self.shaken(PskServer(self.keys.get), client), "")
        self.assertEqual(self.shaken(PskServer(self.keys.get, suites=("PSK-NULL-SHA256",)), client), "")
        self.assertTrue(knows_suite("PSK-AES128-CBC-SHA256") and knows_suite("PSK-NULL-SHA256"))
        for name in ("AES128-SHA", "PSK", "PSK-X", "PSK-AES128-CBC-SHA:ALL", "@PSK", ""):
            self.assertFalse(knows_suite(name), name)

    def test_oneRecord(self) -> None:
        """
        What is written at once is one record: no empty one before it, also with old versions.
        """
        for minimum, version in (("1.2", SSL.TLS1_2_VERSION), ("1.0", SSL.TLS1_VERSION)):
            client = PskClient(IDENTITY, KEY, minimum, ("PSK-AES128-CBC-SHA",))
            client._context.set_max_proto_version(version)
            self.assertEqual(self.shaken(PskServer(self.keys.get, minimum, ("PSK-AES128-CBC-SHA",)), client), "")
            self.server.send(bytes(1000))
            octets = move(self.server, self.client)
            self.assertEqual((octets[0], int.from_bytes(octets[3:5], "big")), (23, len(octets) - 5))

    def test_others(self) -> None:
        """
        Over another connection, nobody has proven anything.
        """
        others: list[Any] = [object(), SimpleNamespace(getHandle=lambda: None), SimpleNamespace(getHandle=object)]
        self.assertEqual([psk_identity(each) for each in others], [None] * 3)
