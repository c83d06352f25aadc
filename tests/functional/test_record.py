# -*- test-case-name: tests.functional.test_record -*-
"""
What is recorded of a card can be done again without it: C{cardgw record} and C{cardgw replay} as processes.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from tests.functional.cli_process import CommandTestCase, Environ
from tests.functional.operators import HOST, NEW, activation_code

NOWHERE: Environ = {"CARDGW_URL": "http://127.0.0.1:9", "CARDGW_TOKEN": "none"}
"""No gateway is there."""
FAILED, USAGE = 1, 2


class RecordTests(CommandTestCase):
    """
    C{cardgw record}.
    """

    def file(self, name: str = "card.txt") -> Path:
        """
        A file for a transcript.
        """
        return self.directory / name

    async def test_replay(self) -> None:
        """
        What was recorded as a whole gives the same result again, without a gateway; another operation differs, and the first line
        where it does is told.
        """
        await self.ready()
        await self.managed(self.card())
        recorded = await self.cardgw("record", "lpa.info", "--whole", "-o", str(self.file()), "--json")
        self.assertEqual(stat.S_IMODE(self.file().stat().st_mode), 0o600)
        self.assertIn("secrets too", recorded.err)
        replayed = await self.cardgw("replay", str(self.file()), "lpa.info", "--json", environ=NOWHERE)
        self.assertEqual(replayed.json, recorded.json)
        again = await self.cardgw("replay", "-", "--json", stdin=self.file().read_text(), environ=NOWHERE)
        self.assertEqual(again.json, recorded.json)
        other = await self.cardgw("replay", str(self.file()), "lpa.profiles", status=FAILED, environ=NOWHERE)
        self.assertRegex(
            other.err,
            r"not the one in the transcript: command 1 \(line [0-9]+\): expected [0-9A-F]+, got [0-9A-F]+\.",
        )
        self.assertIn("recorded of lpa.info", other.err)

    async def test_redacted(self) -> None:
        """
        Without data nothing can be learned from a transcript, and a replay ends at the first line that it would need.
        """
        await self.ready()
        card = self.card()
        await self.managed(card)
        await self.cardgw("record", "lpa.profiles", "-o", str(self.file()))
        text = self.file().read_text()
        self.assertRegex(text, r"(?m)^80E29100 Lc [0-9]+")
        self.assertIsNone(re.search("[0-9A-F]{12}", re.sub("(?m)^# .*$", "", text)))
        self.assertNotIn(card.eid.hex(), text)
        ended = await self.cardgw("replay", str(self.file()), "lpa.profiles", status=FAILED, environ=NOWHERE)
        self.assertRegex(ended.err, r"the transcript does not say what the card answered: command [0-9]+ \(line [0-9]+\): ")

    async def test_secrets(self) -> None:
        """
        A download that is recorded without data tells neither the card, nor the profile, nor the codes, nor the server.
        """
        await self.ready()
        self.order("SECRET-1", confirmation_code="4711")
        card = self.card()
        await self.managed(card)
        given = ("-p", f"activation_code={activation_code('SECRET-1')}", "-p", "confirmation_code=4711")
        await self.cardgw("record", "profile.download", *given, "-o", str(self.file()))
        text = self.file().read_text()
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        self.assertGreater(len(lines), 50)
        for line in lines:
            self.assertRegex(line, "^([0-9A-F]{8}( Lc [0-9]+)?( Le [0-9]+)?|[0-9A-F]{4}(, [0-9]+ bytes)?)$")
        self.assertTrue(text.endswith("# ENDED: done\n"))
        for secret in (card.eid.hex(), NEW, "SECRET", "4711", HOST, "example"):
            self.assertNotIn(secret, text)
        whole = await self.cardgw("record", "profile.download", *given, "--whole", status=FAILED)  # it is there already
        self.assertIn("# WITHHELD: activation_code confirmation_code\n", whole.out)
        self.assertNotIn("4711", whole.out.split("\n80")[0])

    async def test_failed(self) -> None:
        """
        What failed was recorded likewise, and fails again in the same way.
        """
        await self.ready()
        await self.managed(self.card())
        arguments = ("lpa.enable", "-p", "profile=none")
        recorded = await self.cardgw("record", *arguments, "--whole", status=FAILED)
        self.assertIn("TRANSPORT: estk", recorded.out)
        self.file().write_text(recorded.out)
        replayed = await self.cardgw("replay", str(self.file()), *arguments, status=FAILED, environ=NOWHERE)
        self.assertEqual(replayed.err.splitlines()[-1], recorded.err.splitlines()[-1])

    async def test_download(self) -> None:
        """
        A download comes as far as its first server.
        """
        await self.ready()
        self.order()
        await self.managed(self.card())
        arguments = ("profile.download", "-p", f"activation_code={activation_code('P-1')}")
        recorded = await self.cardgw("record", *arguments, "--whole", "-o", str(self.file()))
        self.assertIn(NEW, recorded.out)
        replayed = await self.cardgw("replay", str(self.file()), *arguments, status=FAILED, environ=NOWHERE)
        self.assertIn("replay has no servers", replayed.err)
        refused = await self.cardgw("replay", str(self.file()), status=USAGE, environ=NOWHERE)
        self.assertIn("activation_code is not recorded, since it is secret", refused.err)

    async def test_role(self) -> None:
        """
        Whoever is no administrator gets no secrets: neither by asking for them, nor those that others have asked for.
        """
        await self.ready()
        await self.managed(self.card())
        await self.cardgw("record", "lpa.info", "--whole", "-o", str(self.file()))
        (job,) = await self.api.items("jobs")
        operator = {"CARDGW_TOKEN": (await self.operator("anna")).token}
        refused = await self.cardgw("record", "lpa.info", "--whole", status=FAILED, environ=operator)
        self.assertIn("role admin", refused.err)
        await self.cardgw("jobs", "transcript", job["id"], status=FAILED, environ=operator)
        again = await self.cardgw("jobs", "transcript", job["id"])
        self.assertEqual(again.out, self.file().read_text())
