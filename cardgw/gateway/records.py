# -*- test-case-name: tests.gateway.test_records -*-
"""
What the gateway knows of cards, jobs and people, as values: as they are stored, and as the faces show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen

from cardgw.errors import CardGatewayError
from cardgw.values import Feature, Question, Reset


class JobState(Enum):
    """
    Where a job is.
    """

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


REDACTED, WHOLE = "redacted", "whole"
_HEADER = 8
"""What is recorded of what is said to a card: headers, lengths and status words; everything."""
ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
"""States that a job does not leave."""
ACTIVE = frozenset({JobState.RUNNING, JobState.WAITING})
"""States in which it has a card.  In C{WAITING} it waits for an answer."""


@frozen
class Problem:
    """
    An error, as it is stored and shown.

    @ivar code: kebab-case, for programs: see docs/messages.md.
    @ivar title: the sentence of its kind.
    @ivar status: the status word with which the card refused, four digits, or empty.
    """

    code: str
    title: str
    detail: str = ""
    hint: str = ""
    brief: str = ""
    status: str = ""


def problem_of(error: CardGatewayError) -> Problem:
    """
    What is shown of an error.
    """
    response = getattr(error, "response", None)
    status = f"{response.status:04X}" if response is not None else ""
    return Problem(error.code, error.sentence, error.detail, error.hint, error.brief, status)


@frozen
class Job:
    """
    An operation with its parameters, for a card.  Times are seconds since 1970, or C{None} where it has not come so far.

    @ivar id: unique; later jobs have later ids.
    @ivar parameters: as the caller gave them (JSON values), secrets included.
    @ivar hidden: the names of those that must not be shown.
    @ivar card: identity of the card it is for (L{cardgw.identities}); empty where it is for one that is here and unidentified.
    @ivar channel: id of the card that is here (see L{Card}) for which it was asked, or empty.
    @ivar requester: who asked: C{"card"}, C{"token:<name>"}, C{"code:<card>"}, C{"link:<card>"}, C{"gateway"}.
    @ivar stage: the last one that began; C{facts} came with it.
    @ivar percent: of that stage.
    @ivar result: what the operation returned, or has achieved by now.
    @ivar question: what it waits for.
    @ivar runs: how often it was begun.
    @ivar node: the gateway that runs it.
    @ivar record: how what is said to the card is recorded: L{REDACTED}, L{WHOLE}, or empty for not at all.
    """

    id: str
    operation: str
    parameters: Mapping[str, Any] = field(factory=dict, repr=False)
    hidden: frozenset[str] = frozenset()
    card: str = ""
    channel: str = ""
    requester: str = ""
    state: JobState = JobState.QUEUED
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    stage: str = ""
    facts: Mapping[str, Any] = field(factory=dict)
    percent: int | None = None
    result: Mapping[str, Any] | None = None
    error: Problem | None = None
    question: Question | None = None
    runs: int = 0
    node: str = ""
    record: str = ""

    @property
    def shown_parameters(self) -> dict[str, Any]:
        """
        The parameters without what is secret.
        """
        return {name: "***" if name in self.hidden else value for name, value in self.parameters.items()}

    @property
    def repeats_secrets(self) -> bool:
        """
        Whether secret parameters are in the result, too: in the commands that a dry run tells.
        """
        return bool((self.result or {}).get("dry_run")) and not self.hidden.isdisjoint(self.parameters)

    @property
    def shown_result(self) -> Mapping[str, Any] | None:
        """
        The result without what is secret: of such commands the first four bytes (CLA, INS, P1, P2).
        """
        if not self.repeats_secrets or self.result is None:
            return self.result
        return {**self.result, "commands": [f"{str(each)[:_HEADER]}***" for each in self.result.get("commands", ())]}


@frozen
class Recorded:
    """
    The transcript of a job (L{cardgw.apdu.transcript}), when it was done last.

    @ivar kind: L{REDACTED} or L{WHOLE}.
    """

    kind: str
    text: str = field(repr=False)


@frozen
class Card:
    """
    A card that is here now.

    @ivar id: eight hexadecimal digits, for as long as it is here.
    @ivar identity: see L{cardgw.identities}; empty while nobody has identified it.
    @ivar since: when it came, in seconds since 1970.
    @ivar request: what it asked for, or empty.
    @ivar job: the id of the job that runs on it, or empty.
    @ivar queued: how many jobs wait for it.
    @ivar managed: whether it stays for operators; its holder, where there is one to read it, has seen a code.
    @ivar kind: C{"euicc"}, C{"globalplatform"}, C{"contactless"}, or empty where that is not known.
    @ivar uid: of a contactless card, in hexadecimal, or empty.
    """

    id: str
    identity: str
    transport: str
    peer: str
    since: float
    request: str = ""
    job: str = ""
    queued: int = 0
    managed: bool = False
    atr: str = ""
    application: str = ""
    offers: frozenset[Feature] = frozenset()
    resets: frozenset[Reset] = frozenset()
    kind: str = ""
    uid: str = field(default="", repr=False)


class Role(Enum):
    """
    What somebody may do.  Each may do all that the one before may.
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


ROLES = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)
"""From the least to the most."""


@frozen
class Principal:
    """
    Who is asking.

    @ivar name: C{"token:<name>"}, C{"code:<card id>"} or C{"link:<card id>"}.
    @ivar card: where not empty, the id of the one card that this principal may see and manage.
    @ivar follows: whether all jobs for this card concern it, whoever asked for them, and whether the card is here or not: it has
        the token of a link's page.  Otherwise only its own do, while the card is here.
    """

    name: str
    role: Role
    card: str = ""
    follows: bool = False

    def concerned(self, channel: str, requester: str) -> bool:
        """
        Whether a job is for this principal: see L{Job}.
        """
        return not self.card or (channel == self.card and (self.follows or requester == self.name))

    def may(self, role: Role) -> bool:
        """
        Whether this role is among those that it has.
        """
        return ROLES.index(self.role) >= ROLES.index(role)


@frozen
class Token:
    """
    A bearer token, without its secret.

    @ivar name: unique.
    @ivar created: in seconds since 1970.
    @ivar expires: likewise, or C{None}.
    @ivar used: when it was used last, to the minute, or C{None}.
    """

    name: str
    role: Role
    created: float
    expires: float | None = None
    used: float | None = None


@frozen
class Link:
    """
    A way for one card: whoever has its token may bring one.  Times are in seconds since 1970.

    @ivar id: that of the card when it is here (see L{Card}); no other has it.
    @ivar requester: who made it: see L{Job}.
    @ivar expires: until when a card may come.
    @ivar job: the id of the job that it was made for; empty: the card stays for whatever is asked for it.
    @ivar role: what whoever follows it by its page's token may do.
    @ivar digest: of its token; C{page} is that of its page's.
    @ivar node: the gateway that made it.
    @ivar ended: when it was used up or withdrawn, or had expired; C{None} while it is good.
    """

    id: str
    requester: str
    created: float
    expires: float
    job: str = ""
    role: Role = Role.VIEWER
    digest: bytes = field(default=b"", repr=False)
    page: bytes = field(default=b"", repr=False)
    node: str = ""
    ended: float | None = None


@frozen
class AuditEntry:
    """
    A change that somebody made.

    @ivar who: L{Principal.name}.
    @ivar action: C{"job.submit"}, C{"token.add"} and so on.
    @ivar target: what it was done to: an id or a name.
    """

    id: int
    time: float
    who: str
    action: str
    target: str = ""
    detail: str = ""


@frozen
class Health:
    """
    The state of one part of the gateway.

    @ivar part: C{"store"}, C{"transport:estk"} and so on.
    @ivar reason: why it is not ready; empty where it is.
    """

    part: str
    ready: bool
    reason: str = ""
