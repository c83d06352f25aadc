# -*- test-case-name: tests.gateway.test_controller_links -*-
"""
L{cardgw.gateway.controller_links}.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, succeed

from cardgw.errors import MissingPlugin, ParameterError, PeerLost, UnknownLink
from cardgw.gateway.control import JobRequest, LinkRequest, MadeLink
from cardgw.gateway.controller import Controller
from cardgw.gateway.faults import Conflict, Forbidden, NoWayForLinks, Unauthenticated, UnknownCard, UnknownJob
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.records import Job, JobState, Principal, Role
from cardgw.gateway.tokens import Tokens
from cardgw.testing import FakeHTTP
from cardgw.values import LINK, CardRequest
from tests.gateway.fakes import QuietChannel
from tests.gateway.world import CARD, OPERATOR, GatewayTestCase, numbers

BASE = "https://cards.example.com/rt/link/"


class LinkControlTestCase(GatewayTestCase):
    """
    Somebody who makes links.
    """

    def setUp(self) -> None:
        """
        A transport has cards that come by links.
        """
        super().setUp()
        outbox = Outbox(self.store, FakeHTTP(), {}, self.clock, self.hub, numbers())
        tokens = Tokens(self.store, self.clock, numbers())
        self.control = Controller(self.inventory, outbox, tokens, self.inventory.claims, list, list)
        self.inventory.links.address = lambda token: BASE + token
        self.inventory.links.start()
        self.addCleanup(self.inventory.links.stop)

    def make(self, operation: str = "test.again", parameters: Mapping[str, Any] | None = None, **more: Any) -> MadeLink:
        """
        A link.
        """
        made = self.successResultOf(self.control.make_link(OPERATOR, LinkRequest(operation, parameters or {}, **more)))
        assert isinstance(made, MadeLink)
        return made

    def refused(self, kind: type[Exception], waiting: Deferred[Any]) -> str:
        """
        Why something fails.
        """
        return str(self.failureResultOf(waiting, kind).value)

    def come(self, made: MadeLink) -> tuple[QuietChannel, Deferred[Any]]:
        """
        A card comes by a link.
        """
        channel = QuietChannel(CardRequest(LINK, self.inventory.link(made.url.removeprefix(BASE))), frozenset())
        return channel, self.inventory.arrived(channel)

    def page(self, made: MadeLink) -> Principal:
        """
        Who has the token of a link's page.
        """
        who = self.successResultOf(self.control.authenticate(made.token))
        assert isinstance(who, Principal)
        return who


class MakeTests(LinkControlTestCase):
    """
    L{Control.make_link}.
    """

    def test_made(self) -> None:
        """
        Whoever makes a link has all that a page or a card holder needs, and the job, which waits.
        """
        made = self.make(parameters={"code": "7"}, record="redacted")
        link, job = made.link, made.job
        assert job is not None
        self.assertEqual((link.job, job.channel, job.parameters, job.record), (job.id, link.id, {"code": "7"}, "redacted"))
        self.assertEqual((self.state(job.id), link.expires - link.created), (JobState.QUEUED, 600.0))
        self.assertEqual(made.command, f"cardgw touch {made.url}")
        self.assertEqual(html.unescape(made.page), made.page)
        self.assertRegex(made.page, rf'^<img src="http://127\.0\.0\.1:27001/[0-9a-f]+\.png\?url={BASE}cgl_[\w-]+" ')
        self.assertEqual(self.control.links(OPERATOR), [(link, False)])
        self.come(made)
        self.assertEqual(self.control.links(OPERATOR), [(link, True)])

    def test_audit(self) -> None:
        """
        Who made and withdrew links is written down, without their tokens.
        """
        made, other = self.make(), self.make("")
        self.successResultOf(self.control.withdraw_link(OPERATOR, made.link.id))
        found = self.successResultOf(self.control.audit())
        assert made.job is not None
        told = [(each.action, each.target, each.detail) for each in reversed(found)]
        ids = made.link.id, other.link.id
        expected = [("link.make", ids[0], f"test.again {made.job.id}"), ("link.make", ids[1], ""), ("link.withdraw", ids[0], "")]
        self.assertEqual(told, expected)
        self.refused(UnknownLink, self.control.withdraw_link(OPERATOR, made.link.id))

    def test_noTransport(self) -> None:
        """
        Where no transport has cards that come by links, it is said which one would.
        """
        self.inventory.links.address = None
        self.assertIn("[transports.ramhttp]", self.refused(NoWayForLinks, self.control.make_link(OPERATOR, LinkRequest())))

    def test_refused(self) -> None:
        """
        What is wrong is refused before anything is stored.
        """
        for kind, request in (
            (MissingPlugin, LinkRequest("no.such")),
            (ParameterError, LinkRequest("test.again", {"codes": 1})),
            (ParameterError, LinkRequest("", {"code": "1"})),
            (ParameterError, LinkRequest("", record="whole")),
            (ParameterError, LinkRequest("test.again", seconds=86_401.0)),
        ):
            self.refused(kind, self.control.make_link(OPERATOR, request))
        self.assertEqual((self.successResultOf(self.control.jobs(OPERATOR)), self.control.links(OPERATOR)), ([], []))

    def test_oneCard(self) -> None:
        """
        Who may manage one card makes no links.
        """
        guest = Principal("code:aa", Role.OPERATOR, "aa")
        self.refused(Forbidden, self.control.make_link(guest, LinkRequest()))

    def test_again(self) -> None:
        """
        The same request with the same key is the same link and job; the tokens are new, since the old ones may have been lost.
        """
        first, second = self.make(key="k"), self.make(key="k")
        assert first.job is not None and second.job is not None
        self.assertEqual((first.link.id, first.job.id), (second.link.id, second.job.id))
        self.assertEqual((first.new, second.new), (True, False))
        self.refused(Unauthenticated, self.control.authenticate(first.token))
        self.assertRaises(UnknownLink, self.inventory.link, first.url.removeprefix(BASE))
        self.come(second)
        self.assertEqual(len(self.successResultOf(self.control.jobs(OPERATOR))), 1)

    def test_another(self) -> None:
        """
        Another request with the same key is refused, and so is the same one when its link is over.
        """
        made = self.make(key="k")
        for request in (
            LinkRequest(key="k"),
            LinkRequest("test.run", key="k"),
            LinkRequest("test.again", {"code": "2"}, key="k"),
            LinkRequest("test.again", seconds=60.0, key="k"),
            LinkRequest("test.again", role=Role.OPERATOR, key="k"),
        ):
            self.assertIn("another request", self.refused(Conflict, self.control.make_link(OPERATOR, request)))
        self.successResultOf(self.control.withdraw_link(OPERATOR, made.link.id))
        self.assertIn("over", self.refused(Conflict, self.control.make_link(OPERATOR, LinkRequest("test.again", key="k"))))
        bob = evolve(OPERATOR, name="token:bob")
        self.assertTrue(self.successResultOf(self.control.make_link(bob, LinkRequest(key="k"))).new)

    def test_atOnce(self) -> None:
        """
        Of two requests with the same key at the same moment, one makes the link.
        """
        first, read = self.make(key="k"), self.store.read

        def blind(*given: Any) -> Deferred[Any]:
            """
            When the second one looked, the first had not written.
            """
            self.patch(self.store, "read", read)
            return succeed(None)

        self.patch(self.store, "read", blind)
        second = self.make(key="k")
        self.assertEqual((second.link.id, second.new), (first.link.id, False))
        self.assertEqual(len(self.successResultOf(self.control.jobs(OPERATOR))), 1)


class JobsTests(LinkControlTestCase):
    """
    Jobs for cards that come by links.
    """

    def submit(self, card: str, who: Principal = OPERATOR, **more: Any) -> Job:
        """
        Queue a job.
        """
        job, _ = self.successResultOf(self.control.submit(who, JobRequest("test.again", card, {}, **more)))
        assert isinstance(job, Job)
        return job

    def test_before(self) -> None:
        """
        Jobs can be queued for the card before it comes, while it is here, and not after that.
        """
        made = self.make("")
        card = made.link.id
        first = self.submit(card, key="k")
        self.assertEqual(self.submit(card, key="k").id, first.id)
        self.refused(Conflict, self.control.submit(OPERATOR, JobRequest("test.again", self.make("").link.id, {}, key="k")))
        channel, _ = self.come(made)
        second = self.submit(card)
        self.gates[0].callback({})
        self.gates[1].callback({})
        self.assertEqual([self.state(each.id) for each in (first, second)], [JobState.DONE, JobState.DONE])
        channel.close()
        self.successResultOf(self.control.withdraw_link(OPERATOR, card))
        self.refused(UnknownCard, self.control.submit(OPERATOR, JobRequest("test.again", card, {})))

    def test_between(self) -> None:
        """
        A job for a link that ends at this moment does not wait for ever.
        """
        made = self.make("")
        add = self.jobs.add

        async def slow(job: Job, key: str = "") -> tuple[Job, bool]:
            await self.control.withdraw_link(OPERATOR, made.link.id)
            return await add(job, key)

        self.patch(type(self.jobs), "add", lambda _, job, key="": slow(job, key))
        job = self.submit(made.link.id)
        self.assertEqual(self.state(job.id), JobState.FAILED)

    def test_notListed(self) -> None:
        """
        The card of a link is among those that are here when it is here, and not before.
        """
        made = self.make()
        self.assertEqual(self.control.cards(OPERATOR), [])
        channel, _ = self.come(made)
        self.assertEqual([each.id for each in self.control.cards(OPERATOR)], [made.link.id])
        channel.close(PeerLost())
        self.gates[0].errback(PeerLost())
        self.assertEqual(self.control.cards(OPERATOR), [])


class PageTests(LinkControlTestCase):
    """
    The token of a link's page.
    """

    def test_follows(self) -> None:
        """
        It shows this card and its jobs, whoever asked for them, before the card comes and after it has gone; and nothing else.
        """
        made, other = self.make(), self.queue()
        who, card = self.page(made), made.link.id
        assert made.job is not None
        self.assertEqual((who.name, who.role), (f"link:{card}", Role.VIEWER))
        self.assertEqual(self.control.cards(who), [])
        for text in ("", card):
            self.assertEqual([each.id for each in self.successResultOf(self.control.jobs(who, card=text))], [made.job.id])
        self.assertEqual(self.successResultOf(self.control.jobs(who, card=CARD)), [])
        self.refused(UnknownJob, self.control.job(who, other.id))
        self.assertEqual(self.successResultOf(self.control.outbox(who)), [])
        self.come(made)
        self.assertEqual([each.id for each in self.control.cards(who)], [card])
        self.gates[0].callback({"ok": 1})
        self.assertEqual(self.page(made), who)
        self.assertEqual(self.successResultOf(self.control.job(who, made.job.id)).result, {"ok": 1})
        self.clock.advance(600)
        self.refused(Unauthenticated, self.control.authenticate(made.token))

    def test_operator(self) -> None:
        """
        One that may do so queues jobs for this card and no other, also before it comes; and sees no other links.
        """
        made, other = self.make("", role=Role.OPERATOR), self.make("")
        who = self.page(made)
        self.assertEqual(who.role, Role.OPERATOR)
        job, _ = self.successResultOf(self.control.submit(who, JobRequest("test.again", made.link.id, {})))
        for card in (other.link.id, CARD):
            self.refused(UnknownCard, self.control.submit(who, JobRequest("test.again", card, {})))
        self.assertEqual(self.control.links(who), [(made.link, False)])
        self.refused(UnknownLink, self.control.withdraw_link(who, other.link.id))
        self.refused(Forbidden, self.control.make_link(who, LinkRequest()))
        self.come(made)
        self.assertEqual(self.state(job.id), JobState.RUNNING)
        self.successResultOf(self.control.withdraw_link(who, made.link.id))
