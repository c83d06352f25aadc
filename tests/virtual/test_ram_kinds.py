# -*- test-case-name: tests.virtual.test_ram_kinds -*-
"""
Tests for L{cardgw.virtual.ram_kinds}.
"""

from __future__ import annotations

from cardgw.virtual.ram_kinds import KINDS, OCF13, OCF20, OURS, RAM_CLIENT, Kind
from cardgw.virtual.ram_server import Oddities
from cardgw.virtual.ram_session import play
from tests.virtual.ram_rig import RamTestCase

MEDIA_TYPE = "application/org.openscdp-content-mgt-response;version=1.0"


class HeaderTests(RamTestCase):
    """
    What is in the requests, octet by octet.
    """

    def heads(self, kind: Kind, url: str = "http://u:p@localhost:8080/rt/test?a=b", **oddities: str) -> list[list[str]]:
        """
        The heads of a session's requests.
        """
        self.serve(play(b""), Oddities(**oddities))  # type: ignore[arg-type]
        outcome = self.run_client(kind, url=url)
        return [each.request[: -len(each.body)].decode().split("\r\n")[:-2] for each in outcome.exchanges]

    def test_curl(self) -> None:
        """
        ram-client: credentials of the URL, no User-Agent, a cookie when there is one.
        """
        first, second = self.heads(RAM_CLIENT)
        self.assertEqual(
            first,
            [
                "POST /rt/test?a=b HTTP/1.1",
                "Host: localhost:8080",
                "Authorization: Basic dTpw",
                f"Content-Type: {MEDIA_TYPE}",
                "Accept: */*",
                "X-Admin-Protocol: openscdp-remote-admin/1.0",
                "Content-Length: 28",
            ],
        )
        self.assertEqual(second[3], f"Cookie: JSESSIONID={1:032X}")

    def test_java(self) -> None:
        """
        OpenCard: a header Cookie without one, no credentials.
        """
        for kind in (OCF13, OCF20):
            first, second = self.heads(kind)
            self.assertEqual(
                first[:4], ["POST /rt/test?a=b HTTP/1.1", f"Content-Type: {MEDIA_TYPE}", "Cookie: ", "User-Agent: Java/17.0.15"]
            )
            self.assertEqual(first[5], "Accept: text/html, image/gif, image/jpeg, */*; q=0.2")
            self.assertEqual(second[2], f"Cookie: JSESSIONID={1:032X}")

    def test_ours(self) -> None:
        """
        Ours says that it completes answers.
        """
        self.assertIn("X-Cardgw-Completes: yes", self.heads(OURS)[0])
        self.assertEqual([f"X-Cardgw-Number: {number}" in head for number, head in enumerate(self.heads(OURS), 1)], [True, True])

    def test_session(self) -> None:
        """
        A session id is a cookie from the beginning.
        """
        self.serve(play())
        for kind, given, cookie in ((OCF13, "X1", "JSESSIONID=X1"), (OCF20, "SID=7", "SID=7"), (OURS, "X1", "JSESSIONID=X1")):
            self.run_client(kind, session=given)
            self.assertEqual(self.server.requests[-1].get("Cookie"), cookie)

    def test_names(self) -> None:
        """
        By name.
        """
        self.assertEqual(list(KINDS), ["ram-client", "ocf13", "ocf20", "ours"])
