# -*- test-case-name: tests.functional.test_discovery -*-
"""
Discovery and revocation over real sockets: an SM-DS and an SM-DP+ with TLS, and an eUICC behind a phone.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from cardgw.errors import CardGatewayError, ParameterError
from cardgw.fields import build
from cardgw.gateway.stack import stack
from cardgw.interfaces import ICardChannel, IGateway, IOperation
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.https import HttpsClient
from cardgw.lpa.server_errors import WrongCertificate
from cardgw.lpa.settings import HostSettings, HttpsSettings
from cardgw.lpa.trust import Trust
from cardgw.operations.lpa_discover import DiscoverProfiles
from cardgw.operations.lpa_load_crl import LoadRevocations
from cardgw.operations.profile import DownloadProfile
from cardgw.testing import GatewayBase
from cardgw.testing.session import FakeSession
from cardgw.transports.estk.service import EstkService, EstkTransport
from cardgw.transports.estk.settings import EstkSettings
from cardgw.transports.estk.wire import Tag
from cardgw.virtual.certificates import Identity
from cardgw.virtual.crl import issue_crl
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.pki import make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.rsp_server import RspServer
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smdp_server import SmdpServer
from cardgw.virtual.smds import Smds
from cardgw.virtual.smds_server import SmdsServer
from cardgw.virtual.terminal import dial, request_frame
from tests.functional.download import leftovers
from tests.lpa.outbox import CarryingOutbox

reactor: Any = _reactor
HOST, SMDS_HOST = "smdp.example.test", "lpa.ds.example.test"
PKI = make_pki(host=HOST, smds_host=SMDS_HOST)
ACTIVATION = {"activation_code": f"LPA:1${HOST}$P-1"}


@implementer(IGateway)
class Gateway(GatewayBase):
    """
    Runs one operation on the card that comes.

    @ivar result: what it gave, or what it failed with.
    """

    def __init__(self, http: HttpsClient, operation: IOperation, parameters: dict[str, Any]) -> None:
        super().__init__(reactor)
        self.http, self.operation, self.parameters = http, operation, parameters
        self.result: Any = None

    def arrived(self, channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        See L{IGateway.arrived}.
        """
        return Deferred.fromCoroutine(self._serve(channel))

    async def _serve(self, channel: ICardChannel) -> None:
        await channel.hold()
        operation = self.operation
        session = FakeSession(
            stack(channel),
            build(operation.parameters, self.parameters, operation.name, ParameterError),
            operation.settings(),
            clock=reactor,
            http=self.http,
            trust=self.http.trust,
            outbox=CarryingOutbox(http=self.http),
        )
        try:
            self.result = await operation.run(session)
        except CardGatewayError as problem:
            self.result = problem
        channel.release()
        await channel.show(session.farewells[-1] if session.farewells else "Done.")


class DiscoveryTestCase(TestCase):
    """
    Two servers, and a card.
    """

    timeout = 60

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Start them.
        """
        await reactor.listenTCP(0, Factory(), interface="127.0.0.1").stopListening()
        self.addCleanup(self.settled, leftovers())
        self.card = VirtualEuicc.from_pki(PKI, options=Options(pinned=True, root_smds=SMDS_HOST))
        self.smdp, self.smds = Smdp(PKI), Smds(PKI)
        self.smdp.add(Order("P-1", make_package(make_iccid(1), 500)))
        self.hosts: dict[str, HostSettings] = {}
        self.smdp_server = await self.listen(HOST, SmdpServer(self.smdp, reactor))
        self.smds_server = await self.listen(SMDS_HOST, SmdsServer(self.smds, reactor))

    async def settled(self, before: tuple[int, int]) -> None:
        """
        Files and timers come to be as they were.
        """
        for _ in range(500):
            if leftovers() == before:
                break
            await deferLater(reactor, 0.005)
        self.assertEqual(leftovers(), before)

    async def listen(self, host: str, server: RspServer, tls: Identity | None = None) -> RspServer:
        """
        Let a server listen, and lead the gateway to it.
        """
        port = await server.listen(TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"), tls)
        self.addCleanup(server.stop)
        self.hosts[host] = HostSettings(address="127.0.0.1", port=port.getHost().port)
        return server

    async def run_operation(self, operation: IOperation, **parameters: Any) -> Any:
        """
        The card comes, and the operation is run on it.

        @return: its result, or the error; C{box} is what the card holder has read.
        """
        settings = HttpsSettings(trusted_ci=(PKI.ci_id,), system_roots=False, hosts=self.hosts)
        http = HttpsClient(reactor, settings, Trust(settings))
        gateway = Gateway(http, operation, parameters)
        service = EstkTransport().make_service(EstkSettings(listen=("tcp:0:interface=127.0.0.1",), close_timeout=0.2), gateway)
        assert isinstance(service, EstkService)
        service.privilegedStartService()
        service.startService()
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", service.ports[0].getHost().port)  # type: ignore[attr-defined]
        outcome = await dial(reactor, endpoint, self.card.transmit, request_frame(Tag.REMOTE_MANAGEMENT))
        await service.stopService()
        await http.stop()
        self.assertEqual((outcome.goodbye, outcome.reason), (True, "closed"))
        (self.box,) = outcome.boxes
        return gateway.result


class DiscoverTests(DiscoveryTestCase):
    """
    C{lpa.discover}.
    """

    async def test_nothing(self) -> None:
        """
        A card for which nothing waits gets to know that.
        """
        result = await self.run_operation(DiscoverProfiles())
        self.assertEqual(result, {"eidValue": PKI.eid.hex(), "smds": SMDS_HOST, "events": []})
        self.assertEqual(self.box, "No profile waits for this card.")
        self.assertEqual((self.smds_server.connections, self.smdp_server.connections), (1, 0))

    async def test_download(self) -> None:
        """
        What waits is found and installed, and its server has heard of it; then the event can be deleted.
        """
        self.smds.register(PKI.eid, "P-1", HOST)
        self.smds.register(PKI.eid, "P-2", HOST)
        event = {"eventId": "P-1", "rspServerAddress": HOST}
        found = await self.run_operation(DiscoverProfiles())
        self.assertEqual(found["events"], [event, event | {"eventId": "P-2"}])
        self.assertEqual(self.box, "2 profiles wait for this card.")
        result = await self.run_operation(DiscoverProfiles(), download=True)
        first, second = (each["outcome"] for each in result["events"])
        self.assertEqual((first["installed"], first["iccid"], first["notification"]), (True, make_iccid(1), "delivered"))
        self.assertEqual((second["installed"], second["error"]), (False, "es9"))
        self.assertEqual([each.iccid for each in self.card.profiles], [make_iccid(1)])
        self.assertEqual([each.verified for each in self.smdp.notifications], [True])
        self.assertEqual(self.box, "1 of 2 profiles installed. Enable it in the profile menu.")
        for event_id in ("P-1", "P-2"):
            self.smds.delete(PKI.eid, event_id)
        self.assertEqual((await self.run_operation(DiscoverProfiles()))["events"], [])

    async def test_roles(self) -> None:
        """
        An SM-DP+ is no SM-DS, nor the other way round: neither in TLS nor behind it.
        """
        await self.listen(SMDS_HOST, SmdsServer(self.smds, reactor), PKI.dp_tls)
        error = await self.run_operation(DiscoverProfiles())
        self.assertIsInstance(error, WrongCertificate)
        self.assertIn("not for an SM-DS's TLS connection", str(error))
        await self.listen(HOST, SmdpServer(self.smdp, reactor), PKI.ds_tls)
        error = await self.run_operation(DownloadProfile(), **ACTIVATION)
        self.assertIsInstance(error, WrongCertificate)
        self.assertIn("not for an SM-DP+'s TLS connection", str(error))


class RevocationTests(DiscoveryTestCase):
    """
    C{lpa.load-crl}.
    """

    async def test_revoked(self) -> None:
        """
        An eUICC that has the list refuses the SM-DP+, and still asks the SM-DS.
        """
        crl = issue_crl(PKI.ci, [PKI.dp_auth], number=3)
        result = await self.run_operation(LoadRevocations(), crl=crl.hex())
        self.assertEqual((result["eidValue"], result["crlNumber"], result["missingParts"]), (PKI.eid.hex(), 3, []))
        self.assertNotIn("warnings", result)
        error = await self.run_operation(DownloadProfile(), **ACTIVATION)
        assert isinstance(error, Es10Error)
        self.assertEqual((error.function, error.reason.name), ("AuthenticateServer", "invalidCertificate"))
        self.assertEqual((await self.run_operation(DiscoverProfiles()))["events"], [])
        error = await self.run_operation(LoadRevocations(), crl=issue_crl(PKI.ci, number=2).hex())
        self.assertEqual(error.reason.name, "fresherCrlAlreadyLoaded")
