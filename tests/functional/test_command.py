# -*- test-case-name: tests.functional.test_command -*-
"""
The C{cardgw} command as people and programs use it: processes of their own against the service, over loopback.
"""

from __future__ import annotations

import signal

from PIL import Image

from cardgw.transports.estk.wire import Tag
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.smdp_web import Misbehaviour
from tests.functional.cli_process import DONE, CommandTestCase, Running, draw_qr_code, together
from tests.functional.operators import NEW, ONE, TWO, activation_code, heard, identity, until

FAILED, USAGE, NO_CARD, REFUSED, UNREACHABLE, INTERRUPTED = 1, 2, 3, 4, 5, 130


class CardTests(CommandTestCase):
    """
    An operator's day.
    """

    async def test_before(self) -> None:
        """
        What cannot work says so in a line, with its own exit status: no gateway, no token, no card, typed wrong.
        """
        await self.start()
        nothing, nobody, wrong = await together(
            self.cardgw("cards", "--url", "http://127.0.0.1:1", status=UNREACHABLE),
            self.cardgw("cards", "--url", self.gateway.url, status=USAGE),
            self.cardgw("login", self.gateway.url, status=USAGE, stdin="cgw_" + 43 * "A"),
        )
        self.assertIn("The gateway cannot be reached", nothing.err)
        self.assertIn("cardgw login", nobody.err)
        self.assertEqual((wrong.out, wrong.err.count("\n")), ("", 1))
        await self.log_in()
        self.assertEqual((self.directory / "cardgw" / "client.toml").stat().st_mode & 0o777, 0o600)
        cards, profiles, other, *_ = await together(
            self.cardgw("cards", "--json"),
            self.cardgw("profiles", status=NO_CARD),
            self.cardgw("profiles", "--card", "1234", "--json", status=NO_CARD),
            self.cardgw("profile", status=USAGE),
            self.cardgw("download", "no code", "--card", identity(self.card()), status=USAGE),
            self.cardgw("run", "lpa.nothing", status=USAGE),
        )
        self.assertEqual(cards.json, {"items": [], "next": None})
        self.assertIn("no card is here", profiles.err)
        self.assertEqual(other.json["error"]["code"], "no-card")

    async def test_day(self) -> None:
        """
        A card is looked at, named, given a profile, and switched over to it.
        """
        await self.ready()
        self.order()
        card = self.card()
        phone, _ = await self.managed(card)
        eid = card.eid.hex()
        self.assertEqual([each["identity"] for each in (await self.cardgw("cards", "--json")).json["items"]], [f"eid:{eid}"])
        table = (await self.cardgw("profiles", "--card", eid[-4:])).out
        self.assertTrue(all(each in table for each in (ONE, TWO, "Example", "One", "Two")), table)
        named = (await self.cardgw("nickname", TWO, "on the road")).lines
        self.assertEqual((named[-1]["event"], named[-1]["state"]), ("job.ended", "done"))
        pasted = f"  lpa:{activation_code('P-1').partition(':')[2]}\n"
        lines = (await self.cardgw("download", "-", stdin=pasted)).lines
        self.assertEqual([each["event"] for each in lines if each["event"] not in ("job.stage", "job.percent")], ["job.ended"])
        self.assertEqual((lines[0]["stage"], lines[-1]["result"]["iccid"]), ("es10b_get_euicc_challenge_and_info", NEW))
        lpac = (await self.cardgw("profiles", "--lpac")).lines[-1]
        self.assertEqual((lpac["type"], lpac["payload"]["code"], lpac["payload"]["message"]), ("lpa", 0, "success"))
        self.assertEqual([each["iccid"] for each in lpac["payload"]["data"]], [ONE, TWO, NEW])
        enabled = await self.cardgw("enable", "on the road", "--json", "--quiet")
        self.assertEqual((enabled.json["iccid"], enabled.json["replaced"], enabled.err), (TWO, ONE, ""))
        self.assertTrue((await phone.done).rebooted)
        queued = await self.cardgw("disable", TWO, "--accept-offline", "--card", eid)
        (line,) = queued.lines
        self.assertEqual((line["event"], line["card"]), ("job.queued", f"eid:{eid}"))
        await self.visit(card, Tag.PROCESS_NOTIFICATION)
        shown = (await self.cardgw("jobs", "show", line["job"], "--json")).json
        self.assertEqual((shown["state"], shown["result"]["profileState"]), ("done", "disabled"))
        watched = await self.cardgw("jobs", "watch", line["job"], "--json")
        self.assertEqual(watched.json, shown["result"])
        self.assertIn("lpa.disable", (await self.cardgw("jobs", "list", "--card", eid)).out)

    async def test_picture(self) -> None:
        """
        The activation code is read from a picture of its QR code; a dry run sends nothing and shows no code.
        """
        await self.ready()
        self.order()
        card = self.card()
        await self.managed(card)
        picture = self.directory / "voucher.png"
        draw_qr_code(activation_code("P-1"), picture)
        dry = await self.cardgw("download", "--qr", str(picture), "--dry-run")
        self.assertEqual(dry.json["body"]["parameters"], {"activation_code": "***"})
        self.assertEqual(await self.api.items("jobs"), [])
        done = await self.cardgw("download", "--qr", str(picture), "--json")
        self.assertEqual((done.json["iccid"], done.json["notification"]), (NEW, "delivered"))
        Image.new("L", (50, 50), 255).save(picture)
        await self.cardgw("download", "--qr", str(picture), status=USAGE)

    async def test_delete(self) -> None:
        """
        Nothing is deleted where nobody can be asked, unless that is said; the card's refusal has an exit status of its own.
        """
        await self.ready()
        card = self.card()
        await self.managed(card)
        refused = await self.cardgw("delete", TWO, status=USAGE)
        self.assertIn("--yes", refused.err)
        in_use = await self.cardgw("delete", ONE, "--yes", status=FAILED)
        self.assertEqual((in_use.lines[-1]["state"], in_use.lines[-1]["error"]["code"]), ("failed", "profile-in-use"))
        odd = await self.cardgw("run", "apdu.script", "-p", "script=80E29100=6A80", "--yes", status=REFUSED)
        self.assertEqual(odd.lines[-1]["error"]["code"], "unexpected-status")
        await self.cardgw("delete", TWO, "--yes")
        self.assertEqual([each.iccid for each in card.profiles], [ONE])
        (kept,) = (await self.cardgw("notifications", "list", "--json")).json["notifications"]
        self.assertEqual((kept["profileManagementOperation"], kept["delivered"]), ("delete", True))
        await self.cardgw("notifications", "send", str(kept["seqNumber"]))
        self.assertEqual(len(heard(self.smdp)), 2)
        await self.cardgw("notifications", "remove", str(kept["seqNumber"]), status=USAGE)
        await self.cardgw("notifications", "remove", str(kept["seqNumber"]), "--yes")
        self.assertEqual(card.notifications, [])
        (entry,) = (await self.cardgw("outbox", "list", "--json")).json["items"]
        self.assertEqual((entry["state"], entry["on_card"]), ("delivered", False))
        failed = await self.cardgw("download", activation_code("NOTHING"), "--lpac", status=FAILED)
        self.assertEqual((failed.lines[-1]["type"], failed.lines[-1]["payload"]["code"]), ("lpa", -1))


class TerminalTests(CommandTestCase):
    """
    Somebody sits there.
    """

    async def answer(self, running: Running, question: str, text: str) -> None:
        """
        Wait for a question, and type the answer.
        """
        await until(lambda: question in running.out)
        running.type(text + "\n")

    async def test_delete(self) -> None:
        """
        Whoever means to delete a profile types the last digits of its ICCID.
        """
        await self.ready()
        card = self.card()
        await self.managed(card)
        for typed, status, left in (("0000", INTERRUPTED, [ONE, TWO]), (TWO[-4:], DONE, [ONE])):
            running = self.begin("delete", TWO, terminal=True)
            await self.answer(running, "Type the last 4 digits", typed)
            self.assertEqual(await running.done, status, running.out)
            self.assertEqual([each.iccid for each in card.profiles], left)

    async def test_question(self) -> None:
        """
        A confirmation code that turns out to be needed is asked for, and not shown.
        """
        await self.ready()
        self.order(confirmation_code="0815-4711")
        card = self.card()
        await self.managed(card)
        running = self.begin("download", activation_code("P-1"), terminal=True)
        await self.answer(running, "Confirmation code for Example Example profile?", "0815-4711")
        self.assertEqual(await running.done, DONE, running.out)
        self.assertIn(NEW, running.out)
        self.assertNotIn("0815", running.out)

    async def test_somebodyElse(self) -> None:
        """
        Where the one who wanted it cannot be asked, anybody else answers, in a command of their own.
        """
        await self.ready()
        self.order(confirmation_code="0815-4711")
        await self.managed(self.card())
        running = self.begin("download", activation_code("P-1"))
        await until(lambda: "cardgw jobs answer" in running.err)
        (job,) = await self.api.items("jobs")
        await self.cardgw("jobs", "answer", job["id"], stdin="0815-4711\n")
        self.assertEqual(await running.done, DONE, running.err)
        self.assertIn("job.waiting", [each["event"] for each in running.lines])
        self.assertNotIn("0815", running.out + running.err)

    async def test_interrupted(self) -> None:
        """
        Control-C cancels the job, on the card too.
        """
        await self.ready()
        self.order()
        self.server.web.misbehave["getBoundProfilePackage"] = Misbehaviour(silent=True)
        card = self.card()
        await self.managed(card)
        running = self.begin("download", activation_code("P-1"), terminal=True)
        await until(lambda: self.server.web.requests["getBoundProfilePackage"])
        running.type("\x03")
        self.assertEqual(await running.done, INTERRUPTED, running.out)
        jobs = {each["operation"]: each["state"] for each in await self.api.items("jobs")}
        self.assertEqual(jobs["profile.download"], "cancelled")
        self.assertEqual(len(self.smdp.cancellations), 1)


class AccessTests(CommandTestCase):
    """
    Who may do what.
    """

    async def test_tokens(self) -> None:
        """
        A token is made, shown once, used within its role, and taken away.
        """
        await self.ready()
        made = await self.cardgw("token", "add", "monitoring", "--role", "viewer", "--expires", "30d")
        token = made.out.strip()
        self.assertEqual(self._names(await self.cardgw("token", "list", "--json")), ["admin", "monitoring"])
        await self.managed(self.card())
        await self.cardgw("cards", environ={"CARDGW_TOKEN": token})
        refused = await self.cardgw("profiles", status=FAILED, environ={"CARDGW_TOKEN": token})
        self.assertIn("The token does not allow this", refused.err)
        await self.cardgw("token", "remove", "monitoring")
        await self.cardgw("cards", status=USAGE, environ={"CARDGW_TOKEN": token})
        audit = (await self.cardgw("audit", "--json")).json["items"]
        self.assertEqual([each["action"] for each in audit], ["token.revoke", "token.add"])

    def _names(self, running: Running) -> list[str]:
        return sorted(each["name"] for each in running.json["items"])

    async def test_claim(self) -> None:
        """
        With the code of a card's display somebody who has no token manages this card.
        """
        await self.start()
        card = self.card()
        (_, code), _ = await self.managed(card), await self.managed(self.card(2))
        where = ("--url", self.gateway.url)
        await together(
            self.cardgw("claim", "AAAAAA", *where, status=FAILED),
            self.cardgw("claim", code.lower(), *where),
        )
        profiles = (await self.cardgw("profiles", "--json", *where)).json["profiles"]
        self.assertEqual([each["iccid"] for each in profiles], [ONE, TWO])
        await self.cardgw("profiles", "--card", identity(self.card(2)), *where, status=NO_CARD)


class LookTests(CommandTestCase):
    """
    What goes on.
    """

    async def test_watch(self) -> None:
        """
        Events are lines of JSON on a pipe, until Control-C; a gateway that is started anew is waited for.
        """
        await self.ready()
        running = self.begin("watch", stdin=None)
        card = self.card()
        await until(lambda: self._heard(running, card))
        await self.gateway.stop()
        self.restart()
        await until(lambda: "The gateway is back" in running.err)
        await until(lambda: '"event":"gap"' in running.out.replace(" ", ""))
        running.send(signal.SIGINT)
        self.assertEqual(await running.done, INTERRUPTED)

    async def _heard(self, running: Running, card: VirtualEuicc) -> bool:
        await self.visit(card, Tag.DOWNLOAD_PROFILE, "/help")
        return "job.ended" in running.out

    async def test_diagnose(self) -> None:
        """
        A report has all that helps, and neither tokens nor whole EIDs.
        """
        await self.ready()
        card = self.card()
        await self.managed(card)
        report = (await self.cardgw("diagnose")).out
        for part in ("Python 3", "lpa.profiles", "[+] store: ok", "the token has the role admin", card.eid.hex()[-4:]):
            self.assertIn(part, report)
        self.assertNotIn(card.eid.hex(), report)
        self.assertNotIn(self.api.token, report)

    async def test_completion(self) -> None:
        """
        A shell completes commands, cards and profiles.
        """
        await self.ready()
        card = self.card()
        await self.managed(card)
        await self.cardgw("profiles")
        found = {"cardgw prof": "profiles", "cardgw enable ": TWO, "cardgw info --card ": card.eid.hex()}
        asking = (self._complete(words) for words in found)
        for wanted, completed in zip(("_CARDGW_COMPLETE", *found.values()), await together(self._script(), *asking), strict=True):
            self.assertIn(wanted, completed)

    async def _script(self) -> str:
        return (await self.cardgw("completion", "bash")).out

    async def _complete(self, words: str) -> str:
        number = str(words.count(" "))
        asked = {"_CARDGW_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": number}
        return (await self.cardgw(environ=asked)).out
