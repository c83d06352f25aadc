# -*- test-case-name: tests.lpa.test_settings -*-
"""
The settings of HTTPS to SM-DP+ and SM-DS servers: the table C{[https]} of C{cardgw.toml}.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from attrs import Factory, frozen

from cardgw.fields import Kind, boolean, checked, each_of, integer, option, seconds, tables, text

KEY_IDENTIFIER_SIZE = 20

KNOWN_CI: Mapping[bytes, str] = {
    bytes.fromhex("81370f5125d0b1d408d4c3b232e6d25e795bebfb"): "GSM Association - RSP2 Root CI1",
    bytes.fromhex("4c27967ad20c14b391e9601e41e604ad57c0222f"): "OISTE GSMA CI G1",
    bytes.fromhex("cdf6d1c0a7b07f98a861b6e378b82f648d99663e"): "CMCA eSIM Root CA_NIST",
    bytes.fromhex("16704b7f351e3607f18c4b70005c3a003dfd414a"): "Entrust eSIM Certification Authority",
    bytes.fromhex("cd6e60b72d7a063cbc84625b91e80fe30406e13e"): "MC4 OT ROOT CI v1",
    bytes.fromhex("16b5d16048e3ea02bd4b606e5f77a4bf20808d83"): "China Unicom eSIM Root CA",
    bytes.fromhex("b60f0b897fd630b88cfed6161f8ea808c5382ac3"): "G+D SubMan V4.2 CI Google Pixel",
}
"""The live certificate issuers (CIs) of the GSMA: subject key identifier to name."""

TEST_CI: Mapping[bytes, str] = {
    bytes.fromhex("f54172bdf98a95d65cbeb88a38a1c11d800a85c3"): "GSMA Test CI (SGP.26, NIST P-256)",
    bytes.fromhex("c0bc70ba36929d43b467ff57570530e57ab8fcd8"): "GSMA Test CI (SGP.26, Brainpool P-256)",
}
"""The test CIs of SGP.26.  Their private keys are public."""


def _key_identifier(value: str) -> bytes:
    octets = bytes.fromhex(value.replace(":", ""))
    if len(octets) != KEY_IDENTIFIER_SIZE:
        raise ValueError(f"{len(octets)} bytes")
    return octets


key_identifier: Kind = checked("a key identifier of 20 bytes in hexadecimal", _key_identifier)
"""The subject key identifier of a CI: the SHA-1 of its public key."""

network: Kind = checked('an address or network such as "10.0.0.0/8"', ip_network)
"""An IPv4 or IPv6 network."""

host_name: Kind = checked("a host name", lambda value: value.strip().rstrip(".").lower())
"""A host name, compared without regard to case."""


@frozen
class HostSettings:
    """
    Where to find one host, and whom to trust there: C{[https.hosts."smdp.example.com"]}.
    """

    address: str = option(text, "IP address (or other name) to connect to; DNS and the address rules are not asked", default="")
    port: int = option(integer(0, 65535), "TCP port to connect to; 0 is the port that was asked for", default=0)
    roots: str = option(text, "directory of PEM files with the certificate issuers that are trusted for this host", default="")


@frozen
class HttpsSettings:
    """
    The table C{[https]}.
    """

    trusted_ci: tuple[bytes, ...] = option(
        each_of(key_identifier),
        "key identifiers of the certificate issuers (GSMA CI) that are trusted for every card",
        default=tuple(KNOWN_CI),
    )
    test_ci: bool = option(boolean, "trust the test issuers of SGP.26 too; their private keys are public", default=False)
    card_ci: bool = option(boolean, "trust the issuers that a card lists, for that card alone", default=True)
    system_roots: bool = option(boolean, "accept servers with a certificate that this system trusts for HTTPS", default=True)
    roots: str = option(text, "directory of PEM files with further certificate issuers that are trusted", default="")
    connections_per_host: int = option(integer(1, 1000), "most connections to one host; further requests wait", default=16)
    connect_timeout: float = option(seconds, "longest time to connect, TLS included", default=20.0)
    request_timeout: float = option(seconds, "longest time from sending a request to the end of the answer", default=60.0)
    wait_timeout: float = option(seconds, "longest time that a request waits for a free connection", default=300.0)
    idle_timeout: float = option(seconds, "time that an unused connection is kept for the next request", default=60.0)
    max_body: int = option(integer(1024, 1 << 30), "most bytes in an answer", default=1 << 19)
    allow_hosts: tuple[str, ...] = option(
        each_of(host_name), "hosts that may be contacted even if their addresses are not public", default=()
    )
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = option(
        each_of(network), "networks that may be contacted although they are not public", default=()
    )
    allow_ports: tuple[int, ...] = option(each_of(integer(1, 65535, "a port")), "ports that may be contacted", default=(443,))
    hosts: Mapping[str, HostSettings] = option(
        tables(HostSettings), "where to find particular hosts, and whom to trust there", default=Factory(dict)
    )

    def host(self, name: str) -> HostSettings | None:
        """
        What is set for one host.

        @param name: in any case.
        """
        wanted = name.lower()
        return next((each for key, each in self.hosts.items() if key.lower() == wanted), None)
