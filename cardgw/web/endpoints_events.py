# -*- test-case-name: tests.web.test_endpoints_events -*-
"""
What happens, as server-sent events.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.fields import Kind, matching, option
from cardgw.gateway.events import GAP, Event, among, concerns
from cardgw.gateway.records import Principal, Role
from cardgw.web.answer import STREAM
from cardgw.web.endpoint import NAMED, Call, Endpoint, Following, Reply
from cardgw.web.schemas import TEXT

LAST = "Last-Event-ID"
EVENT_ID: Kind = matching("the id of an event", "[!-~]{1,100}")
KINDS: Kind = matching("kinds of events, separated by commas", "[a-z.]{1,40}(?:,[a-z.]{1,40}){0,19}")
DESCRIPTION = """\
Each event has an id, a name (its kind) and a JSON object. Kinds: card.arrived, card.identified, card.gone, job.queued,
job.started, job.stage, job.percent, job.waiting, job.ended, outbox.changed. Who comes back with the id of the last event that it
knows gets what it has missed. Where that is not known any more, or the listener is too slow, there is an event named gap: look at
the whole state again.
"""


@frozen
class EventFilter:
    """
    Which events.
    """

    kind: str = option(KINDS, "only these kinds: job.ended, or job for all about jobs; several with commas", default="")
    job: str = option(NAMED["job"][0], "only those about this job", default="")
    last_event_id: str = option(EVENT_ID, f"like the header {LAST}, for those who cannot set it", default="")


@frozen
class Wanted:
    """
    Which events somebody is told.

    @ivar kinds: or families of kinds; empty for all.
    """

    who: Principal
    kinds: tuple[str, ...] = ()
    job: str = ""

    def __call__(self, event: Event) -> bool:
        """
        Whether this one is told.
        """
        if event.kind == GAP:
            return True
        if self.who.card and not concerns(event, self.who):
            return False
        if self.job and event.data.get("job") != self.job:
            return False
        return not self.kinds or among(event.kind, self.kinds)

    def last(self, event: Event) -> bool:
        """
        Whether somebody who may see one card alone sees it go, and does not wait for it to come again.
        """
        return bool(self.who.card) and not self.who.follows and event.kind == "card.gone" and concerns(event, self.who)


async def follow(call: Call) -> Following:
    """
    Tell what happens from now on.
    """
    wanted: EventFilter = call.query
    who: Principal = call.who
    chosen = Wanted(who, tuple(wanted.kind.split(",")) if wanted.kind else (), wanted.job)
    after = wanted.last_event_id or call.header(LAST)
    return Following(chosen, chosen.last, after, lambda: call.control.authenticate(call.token))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/v1/events",
        Role.VIEWER,
        follow,
        "Follow what happens",
        {200: Reply("events as they come (server-sent events)", TEXT)},
        DESCRIPTION,
        query=EventFilter,
        media=(STREAM,),
        headers={LAST: (EVENT_ID, "the id of the last event that is known")},
    ),
)
