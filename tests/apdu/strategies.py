# -*- test-case-name: tests.apdu -*-
"""
Arbitrary APDUs and data objects, for property tests.
"""

from __future__ import annotations

from hypothesis import strategies as st

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response

octet = st.integers(0, 255)

short_commands = st.builds(
    Command, octet, octet, octet, octet, st.binary(max_size=255), st.none() | st.integers(1, 256), st.just(False)
)
"""Commands that have a short form."""

commands = short_commands | st.builds(
    Command, octet, octet, octet, octet, st.binary(max_size=400), st.none() | st.integers(1, 65536), st.booleans()
)
"""All commands, with not too much data."""

responses = st.builds(Response, st.binary(max_size=300), st.integers(0, 0xFFFF))
"""All responses, with not too much data."""

first_tag_bytes = octet.filter(lambda first: first & 0x1F != 0x1F)
two_byte_tags = st.builds(lambda first, second: (first | 0x1F) << 8 | second, octet, st.integers(0, 0x7F))
three_byte_tags = st.builds(
    lambda first, second, third: (first | 0x1F) << 16 | (second | 0x80) << 8 | third, octet, octet, st.integers(0, 0x7F)
)
tags = first_tag_bytes.filter(bool) | two_byte_tags | three_byte_tags
"""Tags as numbers, one to three bytes long."""

data_objects = st.builds(tlv.encode, tags, st.binary(max_size=300))
"""Encoded data objects."""
