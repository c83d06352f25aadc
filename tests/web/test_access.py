# -*- test-case-name: tests.web.test_access -*-
"""
Tests for L{cardgw.web.access}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError
from cardgw.web.access import bearer, check_host, is_loopback
from cardgw.web.faults import MalformedRequest, TokenNeeded, UnknownHost


class BearerTests(SynchronousTestCase):
    """
    L{bearer}.
    """

    def test_token(self) -> None:
        """
        The scheme may be written in any case.
        """
        self.assertEqual(bearer(["bEARER  cgw_a-b_c=="]), "cgw_a-b_c==")

    def test_none(self) -> None:
        """
        Anything else is no token.
        """
        for values in ([], [""], ["Basic YTpi"], ["Bearer"], ["Bearer a b"], ["Bearer a", "Bearer a"], ["Bearer " + "a" * 513]):
            self.assertRaises(TokenNeeded, bearer, values)


class HostTests(SynchronousTestCase):
    """
    L{check_host}.
    """

    def test_ours(self) -> None:
        """
        Addresses, localhost, and names of the settings, with or without a port, in any case.
        """
        for host in (
            "127.0.0.1:1889",
            "192.0.2.7",
            "[::1]:1889",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST:80",
            "GW.example.com.",
        ):
            check_host([host], {"gw.example.com"}, needed=True)
        check_host([], (), needed=False)

    def test_foreign(self) -> None:
        """
        Any other name may be somebody else's that was made to lead here.
        """
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "1.2.3", "0x7f.1"):
            self.assertRaises(UnknownHost, check_host, [host], {"gw.example.com"}, needed=True)

    def test_malformed(self) -> None:
        """
        One header there must be, with one name in it.
        """
        for values in (
            [],
            ["localhost", "localhost"],
            [""],
            ["a b"],
            ["localhost:x"],
            ["user@localhost"],
            ["::1"],
            ["localhost:"],
        ):
            self.assertRaises(MalformedRequest, check_host, values, (), needed=True)

    @given(st.text(max_size=20))
    def test_anything(self, host: str) -> None:
        """
        Any host is let in or refused.
        """
        with contextlib.suppress(CardGatewayError):
            check_host([host], (), needed=True)

    def test_loopback(self) -> None:
        """
        Addresses of this machine.
        """
        self.assertTrue(is_loopback("127.0.0.2") and is_loopback("::1"))
        self.assertFalse(is_loopback("0.0.0.0") or is_loopback("192.0.2.1") or is_loopback("") or is_loopback("localhost"))
