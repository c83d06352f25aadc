# -*- test-case-name: tests.functional.test_gp_scp11 -*-
"""
A card of GlobalPlatform with key pairs dials in to the service, whose settings name a host's key and certificates: it is
administered in SCP11a, SCP11b and SCP11c, over loopback.
"""

from __future__ import annotations

import json
from pathlib import Path

from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.vicc import Vicc
from tests.functional.scp11_files import Owner, make_card
from tests.functional.vpcd import VpcdTestCase

CUID = "cuid:4790D3210001A1B2C3D4"
SETTINGS = """
[keys."host"]
private = "file:{0}/host/key.pem"
certificates = "{0}/host/leaf.pem"
roots = "{0}/card/root.pem"

[keys."anybody"]
roots = "{0}/card/root.pem"

[keys."suspicious"]
private = "file:{0}/host/key.pem"
certificates = "{0}/host/leaf.pem"
roots = "{0}/host/root.pem"

[keys."unknown"]
version = 3
private = "file:{0}/other/key.pem"
certificates = "{0}/other/leaf.pem"
roots = "{0}/card/root.pem"

[keys."next"]
version = 49
master = "file:{0}/next"
diversification = "kdf3"
"""
NEXT = "00112233445566778899AABBCCDDEEFF"


class Scp11Tests(VpcdTestCase):
    """
    Administration with certificates.
    """

    def place(self) -> Path:
        """
        A directory.
        """
        return Path(self.mktemp()).resolve()

    async def begin(self) -> tuple[VirtualSecurityDomain, Vicc]:
        """
        The service, and the card that is here.
        """
        directory = self.place()
        owners = {name: Owner.make(name) for name in ("host", "card", "other")}
        for name, owner in owners.items():
            owner.write(directory / name)
        (directory / "next").write_text(NEXT)
        (directory / "next").chmod(0o600)
        await self.start(SETTINGS.format(directory))
        card = make_card(owners["card"], owners["host"])
        vicc = await self.insert_any(card, card.atr, card.reset)
        await self.identified(CUID)
        return card, vicc

    async def test_variants(self) -> None:
        """
        In each of them commands are sent and answered; where the card knows the host, its registry too.
        """
        await self.begin()
        for protocol in ("auto", "scp11a", "scp11c"):
            found = await self.run_job(CUID, "gp.registry", keys="host", protocol=protocol)
            self.assertIn("ISD", [each["kind"] for each in found["entries"]])
        for keys, level in (("anybody", "3C"), ("anybody", "34"), ("host", "auto")):
            protocol = "auto" if keys == "anybody" else "scp11b"
            parameters = {"keys": keys, "level": level, "protocol": protocol, "script": "80CA9F7F00 = 9000"}
            self.assertTrue((await self.run_job(CUID, "gp.script", confirm=True, **parameters))["ok"])

    async def test_keys(self) -> None:
        """
        Keys that were put in SCP11a open SCP03; in SCP11b none are put.
        """
        card, _ = await self.begin()
        put = {"confirm": True, "new": "next"}
        self.assertEqual(await self.failed_job(CUID, "gp.keys.put", keys="anybody", **put), "keys-not-manageable")
        self.assertNotIn(49, card.versions)
        result = await self.run_job(CUID, "gp.keys.put", keys="host", **put)
        self.assertEqual(result["version"], 49)
        await self.run_job(CUID, "gp.registry", keys="next")
        self.assertNotIn(NEXT[:12], json.dumps(await self.api.items("jobs")).upper())

    async def test_lost(self) -> None:
        """
        A card that goes before it has answered to the agreement: the job fails, and is not begun anew when the card comes again;
        that its end is not known is remembered until one succeeds.
        """
        card, vicc = await self.begin()
        tried = []

        def transmit(octets: bytes) -> bytes:
            if octets[1] == 0x82:
                tried.append(octets)
                here.drop()
            return card(octets)

        vicc.drop()
        await self.nobody()
        here = await self.insert_any(transmit, card.atr, card.reset)
        for expected in ("peer-lost", "peer-lost", "authentication-failed-before"):
            await self.identified(CUID)
            self.assertEqual(await self.failed_job(CUID, "gp.registry", keys="host"), expected)
            if expected == "peer-lost":
                await self.nobody()
                here = await self.insert_any(transmit, card.atr, card.reset)
        self.assertEqual(len(tried), 2)
        here.drop()
        await self.nobody()
        await self.insert_any(card, card.atr, card.reset)
        await self.identified(CUID)
        await self.run_job(CUID, "gp.registry", keys="host", force=True)
        await self.run_job(CUID, "gp.registry", keys="host")

    async def test_refused(self) -> None:
        """
        A card that the host does not believe, and a host that the card does not believe; this is counted.
        """
        await self.begin()
        self.assertEqual(await self.failed_job(CUID, "gp.registry", keys="suspicious"), "scp-root-unknown")
        for expected in ("host-refused", "host-refused", "authentication-failed-before"):
            self.assertEqual(await self.failed_job(CUID, "gp.registry", keys="unknown"), expected)
        await self.run_job(CUID, "gp.registry", keys="host")
