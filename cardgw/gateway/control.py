# -*- test-case-name: tests.gateway.test_controller -*-
"""
What the faces (the HTTP API, the dashboard) see of the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from attrs import field, frozen
from twisted.internet.defer import Deferred

from cardgw.gateway.events import EventHub
from cardgw.gateway.faults import Conflict
from cardgw.gateway.records import AuditEntry, Card, Health, Job, JobState, Link, Principal, Recorded, Role, Token
from cardgw.interfaces import IOperation, ITransport
from cardgw.values import OutboxEntry, ParcelState

if TYPE_CHECKING:
    from cardgw.gateway.visit import Visit


@frozen
class Claim:
    """
    What a code of remote management gives.

    @ivar token: a bearer token that is good for this card alone, as long as it is here.
    """

    token: str
    card: Card


@frozen
class JobRequest:
    """
    What somebody wants to be done.

    @ivar card: C{id} of a card that is here or may come by a link, or an identity (L{cardgw.identities}) of one that is here or
        may come.
    @ivar parameters: JSON values, by name.
    @ivar key: with the same key and requester, the same job is given again; empty for none.
    @ivar record: see L{Job.record}.
    """

    operation: str
    card: str
    parameters: Mapping[str, Any]
    key: str = ""
    record: str = ""

    def job(self, requester: str) -> Job:
        """
        A job of it, for whoever gives it an id.
        """
        return Job("", self.operation, dict(self.parameters), requester=requester, record=self.record)

    def again(self, job: Job, visit: Visit | None, *, reserved: bool = False) -> Job:
        """
        The job that was made with this key before.

        @param visit: of the card that is here and has the C{id} that the request names, or C{None}: such ids do not last.
        @param reserved: whether this one does: it is that of a link.
        @raise Conflict: it was made for another request.
        """
        same = (job.operation, dict(job.parameters), job.record) == (self.operation, dict(self.parameters), self.record)
        if ":" in self.card:
            same = same and job.card == self.card
        elif reserved:
            same = same and job.channel == self.card
        elif visit is not None and visit.id != job.channel:
            same = same and job.card == visit.identity != ""
        if not same:
            raise other_request()
        return job


@frozen
class LinkRequest:
    """
    A way for a card that somebody wants.

    @ivar operation: what is to be done to the card; empty: it stays for whatever is asked for it.
    @ivar parameters: JSON values, by name.
    @ivar seconds: until when the card may come, from now; C{None}: as settings say.
    @ivar role: what the token of the page may do.
    @ivar key: with the same key and requester, the same link is given again, with new tokens; empty for none.
    @ivar record: see L{Job.record}.
    """

    operation: str = ""
    parameters: Mapping[str, Any] = field(factory=dict)
    seconds: float | None = None
    role: Role = Role.VIEWER
    key: str = ""
    record: str = ""

    def submission(self, card: str) -> JobRequest:
        """
        The job that it is for.
        """
        return JobRequest(self.operation, card, self.parameters, record=self.record)


@frozen
class MadeLink:
    """
    A link, for whoever made it.

    @ivar url: whoever has it can bring a card.
    @ivar page: what a web page has in it so that its visitor's daemon brings the card: HTML.
    @ivar command: what a card holder types in a terminal instead.
    @ivar token: a bearer token for the script of such a page.
    @ivar job: what the link is for, or C{None}.
    @ivar new: whether it is; otherwise it was made before with the same key.
    """

    link: Link
    url: str = field(repr=False)
    page: str = field(repr=False)
    command: str = field(repr=False)
    token: str = field(repr=False)
    job: Job | None = None
    new: bool = True


def other_request() -> Conflict:
    """
    A key is good for one request.
    """
    return Conflict("this Idempotency-Key was used for another request", hint="Another request needs another key.")


class Control(Protocol):
    """
    Everything that people and programs can do with the gateway.  Deferreds fail with errors of L{cardgw.gateway.faults}.

    C{who} is whoever asks: with a C{Principal.card}, other cards and their jobs do not exist for it.  Roles are checked by the
    faces (each endpoint names the one it needs), cards here.
    """

    @property
    def events(self) -> EventHub:
        """
        What happens.
        """

    def cards(self, who: Principal) -> Sequence[Card]:
        """
        The cards that are here, in the order of their arrival.
        """

    def card(self, who: Principal, card: str) -> Card:
        """
        @param card: its C{id} or identity.
        @raise UnknownCard: it is not here.
        """

    def disconnect(self, who: Principal, card: str) -> Deferred[None]:
        """
        Send a card away: what runs on it is cancelled first.

        @raise UnknownCard: (as failure) it is not here.
        """

    def operations(self) -> Sequence[IOperation]:
        """
        What can be done to cards, sorted by name; only what settings enable.
        """

    def operation(self, name: str) -> IOperation:
        """
        @raise MissingPlugin: there is none.
        """

    def transports(self, who: Principal) -> Sequence[tuple[ITransport, int]]:
        """
        The ways in which cards are reached that are on, and how many cards are here by each, of those that are there for C{who}.
        """

    def submit(self, who: Principal, request: JobRequest) -> Deferred[tuple[Job, bool]]:
        """
        Queue a job.

        @return: the job, and whether it is new.
        @raise MissingPlugin: (as failure) there is no such operation.
        @raise ParameterError: (as failure) a parameter is wrong.
        @raise UnknownCard: (as failure) there is no card of this id, and it is no identity.
        @raise OperationRefused: (as failure) the card that is here does not offer what the operation needs.
        @raise Conflict: (as failure) the key was used for another request.
        """

    def links(self, who: Principal) -> Sequence[tuple[Link, bool]]:
        """
        The links by which cards may come to this gateway, in the order of their making, and whether one is here by each.
        """

    def make_link(self, who: Principal, request: LinkRequest) -> Deferred[MadeLink]:
        """
        Make a link, and queue what it is for.

        @raise NoWayForLinks: (as failure) no transport has cards that come by links.
        @raise MissingPlugin: (as failure) there is no such operation.
        @raise ParameterError: (as failure) a parameter is wrong, or the time is too long.
        @raise Conflict: (as failure) the key was used for another request, or its link is over.
        """

    def withdraw_link(self, who: Principal, link: str) -> Deferred[None]:
        """
        End a link: what waits for its card fails, and the card, if it is here, is sent away.

        @raise UnknownLink: (as failure) there is none.
        """

    def jobs(
        self,
        who: Principal,
        *,
        state: JobState | None = None,
        card: str = "",
        operation: str = "",
        before: str = "",
        limit: int = 50,
    ) -> Deferred[Sequence[Job]]:
        """
        Jobs, the latest first.

        @param before: only those with an earlier id: the next page.
        @param limit: at most 500.
        """

    def job(self, who: Principal, job: str) -> Deferred[Job]:
        """
        @raise UnknownJob: (as failure) there is none.
        """

    def transcript(self, who: Principal, job: str) -> Deferred[Recorded]:
        """
        What was said to the card.

        @raise UnknownJob: (as failure) there is no such job.
        @raise NoTranscript: (as failure) it was not recorded, or not yet.
        """

    def cancel(self, who: Principal, job: str) -> Deferred[Job]:
        """
        Cancel a job at whatever stage it is; fires when it has wound up.

        @raise UnknownJob: (as failure) there is none.
        @raise Conflict: (as failure) it has ended.
        """

    def answer(self, who: Principal, job: str, text: str) -> Deferred[Job]:
        """
        Answer the question of a job.

        @raise UnknownJob: (as failure) there is none.
        @raise NotAsking: (as failure) it has no question, or not any more.
        """

    def outbox(
        self, who: Principal, *, state: ParcelState | None = None, card: str = "", before: str = "", limit: int = 50
    ) -> Deferred[Sequence[OutboxEntry]]:
        """
        The outbox, the latest first.
        """

    def deliver(self, who: Principal, entry: str) -> Deferred[OutboxEntry]:
        """
        Try to deliver an entry now, also one that was delivered before.

        @return: the entry as it is then; a failure of the delivery is in its C{reason}.
        @raise UnknownParcel: (as failure) there is none.
        """

    def give_up(self, who: Principal, entry: str) -> Deferred[OutboxEntry]:
        """
        Try no more to deliver an entry.

        @raise UnknownParcel: (as failure) there is none.
        @raise Conflict: (as failure) it does not wait.
        """

    def claim(self, code: str, address: str) -> Deferred[Claim]:
        """
        Take over a card whose holder has seen this code.

        @param address: whose guesses are counted together.
        @raise WrongCode: (as failure) no card has it.
        @raise TooOften: (as failure) this address, or all together, have guessed too often.
        """

    def authenticate(self, token: str) -> Deferred[Principal]:
        """
        Who a bearer token belongs to.

        @raise Unauthenticated: (as failure) nobody, or it has expired.
        """

    def tokens(self) -> Deferred[Sequence[Token]]:
        """
        All tokens.
        """

    def add_token(self, who: Principal, name: str, role: Role, expires: float | None = None) -> Deferred[str]:
        """
        Make a token.

        @return: its secret, which is nowhere kept.
        @raise Conflict: (as failure) there is one of this name.
        @raise ParameterError: (as failure) the name cannot be one.
        """

    def revoke_token(self, who: Principal, name: str) -> Deferred[None]:
        """
        @raise UnknownToken: (as failure) there is none.
        """

    def audit(self, before: int | None = None, limit: int = 50) -> Deferred[Sequence[AuditEntry]]:
        """
        Who changed what, the latest first.
        """

    def health(self) -> Sequence[Health]:
        """
        The state of each part.
        """
