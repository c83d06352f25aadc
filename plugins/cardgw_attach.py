# -*- test-case-name: tests.gateway.test_registry -*-
"""
Cards as local readers have them.
"""

from cardgw.lazy import LazyOperation

attach = LazyOperation(
    "card.attach",
    "put a card into a virtual reader of this machine, for local programs",
    "cardgw.bridges.attach_operation.AttachCard",
)
