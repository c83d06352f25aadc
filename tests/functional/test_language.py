# -*- test-case-name: tests.functional.test_language -*-
"""
Card holders who read German: the service, an SM-DP+ and phones, over loopback.
"""

from __future__ import annotations

import signal

from cardgw.transports.estk.wire import Tag
from tests.functional.operators import OperatorsTestCase, activation_code, until

GERMAN = '\n[texts]\nlanguage = "de"\n'
WRONG = "Der Aktivierungscode ist falsch oder wurde schon benutzt. Bitte prüfen oder den Anbieter fragen."


class LanguageTests(OperatorsTestCase):
    """
    C{[texts] language}.
    """

    async def test_boxes(self) -> None:
        """
        Results, reasons, errors and commands are told in German; what the API has of them is English.
        """
        await self.start(GERMAN)
        self.order()
        card = self.card()
        outcome = await self.visit(card, Tag.DOWNLOAD_PROFILE, activation_code("P-1"))
        self.assertRegex(outcome.boxes[-1], r"^Installiert: .*\. Bitte im Profilmenü aktivieren\.$")
        outcome = await self.visit(card, Tag.DOWNLOAD_PROFILE, activation_code("P-2"))
        self.assertEqual(list(outcome.boxes), [WRONG])
        outcome = await self.visit(card, Tag.DOWNLOAD_PROFILE, "LPA:2$x")
        self.assertEqual(list(outcome.boxes), ["Falscher Aktivierungscode: seine Version ist nicht 1."])
        outcome = await self.visit(card, Tag.DOWNLOAD_PROFILE, "/enable 2")
        self.assertEqual(list(outcome.boxes), ["Aktiviert: Example Two. Die Karte startet jetzt neu."])
        failed = await self.api.items("jobs?state=failed")
        self.assertEqual({each["error"]["code"] for each in failed}, {"es9", "activation-code"})
        self.assertTrue(all(each["error"]["title"].isascii() for each in failed), failed)

    async def test_reload(self) -> None:
        """
        SIGHUP changes the language, for cards that are here too; one that stays is told goodbye in the new one.
        """
        await self.start()
        phone, _ = await self.managed(self.card())
        self.assertIn("Tell it to whoever is to manage this card.", phone.boxes[0])
        self.config.write_text(self.config.read_text() + GERMAN)
        self.gateway.process.process.send_signal(signal.SIGHUP)
        await until(lambda: any(each.get("event") == "reloaded" for each in self.gateway.events))
        self.assertEqual(await self.gateway.stop(), -signal.SIGTERM)
        outcome = await phone.done
        self.assertEqual(outcome.boxes[-1], "Der Server wird neu gestartet. Bitte in einer Minute erneut versuchen.")
