# -*- test-case-name: tests.bench.test_ramhttp -*-
"""
Work on cards that are brought to a gateway by links, over HTTP (L{bench.lender}).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from bench.client import Client
from bench.processes import Helper

HOST, BOUND = "smdp.example", 12_900
"""The SM-DP+, and the bytes of its bound profile packages: the generic test profile has as many."""
EUICC, DOMAIN = "euicc", "domain"
"""Kinds of cards."""
OURS = "ours"


@frozen
class Lending:
    """
    A gateway, and whoever lends cards to it.

    @ivar lender: C{bench.lender}.
    @ivar port: of the transport.
    """

    client: Client
    lender: Helper
    port: int

    def run(
        self, operation: str, parameters: Mapping[str, Any], *, card: str, way: str = OURS, round_trip_ms: int = 0, **more: str
    ) -> dict[str, Any]:
        """
        Make a link, bring a card by it, and have the work done.

        @param card: its kind.
        @return: see L{bench.lender.Lender.lend}.
        @raise RuntimeError: the work was not done.
        """
        link = self.client.ask("links", {"operation": operation, "parameters": parameters, "confirm": True})
        path = "/rt/link/" + link["url"].rpartition("/")[2]
        order = {"do": "lend", "port": self.port, "path": path, "way": way, "card": card, "round_trip_ms": round_trip_ms}
        found: dict[str, Any] = self.lender.ask({**order, **more})
        job = self.client.look(link["job"]["id"])
        if job["state"] != "done" or not found["good"]:
            raise RuntimeError(f"{operation}, {way}, {round_trip_ms} ms: {job['state']}, {found}")
        return found

    def code(self) -> str:
        """
        The activation code of one more profile.
        """
        return str(self.lender.ask({"do": "order"})["code"])
