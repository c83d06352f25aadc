# -*- test-case-name: tests.lpa.test_guard -*-
"""
Tests for L{cardgw.lpa.guard}.
"""

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.guard import Guard, Target, special
from cardgw.lpa.server_errors import AddressRefused
from cardgw.lpa.settings import HostSettings, HttpsSettings

PUBLIC = ("8.8.8.8", "1.1.1.1", "193.0.14.129", "2001:4860:4860::8888", "2a00:1450:4001::1", "64:ff9b::808:808", "172.32.0.1")
NOT_PUBLIC = {
    "127.0.0.1": "loopback",
    "127.8.9.10": "loopback",
    "0.0.0.0": "unspecified",
    "10.1.2.3": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "100.64.0.1": "private (carrier NAT)",
    "169.254.169.254": "link-local",
    "224.0.0.1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "192.0.2.1": "reserved (documentation)",
    "198.18.0.1": "reserved (benchmarks)",
    "::": "unspecified",
    "::1": "loopback",
    "::7f00:1": "reserved",
    "::ffff:127.0.0.1": "an IPv4-mapped address",
    "::ffff:8.8.8.8": "an IPv4-mapped address",
    "fe80::1": "link-local",
    "fd00::1": "private",
    "ff02::1": "multicast",
    "2002:7f00:1::": "an IPv4 address in 6to4",
    "2002:808:808::": "an IPv4 address in 6to4",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::a00:1": "private",
    "64:ff9b:1::1": "reserved",
    "2001::1": "reserved (Teredo and others)",
    "2001:db8::1": "reserved (documentation)",
    "4000::1": "reserved",
}


class SpecialTests(SynchronousTestCase):
    """
    L{special}.
    """

    def test_public(self) -> None:
        """
        Public addresses are nothing special.
        """
        for each in PUBLIC:
            self.assertEqual(special(ip_address(each)), "", each)

    def test_notPublic(self) -> None:
        """
        All others are, and the text says why; also inside of other addresses.
        """
        for each, words in NOT_PUBLIC.items():
            self.assertEqual(special(ip_address(each)), words, each)

    @given(st.integers(0, 0xFFFFFFFF))
    def test_neverMorePublicThanPython(self, number: int) -> None:
        """
        Nothing passes that the standard library knows to be private, loopback, link-local or multicast.
        """
        address = ip_address(number)
        if not special(address):
            self.assertFalse(address.is_private or address.is_loopback or address.is_link_local or address.is_multicast)

    @given(st.integers(0, (1 << 128) - 1))
    def test_neverMorePublicThanPython6(self, number: int) -> None:
        """
        Likewise for IPv6.
        """
        address = ip_address(number)
        if address.version == 6 and not special(address):
            self.assertFalse(address.is_private or address.is_loopback or address.is_link_local or address.is_multicast)


class TargetTests(SynchronousTestCase):
    """
    L{Guard.target}.
    """

    def refused(self, url: str, **settings: object) -> str:
        """
        The text of the refusal.
        """
        return str(self.assertRaises(AddressRefused, Guard(HttpsSettings(**settings)).target, url))  # type: ignore[arg-type]

    def test_plain(self) -> None:
        """
        An https address is split into what is connected to and what is asked for.
        """
        target = Guard(HttpsSettings()).target("https://SMDP.example.com/gsma/rsp2?x=1")
        self.assertEqual(target, Target("smdp.example.com", 443, "SMDP.example.com", "/gsma/rsp2?x=1"))
        self.assertEqual(Guard(HttpsSettings()).target("https://smdp.example.com").path, "/")
        self.assertEqual(Guard(HttpsSettings()).target("https://smdp.example.com.:443/").host, "smdp.example.com")

    def test_scheme(self) -> None:
        """
        Only https.
        """
        for url in ("http://smdp.example.com/", "ftp://a.example/", "//a.example/", "a.example", "", "file:///etc/passwd"):
            self.assertIn("not an https address", self.refused(url))

    def test_port(self) -> None:
        """
        Only port 443, unless the settings allow others; the text says which.
        """
        self.assertIn("smdp.example.com port 8443; allowed: 443", self.refused("https://smdp.example.com:8443/"))
        self.assertIn("allow_ports", self.refused("https://smdp.example.com:22/"))
        self.assertEqual(Guard(HttpsSettings(allow_ports=(8443,))).target("https://a.example:8443/").port, 8443)
        self.assertIn("port 443", self.refused("https://a.example/", allow_ports=(8443,)))
        for port in ("0", "65536", "-1", "x", "²"):
            self.refused(f"https://smdp.example.com:{port}/")

    def test_names(self) -> None:
        """
        A host name has two labels or more of letters, digits and hyphens, the last one not a number.
        """
        for host in (
            "",
            "a b.example",
            "-a.example",
            "a-.example",
            "a..example",
            ".example.com",
            "a_b.example",
            "é.example",
            "a.123",
            "0x7f.1",
            "127.1",
            "2130706433",
            "a" * 64 + ".example",
            "a." * 127 + "example",
            "a.example%00",
            "user@a.example",
            "a.example\\b",
            "[::1",
            "a.example\r\nX: y",
        ):
            self.refused(f"https://{host}/")
        for host in ("a.example", "3.a-b.example", "xn--e1afmkfd.xn--p1ai", "A.EXAMPLE"):
            self.assertEqual(Guard(HttpsSettings()).target(f"https://{host}/").host, host.lower())

    def test_localName(self) -> None:
        """
        A name without a dot is local: only if it is allowed.
        """
        self.assertIn("localhost is a local name", self.refused("https://localhost/"))
        self.assertEqual(Guard(HttpsSettings(allow_hosts=("localhost",))).target("https://localhost/").host, "localhost")

    def test_addresses(self) -> None:
        """
        An IP address, even a public one, is no host name: only if its network is allowed.
        """
        for host in ("127.0.0.1", "8.8.8.8", "[::1]", "[2001:4860:4860::8888]"):
            self.assertIn("is an address, not a host name", self.refused(f"https://{host}/"))
        allowed = Guard(HttpsSettings(allow_networks=(ip_network("127.0.0.0/8"), ip_network("::1/128"))))
        self.assertEqual(allowed.target("https://127.0.0.1/").host, "127.0.0.1")
        self.assertEqual(allowed.target("https://[::1]/").host, "::1")

    def test_path(self) -> None:
        """
        A path is printable ASCII without spaces.
        """
        for path in ("/a b", "/é", "/\x7f"):
            self.refused(f"https://a.example{path}")

    def test_mapped(self) -> None:
        """
        A host that the settings map has its address and port from there; that port needs no further permission.
        """
        mapped = HostSettings(address="127.0.0.1", port=8443)
        guard = Guard(HttpsSettings(hosts={"SMDP.internal": mapped, "other.internal": HostSettings(address="10.0.0.1")}))
        target = guard.target("https://smdp.internal/x")
        self.assertEqual(
            (target.host, target.port, target.authority, target.mapped), ("smdp.internal", 8443, "smdp.internal", mapped)
        )
        self.assertEqual(guard.target("https://smdp.internal:9/x").port, 8443)
        self.assertEqual(guard.target("https://other.internal/").port, 443)
        self.assertRaises(AddressRefused, guard.target, "https://other.internal:22/")

    def test_onlyRoots(self) -> None:
        """
        A host of which only the roots are set follows the rules for all.
        """
        guard = Guard(HttpsSettings(hosts={"localhost": HostSettings(roots="/x"), "a.example": HostSettings(roots="/x")}))
        self.assertRaises(AddressRefused, guard.target, "https://localhost/")
        self.assertEqual(guard.target("https://a.example/").port, 443)

    @given(st.text(max_size=60))
    def test_anything(self, text: str) -> None:
        """
        Whatever a card holder types ends in a target with a clean name, or in a refusal.
        """
        try:
            target = Guard(HttpsSettings()).target(f"https://{text}/gsma")
        except AddressRefused:
            return
        self.assertRegex(target.host, r"\A[a-z0-9.-]+\Z")
        self.assertEqual(target.port, 443)


class RefusalTests(SynchronousTestCase):
    """
    L{Guard.refusal}.
    """

    def test_refused(self) -> None:
        """
        DNS may not lead to addresses that are not public.
        """
        guard = Guard(HttpsSettings())
        for each in PUBLIC:
            self.assertEqual(guard.refusal("a.example", each), "")
        for each, words in NOT_PUBLIC.items():
            self.assertEqual(guard.refusal("a.example", each), f"its address {each} is {words}")
        self.assertIn("link-local", guard.refusal("a.example", "fe80::1%eth0"))

    def test_allowed(self) -> None:
        """
        Settings allow networks for all hosts, or all addresses for a host.
        """
        guard = Guard(HttpsSettings(allow_networks=(ip_network("10.0.0.0/8"),), allow_hosts=("b.example",)))
        self.assertEqual(guard.refusal("a.example", "10.1.2.3"), "")
        self.assertNotEqual(guard.refusal("a.example", "127.0.0.1"), "")
        self.assertNotEqual(guard.refusal("a.example", "::ffff:10.1.2.3"), "")
        self.assertEqual(guard.refusal("b.example", "127.0.0.1"), "")
