"""
The example for stunnel in etc/: stunnel has the TLS, the gateway a plain listener behind it.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess

from tests.functional.amdb import OTHER, OTHER_AGENT, OTHER_KEY, OVER_TLS, AmdbTestCase, Card
from tests.functional.commands import ROOT
from tests.functional.operators import until


class StunnelTests(AmdbTestCase):
    """
    With C{etc/stunnel-ramhttp.conf}.
    """

    if shutil.which("stunnel") is None:
        skip = "stunnel is not installed (apt-get install stunnel4)"

    async def test_example(self) -> None:
        """
        A card with a key in stunnel's file is served, with what its settings for cards say; one without is not.
        """
        await self.start("amdb_plain = true")
        await self.gateway.stop()
        self.config.write_text(self.config.read_text().replace("psk:tcp:0:interface=127.0.0.1", "tcp:0:interface=127.0.0.1"))
        self.restart()
        port = free_port()
        self.run_stunnel(self.example(port, self.gateway.ports["ramhttp-listening"]))
        await until(lambda: listens(port))
        job = await self.submit(OTHER, "gp.registry", **OVER_TLS)
        outcome = await self.comes(Card(), self.endpoint(b"card-2", OTHER_KEY, port), OTHER_AGENT)
        self.assertTrue(outcome.good, outcome)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertFalse((await self.comes(Card(), self.endpoint(port=port), tries=0)).good)

    def example(self, port: int, behind: int) -> str:
        """
        The example with places of this test.
        """
        text = (ROOT / "etc" / "stunnel-ramhttp.conf").read_text()
        for before, after in (
            ("accept = 0.0.0.0:8443", f"accept = 127.0.0.1:{port}"),
            ("connect = 127.0.0.1:8081", f"connect = 127.0.0.1:{behind}"),
            ("/etc/cardgw/keys/psk.txt", str(self.keys / "psk.txt")),
        ):
            self.assertEqual(len(re.findall(rf"^(?!;).*{re.escape(before)}", text, re.MULTILINE)), 1, before)
            text = text.replace(before, after)
        path = self.keys / "stunnel.conf"
        path.write_text(text)
        return str(path)

    def run_stunnel(self, settings: str) -> None:
        """
        It ends with the test.
        """
        process = subprocess.Popen(["stunnel", settings], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.terminate)


def free_port() -> int:
    """
    A TCP port on which nobody listens.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def listens(port: int) -> bool:
    """
    Whether somebody listens there.
    """
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
