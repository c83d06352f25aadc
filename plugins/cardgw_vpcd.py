# -*- test-case-name: tests.gateway.test_registry -*-
"""
Cards of others, which dial in as virtual cards do.
"""

from cardgw.lazy import LazyTransport

vpcd = LazyTransport(
    "vpcd",
    "cards that dial in as virtual cards do (the vpcd protocol of vsmartcard)",
    "cardgw.transports.vpcd.service.VpcdTransport",
)
