# -*- test-case-name: tests.gateway.test_registry -*-
"""
Cards whose side polls over HTTP.
"""

from cardgw.lazy import LazyTransport

ramhttp = LazyTransport(
    "ramhttp",
    "cards whose side polls over HTTP (RAMOverHTTP, GlobalPlatform Amendment B)",
    "cardgw.transports.ramhttp.service.RamHttpTransport",
)
