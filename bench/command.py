# -*- test-case-name: tests.bench.test_pcsc -*-
"""
The command that L{bench.relay} and L{bench.raw} send.
"""

COMMAND = bytes((0x80, 0xE2, 0x11, 0x00, 120)) + bytes(120)
"""A segment of a package, as eUICCs get them by the dozen."""
