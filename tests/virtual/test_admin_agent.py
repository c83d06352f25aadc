# -*- test-case-name: tests.virtual.test_admin_agent -*-
"""
Tests for L{cardgw.virtual.admin_agent}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol

from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.virtual.admin_agent import (
    GOOD,
    NOT_A_DOMAIN,
    UNKNOWN_APPLICATION,
    AdminAgent,
    Manners,
    Outcome,
    agent_identity,
    aid_of,
    domains_of,
    target_of,
)
from cardgw.virtual.http_lines import Message, MessageReader, write
from cardgw.virtual.ram_slot import Slot
from cardgw.virtual.security_domain import VirtualSecurityDomain
from tests.virtual.ram_rig import RamTestCase, Wires

SCRIPT = bytes.fromhex("AE8022050084000002" + "0000")
ANSWERS = "AF802304000090000000"
IDENTITY = "//se-id/eid/89001012;//aa-id/aid/A000000559/10"


class Server(Factory):
    """
    A server that says what it was told to say, one after another.

    @ivar requests: what came.
    """

    noisy = False

    def __init__(self, *replies: tuple[int, Mapping[str, str], bytes] | None) -> None:
        self.replies = list(replies)
        self.requests: list[Message] = []

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """
        See L{Factory.buildProtocol}.
        """
        return _Line(self)


class _Line(Protocol):
    def __init__(self, server: Server) -> None:
        self._server, self._reader = server, MessageReader(replies=False)

    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        for request in self._reader.feed(data):
            self._server.requests.append(request)
            reply = self._server.replies.pop(0)
            if reply is None:
                transport.loseConnection()
                return
            status, headers, body = reply
            found = [*headers.items(), *([("Content-Length", str(len(body)))] if status != 204 else [])]
            transport.write(write(f"HTTP/1.1 {status} X", found, body))


def script(following: str = "", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """
    A reply with a script.

    @param following: X-Admin-Next-URI.
    @param headers: others, without C{X-Admin-}.
    """
    found = {f"X-Admin-{name.replace('_', '-')}": value for name, value in headers.items()}
    return 200, ({"X-Admin-Next-URI": following} if following else {}) | found, SCRIPT


DONE: tuple[int, Mapping[str, str], bytes] = (204, {}, b"")


class AgentTests(RamTestCase):
    """
    L{AdminAgent}.
    """

    def run_agent(
        self, *replies: tuple[int, Mapping[str, str], bytes] | None, slot: Slot | None = None, targets: Any = None, **manners: Any
    ) -> Outcome:
        """
        A whole dialogue.
        """
        self.server = Server(*replies)  # type: ignore[assignment]
        wires = Wires(self.clock, self.server)
        agent = AdminAgent(
            self.clock,
            wires,
            slot or self.slot(),
            identity=IDENTITY,
            target="/admin?x=1",
            targets=targets,
            manners=Manners(**manners),
        )
        return self.over(agent.run(), 10)

    def posted(self) -> list[tuple[str, str, dict[str, str]]]:
        """
        Target, body and X-Admin headers of all requests.
        """
        return [
            (
                each.target,
                each.body.hex().upper(),
                {name[8:]: value for name, value in each.headers if name.startswith("X-Admin-")},
            )
            for each in self.server.requests
        ]

    def test_dialogue(self) -> None:
        """
        Ask, carry out, post what came of it, until 204.
        """
        outcome = self.run_agent(script("/next?id=1"), script("?id=2"), DONE)
        self.assertEqual((outcome.good, outcome.posts, outcome.apdus, outcome.connections), (True, 3, 2, 1))
        start = {"Protocol": "globalplatform-remote-admin/1.0", "From": IDENTITY}
        good = {**start, "Script-Status": "ok"}
        self.assertEqual(self.posted(), [("/admin?x=1", "", start), ("/next?id=1", ANSWERS, good), ("/next?id=2", ANSWERS, good)])
        requests = self.server.requests
        self.assertEqual([each.get("Transfer-Encoding") for each in requests], [None, "chunked", "chunked"])
        self.assertEqual(requests[1].get("Content-Type"), "application/vnd.globalplatform.card-content-mgt-response;version=1.0")

    def test_manners(self) -> None:
        """
        Bodies of a known length; the name at first alone.
        """
        outcome = self.run_agent(script("/n"), DONE, chunked=False, empty_length=True, terse=True, latency=0.5)
        self.assertEqual([each.get("Content-Length") for each in self.server.requests], ["0", "10"])
        self.assertNotIn("From", self.posted()[1][2])
        self.assertEqual(outcome.seconds, 1.5)

    def test_noNext(self) -> None:
        """
        Without a next URI a script is carried out, and nobody hears of it; 204 with one goes on there.
        """
        outcome = self.run_agent((204, {"X-Admin-Next-URI": "/there"}, b""), script())
        self.assertEqual(
            (outcome.good, outcome.apdus, [each[:2] for each in self.posted()]), (True, 1, [("/admin?x=1", ""), ("/there", "")])
        )

    def test_refused(self) -> None:
        """
        Another status is the end.
        """
        outcome = self.run_agent((404, {}, b""))
        self.assertEqual((outcome.good, outcome.text), (False, "404 X"))

    def test_lost(self) -> None:
        """
        The connection is lost before the answers were posted, or before the reply: the dialogue is gone on with.
        """
        for outcome in (
            self.run_agent(script("/n"), script("/n2"), DONE, lose_before=2),
            self.run_agent(script("/n"), DONE, script("/n2"), DONE, lose_after=2),
        ):
            self.assertEqual((outcome.good, outcome.resumed, outcome.connections, outcome.apdus), (True, 1, 2, 2))
            target, body, headers = self.posted()[-2]
            self.assertEqual((target, body, headers["Resume"], headers["From"]), ("/n", "", "true", IDENTITY))

    def test_hopeless(self) -> None:
        """
        It does not come back for ever.
        """
        outcome = self.run_agent(None, None, None, None)
        self.assertEqual((outcome.good, outcome.resumed), (False, 3))
        self.assertNotIn("Resume", self.posted()[1][2])

    def test_targets(self) -> None:
        """
        The targeted application is selected; what is wrong with it is told in place of answers.
        """
        card = VirtualSecurityDomain()
        slot = Slot(self.clock, card, card.atr)
        aid = card.aid.hex()
        outcome = self.run_agent(
            script("/1", Targeted_Application=f"//aid/{aid[:10]}/{aid[10:]}"),
            script("/2", Targeted_Application="//aid/A000000151/FFFF"),
            script("/3", Targeted_Application="nonsense"),
            DONE,
            slot=slot,
            targets=domains_of(card),
        )
        self.assertTrue(outcome.good)
        self.assertEqual(
            [(body[:4], headers.get("Script-Status")) for _, body, headers in self.posted()],
            [("", None), ("AF80", "ok"), ("", "unknown-application"), ("", "unknown-application")],
        )

    def test_asked(self) -> None:
        """
        By itself the card is asked.
        """
        slot = self.slot(lambda command: b"\x6a\x82" if command[1] == 0xA4 else b"\x90\x00")
        self.run_agent(script("/1", Targeted_Application="//aid/A000000151/00"), DONE, slot=slot)
        self.assertEqual(self.posted()[1][2]["Script-Status"], "unknown-application")

    def test_back(self) -> None:
        """
        A script that names none is for the security domain of the connection again, which is selected once.
        """
        commands: list[str] = []

        def transmit(command: bytes) -> bytes:
            commands.append(command.hex())
            return b"\x90\x00"

        named = script("/1", Targeted_Application="//aid/A000000151/00")
        self.run_agent(script("/0"), named, script("/2"), script("/3"), DONE, slot=self.slot(transmit))
        self.assertEqual([each for each in commands if each.startswith("00a4")], ["00a4040006a0000001510000", "00a4040000"])


class NameTests(RamTestCase):
    """
    URIs, AIDs and names.
    """

    def test_target(self) -> None:
        """
        Next URIs of all forms.
        """
        for where, expected in (
            ("http://h:1/a?b=c", "/a?b=c"),
            ("/a?b", "/a?b"),
            ("?c=d", "/x/y?c=d"),
            ("z?e", "/x/z?e"),
            ("https://h", "/"),
        ):
            self.assertEqual(target_of(where, "/x/y?q=1"), expected)

    def test_aid(self) -> None:
        """
        An AID in two parts.
        """
        self.assertEqual(aid_of("//aid/A000000559/1010").hex(), "a0000005591010")
        self.assertRaises(ValueError, aid_of, "//se-id/x")

    def test_identity(self) -> None:
        """
        The name of an agent in a card with an EID.
        """
        self.assertEqual(agent_identity("89001012", bytes.fromhex("A00000055910")), IDENTITY)

    def test_domains(self) -> None:
        """
        What is no security domain is told apart.
        """
        card = VirtualSecurityDomain()
        applet = Entry(Kind.APP, b"applet", 7)
        self.patch(VirtualSecurityDomain, "entries", (*card.entries, applet))
        select = domains_of(card)
        self.assertEqual([select(aid) for aid in (card.aid, b"12345", b"applet")], [GOOD, UNKNOWN_APPLICATION, NOT_A_DOMAIN])
