# -*- test-case-name: tests.gateway.test_registry -*-
"""
Operations of an LPA between an eUICC and the servers of the GSMA's world: discovery, and revocation lists.
"""

from cardgw.lazy import LazyOperation

discover = LazyOperation(
    "lpa.discover",
    "ask a discovery server which profiles wait for an eUICC",
    "cardgw.operations.lpa_discover.DiscoverProfiles",
)
load_crl = LazyOperation(
    "lpa.load-crl",
    "give an eUICC a list of revoked certificates",
    "cardgw.operations.lpa_load_crl.LoadRevocations",
)
