# -*- test-case-name: tests.lpa.test_settings -*-
"""
Tests for L{cardgw.lpa.settings}, and for tables of tables in L{cardgw.fields}.
"""

from ipaddress import ip_network

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build, options
from cardgw.lpa.settings import KNOWN_CI, TEST_CI, HostSettings, HttpsSettings

WHERE = "cardgw.toml: [https]"


class HttpsSettingsTests(SynchronousTestCase):
    """
    The table C{[https]}.
    """

    def test_defaults(self) -> None:
        """
        Without settings the live CIs of the GSMA are trusted, the test CIs are not, and only port 443 is allowed.
        """
        settings = HttpsSettings()
        self.assertEqual(set(settings.trusted_ci), set(KNOWN_CI))
        self.assertFalse(set(settings.trusted_ci) & set(TEST_CI))
        self.assertFalse(settings.test_ci)
        self.assertEqual(settings.allow_ports, (443,))
        self.assertEqual(settings.connections_per_host, 16)

    def test_everyOptionSays(self) -> None:
        """
        Every setting has a help text, and a default.
        """
        for each in options(HttpsSettings) + options(HostSettings):
            self.assertTrue(each.help)
            self.assertFalse(each.help.endswith("."))

    def test_keyIdentifier(self) -> None:
        """
        A CI is named by its key identifier in hexadecimal, with or without colons; another length is an error.
        """
        ci = next(iter(KNOWN_CI))
        for text in (ci.hex(), ci.hex().upper(), ci.hex(":")):
            self.assertEqual(build(HttpsSettings, {"trusted_ci": [text]}, WHERE).trusted_ci, (ci,))
        error = self.assertRaises(SettingsError, build, HttpsSettings, {"trusted_ci": ["1234"]}, WHERE)
        self.assertIn("[https] trusted_ci: expected a list, each a key identifier of 20 bytes", str(error))

    def test_networks(self) -> None:
        """
        Networks are given as text; one with host bits set is an error.
        """
        settings = build(HttpsSettings, {"allow_networks": ["10.0.0.0/8", "fd00::/8", "192.0.2.1"]}, WHERE)
        self.assertEqual(settings.allow_networks, (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.1/32")))
        self.assertRaises(SettingsError, build, HttpsSettings, {"allow_networks": ["10.0.0.1/8"]}, WHERE)

    def test_hosts(self) -> None:
        """
        A host is found by its name in any case.
        """
        settings = build(HttpsSettings, {"hosts": {"SMDP.example.com": {"address": "10.0.0.1", "port": 8443}}}, WHERE)
        self.assertEqual(settings.host("smdp.EXAMPLE.com"), HostSettings(address="10.0.0.1", port=8443))
        self.assertIsNone(settings.host("example.com"))


class TablesTests(SynchronousTestCase):
    """
    L{cardgw.fields.tables}.
    """

    def test_unknownKey(self) -> None:
        """
        A wrong key in one of the tables is named with the table that it stands in.
        """
        error = self.assertRaises(SettingsError, build, HttpsSettings, {"hosts": {"a.example": {"adress": "x"}}}, WHERE)
        self.assertIn('[https.hosts."a.example"] adress: unknown key. Did you mean "address"?', str(error))

    def test_wrongValue(self) -> None:
        """
        So is a wrong value.
        """
        error = self.assertRaises(SettingsError, build, HttpsSettings, {"hosts": {"a.example": {"port": 70000}}}, WHERE)
        self.assertIn('[https.hosts."a.example"] port: expected a whole number from 0 to 65535, got 70000', str(error))

    def test_notATable(self) -> None:
        """
        A value that is not a table is named with its key.
        """
        error = self.assertRaises(SettingsError, build, HttpsSettings, {"hosts": {"a.example": "10.0.0.1"}}, WHERE)
        self.assertIn('[https.hosts] "a.example": expected a table, got "10.0.0.1"', str(error))
        error = self.assertRaises(SettingsError, build, HttpsSettings, {"hosts": 5}, WHERE)
        self.assertIn("[https] hosts: expected a table of tables, got 5", str(error))

    def test_ready(self) -> None:
        """
        A value that is already an instance stays as it is.
        """
        host = HostSettings(port=1)
        self.assertIs(build(HttpsSettings, {"hosts": {"a": host}}, WHERE).hosts["a"], host)
