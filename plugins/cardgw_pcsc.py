# -*- test-case-name: tests.gateway.test_registry -*-
"""
Cards in readers of this machine.
"""

from cardgw.lazy import LazyTransport

pcsc = LazyTransport(
    "pcsc",
    "cards in readers of this machine (PC/SC)",
    "cardgw.transports.pcsc.service.PcscTransport",
)
