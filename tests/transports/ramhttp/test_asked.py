"""
Tests for L{cardgw.transports.ramhttp.asked}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import GatewayStopping, LinkInUse, UnknownLink
from cardgw.testing.gateway import GatewayBase
from cardgw.transports.ramhttp.asked import link_in, refused, request_of
from cardgw.values import ARRIVAL, LINK, CardRequest


class AskedTests(SynchronousTestCase):
    """
    L{request_of}.
    """

    def setUp(self) -> None:
        """
        There are two links.
        """
        self.gateway = GatewayBase()
        self.gateway.links.update(good="card-7", used=LinkInUse())

    def test_requests(self) -> None:
        """
        Nothing is an arrival; else the first part is the request, and the others are its text.
        """
        for path, expected in (
            ((), CardRequest(ARRIVAL)),
            (("download",), CardRequest("download")),
            (("download", "LPA:1$a", "b"), CardRequest("download", "LPA:1$a/b")),
            ((LINK, "good"), CardRequest(LINK, "card-7")),
            ((LINK, "good", "more"), CardRequest(LINK, "card-7")),
        ):
            self.assertEqual(request_of(path, self.gateway.link), expected)
        self.assertEqual([link_in(each) for each in ((), ("a", "b"), (LINK,), (LINK, "good"))], ["", "", "", "good"])

    def test_noLink(self) -> None:
        """
        There is no such link, or somebody else has it.
        """
        wrong = (((LINK,), UnknownLink, 404), ((LINK, "bad"), UnknownLink, 404), ((LINK, "used"), LinkInUse, 409))
        for path, error, status in wrong:
            problem = self.assertRaises(error, request_of, path, self.gateway.link)
            self.assertEqual(refused(problem).status, status)
        self.assertEqual(refused(GatewayStopping()).status, 503)
