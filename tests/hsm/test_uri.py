"""
Tests of L{cardgw.hsm.uri}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.hsm.uri import TokenUri, parse_uri
from cardgw.secrets import Source

MODULE = "module-path=/usr/lib/libtoken.so"


class UriTests(SynchronousTestCase):
    """
    URIs of RFC 7512.
    """

    def test_whole(self) -> None:
        """
        Which token, which key, which library, and where the PIN is; with what is written in percent.
        """
        found = parse_uri(f"pkcs11:token=my%20card;serial=01;object=enc;id=%01%ab;type=secret-key?{MODULE}&pin-source=env:PIN")
        token = (("token", "my card"), ("serial", "01"))
        self.assertEqual(found, TokenUri("/usr/lib/libtoken.so", token, "enc", b"\x01\xab", Source("env", "PIN")))
        self.assertEqual(str(found), 'token "my card", serial "01", object "enc", id 01AB')

    def test_pins(self) -> None:
        """
        A PIN is in a file, or in a source of ours; without one there is no login.
        """
        sources = {
            "/etc/pin": Source("file", "/etc/pin"),
            "file:/etc/pin": Source("file", "/etc/pin"),
            "file:///etc/pin": Source("file", "/etc/pin"),
            "file://localhost/etc/pin": Source("file", "/etc/pin"),
            "credential:pin": Source("credential", "pin"),
            "command:pass%20pin": Source("command", "pass pin"),
        }
        for written, expected in sources.items():
            self.assertEqual(parse_uri(f"pkcs11:object=enc?{MODULE}&pin-source={written}").pin, expected)
        self.assertIsNone(parse_uri(f"pkcs11:object=enc?{MODULE}").pin)

    def refused(self, text: str) -> str:
        """
        What is said of a wrong one.
        """
        return str(self.assertRaises(ValueError, parse_uri, text))

    def test_pinValue(self) -> None:
        """
        The PIN itself is refused, and not repeated.
        """
        text = self.refused(f"pkcs11:object=enc?{MODULE}&pin-value=918273")
        self.assertIn("pin-source", text)
        self.assertNotIn("918273", text)
        self.assertNotIn("918273", self.refused(f"pkcs11:object=enc?{MODULE}&pin-source=918273"))

    def test_refused(self) -> None:
        """
        What is missing or not understood is told.
        """
        self.assertIn("neither object nor id", self.refused(f"pkcs11:token=a?{MODULE}"))
        self.assertIn("module-path", self.refused("pkcs11:object=a"))
        self.assertIn("module-path", self.refused("pkcs11:object=a?module-path=lib.so"))
        self.assertIn("module-name", self.refused("pkcs11:object=a?module-name=lib"))
        self.assertIn("library-version", self.refused(f"pkcs11:object=a;library-version=3?{MODULE}"))
        self.assertIn("twice", self.refused(f"pkcs11:object=a;object=b?{MODULE}"))
        self.assertIn("type", self.refused(f"pkcs11:object=a;type=cert?{MODULE}"))
        self.assertIn("slot-id", self.refused(f"pkcs11:object=a;slot-id=x?{MODULE}"))
        self.assertIn("UTF-8", self.refused(f"pkcs11:object=%ff?{MODULE}"))
        self.assertIn("no pkcs11", self.refused("file:/etc/key"))
