"""
The daemon that lends a card here to the servers of web pages: real processes, pcscd, sockets, a terminal.
"""

from __future__ import annotations

import signal
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionRefusedError as Refused

from cardgw.bridges.touch_daemon_image import failed, passed
from cardgw.virtual.ram_session import CardLost, RamSession
from tests.functional.operators import until
from tests.functional.touch_daemon import CHALLENGE, PIN, SELECT, PinCard, TouchDaemonTestCase, coming

VERIFY = bytes.fromhex("0020008106") + PIN.encode()


class ApprovedTests(TouchDaemonTestCase):
    """
    Servers that were approved when the daemon was started.
    """

    async def test_done(self) -> None:
        """
        The green image comes when the session is over; the same again, with JSON; the card is left when it is not wanted.
        """
        await self.put_in(self.pcscd())
        server, url = await self.serve()
        daemon = await self.run_daemon("--approve", url, "--linger", "0.2", "--trace", "trace.txt")
        answer = await daemon.ask(url)
        self.assertEqual((answer.status, answer.body, answer.error), (200, passed(), None))
        self.assertEqual(answer.headers["content-type"], "image/png")
        self.assertEqual(self.cards.commands, [SELECT + b"\0", CHALLENGE])
        told = (await daemon.ask(url, path="x.json")).json
        self.assertEqual((told["state"], told["error"]), ("done", None))
        self.assertEqual(len(server.sessions), 2)
        self.cards.verified = True
        await until(lambda: not self.cards.verified)  # it is started anew in the end
        trace = (self.home / "trace.txt").read_text()
        self.assertIn("> 00840000 Le 8", trace)
        self.assertNotIn("E82B06", trace)

    async def test_literal(self) -> None:
        """
        Old pages write the address as it is, and name their session.
        """
        await self.put_in(self.pcscd())
        server, url = await self.serve()
        daemon = await self.run_daemon("--approve", url.removesuffix("/rt/hsm"))
        answer = await daemon.get(f"4711.png?url={url}&sessionId=0815&pinrequired=0")
        self.assertEqual(answer.body, passed())
        self.assertEqual(server.requests[0].get("Cookie"), "JSESSIONID=0815")

    async def test_trouble(self) -> None:
        """
        No reader, no card, no server, a wrong address: each is red, and has a name.
        """
        _, url = await self.serve()
        daemon = await self.run_daemon("--approve", url, "--approve", "http://127.0.0.1:1")
        self.assertEqual((await daemon.ask(url)).error, "no-reader")
        readers = self.pcscd()
        await until(lambda: daemon.logged("reader-here"))
        answer = await daemon.ask(url)
        self.assertEqual((answer.error, answer.body), ("no-card-inserted", failed()))
        await self.put_in(readers)

        async def found() -> Any:
            answer = await daemon.ask("http://127.0.0.1:1/rt", path="x.json")
            return answer if answer.error != "no-card-inserted" else None

        told = (await until(found)).json
        self.assertEqual((told["state"], told["error"]["code"]), ("failed", "touch-server-unreachable"))
        self.assertEqual((await daemon.ask(url + "2")).error, "not-approved")
        self.assertEqual((await daemon.ask(url + "/none")).error, "touch-address-unknown")
        self.assertEqual((await daemon.ask(url)).error, None)

    async def test_pulled(self) -> None:
        """
        The card is pulled out while the server thinks: it is told, and the image is red.
        """
        readers = self.pcscd()
        vicc = await self.put_in(readers)
        lost: list[str] = []

        async def wait(session: RamSession) -> None:
            await session.transmit(CHALLENGE)
            await readers.pull(vicc)
            await until(lambda: session.lost)
            lost.append(session.lost)

        _, url = await self.serve(wait)
        daemon = await self.run_daemon("--approve", url)
        self.assertEqual((await daemon.ask(url)).error, "card-taken-out")
        await until(lambda: lost)
        self.assertEqual(lost, ["The card was taken out of the reader."])

    async def test_hangsUp(self) -> None:
        """
        The page goes away: the server is told that the session is cancelled, and the card is free for others.
        """
        await self.put_in(self.pcscd())
        reached: list[RamSession] = []

        async def wait(session: RamSession) -> None:
            await session.transmit(CHALLENGE)
            reached.append(session)
            if len(reached) == 1:
                await until(lambda: session.lost)

        _, url = await self.serve(wait)
        daemon = await self.run_daemon("--approve", url)
        asked = coming(daemon.ask(url))
        await until(lambda: reached)
        asked.cancel()
        await self.assertFailure(asked, CancelledError, Exception)
        await until(lambda: reached[0].lost)
        self.assertEqual((await daemon.ask(url)).body, passed())

    async def test_several(self) -> None:
        """
        Two pages use two cards at the same time.
        """
        readers = self.pcscd()
        await self.put_in(readers)
        await self.put_in(readers, PinCard(), 1)
        here: list[RamSession] = []

        async def meet(session: RamSession) -> None:
            here.append(session)
            await until(lambda: len(here) == 2)
            await session.transmit(CHALLENGE)

        _, url = await self.serve(meet)
        daemon = await self.run_daemon("--approve", url)
        both = [coming(daemon.ask(url)), coming(daemon.ask(url))]
        self.assertEqual([(await each).body for each in both], [passed()] * 2)

    async def test_stopped(self) -> None:
        """
        The daemon is stopped in the midst: the server is told, and so is the page.
        """
        await self.put_in(self.pcscd())
        reached: list[RamSession] = []

        async def wait(session: RamSession) -> None:
            await session.transmit(CHALLENGE)
            reached.append(session)
            await until(lambda: session.lost)

        _, url = await self.serve(wait)
        daemon = await self.run_daemon("--approve", url)
        asked = coming(daemon.ask(url))
        await until(lambda: reached)
        daemon.send(signal.SIGTERM)
        self.assertEqual((await asked).error, "session-cancelled")
        await daemon.done
        self.assertTrue(reached[0].lost)


class PageTests(TouchDaemonTestCase):
    """
    Pages that merely ask.
    """

    async def test_notApproved(self) -> None:
        """
        Where nobody can be asked, it is said how to approve; the server learns nothing.
        """
        await self.put_in(self.pcscd())
        server, url = await self.serve()
        daemon = await self.run_daemon()
        self.assertEqual(len(daemon.logged("nobody-to-ask")), 1)
        answer = await daemon.ask(url, Referer="https://evil.example/x")
        self.assertEqual((answer.error, answer.body), ("not-approved", failed()))
        (event,) = await until(lambda: daemon.logged("touch-failed"))
        self.assertIn(f'--approve "{url.removesuffix("/rt/hsm")} https://evil.example"', event["reason"])
        self.assertEqual((server.requests, self.cards.commands), ([], []))

    async def test_otherPage(self) -> None:
        """
        What is approved for pages of the server is not for others; the browser asks before, and learns it.
        """
        await self.put_in(self.pcscd())
        _, url = await self.serve()
        shop = "https://shop.example"
        (self.home / "approved").write_text(f"# mine\n{url} {shop}\n")
        daemon = await self.run_daemon("--approvals", "approved", "--approve", url)
        self.assertEqual((await daemon.ask(url, Origin="https://evil.example")).error, "not-approved")
        answer = await daemon.ask(url, Origin=shop)
        self.assertEqual((answer.error, answer.headers["access-control-allow-origin"]), (None, shop))
        asked = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Private_Network": "true"}
        answer = await daemon.ask(url, method="OPTIONS", Origin=shop, **asked)
        self.assertEqual((answer.status, answer.headers["access-control-allow-private-network"]), (204, "true"))
        answer = await daemon.ask(url, method="OPTIONS", Origin="https://evil.example", **asked)
        self.assertEqual((answer.status, "access-control-allow-origin" in answer.headers), (403, False))

    async def test_rebinding(self) -> None:
        """
        A name that anybody may have pointed here is not ours.
        """
        _, url = await self.serve()
        daemon = await self.run_daemon("--approve", f"{url} *")
        self.assertEqual((await daemon.ask(url, Host="evil.example")).status, 421)

    async def test_loopback(self) -> None:
        """
        Nobody reaches it from elsewhere.
        """
        daemon = await self.run_daemon()
        daemon.send(signal.SIGTERM)
        await daemon.done
        await self.assertFailure(coming(daemon.ask("http://h")), Refused)


class TerminalTests(TouchDaemonTestCase):
    """
    Somebody sits at the terminal.
    """

    async def test_always(self) -> None:
        """
        Asked about a page: always is kept in the file, and not asked again.
        """
        await self.put_in(self.pcscd())
        _, url = await self.serve()
        daemon = await self.run_daemon(terminal=True)
        asked = coming(daemon.ask(url, Referer="https://shop.example/"))
        await until(lambda: "May it?" in daemon.out)
        self.assertIn("A web page of https://shop.example wants to use the smart card here,", daemon.out)
        daemon.type("a\n")
        self.assertEqual((await asked).body, passed())
        kept = (self.home / ".card-update-servers").read_text()
        self.assertEqual(kept, f"{url.removesuffix('/rt/hsm')} https://shop.example\n")
        self.assertEqual((await daemon.ask(url, Referer="https://shop.example/")).body, passed())

    async def test_no(self) -> None:
        """
        No is red; nothing is kept.
        """
        _, url = await self.serve()
        daemon = await self.run_daemon(terminal=True)
        asked = coming(daemon.ask(url))
        await until(lambda: "May it?" in daemon.out)
        daemon.type("n\n")
        self.assertEqual((await asked).error, "not-approved")
        self.assertFalse((self.home / ".card-update-servers").exists())

    async def test_pin(self) -> None:
        """
        A PIN that the page needs is asked for, verified at the card, and stays so for a while; it is shown nowhere, and the
        server does not get it.
        """
        await self.put_in(self.pcscd())
        server, url = await self.serve(_challenge)
        daemon = await self.run_daemon("--approve", url, terminal=True)
        target = f"1.png?url={url}&pinrequired=1"
        asked = coming(daemon.get(target))
        await until(lambda: "PIN 1 of the card" in daemon.out)
        self.assertIn("3 tries are left.", daemon.out)
        daemon.type(f"{PIN}\n")
        self.assertEqual((await asked).body, passed())
        self.assertEqual((await daemon.get(target)).body, passed())
        self.assertEqual(self.cards.commands.count(VERIFY), 1)
        self.assertNotIn(PIN, daemon.out)
        self.assertNotIn(PIN.encode().hex(), daemon.out)
        self.assertFalse([each for each in server.requests if PIN.encode() in each.body])

    async def test_wrongPin(self) -> None:
        """
        With a wrong PIN the server learns of no card.
        """
        await self.put_in(self.pcscd())
        server, url = await self.serve(_challenge)
        daemon = await self.run_daemon("--approve", url, terminal=True)
        asked = coming(daemon.get(f"1.png?url={url}&pinrequired=1"))
        await until(lambda: "PIN 1 of the card" in daemon.out)
        daemon.type("111111\n")
        self.assertEqual((await asked).error, "wrong-pin")
        self.assertEqual(server.requests, [])


class GivenPinTests(TouchDaemonTestCase):
    """
    A PIN from elsewhere.
    """

    async def test_given(self) -> None:
        """
        Nobody is asked.
        """
        await self.put_in(self.pcscd())
        _, url = await self.serve(_challenge)
        daemon = await self.run_daemon("--approve", url, "--pin", "env:CARD_PIN", CARD_PIN=PIN)
        self.assertEqual((await daemon.get(f"1.png?url={url}&pinrequired=1")).body, passed())
        self.assertEqual(self.cards.commands.count(VERIFY), 1)


async def _challenge(session: RamSession) -> None:
    """
    A server that does not start the card anew.
    """
    try:
        await session.transmit(CHALLENGE)
    except CardLost:
        return
