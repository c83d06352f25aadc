# -*- test-case-name: tests.functional.test_gp -*-
"""
Administration, from the settings to the card: every operation is done to a software card of GlobalPlatform, through every secure
channel and over every transport where that is possible.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.gp.commands import Ins
from cardgw.scp.class_byte import is_marked
from cardgw.values import Feature
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.ram_kinds import RAM_CLIENT
from tests.functional.amdb import AmdbTestCase
from tests.functional.amdb_gp import ConnectedCard
from tests.functional.gp import AGREEMENT, KEYS, OWN_KEY, GpCard, GpReaderTestCase, GpTestCase
from tests.functional.lent import GpLentTestCase
from tests.functional.matrix import GP_OPERATIONS, GP_WAYS, LINES, GpWay
from tests.gp.cap_maker import APPLET

METHODS = b"m" * 16
"""A part of the load file."""
WAY = next(iter(GP_WAYS.values()))
TESTED = {"vpcd": "AdministrationTests", "pcsc": "ReaderAdministrationTests", "ramhttp": "LentAdministrationTests"}
"""Where each transport that can select an application is tested."""


class TableTests(SynchronousTestCase):
    """
    The table is whole.
    """

    def test_transports(self) -> None:
        """
        Every transport that can select an application has cards that are administered over it; at the others it is refused.
        """
        self.assertEqual(set(TESTED), {name for name, line in LINES.items() if Feature.SELECT in line.offers})

    def test_ways(self) -> None:
        """
        Every secure channel has a test.
        """
        tests = {*dir(AdministrationTests), *dir(ConnectedAdministrationTests)}
        self.assertEqual({f"test_{name.replace('-', '_')}" for name in GP_WAYS} - tests, set())


class MatrixTestCase(GpTestCase):
    """
    One card, to which everything is done.
    """

    async def check(self, way: GpWay) -> GpCard:
        """
        Do all there is to a card, and look what has become of it.  No key is in any answer, nor in the log.
        """
        await self.start()
        card = await self.arrives(way)
        results = {}
        for operation, parameters in GP_OPERATIONS.items():
            job = await self.job(await self.submit(card.identity, operation, confirm=True, **parameters(way)))
            self.assertEqual((job["error"] or {}).get("code"), way.refused.get(operation), (operation, job["error"]))
            results[operation] = job["result"]
        self.assertEqual((card.there(), card.card.versions), ([], (48, OWN_KEY.kvn, AGREEMENT)))
        self.assertTrue(results["gp.script"]["ok"])
        self.assert_silent(results, await self.api.items("jobs"), self.gateway.events)
        if not way.refused:
            self.assertEqual(results["gp.install"]["installed"], [APPLET.hex().upper()])
            self.assertEqual(results["gp.keys.put"]["version"], 49)
        return card

    async def arrives(self, way: GpWay) -> GpCard:
        """
        The card comes.
        """
        return await self.administered(way)

    def assert_silent(self, *told: Any) -> None:
        """
        No key is in anything that was told.
        """
        text = json.dumps(told).upper()
        for key in KEYS.values():
            self.assertNotIn(key[:12], text)


class AdministrationTests(MatrixTestCase):
    """
    Cards that dial in.
    """

    async def test_scp03_33(self) -> None:
        """
        SCP03 with everything protected.
        """
        card = await self.check(WAY)
        self.assertTrue(all(is_marked(Command.decode(each).cla) and METHODS not in each for each in card.loads))

    async def test_scp03_01(self) -> None:
        """
        SCP03 with nothing but MACs of commands.
        """
        card = await self.check(GP_WAYS["scp03-01"])
        self.assertTrue(all(is_marked(Command.decode(each).cla) for each in card.loads))
        self.assertTrue(any(METHODS in each for each in card.loads))

    async def test_scp03_s16(self) -> None:
        """
        SCP03 with long MACs, which the card tells that it has.
        """
        await self.check(GP_WAYS["scp03-s16"])

    async def test_scp02(self) -> None:
        """
        SCP02, with triple DES.
        """
        await self.check(GP_WAYS["scp02"])

    async def test_scp11a(self) -> None:
        """
        SCP11a: both sides have certificates.
        """
        await self.check(GP_WAYS["scp11a"])

    async def test_scp11b(self) -> None:
        """
        SCP11b: the card does not know who it talks to, and is not administered; of keys nobody even tries.
        """
        card = await self.check(GP_WAYS["scp11b"])
        self.assertEqual([each for each in card.sent if each[1] == Ins.PUT_KEY], [])

    async def test_scp11c(self) -> None:
        """
        SCP11c: the same, with keys that the card takes no part in making.
        """
        await self.check(GP_WAYS["scp11c"])


class ReaderAdministrationTests(GpReaderTestCase, MatrixTestCase):
    """
    Cards in readers.
    """

    async def test_pcsc(self) -> None:
        """
        A card with T=0 in a reader of this machine: protected answers are fetched with GET RESPONSE.
        """
        await self.check(evolve(WAY, options={"delivery": Delivery.T0}))


class LentAdministrationTests(GpLentTestCase, MatrixTestCase):
    """
    Cards that are lent over HTTP.
    """

    async def arrives(self, way: GpWay) -> GpCard:
        """
        See L{MatrixTestCase}.
        """
        return await self.lent(way)

    async def test_ramhttp(self) -> None:
        """
        A card that our own client lends: it completes answers itself.
        """
        await self.check(WAY)

    async def test_ramhttp_transparent(self) -> None:
        """
        The same by a client that passes 61xx and 6Cxx through.
        """
        self.kind = RAM_CLIENT
        await self.check(WAY)


class ConnectedAdministrationTests(AmdbTestCase, MatrixTestCase):
    """
    Cards that come by themselves over TLS with a pre-shared key.
    """

    async def start(self, more: str = "amdb_linger = 60") -> None:
        """
        See L{AmdbTestCase}; cards are held for what comes.
        """
        await super().start(more)

    async def arrives(self, way: GpWay) -> GpCard:
        """
        See L{MatrixTestCase}.
        """
        card = ConnectedCard()
        coming = self.comes(card)

        async def leave() -> None:
            await self.gateway.stop()
            self.assertTrue((await coming).good)

        self.addCleanup(leave)
        await self.identified(card.identity)
        return card

    async def test_scp81(self) -> None:
        """
        The connection is the secure channel; nothing could encrypt new keys.
        """
        card = await self.check(GP_WAYS["scp81"])
        self.assertEqual((len(card.loads), [each for each in card.sent if is_marked(each[0])]), (1, []))
