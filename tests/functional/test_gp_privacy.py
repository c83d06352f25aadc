# -*- test-case-name: tests.functional.test_gp_privacy -*-
"""
What is told of administration to those whom it does not concern: nothing that is secret, and no number of a card.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from cardgw.gateway.records import REDACTED
from tests.functional.api_client import Json
from tests.functional.gp import KEYS, GpCard, GpTestCase
from tests.functional.matrix import GP_CAP
from tests.functional.operators import until
from tests.functional.test_webhooks import SECRET, Receiver

DATA = "C0FFEE00DEADBEEF"
"""What an applet is given, and what is stored: parameters that are secret."""
HEAD = {"keys": "issuer"}
ORDERS: tuple[tuple[str, Json], ...] = (
    *(("gp.data.get", {"tag": tag}) for tag in ("cplc", "iin", "cin", "diversification")),
    ("gp.info", {}),
    ("gp.install", {**HEAD, "cap": GP_CAP, "data": DATA, "dry_run": True}),
    ("gp.install", {**HEAD, "cap": GP_CAP, "data": DATA}),
    ("gp.data.store", {**HEAD, "data": f"42{len(DATA) // 2:02X}{DATA}", "structure": "ber", "dry_run": True}),
    ("gp.data.store", {**HEAD, "data": f"42{len(DATA) // 2:02X}{DATA}", "structure": "ber"}),
    ("gp.script", {**HEAD, "script": f"80E2900008{DATA}", "dry_run": True}),
    ("gp.keys.put", {**HEAD, "new": "next"}),
)
SETTINGS = """
[log]
level = "debug"
traffic = true

[secrets]
key = "file:{0}"

[[webhooks]]
name = "desk"
url = "{1}"
secret = "key"
"""


class PrivacyTests(GpTestCase):
    """
    A card is administered, and others look on.
    """

    async def administer(self) -> tuple[GpCard, Receiver, list[Json]]:
        """
        Do it.

        @return: the card, who takes events, and the jobs as whoever asked for them sees them.
        """
        receiver, secret = Receiver(), self._new_directory() / "secret"
        secret.touch(0o600)
        secret.write_bytes(SECRET)
        await self.start(SETTINGS.format(secret, receiver.listen(self)))
        card, jobs = GpCard(), []
        await self.come(card)
        for operation, parameters in ORDERS:
            body = {"operation": operation, "card": card.identity, "parameters": parameters, "confirm": True, "record": REDACTED}
            jobs.append(await self.job((await self.api.post("jobs", body)).only(202)))
            self.assertEqual(jobs[-1]["state"], "done", jobs[-1])
        await until(lambda: sum(each["kind"] == "job.ended" for each in receiver.taken) == len(ORDERS))
        return card, receiver, jobs

    async def test_silent(self) -> None:
        """
        Keys are told to nobody, secret parameters to whoever gave them, and numbers of cards stand neither in the log nor in a
        transcript that is redacted.
        """
        card, receiver, jobs = await self.administer()
        viewer = await self.operator("onlooker", "viewer")
        seen = [(await viewer.get(f"jobs/{each['id']}")).only(200) for each in jobs]
        transcripts = [(await self.api.get(f"jobs/{each['id']}/transcript")).body.decode() for each in jobs]
        with sqlite3.connect(self.directory / "cardgw.sqlite") as database:
            rows = list(database.iterdump())
        options = card.card.options
        numbers = [each.hex() for each in (options.cplc[12:16], options.diversification, options.cin)]
        self.assertEqual(sum(DATA in json.dumps(each["result"]) for each in jobs), 3)
        self.assert_without([DATA, *(each[:16] for each in KEYS.values())], seen, transcripts, rows, receiver.taken)
        self.assert_without([DATA, *(each[:16] for each in KEYS.values()), *numbers], transcripts, self.gateway.events)

    def assert_without(self, secrets: list[str], *told: Any) -> None:
        """
        Nothing of these is in anything of that.
        """
        for each in told:
            text = json.dumps(each).upper()
            for secret in secrets:
                self.assertNotIn(secret.upper(), text)
