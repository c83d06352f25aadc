# -*- test-case-name: tests.gateway.test_registry -*-
"""
Operations on the profiles of an eUICC.
"""

from cardgw.lazy import LazyOperation

download = LazyOperation(
    "profile.download", "download a profile from an SM-DP+ and install it", "cardgw.operations.profile.DownloadProfile"
)
