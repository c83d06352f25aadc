# -*- test-case-name: tests.operations.test_profile -*-
"""
L{cardgw.operations.profile}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.fields import build
from cardgw.lpa.activation import ActivationCodeError
from cardgw.lpa.download_errors import InstallationInterrupted, NoDefaultServer
from cardgw.lpa.notice_policy import KEEP, NoticePolicy
from cardgw.operations.profile import DownloadParameters, DownloadProfile, DownloadSettings
from cardgw.quirks import Quirks
from cardgw.testing import OperationTestsMixin
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp_orders import Order
from tests.lpa.world import CODE, World


class DownloadProfileTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{profile.download} is an operation.
    """

    def make_operation(self) -> DownloadProfile:
        """
        See L{OperationTestsMixin}.
        """
        return DownloadProfile()


class RunTests(SynchronousTestCase):
    """
    Running it against an eUICC and an SM-DP+ in this process.
    """

    def setUp(self) -> None:
        self.world = World()
        self.settings = DownloadSettings()

    def run_with(self, segment_size: int = 240, **parameters: Any) -> Deferred[dict[str, Any]]:
        """
        Run the operation.
        """
        session = self.world.session
        session.parameters = build(DownloadParameters, {"activation_code": CODE, **parameters}, "test", ParameterError)
        session.settings = evolve(self.settings, segment_size=segment_size)
        return Deferred.fromCoroutine(DownloadProfile().run(session))

    def test_installs(self) -> None:
        """
        The profile is on the eUICC, and the result tells what and where.
        """
        result = self.successResultOf(self.run_with())
        self.assertEqual([each.iccid for each in self.world.card.profiles], [result["iccid"]])
        self.assertEqual(result["notification"], "delivered")

    def test_segmentSize(self) -> None:
        """
        The segment size is a setting; what is known of the card goes before.
        """
        self.successResultOf(self.run_with())
        usual = self.world.card.apdus
        self.world = World()
        self.world.session.quirks = evolve(Quirks(), segment_size=63)
        self.successResultOf(self.run_with(255))
        self.assertGreater(self.world.card.apdus, 2 * usual)

    def test_wrongCode(self) -> None:
        """
        A text that is no activation code is refused before the first command.
        """
        self.failureResultOf(self.run_with(activation_code="LPA:2$x.example$y"), ActivationCodeError)
        self.assertEqual(self.world.card.apdus, 0)

    def test_noCode(self) -> None:
        """
        Without an activation code, or with nothing but spaces for one, the default SM-DP+ of the eUICC gives the profile that
        waits for it.
        """
        for code in ("", " \n"):
            self.world = World(options=Options(pinned=True, default_smdp="SMDP.example.test"))
            self.world.smdp.add(Order("", make_package(make_iccid(2), 2000), eid=self.world.card.eid))
            result = self.successResultOf(self.run_with(activation_code=code))
            self.assertEqual(result["iccid"], make_iccid(2))
            self.assertEqual(set(self.world.http.hosts), {"smdp.example.test"})

    def test_noCodeAndNoServer(self) -> None:
        """
        Where the eUICC has no default SM-DP+, the text says so.
        """
        failure = self.failureResultOf(self.run_with(activation_code=""), NoDefaultServer)
        self.assertIn("no default one", str(failure.value))
        self.assertEqual(build(DownloadParameters, {}, "test").activation_code, "")

    def test_notifications(self) -> None:
        """
        What becomes of the notification is a setting.
        """
        self.settings = DownloadSettings(notifications=NoticePolicy(install=KEEP))
        self.assertEqual(self.successResultOf(self.run_with())["notification"], "delivered")
        self.assertEqual(len(self.world.card.notifications), 1)

    def test_keepPackage(self) -> None:
        """
        So is whether a package is kept whose loading broke off.
        """
        self.successResultOf(self.run_with())
        lost = len(self.world.wire.sent) - 4
        for keep in (True, False):
            self.world, self.settings = World(), DownloadSettings(keep_package=keep)
            self.world.wire.lose_after = lost
            self.failureResultOf(self.run_with(), InstallationInterrupted)
            self.assertEqual(bool(self.world.session.memory), keep)

    def test_noServer(self) -> None:
        """
        An activation code without an SM-DP+ is refused where the eUICC has no default one, with the form that is expected.
        """
        failure = self.failureResultOf(self.run_with(activation_code="LPA:1$$MATCHING"), NoDefaultServer)
        self.assertIn("LPA:1$<SM-DP+ address>", str(failure.value))

    def test_wrongImei(self) -> None:
        """
        An IMEI given beside the code is checked like one in it.
        """
        problem = self.assertRaises(ParameterError, self.run_with, imei="356938035643800")
        self.assertIn("imei: expected an IMEI of 15 digits", str(problem))

    def test_secretsStaySecret(self) -> None:
        """
        Printing the parameters shows neither code.
        """
        shown = repr(DownloadParameters(activation_code="LPA:1$a.example$TOKEN", confirmation_code="4711"))
        self.assertNotIn("TOKEN", shown)
        self.assertNotIn("4711", shown)
