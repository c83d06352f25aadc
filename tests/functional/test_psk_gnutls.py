"""
TLS with pre-shared keys against a TLS that is not OpenSSL: GnuTLS.
"""

from __future__ import annotations

import subprocess

from twisted.internet.threads import deferToThread

from tests.functional.amdb import AGENT, KEY, OVER_TLS, WHO, AmdbTestCase
from tests.functional.foreign import missing
from tests.functional.test_psk import REQUEST

ONLY_PSK = "NORMAL:-KX-ALL:+PSK"
SUITES = {
    "(TLS1.2-X.509)-(PSK)-(AES-128-GCM)": f"{ONLY_PSK}:-VERS-ALL:+VERS-TLS1.2",
    "(TLS1.2-X.509)-(PSK)-(AES-128-CBC)-(SHA256)": f"{ONLY_PSK}:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:-MAC-ALL:+SHA256",
}
"""What GnuTLS calls the suites of SGP.02, and what it is to be given for each of them alone."""


class GnutlsTests(AmdbTestCase):
    """
    C{gnutls-cli}.
    """

    skip = missing("gnutls-cli")

    async def talk(self, priority: str, identity: str = "card-1", key: str = KEY) -> str:
        """
        Ask as a card does, and hear what comes until the connection ends.
        """
        command = ["gnutls-cli", "--priority", priority, "--pskusername", identity, "--pskkey", key]
        request = REQUEST.format(agent=AGENT, more="Connection: close\r\n").encode()

        def run() -> str:
            with subprocess.Popen(
                [*command, "--port", str(self.port), "127.0.0.1"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as process:
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(request)
                process.stdin.flush()  # it hangs up when there is no more to come, without waiting for a reply
                heard = process.stdout.read().decode("utf-8", "replace")
                process.communicate(timeout=30)
            return heard.replace("\r\n", "\n")

        heard: str = await deferToThread(run)
        return heard

    async def test_suites(self) -> None:
        """
        Both suites of SGP.02; what is queued for the card goes out, and else it is told that there is nothing.
        """
        await self.start()
        for name, priority in SUITES.items():
            heard = await self.talk(priority)
            self.assertIn(f"Description: {name}\n", heard)
            self.assertIn("HTTP/1.1 204 No Content", heard)
        await self.submit(WHO, "gp.registry", **OVER_TLS)
        self.assertIn("HTTP/1.1 200 OK", await self.talk(ONLY_PSK))

    async def test_refused(self) -> None:
        """
        TLS 1.3, somebody without a key, and somebody with another one are refused with the alerts for that.
        """
        await self.start()
        for number, arguments in (
            (70, (f"{ONLY_PSK}:-VERS-ALL:+VERS-TLS1.3",)),
            (115, (ONLY_PSK, "nobody")),
            (20, (ONLY_PSK, "card-1", "00" * 16)),
        ):
            heard = await self.talk(*arguments)
            self.assertIn(f"Received alert [{number}]", heard)
            self.assertNotIn("HTTP/1.1", heard)
