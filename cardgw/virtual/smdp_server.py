# -*- test-case-name: tests.functional.test_smdp_server -*-
"""
An SM-DP+ as an HTTPS server, for demos, tests and other people's LPAs.

    python -m cardgw.virtual.smdp_server --listen tcp:8443 --pki DIRECTORY --matching-id PROFILE-1

prints one JSON object a line: C{ready} first, then C{request}, C{notification} and C{cancelled}.
"""

from __future__ import annotations

import sys
from typing import Any

from cardgw.virtual.rsp_server import Report, RspServer, tls_context
from cardgw.virtual.smdp import Cancellation, Smdp
from cardgw.virtual.smdp_notifications import Notification

__all__ = ["Report", "SmdpServer", "describe", "tls_context"]


class SmdpServer(RspServer):
    """
    See L{RspServer}; it reports notifications and cancellations too.
    """

    def __init__(self, smdp: Smdp, reactor: Any, report: Report = lambda _: None) -> None:
        super().__init__(smdp, smdp.hierarchies[0].dp_tls, reactor, report)
        self.smdp = smdp
        smdp.heard = lambda what: report(describe(what))


def describe(what: Notification | Cancellation) -> dict[str, Any]:
    """
    A notification or cancellation as an event.
    """
    if isinstance(what, Cancellation):
        return {"event": "cancelled", "transaction": what.transaction_id, "reason": what.reason, "verified": what.verified}
    swapped = what.iccid.hex()
    iccid = "".join(swapped[at + 1] + swapped[at] for at in range(0, len(swapped), 2)).rstrip("f")
    facts = {"event": "notification", "kind": what.event, "sequence": what.sequence, "iccid": iccid, "verified": what.verified}
    return facts | ({"error": list(what.error)} if what.error else {}) | ({"problem": what.problem} if what.problem else {})


if __name__ == "__main__":
    from cardgw.virtual.smdp_command import main

    sys.exit(main())
