# -*- test-case-name: tests.lpa.test_guard -*-
"""
Which servers may be contacted.  Activation codes and notifications name them, so a card holder must not be able to make the
gateway talk to itself or its neighbours: only https, only public addresses, whatever DNS says, only the usual port.  Settings
allow more.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from attrs import field, frozen

from cardgw.lpa.server_errors import AddressRefused
from cardgw.lpa.settings import HostSettings, HttpsSettings

HTTPS_PORT = 443
MAX_HOST_NAME = 253
_HOST_NAME = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_PATH = re.compile(r"[\x21-\x7e]*")

IPV4_SPECIAL = {
    ip_network(each): words
    for each, words in {
        "0.0.0.0/8": "unspecified",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "private (carrier NAT)",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved",
        "192.0.2.0/24": "reserved (documentation)",
        "192.88.99.0/24": "reserved (6to4)",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "reserved (benchmarks)",
        "198.51.100.0/24": "reserved (documentation)",
        "203.0.113.0/24": "reserved (documentation)",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
    }.items()
}
"""IPv4 networks that are not public (IANA's special-purpose registry, RFC 6890)."""

IPV6_SPECIAL = {
    ip_network(each): words
    for each, words in {
        "::/128": "unspecified",
        "::1/128": "loopback",
        "::ffff:0:0/96": "an IPv4-mapped address",
        "fc00::/7": "private",
        "fe80::/10": "link-local",
        "ff00::/8": "multicast",
        "2001::/23": "reserved (Teredo and others)",
        "2001:db8::/32": "reserved (documentation)",
        "2002::/16": "an IPv4 address in 6to4",
        "3fff::/20": "reserved (documentation)",
    }.items()
}
"""IPv6 networks that are not public (likewise)."""

IPV6_PUBLIC = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is meant."""


@frozen
class Target:
    """
    What a URL names, after the rules have allowed it.

    @ivar host: lower case, without port or brackets.
    @ivar port: to connect to.
    @ivar authority: host and port as the URL has them: what the C{Host} header carries.
    @ivar path: with the query.
    @ivar mapped: what the settings say about this host, or C{None}.
    """

    host: str
    port: int
    authority: str
    path: str
    mapped: HostSettings | None = field(default=None)


def special(address: IPv4Address | IPv6Address) -> str:
    """
    What an address is, in words, where it is not public; otherwise an empty string.
    """
    if isinstance(address, IPv4Address):
        return next((words for network, words in IPV4_SPECIAL.items() if address in network), "")
    if address in NAT64:
        return special(IPv4Address(int(address) & 0xFFFFFFFF))
    found = next((words for network, words in IPV6_SPECIAL.items() if address in network), "")
    return found or ("" if address in IPV6_PUBLIC else "reserved")


@frozen
class Guard:
    """
    The rules, as the settings have them.
    """

    settings: HttpsSettings

    def target(self, url: str) -> Target:
        """
        Check a URL as far as that is possible without DNS.

        @raise AddressRefused: it is not https, malformed, or not allowed.
        """
        try:
            parts = urlsplit(url)
            port = HTTPS_PORT if parts.port is None else parts.port
        except ValueError:
            raise AddressRefused(f"{url[:200]!r} is no URL", hint="") from None
        host = (parts.hostname or "").rstrip(".")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._check_form(url, parts, path)
        mapped = self.settings.host(host)
        if mapped is None or not mapped.address:
            self._check_host(host)
        if mapped is not None and mapped.port:
            port = mapped.port
        elif port not in self.settings.allow_ports:
            raise AddressRefused(f"{host} port {port}; allowed: {', '.join(map(str, self.settings.allow_ports))}")
        return Target(host, port, parts.netloc, path, mapped)

    def _check_form(self, url: str, parts: SplitResult, path: str) -> None:
        if parts.scheme != "https":
            raise AddressRefused(f"{url[:200]!r} is not an https address", hint="")
        if "@" in parts.netloc or not _PATH.fullmatch(parts.netloc) or not _PATH.fullmatch(path):
            raise AddressRefused(f"{url[:200]!r} is not a plain https address", hint="")

    def _check_host(self, host: str) -> None:
        try:
            address = ip_address(host)
        except ValueError:
            self._check_name(host)
            return
        if host not in self.settings.allow_hosts and not self._in_allowed_network(address):
            raise AddressRefused(f"{host} is an address, not a host name")

    def _check_name(self, host: str) -> None:
        if len(host) > MAX_HOST_NAME or not _HOST_NAME.fullmatch(host):
            raise AddressRefused(f"{host[:MAX_HOST_NAME]!r} is not a host name", hint="Check the address in the activation code.")
        if "." not in host and host not in self.settings.allow_hosts:
            raise AddressRefused(f"{host} is a local name")

    def refusal(self, host: str, address: str) -> str:
        """
        Why an address that DNS gives for a host may not be contacted, in words; an empty string where it may.
        """
        if host in self.settings.allow_hosts:
            return ""
        found = ip_address(address.split("%", 1)[0])
        words = special(found)
        return f"its address {address} is {words}" if words and not self._in_allowed_network(found) else ""

    def _in_allowed_network(self, address: IPv4Address | IPv6Address) -> bool:
        return any(_contains(network, address) for network in self.settings.allow_networks)


def _contains(network: IPv4Network | IPv6Network, address: IPv4Address | IPv6Address) -> bool:
    return network.version == address.version and address in network
