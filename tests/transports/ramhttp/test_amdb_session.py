"""
Tests of L{cardgw.transports.ramhttp.amdb_session}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.errors import PeerLost, PeerMisbehaved, PeerSilent
from cardgw.interfaces import ICardChannel
from cardgw.transports.ramhttp.amdb_errors import ScriptRefused
from cardgw.transports.ramhttp.amdb_script import reads
from cardgw.transports.ramhttp.errors import ClientRestarted
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Reply
from tests.transports.ramhttp.amdb import OK, AmdbTestCase, CardSide

GET_DATA = Command(0x80, 0xCA, 0x00, 0x66, expected=256)
DELETE = Command(0x80, 0xE4, 0x00, 0x00, b"\x4f\x05\xa0\0\0\0\1")
LOAD = Command(0x80, 0xE8, 0x00, 0x00, bytes(200))
SELECT = Command(0x00, 0xA4, 0x04, 0x00, bytes.fromhex("A0000001510001"), 256)
SELECT_ANY = Command(0x00, 0xA4, 0x04, 0x00, b"", 256)
DATA = bytes.fromhex("66009000")


class SessionTestCase(AmdbTestCase):
    """
    A card for which scripts are run.
    """

    def setUp(self) -> None:
        """
        A card that is here.
        """
        super().setUp()
        self.ready: Deferred[ICardChannel] = Deferred()
        self.work = self.works
        self.card = CardSide(self.dialect)

    async def works(self, channel: ICardChannel) -> None:
        """
        The work ends when the test says so.
        """
        self.done: Deferred[None] = Deferred()
        await self.done

    def begin(self) -> Deferred[Reply]:
        """
        The card comes.
        """
        replied = self.card.begin()
        self.channel = self.gateway.channels[-1]
        return replied

    def run_script(self, *commands: Command, pipelined: bool = False) -> Deferred[tuple[Response, ...]]:
        """
        A script for it, whose answers may be any.
        """
        return self.channel.exchange(Script(tuple(Step(each, (ANY,)) for each in commands), pipelined))


class DialogueTests(SessionTestCase):
    """
    All goes well.
    """

    def test_nothing(self) -> None:
        """
        A card for which there is nothing to do is told so, and goes.
        """
        replied = self.begin()
        self.assertNoResult(replied)
        self.done.callback(None)
        reply = self.of(replied)
        self.assertEqual((reply.status, reply.body, reply.close), (204, b"", True))
        self.assertNotIn("X-Admin-Next-URI", reply.headers)
        self.assertEqual(self.crowd.here, set())

    def test_script(self) -> None:
        """
        A script goes out when there is one, with the address of its answer; the answer asks for the next one.
        """
        replied = self.begin()
        ran = self.run_script(GET_DATA)
        reply = self.of(replied)
        self.assertEqual(reply.body.hex(), "ae80220580ca0066000000")
        self.assertEqual(reply.headers["Content-Type"], "application/vnd.globalplatform.card-content-mgt;version=1.0")
        self.assertEqual(reply.headers["X-Admin-Protocol"], "globalplatform-remote-admin/1.0")
        self.assertRegex(reply.headers["X-Admin-Next-URI"], r"^/rt\?s=[0-9a-f]{32}&n=1$")
        self.assertNotIn("X-Admin-Targeted-Application", reply.headers)
        self.assertEqual(self.card.take(reply), (GET_DATA.encode(),))
        again = self.card.answers(DATA)
        self.assertEqual(self.successResultOf(ran), (Response.decode(DATA),))
        self.run_script(GET_DATA)
        self.assertTrue(self.of(again).headers["X-Admin-Next-URI"].endswith("&n=2"))

    def test_forms(self) -> None:
        """
        Settings may have scripts of definite length, and chunks.
        """
        self.card = CardSide(self.make(amdb_definite=True, amdb_chunked=True))
        replied = self.begin()
        self.run_script(GET_DATA)
        reply = self.of(replied)
        self.assertEqual((reply.body.hex(), reply.chunked), ("aa07220580ca006600", True))

    def test_batch(self) -> None:
        """
        Commands that may go together do, as far as a script may be long.
        """
        replied = self.begin()
        ran = self.run_script(*[LOAD] * 12, pipelined=True)
        first = self.card.take(self.of(replied))
        self.assertTrue(2 <= len(first) <= 9)
        while not ran.called:
            replied = self.card.answers(*[OK] * len(first))
            first = self.card.take(self.of(replied)) if not ran.called else ()
        self.assertEqual(len(self.successResultOf(ran)), 12)

    def test_early(self) -> None:
        """
        A script may be there before the card asks for it.
        """
        replied = self.begin()
        ran = self.run_script(GET_DATA)
        self.card.take(self.of(replied))
        ran.addCallback(lambda _: self.run_script(DELETE))
        self.assertEqual(self.card.take(self.of(self.card.answers(DATA))), (DELETE.encode(),))

    def test_form(self) -> None:
        """
        Answers may have the form that is between those of the standard.
        """
        self.card.take(self.of(self.replied_to(GET_DATA)))
        self.card.answer(bytes.fromhex("AF80800101230466009000"))
        self.assertEqual(self.successResultOf(self.ran), (Response.decode(DATA),))

    def replied_to(self, *commands: Command) -> Deferred[Reply]:
        """
        The card asks what to do, and is given this.
        """
        replied = self.begin()
        self.ran = self.run_script(*commands)
        return replied


class TargetTests(SessionTestCase):
    """
    SELECT, which is no command here.
    """

    PROBE = (bytes.fromhex("80CA006600"),)
    NAME = "//aid/A000000151/0001"

    def probed(self, reply: Reply, answer: bytes = bytes.fromhex("6A88"), status: str = "ok") -> Deferred[Reply]:
        """
        The card is asked whether there is this application.
        """
        self.assertEqual(reply.headers["X-Admin-Targeted-Application"], self.NAME)
        self.assertEqual(self.card.take(reply), self.PROBE)
        return self.card.answers(answer) if status == "ok" else self.card.answer(b"", status)

    def test_select(self) -> None:
        """
        The application is asked for something harmless.  Whatever it answers, it is there: what follows is for it, until that of
        the connection is selected.
        """
        replied = self.begin()
        for answer in (bytes.fromhex("6A88"), bytes.fromhex("6A82"), bytes.fromhex("66009000"), bytes.fromhex("6E00")):
            ran = self.run_script(SELECT)
            replied = self.probed(self.of(replied), answer)
            self.assertEqual(self.successResultOf(ran), (Response(b"", 0x9000),))
        ran = self.run_script(GET_DATA)
        reply = self.of(replied)
        self.assertEqual(reply.headers["X-Admin-Targeted-Application"], self.NAME)
        self.card.take(reply)
        replied = self.card.answers(DATA)
        self.assertEqual(self.successResultOf(self.run_script(SELECT_ANY)), (Response(b"", 0x9000),))
        self.run_script(GET_DATA)
        self.assertNotIn("X-Admin-Targeted-Application", self.of(replied).headers)

    def test_pipelined(self) -> None:
        """
        In the midst of a script it divides it.
        """
        replied = self.begin()
        ran = self.run_script(DELETE, SELECT, DELETE, pipelined=True)
        reply = self.of(replied)
        self.assertNotIn("X-Admin-Targeted-Application", reply.headers)
        self.assertEqual(len(self.card.take(reply)), 1)
        reply = self.of(self.probed(self.of(self.card.answers(OK))))
        self.assertEqual(reply.headers["X-Admin-Targeted-Application"], self.NAME)
        self.assertEqual(len(self.card.take(reply)), 1)
        self.card.answers(OK)
        self.assertEqual([each.status for each in self.successResultOf(ran)], [0x9000] * 3)

    def test_unknown(self) -> None:
        """
        An application that there is not, or that is no security domain, is not selected; what was remains.
        """
        for status, answer in (("unknown-application", 0x6A82), ("not-a-security-domain", 0x6985)):
            self.card = CardSide(self.dialect)
            replied = self.begin()
            ran = self.run_script(SELECT)
            replied = self.probed(self.of(replied), status=status)
            self.assertEqual(self.successResultOf(ran), (Response(b"", answer),))
            self.run_script(GET_DATA).addErrback(lambda _: None)
            self.assertNotIn("X-Admin-Targeted-Application", self.of(replied).headers)
            self.done.callback(None)

    def test_gone(self) -> None:
        """
        One that was there, and is not any more, is told as the answer to the command.
        """
        replied = self.begin()
        self.run_script(SELECT)
        replied = self.probed(self.of(replied))
        ran = self.run_script(DELETE)
        self.card.take(self.of(replied))
        self.card.answer(b"", "unknown-application")
        self.assertEqual(self.successResultOf(ran), (Response(b"", 0x6A82),))

    def test_selectLost(self) -> None:
        """
        A card that is lost meanwhile may have selected it; what was answered before is told.
        """
        replied = self.begin()
        ran = self.run_script(DELETE, SELECT, DELETE, pipelined=True)
        self.card.take(self.of(replied))
        self.card.take(self.of(self.card.answers(OK)))
        self.successResultOf(self.channel.close())
        lost = self.failureResultOf(ran).value
        self.assertEqual(([each.status for each in lost.responses], lost.unanswered), ([0x9000], 1))

    def test_cancelled(self) -> None:
        """
        A script that is cancelled goes no further than the part that is out.
        """
        replied = self.begin()
        ran = self.run_script(DELETE, SELECT, LOAD, pipelined=True).addErrback(lambda _: None)
        self.card.take(self.of(replied))
        ran.cancel()
        replied = self.card.answers(OK)
        self.assertNoResult(replied)
        self.run_script(GET_DATA)
        self.assertEqual(self.card.take(self.of(replied)), (GET_DATA.encode(),))

    def test_tooMuch(self) -> None:
        """
        More answers than there were commands, or one without a status, are no answers: none is taken for that of a SELECT.
        """
        for body in ("AF80 23029000 23029000 0000", "AF80 230190 0000", "AF80 2300 0000"):
            self.card = CardSide(self.dialect)
            replied = self.begin()
            ran = self.run_script(DELETE, SELECT, DELETE, pipelined=True)
            self.card.take(self.of(replied))
            self.assertEqual(self.of(self.card.answer(bytes.fromhex(body))).status, 400)
            lost = self.failureResultOf(ran, PeerMisbehaved).value
            self.assertEqual((lost.responses, lost.unanswered), ((), 1))
            self.done.callback(None)

    def test_refused(self) -> None:
        """
        Other reasons not to execute a script fail it, and nothing else.
        """
        replied = self.begin()
        for status in ("security-error", "unavailable-se", "script-format-error", "something\nelse"):
            ran = self.run_script(GET_DATA)
            self.card.take(self.of(replied))
            replied = self.card.answer(b"", status)
            self.assertIn(status.split("\n")[0], str(self.failureResultOf(ran, ScriptRefused).value))
        self.assertNoResult(replied)

    def test_badFormat(self) -> None:
        """
        So does a script that the card cannot read; where it could read a part, the rest is given anew.
        """
        replied = self.begin()
        ran = self.run_script(DELETE, DELETE, pipelined=True)
        self.card.take(self.of(replied))
        replied = self.card.answer(bytes.fromhex("AB0A80010123029000900102"))
        self.assertEqual(len(self.card.take(self.of(replied))), 1)
        self.card.answer(bytes.fromhex("AB06800100900101"))
        self.assertIn("unknown tag", str(self.failureResultOf(ran, ScriptRefused).value))


class BrokenTests(SessionTestCase):
    """
    Connections break, and requests come again.
    """

    def out(self, *commands: Command) -> Deferred[tuple[Response, ...]]:
        """
        A script that is on its way.
        """
        replied = self.begin()
        ran = self.run_script(*commands)
        self.reply = self.of(replied)
        return ran

    def test_replyLost(self) -> None:
        """
        A request whose reply was lost is given it again, also one that begins; nothing is executed twice.
        """
        ran = self.out(DELETE)
        self.card.session.delivered(self.reply, False)  # type: ignore[union-attr]
        self.assertIs(self.of(self.card.begin(**{"x-admin-resume": "true"})), self.reply)
        self.card.take(self.reply)
        replied = self.card.answers(OK)
        self.successResultOf(ran)
        self.run_script(LOAD)
        second = self.of(replied)
        self.assertIs(self.of(self.card.answers(OK)), second)

    def test_waiting(self) -> None:
        """
        A request that comes again while nobody knows what to answer takes the place of the first one.
        """
        self.card.take(self.of(self.begin_with(GET_DATA)))
        first = self.card.answers(DATA)
        second = self.card.answers(DATA)
        self.assertEqual(self.of(first).status, 409)
        self.run_script(DELETE)
        self.assertEqual(self.of(second).status, 200)

    def begin_with(self, *commands: Command) -> Deferred[Reply]:
        """
        The card asks what to do, and is given this.
        """
        replied = self.begin()
        self.run_script(*commands)
        return replied

    def test_disconnected(self) -> None:
        """
        A card that waits and whose connection breaks may come back; what there is to do then is done.
        """
        replied = self.begin()
        replied.addErrback(lambda _: None).cancel()
        ran = self.run_script(DELETE)
        self.clock.advance(100)
        self.card.take(self.of(self.card.begin(**{"x-admin-resume": "true"})))
        self.card.answers(OK)
        self.successResultOf(ran)

    def test_away(self) -> None:
        """
        One that does not come back in time is lost; what it had may have been executed, what it had not was not.
        """
        for delivered, unanswered in ((True, 1), (None, 0)):
            if delivered:
                ran = self.out(DELETE)
                self.card.session.delivered(self.reply, True)  # type: ignore[union-attr]
            else:
                self.begin().addErrback(lambda _: None).cancel()
                ran = self.run_script(DELETE)
            self.clock.pump([60.0] * 4)
            lost = self.failureResultOf(ran, PeerSilent).value
            self.assertEqual(lost.unanswered, unanswered)
            self.assertEqual(self.crowd.here, set())
            self.done.callback(None)

    def test_cameBack(self) -> None:
        """
        One that has got a script and comes back without an answer is not given it again, unless that can do no harm.
        """
        ran = self.out(DELETE)
        self.card.session.delivered(self.reply, True)  # type: ignore[union-attr]
        self.card.take(self.reply)
        replied = self.card.begin(**{"x-admin-resume": "true"})
        self.assertEqual(self.failureResultOf(ran, PeerLost).value.unanswered, 1)
        self.assertNoResult(replied)
        self.run_script(GET_DATA)
        self.card.take(second := self.of(replied))
        self.card.session.delivered(second, True)  # type: ignore[union-attr]
        self.assertIs(self.of(self.card.begin(**{"x-admin-resume": "true"})), second)

    def test_readAgain(self) -> None:
        """
        Harmless is what reads the same when it comes again: no list that goes on, no next record, nothing that is protected.
        """
        for again, command in (
            (True, "80CA006600"),
            (True, "00CB3FFF035C015A00"),
            (True, "80F24002024F0000"),
            (False, "80F24003024F0000"),
            (True, "00B0000000"),
            (True, "00B2010400"),
            (False, "00B2000200"),
            (False, "80B0000000"),
            (False, "84CA006600"),
            (False, "90CA0000"),
            (False, "80E40000074F05A000000001"),
        ):
            self.assertIs(reads(bytes.fromhex(command)), again, command)

    def test_cutScript(self) -> None:
        """
        A script that never went out whole is given again.
        """
        ran = self.out(DELETE)
        self.card.session.delivered(self.reply, False)  # type: ignore[union-attr]
        self.card.take(self.reply)
        self.assertIs(self.of(self.card.begin(**{"x-admin-resume": "true"})), self.reply)
        self.card.answers(OK)
        self.successResultOf(ran)

    def test_beginsAgain(self) -> None:
        """
        A first request that comes again and does not say so is the same one where that is known: nothing was told yet, or nothing
        that counts, or TCP knows that nobody has read it.
        """
        first = self.begin()
        second = self.card.begin()
        self.assertEqual((self.of(first).status, len(self.gateway.channels)), (409, 1))
        self.run_script(GET_DATA).addErrback(lambda _: None)
        reply = self.of(second)
        self.card.session.delivered(reply, True)  # type: ignore[union-attr]
        self.assertIs(self.of(self.card.begin()), reply)
        self.successResultOf(self.channel.close())
        ran = self.out(DELETE)
        self.card.session.delivered(self.reply, True)  # type: ignore[union-attr]
        self.fate = Fate.GONE_UNREAD
        self.assertIs(self.of(self.card.begin()), self.reply)
        self.fate = Fate.UNKNOWN
        self.assertNoResult(self.card.begin())
        self.assertEqual(self.failureResultOf(ran, ClientRestarted).value.unanswered, 1)

    def test_forgotten(self) -> None:
        """
        One that comes back without the address that it was given goes on all the same.
        """
        self.out(GET_DATA)
        self.card.take(self.reply)
        replied = self.card.answers(DATA)
        self.card.query = ""
        again = self.card.begin(**{"x-admin-resume": "true"})
        self.assertEqual(self.of(replied).status, 409)
        self.run_script(GET_DATA)
        reply = self.of(again)
        self.assertIs(self.of(self.card.begin(**{"x-admin-resume": "true"})), reply)
        self.card.take(reply)
        self.assertNoResult(self.card.answers(DATA))

    def test_otherNumber(self) -> None:
        """
        An answer to a script that nobody waits for is refused.
        """
        self.out(GET_DATA)
        self.card.take(self.reply)
        self.card.query = self.card.query.replace("n=1", "n=5")
        self.assertEqual(self.of(self.card.answers(DATA)).status, 409)

    def test_garbage(self) -> None:
        """
        What is no answer ends the dialogue, and says why.
        """
        for body in (b"", b"\xab\x05\x80", b"<html>"):
            self.card = CardSide(self.dialect)
            ran = self.out(DELETE)
            self.card.take(self.reply)
            reply = self.of(self.card.answer(body))
            self.assertEqual((reply.status, b"answer to a script" in reply.body), (400, True))
            self.assertEqual(self.failureResultOf(ran, PeerMisbehaved).value.unanswered, 1)
            self.assertEqual(self.crowd.here, set())
            self.done.callback(None)

    def test_cancelled(self) -> None:
        """
        A script that has not gone out is taken back; one that is out is waited for.
        """
        self.begin().addErrback(lambda _: None).cancel()
        ran = self.run_script(DELETE).addErrback(lambda _: None)
        ran.cancel()
        self.run_script(LOAD)
        reply = self.of(self.card.begin(**{"x-admin-resume": "true"}))
        self.assertEqual(self.card.take(reply), (LOAD.encode(),))

    def test_closed(self) -> None:
        """
        A channel that is closed while a script is out tells that the card may have executed it.
        """
        ran = self.out(DELETE)
        self.successResultOf(self.channel.close())
        self.assertEqual(self.failureResultOf(ran).value.unanswered, 1)
        self.assertEqual(self.of(self.card.session.post(self.card.posted)).status, 204)  # type: ignore[union-attr,arg-type]

    @given(
        st.lists(st.sampled_from(("begin", "resume", "answer", "empty", "unknown", "cut", "late", "script", "anew")), max_size=15)
    )
    def test_anyOrder(self, acts: list[str]) -> None:
        """
        Whatever the card's side does, no command reaches it twice that it may not get twice, and all is in order in the end.
        """
        self.setUp()
        self.executed: set[str] = set()
        ran: list[Any] = []
        replied: Deferred[Any] = self.begin()
        for act in acts:
            if self.crowd.here and act == "script":
                self.channel = self.gateway.channels[-1]
                ran.append(self.run_script(DELETE).addErrback(lambda _: None))
            replied = self.act(act, replied)
            if replied.called and not replied.paused:
                replied.addCallback(self.taken)
        for session in list(self.crowd.here):
            session.end(None)
        self.assertEqual(self.crowd.here, set())
        for each in ran:
            self.successResultOf(each)

    def taken(self, reply: Reply | None) -> None:
        """
        The card takes a script, and executes it.
        """
        if reply is not None and reply.status == 200:
            self.card.take(reply)
            self.card.session.delivered(reply, True)  # type: ignore[union-attr]
            self.assertNotIn(self.card.query, self.executed)
            self.executed.add(self.card.query)

    def act(self, act: str, replied: Deferred[Reply]) -> Deferred[Reply]:
        """
        One thing that the card's side may do.
        """
        if act == "anew":
            self.card = CardSide(self.dialect)
        if act == "cut":
            replied.addErrback(lambda _: None).cancel()
        if act == "late":
            self.clock.advance(70)
        acts: dict[str, Callable[[], Deferred[Reply]]] = {
            "begin": self.card.begin,
            "anew": self.card.begin,
            "resume": lambda: self.card.begin(**{"x-admin-resume": "true"}),
            "answer": lambda: self.card.answers(OK),
            "empty": lambda: self.card.answer(b""),
            "unknown": lambda: self.card.answer(b"", "unknown-application"),
        }
        return acts.get(act, lambda: replied)()
