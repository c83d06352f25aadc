# -*- test-case-name: tests.gp -*-
"""
Arbitrary values of GlobalPlatform, for property tests.
"""

from __future__ import annotations

from hypothesis import strategies as st

from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import NONE, Privilege
from cardgw.gp.registry import Entry

octet = st.integers(0, 255)

aids = st.binary(min_size=5, max_size=16)
"""AIDs."""

privileges = st.integers(0, 0xFFFFFF).map(Privilege)
"""Privileges, also such as have no meaning together."""


def _kind(kind: Kind, granted: Privilege) -> Kind:
    return Kind.SSD if kind is Kind.APP and granted & Privilege.SecurityDomain else kind


applications = st.builds(
    lambda kind, granted, **more: Entry(_kind(kind, granted), privileges=granted, **more),
    st.sampled_from((Kind.ISD, Kind.APP)),
    privileges,
    aid=aids,
    state=octet,
    load_file=st.just(b"") | aids,
    domain=st.just(b"") | aids,
    version=st.binary(max_size=4),
    implicit=st.lists(octet, max_size=3).map(tuple),
)
"""Entries of applications and security domains."""

load_files = st.builds(
    Entry,
    st.just(Kind.PKG),
    aids,
    octet,
    st.just(NONE),
    domain=st.just(b"") | aids,
    version=st.binary(max_size=4),
    modules=st.lists(aids, max_size=4).map(tuple),
)
"""Entries of load files."""

domains = st.sampled_from([bytes.fromhex(f"A0000001510000{number:02X}") for number in range(6)])
"""Few AIDs, so that entries belong to each other, or to themselves."""

families = st.lists(
    st.builds(
        Entry,
        st.sampled_from((Kind.ISD, Kind.SSD, Kind.APP, Kind.PKG)),
        domains,
        st.just(7),
        domain=domains | st.just(b""),
    ),
    max_size=12,
).map(tuple)
"""Entries that belong to each other in any way."""
