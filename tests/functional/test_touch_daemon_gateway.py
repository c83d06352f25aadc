"""
A web page that has a link of our own gateway: the daemon, the gateway, a real pcscd.
"""

from __future__ import annotations

import html
import re

from cardgw.bridges.touch_daemon_image import failed, passed
from cardgw.virtual.euicc_options import Delivery
from tests.functional.lent import LentTestCase
from tests.functional.touch_daemon import TouchDaemonTestCase
from tests.functional.vpcd import make_vicc


class GatewayTests(TouchDaemonTestCase, LentTestCase):
    """
    The snippet that the gateway makes for a page.
    """

    def setUp(self) -> None:
        LentTestCase.setUp(self)
        TouchDaemonTestCase.setUp(self)

    async def test_link(self) -> None:
        """
        The page loads its image: the job is done with the card in the reader, and the image is green; the link is used up then.
        """
        await self.start()
        readers = self.pcscd()
        card = self.card(pinned=False, delivery=Delivery.T1)
        vicc = await readers.insert(make_vicc(card))
        self.addCleanup(vicc.drop)
        made = (await self.api.post("links", {"operation": "lpa.info"})).only(201)
        found = re.search(r'src="http://127\.0\.0\.1:27001/([^"]+)"', made["page"])
        assert found is not None
        daemon = await self.run_daemon("--approve", f"{made['url'].partition('/rt/')[0]} https://shop.example")
        picture = html.unescape(found[1])
        answer = await daemon.get(picture, Referer="https://shop.example/")
        self.assertEqual((answer.body, answer.error), (passed(), None), daemon.out)
        job = await self.job(made["job"])
        self.assertEqual((job["state"], job["result"]["eidValue"]), ("done", card.eid.hex()))
        answer = await daemon.get(picture, Referer="https://shop.example/")
        self.assertEqual((answer.body, answer.error), (failed(), "touch-address-unknown"))
