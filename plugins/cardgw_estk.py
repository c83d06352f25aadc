# -*- test-case-name: tests.gateway.test_registry -*-
"""
eSTK.me cards, which dial in over TCP.
"""

from cardgw.lazy import LazyTransport

estk = LazyTransport(
    "estk", "eSTK.me cards that dial in over TCP (Cloud Enhance)", "cardgw.transports.estk.service.EstkTransport"
)
