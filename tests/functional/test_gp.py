# -*- test-case-name: tests.functional.test_gp -*-
"""
A card of GlobalPlatform dials in to the service, whose settings name its keys: every operation is done to it, over loopback.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.functional.matrix import GP_HEAD, GP_OPERATIONS
from tests.functional.vpcd import VpcdTestCase
from tests.gp.card import CUID, gp_atr
from tests.operations.gp_card import GpTestCard

ENC, MAC, DEK = ("404142434445464748494A4B4C4D4E4F", "505152535455565758595A5B5C5D5E5F", "606162636465666768696A6B6C6D6E6F")
NEXT = "000102030405060708090A0B0C0D0E0F" * 2
SETTINGS = """
[keys."issuer"]
version = 48
enc = "file:{0}/enc"
mac = "file:{0}/mac"
dek = "file:{0}/dek"

[keys."next"]
version = 49
master = "file:{0}/next"
diversification = "kdf3"

[keys."wrong"]
master = "file:{0}/next"
"""


class GlobalPlatformTests(VpcdTestCase):
    """
    Administration, from the settings to the card.
    """

    async def begin(self) -> GpTestCard:
        """
        The service with its keys, and a card that is here.
        """
        await self.start(SETTINGS.format(self.key_files()))
        card = GpTestCard()
        await self.insert_any(card, gp_atr(0), card.reset)
        await self.identified(CUID)
        return card

    def key_files(self) -> Path:
        """
        A directory with keys that only their owner may read.
        """
        directory = Path(self.mktemp()).resolve()
        directory.mkdir()
        for name, key in {"enc": ENC, "mac": MAC, "dek": DEK, "next": NEXT}.items():
            (directory / name).write_text(f"{key}\n")
            (directory / name).chmod(0o600)
        return directory

    async def test_operations(self) -> None:
        """
        All of them, one after the other.  No key is in any answer.
        """
        card = await self.begin()
        results = {}
        for operation, parameters in GP_OPERATIONS.items():
            results[operation] = await self.run_job(CUID, operation, confirm=True, **parameters)
        self.assertEqual(len(card.entries), 1)
        self.assertEqual(results["gp.install"]["installed"], ["A000000062030101"])
        self.assertEqual(results["gp.keys.put"]["version"], 49)
        self.assertTrue(results["gp.script"]["ok"])
        told = json.dumps(results).upper() + json.dumps(await self.api.items("jobs")).upper()
        for key in (ENC, MAC, DEK, NEXT):
            self.assertNotIn(key[:12], told)

    async def test_failures(self) -> None:
        """
        Two failures are remembered across jobs; the third authentication does not come to the card.
        """
        await self.begin()
        wrong = {**GP_HEAD, "keys": "wrong"}
        for expected in ("challenge-differs", "challenge-differs", "authentication-failed-before"):
            self.assertEqual(await self.failed_job(CUID, "gp.registry", **wrong), expected)
        await self.run_job(CUID, "gp.registry", **GP_HEAD)
