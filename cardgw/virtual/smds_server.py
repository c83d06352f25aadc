# -*- test-case-name: tests.functional.test_smds_server -*-
"""
An SM-DS as an HTTPS server, for demos, tests and other people's LPAs.

    python -m cardgw.virtual.smds_server --listen tcp:8444 --pki DIRECTORY --event EID=EVENT-1@smdp.example.test

prints one JSON object a line: C{ready} first, then C{request}.
"""

from __future__ import annotations

import sys
from typing import Any

from cardgw.virtual.rsp_server import Report, RspServer
from cardgw.virtual.smds import Smds


class SmdsServer(RspServer):
    """
    See L{RspServer}.
    """

    def __init__(self, smds: Smds, reactor: Any, report: Report = lambda _: None) -> None:
        super().__init__(smds, smds.hierarchies[0].ds_tls, reactor, report)
        self.smds = smds


if __name__ == "__main__":
    from cardgw.virtual.smds_command import main

    sys.exit(main())
