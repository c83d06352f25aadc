# -*- test-case-name: tests.gateway.test_registry -*-
"""
Commands as they are.
"""

from cardgw.lazy import LazyOperation

script = LazyOperation("apdu.script", "send a card commands, and check how it answers", "cardgw.operations.apdu_script.RunScript")
