# -*- test-case-name: tests.operations.test_lpa_discover -*-
"""
L{cardgw.operations.lpa_discover}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.errors import ParameterError
from cardgw.fields import build
from cardgw.interfaces import ISession
from cardgw.lpa.download_errors import InstallationInterrupted
from cardgw.lpa.es9 import Es9Error
from cardgw.lpa.es11 import ROOT_SMDS
from cardgw.operations.lpa_discover import DiscoverParameters, DiscoverProfiles, _Part, clean_smds
from cardgw.operations.profile import DownloadSettings
from cardgw.testing import OperationTestsMixin
from cardgw.testing.session import FakeSession
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.profile_package import make_iccid, make_package
from tests.lpa.discovery import DiscoveryWorld
from tests.lpa.world import trust_of

EVENT = {"eventId": "PROFILE-1", "rspServerAddress": "smdp.example.test"}


class DiscoverProfilesTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{lpa.discover} is an operation.
    """

    def make_operation(self) -> DiscoverProfiles:
        """
        See L{OperationTestsMixin}.
        """
        return DiscoverProfiles()

    def make_card(self) -> Any:
        """
        See L{OperationTestsMixin}.
        """
        self.world = DiscoveryWorld(options=Options(pinned=True, delivery=Delivery.WHOLE))
        return self.world.card.transmit

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return {"download": True}

    def prepare(self, session: FakeSession) -> None:
        """
        See L{OperationTestsMixin}.
        """
        session.http, session.outbox, session.trust = self.world.http, self.world.outbox, trust_of("nist")


class DiscoverTestCase(SynchronousTestCase):
    """
    Running it against an eUICC, an SM-DS and two SM-DP+s in this process.
    """

    def setUp(self) -> None:
        self.world = DiscoveryWorld()

    def start(self, **parameters: Any) -> Deferred[dict[str, Any]]:
        """
        Run the operation.
        """
        session = self.world.session
        session.parameters = build(DiscoverParameters, parameters, "test", ParameterError)
        session.settings = DownloadSettings()
        return Deferred.fromCoroutine(DiscoverProfiles().run(session))

    def events(self, **parameters: Any) -> list[dict[str, Any]]:
        """
        What it finds.
        """
        result = self.successResultOf(self.start(**parameters))
        self.assertEqual((result["eidValue"], result["smds"]), (self.world.card.eid.hex(), self.world.smds.host))
        events: list[dict[str, Any]] = result["events"]
        return events

    @property
    def farewell(self) -> str:
        """
        What the card holder reads.
        """
        return self.world.session.farewells[-1]


class FoundTests(DiscoverTestCase):
    """
    Events, and nothing else.
    """

    def test_found(self) -> None:
        """
        The SM-DS that the eUICC names is asked; the event is told with its id, and nothing is downloaded.
        """
        self.assertEqual(self.events(), [EVENT])
        self.assertEqual((self.world.card.profiles, self.farewell), ([], "1 profile waits for this card."))
        self.assertEqual(self.world.session.identity, f"eid:{self.world.card.eid.hex()}")

    def test_none(self) -> None:
        """
        Nothing is a result too, with "download" as without.
        """
        self.world.smds.delete(self.world.card.eid, "PROFILE-1")
        for download in (False, True):
            self.assertEqual(self.events(download=download), [])
            self.assertEqual(self.farewell, "No profile waits for this card.")

    def test_host(self) -> None:
        """
        Another SM-DS can be named; an eUICC that names none is asked for at the GSMA's.
        """
        self.world.http.others["ds2.example.test"] = self.world.smds
        self.failureResultOf(self.start(smds="DS2.example.test"), Es9Error)
        self.assertEqual(set(self.world.http.hosts), {"ds2.example.test"})
        self.world = DiscoveryWorld(options=Options(pinned=True, root_smds=""))
        self.world.http.down = {ROOT_SMDS}
        self.failureResultOf(self.start())
        self.assertEqual(set(self.world.http.hosts), {ROOT_SMDS})

    def test_imei(self) -> None:
        """
        The IMEI is told to the SM-DS and to the SM-DP+.
        """
        self.events(imei="356938035643809", download=True)
        sent = b"".join(command[5:] for command in self.world.wire.sent if command[1] == 0xE2)
        self.assertEqual(sent.count(bytes.fromhex("8208539683306534089f")), 2)

    def test_parameters(self) -> None:
        """
        Addresses are taken as activation codes have them.
        """
        self.assertEqual((clean_smds(""), clean_smds(" DS.example.test:8443 ")), ("", "ds.example.test:8443"))
        for wrong in ("https://ds.example.test", "ds", "a b.test", "ds.example.test/x"):
            error = self.assertRaises(ParameterError, build, DiscoverParameters, {"smds": wrong}, "test", ParameterError)
            self.assertIn("SM-DS address", str(error))


class DownloadTests(DiscoverTestCase):
    """
    The profiles are downloaded too.
    """

    def outcomes(self, **parameters: Any) -> list[Any]:
        """
        What became of each event.
        """
        return [each.get("outcome") for each in self.events(download=True, **parameters)]

    def test_all(self) -> None:
        """
        One after another, each from its server, with the event id as the matching id.
        """
        self.world.order_further("P-2", make_package(make_iccid(2), 500))
        first, second = self.outcomes()
        self.assertEqual((first["installed"], first["iccid"], first["notification"]), (True, make_iccid(1), "delivered"))
        self.assertEqual((second["installed"], second["iccid"]), (True, make_iccid(2)))
        self.assertEqual([each.iccid for each in self.world.card.profiles], [make_iccid(1), make_iccid(2)])
        self.assertEqual(self.farewell, "2 of 2 profiles installed. Enable one in the profile menu.")

    def test_oneFails(self) -> None:
        """
        One that fails does not keep the next from being tried.
        """
        self.world.smdp.fail_next("authenticateClient", "8.2.6", "3.8")
        self.world.order_further("P-2", make_package(make_iccid(2), 500))
        first, second = self.outcomes()
        self.assertEqual((first["installed"], first["error"], second["installed"]), (False, "es9", True))
        self.assertIn("8.2.6/3.8", first["reason"])
        self.assertEqual(self.farewell, "1 of 2 profiles installed. Enable it in the profile menu.")

    def test_allFail(self) -> None:
        """
        If all fail the operation has succeeded nevertheless: it tells why.
        """
        self.world.http.down = {self.world.smdp.host}
        (outcome,) = self.outcomes()
        self.assertEqual((outcome["installed"], outcome["error"]), (False, "server-unreachable"))
        self.assertEqual(self.farewell, "0 of 1 profile installed.")

    def test_writtenDown(self) -> None:
        """
        What has been installed is written down at once, in the form of this operation's result.
        """
        self.world.order_further("P-2", make_package(make_iccid(2), 500))
        self.outcomes()
        for result in self.world.session.results:
            self.assertEqual([each["eventId"] for each in result["events"]], ["PROFILE-1", "P-2"])
        told = [["outcome" in each for each in result["events"]] for result in self.world.session.results]
        self.assertEqual(told, [[True, False], [True, False], [True, True], [True, True]])
        self.assertEqual(self.world.session.results[0]["events"][0]["outcome"]["notification"], "pending")

    def test_lost(self) -> None:
        """
        A card that is lost ends it.
        """
        self.world.order_further("P-2", make_package(make_iccid(2), 500))
        self.world.wire.lose_at = bytes.fromhex("bf36")
        self.failureResultOf(self.start(download=True), InstallationInterrupted)
        self.assertNotIn(self.world.further.host, self.world.http.hosts)

    def test_cancelled(self) -> None:
        """
        Cancelling ends the present download, and no further one begins.
        """
        self.world.order_further("P-2", make_package(make_iccid(2), 500))
        self.world.http.silent = {"getBoundProfilePackage"}
        running = self.start(download=True)
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertNotIn(self.world.further.host, self.world.http.hosts)
        self.assertEqual(self.world.cancelled, [1])

    def test_rules(self) -> None:
        """
        The consent to policy rules is passed on.
        """
        for accept, installed in ((False, False), (True, True)):
            self.world = DiscoveryWorld(policy_rules=frozenset({"ppr1"}))
            (outcome,) = self.outcomes(accept_policy_rules=accept)
            self.assertEqual(outcome["installed"], installed)


class PartTests(SynchronousTestCase):
    """
    The session of one of the downloads.
    """

    def test_interface(self) -> None:
        """
        It is a session, the same but for what is achieved.
        """
        whole = FakeSession()
        part = _Part(whole, lambda result: fail(ValueError(str(result))))
        self.assertTrue(verifyObject(ISession, part))
        part.stage("x", a=1)
        part.identified("eid:1")
        self.assertEqual((whole.stages, whole.identity, part.identity), ([("x", {"a": 1})], "eid:1", "eid:1"))
        self.failureResultOf(part.achieved({}), ValueError)
        self.assertEqual(whole.results, [])
