# -*- test-case-name: tests.gateway.store.test_links -*-
"""
L{cardgw.gateway.store.links}.
"""

from __future__ import annotations

from attrs import evolve

from cardgw.gateway.records import JobState, Link, Role
from tests.gateway.store.contract import CARD, MemoryCase, StoreMixin, a_job, everywhere

ONE = Link("0badcafe", "token:ann", 1.5, 601.5, "01", Role.OPERATOR, b"\0one", b"\1page", "here")
TWO = Link("a1b2c3d4", "token:bob", 2.5, 9.0, digest=b"two", page=b"page two", node="here")


class LinksMixin(StoreMixin):
    """
    What every store does with links.
    """

    @everywhere
    async def test_links(self) -> None:
        """
        A gateway has its links again, in the order of their making; those that ended long ago it has not.
        """
        links = self.store.links
        for link in (TWO, ONE, evolve(TWO, id="00000001", node="there")):
            self.assertEqual(await links.add(link), link)
        self.assertEqual(await links.of_node("here", 0.0), (ONE, TWO))
        await links.end(ONE.id, 70.0)
        await links.end(ONE.id, 80.0)
        self.assertEqual(await links.of_node("here", 70.0), (evolve(ONE, ended=70.0), TWO))
        self.assertEqual(await links.of_node("here", 70.5), (TWO,))

    @everywhere
    async def test_linkWithJob(self) -> None:
        """
        A link and its job are stored together, or none of them is.
        """
        job = a_job(card="", channel=ONE.id)
        self.assertEqual(await self.store.links.add(ONE, "", job), ONE)
        self.assertEqual(await self.store.jobs.get("01"), job)
        self.assertIsNone(await self.store.links.add(evolve(TWO, id=ONE.id), "", evolve(job, id="02")))
        self.assertIsNone(await self.store.jobs.get("02"))
        self.assertEqual(await self.store.links.of_node("here", 0.0), (ONE,))

    @everywhere
    async def test_linkKey(self) -> None:
        """
        The same key of the same requester gives the same link, also when it has ended; another requester's key is another one.
        """
        links = self.store.links
        await links.add(ONE, "k")
        self.assertEqual(await links.add(evolve(TWO, requester=ONE.requester), "k", a_job("02")), ONE)
        self.assertIsNone(await self.store.jobs.get("02"))
        self.assertEqual(await links.add(TWO, "k"), TWO)
        await links.end(ONE.id, 3.0)
        self.assertEqual(await links.keyed("token:ann", "k"), evolve(ONE, ended=3.0))
        self.assertIsNone(await links.keyed("token:ann", "other"))

    @everywhere
    async def test_linkRenewed(self) -> None:
        """
        A link may be given other tokens.
        """
        await self.store.links.add(ONE)
        await self.store.links.renew(ONE.id, b"new", b"new page")
        self.assertEqual(await self.store.links.of_node("here", 0.0), (evolve(ONE, digest=b"new", page=b"new page"),))

    @everywhere
    async def test_linksForgotten(self) -> None:
        """
        Links that ended before a time are forgotten, so many at once; others are not.
        """
        links = self.store.links
        for number in range(3):
            await links.add(evolve(ONE, id=f"0000000{number}"))
            await links.end(f"0000000{number}", 10.0 + number)
        await links.add(TWO)
        self.assertEqual(await links.forget(12.0, 1), 1)
        self.assertEqual(await links.forget(12.0), 1)
        self.assertEqual([each.id for each in await links.of_node("here", 0.0)], ["00000002", TWO.id])

    @everywhere
    async def test_jobsOfLinks(self) -> None:
        """
        What waits for a card that comes by a link is not there for the same card when it comes otherwise, until the link has
        ended.
        """
        await self.store.links.add(ONE, "", a_job(card=CARD, channel=ONE.id))
        self.assertEqual(await self.store.jobs.queued([CARD]), ())
        self.assertEqual(await self.store.jobs.heads([CARD], "another"), ((), 0))
        self.assertEqual((await self.store.jobs.heads([CARD], ONE.id))[1], 1)
        await self.store.links.end(ONE.id, 5.0)
        self.assertEqual([job.state for job in await self.store.jobs.queued([CARD])], [JobState.QUEUED])


class LinksTests(LinksMixin, MemoryCase):
    """
    SQLite.
    """
