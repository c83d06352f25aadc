"""
Tests of L{cardgw.scp.host_keys}.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.scp.certificate_errors import ScpRootUnknown
from cardgw.scp.host_keys import HostKeys
from cardgw.scp.key_pair import LocalKeyPair
from tests.scp.scp11_rig import AUTHORITY, NOW, make_pki


class HostKeysTests(SynchronousTestCase):
    """
    What a host has.
    """

    def setUp(self) -> None:
        """
        A key pair with its certificates.
        """
        self.pki = make_pki("host")
        self.keys = HostKeys(pair=LocalKeyPair(self.pki.key), certificates=self.pki.chain, roots=(make_pki("card").root,))

    def test_host(self) -> None:
        """
        As the handshake wants it.
        """
        host = self.keys.host(AUTHORITY)
        self.assertEqual((host.key.public, host.certificates), (self.pki.key.public_key(), self.pki.chain))
        self.assertEqual(host.authority, AUTHORITY)

    def test_missing(self) -> None:
        """
        Without a key, without certificates, and with an RSA key it is none.
        """
        pair = LocalKeyPair(rsa.generate_private_key(65537, 1024))
        for keys in (HostKeys(), HostKeys(pair=self.keys.pair), HostKeys(pair=pair, certificates=self.pki.chain)):
            self.assertRaises(ParameterError, keys.host, AUTHORITY)

    def test_accept(self) -> None:
        """
        Certificates of cards are believed below the roots.
        """
        accept = self.keys.accept(NOW)
        self.assertIs(accept(make_pki("card").chain), make_pki("card").leaf)
        self.assertRaises(ScpRootUnknown, accept, self.pki.chain)

    def test_public(self) -> None:
        """
        The public key is that of the pair, or is known by itself.
        """
        public = self.pki.key.public_key()
        self.assertEqual([self.keys.public, HostKeys(known=public).public], [public] * 2)
        self.assertIsNone(HostKeys().public)

    def test_shown(self) -> None:
        """
        Keys and certificates are not shown.
        """
        self.assertEqual(repr(self.keys).count("key"), 0)
