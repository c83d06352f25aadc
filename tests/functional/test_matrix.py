# -*- test-case-name: tests.functional.test_matrix -*-
"""
The promise of the house: every operation works over every transport that offers what it requires, and is refused by name over the
others.  The service, its HTTP API, servers and software cards, all over loopback.
"""

from __future__ import annotations

from pathlib import Path

from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.trial.unittest import SynchronousTestCase

from cardgw.values import Feature
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.ram_kinds import RAM_CLIENT
from cardgw.virtual.smds import Smds
from cardgw.virtual.smds_server import SmdsServer
from tests.dropins import shipped_registry
from tests.functional.api_client import Json
from tests.functional.attach import AttachTestCase, read_eid
from tests.functional.lent import LentTestCase
from tests.functional.matrix import GP_OPERATIONS, GP_WAYS, LINES, NEEDY, OPERATIONS, needs
from tests.functional.operators import ENDED, NEW, ONE, identity, pki, reactor, until
from tests.functional.pcsc import PcscTestCase

SMDS = """
[https.hosts."lpa.ds.example.test"]
address = "127.0.0.1"
port = {port}
"""


class TableTests(SynchronousTestCase):
    """
    The table is whole.
    """

    def test_transports(self) -> None:
        """
        Every transport that cardgw comes with has a line.
        """
        self.assertEqual(sorted(LINES), sorted(each.plugin.name for each in shipped_registry().transports()))

    def test_operations(self) -> None:
        """
        Every operation is done.
        """
        self.assertEqual(
            sorted([*OPERATIONS, *GP_OPERATIONS]), sorted(each.plugin.name for each in shipped_registry().operations())
        )


class MatrixTestCase(AttachTestCase):
    """
    One card on a transport.
    """

    async def begin(self, name: str) -> VirtualEuicc:
        """
        Start everything.

        @return: the card, which is here.
        """
        self.environ = {"CARDGW_PLUGIN_PATH": str(self._plugins())}
        server = SmdsServer(Smds(pki()), reactor)
        port = await server.listen(TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"))
        self.addCleanup(server.stop)
        await self.start(SMDS.format(port=port.getHost().port))
        self.order()
        self.line = LINES[name]
        card = self.card(**self.line.options)
        await self.line.arrive(self, card)
        shown = await self.here(card)
        self.assertEqual((shown["transport"], set(shown["offers"])), (name, {each.value for each in self.line.offers}))
        return card

    def _plugins(self) -> Path:
        directory = self._new_directory()
        (directory / "needy.py").write_text(NEEDY)
        return directory

    async def done(self, card: VirtualEuicc, operation: str, parameters: Json) -> Json:
        """
        Have an operation done; a card that has left after the one before comes again.

        @return: its result.
        """
        job = await self.submit(identity(card), operation, confirm=True, **parameters)

        async def look() -> Json | None:
            found: Json = (await self.api.get(f"jobs/{job['id']}")).only(200)
            if found["state"] in ENDED:
                return found
            if not await self.api.items("cards"):
                await self.line.arrive(self, card)
            return None

        ended: Json = await until(look)
        self.assertEqual(ended["state"], "done", (operation, ended["error"]))
        result: Json = ended["result"]
        return result

    async def check(self, name: str) -> None:
        """
        Do all there is to a card, and look what has become of it; then what it is not fit for.
        """
        card = await self.begin(name)
        results: dict[str, Json] = {"reader": {"vpcd": await self.listen()}}
        eids: list[bytes] = []
        self.use_next(lambda reader: read_eid(reader).addCallback(eids.append))
        for operation, parameters in OPERATIONS.items():
            results[operation] = await self.done(card, operation, parameters(results))
        await self.refuse_administration(card)
        found = [(each.iccid, each.state, each.nickname) for each in card.profiles]
        self.assertEqual(found, [(ONE, "disabled", ""), (NEW, "disabled", "Zoë")])
        self.assertEqual((card.notifications, card.default_smdp), ([], ""))
        self.assertEqual({each.event for each in self.smdp.notifications}, {"install", "enable", "disable", "delete"})
        self.assertEqual((results["lpa.info"]["eidValue"], eids), (card.eid.hex(), [card.eid]))
        await self.refuse(card)

    async def refuse_administration(self, card: VirtualEuicc) -> None:
        """
        Where no application can be selected no security domain is administered: that is said, and nothing is sent.
        """
        if Feature.SELECT in self.line.offers:
            return
        way = next(iter(GP_WAYS.values()))
        for operation, parameters in GP_OPERATIONS.items():
            await self.refused(card, operation, f"{operation} needs {Feature.SELECT.value}, which", parameters(way))

    async def refuse(self, card: VirtualEuicc) -> None:
        """
        What the channel does not offer is told by name, before the first command.
        """
        for operation, reason in needs(self.line.offers).items():
            if not reason:
                await self.done(card, operation, {})
                continue
            await self.refused(card, operation, f"{operation} needs {reason}, which")

    async def refused(self, card: VirtualEuicc, operation: str, reason: str, parameters: Json | None = None) -> None:
        """
        An operation is refused, and the card does not notice.
        """
        if not await self.api.items("cards"):
            await self.line.arrive(self, card)
        await self.here(card)
        before = card.apdus
        body = {"operation": operation, "card": identity(card), "parameters": parameters or {}, "confirm": True}
        reply = await self.api.post("jobs", body)
        self.assertEqual(reply.refusal, (409, "operation-refused"))
        self.assertIn(reason, reply.body["detail"])
        self.assertEqual(card.apdus, before)


class MatrixTests(MatrixTestCase):
    """
    Cards that dial in.
    """

    async def test_estk(self) -> None:
        """
        eSTK.me: bound to its ISD-R, no ATR, no reset but the one that ends the connection.
        """
        await self.check("estk")

    async def test_vpcd(self) -> None:
        """
        A UICC behind vpcd: the ISD-R is selected on a logical channel.
        """
        await self.check("vpcd")


class ReaderMatrixTests(PcscTestCase, MatrixTestCase):
    """
    Cards in readers.
    """

    async def test_pcsc(self) -> None:
        """
        A UICC in a reader of this machine, with T=0: answers are fetched with GET RESPONSE.
        """
        await self.check("pcsc")


class LentMatrixTests(LentTestCase, MatrixTestCase):
    """
    Cards that are lent over HTTP.
    """

    async def test_ramhttp(self) -> None:
        """
        A UICC that our own client lends: it completes answers itself.
        """
        await self.check("ramhttp")

    async def test_ramhttp_transparent(self) -> None:
        """
        The same by a client that passes 61xx and 6Cxx through.
        """
        self.kind = RAM_CLIENT
        await self.check("ramhttp")
