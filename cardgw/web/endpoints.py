# -*- test-case-name: tests.web.test_endpoints -*-
"""
Everything that is served.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cardgw.web.endpoint import Call, Endpoint
from cardgw.web.endpoints_access import access_endpoints
from cardgw.web.endpoints_cards import ENDPOINTS as CARDS
from cardgw.web.endpoints_events import ENDPOINTS as EVENTS
from cardgw.web.endpoints_jobs import ENDPOINTS as JOBS
from cardgw.web.endpoints_links import ENDPOINTS as LINKS
from cardgw.web.endpoints_operations import ENDPOINTS as OPERATIONS
from cardgw.web.endpoints_outbox import ENDPOINTS as OUTBOX
from cardgw.web.endpoints_pages import page_endpoints
from cardgw.web.endpoints_probes import probe_endpoints
from cardgw.web.openapi import openapi


def all_endpoints(render: Callable[[], bytes], metrics_token: str, now: Callable[[], float]) -> tuple[Endpoint, ...]:
    """
    @param render: gives the metrics.
    @param metrics_token: that reads them, or empty.
    @param now: gives the time in seconds since 1970.
    """
    served = (*CARDS, *OPERATIONS, *JOBS, *LINKS, *OUTBOX, *EVENTS)
    listed = (*served, *access_endpoints(now), *probe_endpoints(render, metrics_token))

    def document(call: Call) -> dict[str, Any]:
        return openapi((*listed, *pages), call.control.operations())

    pages = page_endpoints(document)
    return (*listed, *pages)
