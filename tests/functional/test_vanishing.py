# -*- test-case-name: tests.functional.test_vanishing -*-
"""
Cards that vanish, over real sockets: the phone of L{cardgw.virtual.terminal} and the transport see the same end.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from zope.interface import implementer

from cardgw.errors import CardGatewayError, PeerLost
from cardgw.gateway.stack import stack
from cardgw.interfaces import ICardChannel, IGateway
from cardgw.lpa.isdr import Isdr
from cardgw.transports.estk.wire import Tag
from cardgw.values import Reset
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.pki import make_pki
from cardgw.virtual.terminal import Manners, Outcome, dial, request_frame
from tests.functional.estk import EstkTestCase, Gateway, reactor

ICCID = "8999901000000000018"
ENABLE = bytes.fromhex("bf3111 a00c 5a0a 9899090100000000 10f8 8101ff")
DONE = bytes.fromhex("bf3103800100")


@implementer(IGateway)
class Switching(Gateway):
    """
    Enables a profile with a REFRESH, or has the card rebooted.

    @ivar answers: of EnableProfile.
    """

    reboot = False

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[bytes] = []

    def arrived(self, channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        See L{IGateway.arrived}.
        """
        channel.when_gone().addCallback(self.ends.append)
        return Deferred.fromCoroutine(self._switch(channel))

    async def _switch(self, channel: ICardChannel) -> None:
        self.running += 1
        try:
            await channel.hold()
            if self.reboot:
                await channel.show("Restarting.")
                await channel.reset(Reset.REBOOT)
                return
            self.answers.append(await Isdr(stack(channel)).command(ENABLE))
            channel.release()
            await channel.when_gone()
        except CardGatewayError as error:
            self.failures.append(error)
        finally:
            self.running -= 1


class VanishTests(EstkTestCase):
    """
    Each way to go.
    """

    async def visit(self, *, reboot: bool = False, **manners: Any) -> Outcome:
        """
        A card comes, and goes.
        """
        await self.start(apdu_timeout=1.0)
        self.switching = self.service.factory.gateway = self.gateway = Switching()
        self.switching.reboot = reboot
        self.card = VirtualEuicc.from_pki(make_pki(), options=Options(pinned=True))
        self.card.add_profile(ICCID, "Profile", "Example")
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port)
        request = request_frame(Tag.REMOTE_MANAGEMENT)
        outcome = await dial(reactor, endpoint, self.card.transmit, request, manners=Manners(**manners))
        await self.empty()
        self.assertEqual((outcome.goodbye, outcome.reason), (False, "closed"))
        return outcome

    async def test_afterAnswer(self) -> None:
        """
        The answer arrives although the connection is dropped right behind it.
        """
        self.assertTrue((await self.visit(vanish_on_refresh="after")).refreshed)
        self.assertEqual((self.switching.answers, self.switching.failures), ([DONE], []))
        self.assertEqual(self.card.profiles[0].state, "enabled")

    async def test_beforeAnswer(self) -> None:
        """
        The profile is enabled, and nobody was told.
        """
        self.assertTrue((await self.visit(vanish_on_refresh="before")).refreshed)
        self.assertEqual(self.switching.answers, [])
        self.assertIsInstance(self.switching.failures[0], PeerLost)
        self.assertEqual(self.card.profiles[0].state, "enabled")

    async def test_halfOpen(self) -> None:
        """
        A card that leaves the connection as it is, is given up in time.
        """
        self.assertTrue((await self.visit(vanish_on_refresh="before", half_open=True)).refreshed)
        self.assertEqual(len(self.switching.failures), 1)

    async def test_reboot(self) -> None:
        """
        A reboot is the ordinary end, whether the phone drops the connection or leaves it.
        """
        for half_open in (False, True):
            outcome = await self.visit(reboot=True, half_open=half_open)
            self.assertEqual((outcome.rebooted, outcome.boxes), (True, ("Restarting.",)))
            self.assertEqual((self.switching.failures, self.switching.ends), ([], [None]))
            await self.stop()
