# -*- test-case-name: tests.test_replay -*-
"""
An operation that is run against a transcript in place of a card, in this process: without gateway, network and reactor.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from cardgw.apdu.transcript import Transcript, TranscriptError
from cardgw.apdu.transcript_channel import TranscriptChannel, TranscriptDiffers
from cardgw.apdu.transcript_notes import info_of
from cardgw.errors import CardGatewayError, LocalError, SecretError
from cardgw.gateway.events import EventHub
from cardgw.gateway.journal import Observers
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.recording import IDENTITY, MADE_BY, OPERATION, PARAMETERS
from cardgw.gateway.session import Session, Tools, parameters_from, perform
from cardgw.gateway.stack import stack
from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.runner import Inline
from cardgw.gateway.store.seal import NoSeal
from cardgw.interfaces import IHTTPClient, IOperation
from cardgw.lpa.courier import NotificationCourier
from cardgw.lpa.settings import HttpsSettings
from cardgw.lpa.trust import Trust
from cardgw.quirks import Quirks, quirks_of
from cardgw.values import ChannelInfo, Question
from cardgw.version import VERSION


class NoServers(LocalError):
    """
    A replay has no servers.
    """

    hint = "What was said to servers is not in a transcript."


def no_connection(endpoint: str, factory: IProtocolFactory) -> Deferred[IProtocol]:
    """
    See L{cardgw.interfaces.ISession.connect}: nobody answers.
    """
    return fail(NoServers(f"{endpoint} was to be connected"))


class Witness(Protocol):
    """
    Who is told how a replay goes on.
    """

    def stage(self, name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{cardgw.interfaces.IProgress.stage}.
        """

    def percent(self, done: int) -> None:
        """
        See L{cardgw.interfaces.IProgress.percent}.
        """

    def ask(self, question: Question) -> str:
        """
        Answer a question.

        @raise CardGatewayError: there will be no answer.
        """


@implementer(IHTTPClient)
class NoHttp:
    """
    Nobody answers.
    """

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], trusted: frozenset[bytes] = frozenset(), role: Any = None
    ) -> Deferred[tuple[int, bytes]]:
        """
        See L{IHTTPClient.post}.
        """
        return fail(NoServers(f"{url} was to be asked"))


def refuse_empty(transcript: Transcript) -> Transcript:
    """
    @raise TranscriptError: there is nothing in it.
    """
    if not transcript.exchanges:
        raise TranscriptError("there is no command in it")
    return transcript


def recorded_parameters(transcript: Transcript) -> dict[str, Any]:
    """
    With which parameters the transcript was made, as far as it tells.

    @raise TranscriptError: that is not JSON.
    """
    try:
        found = json.loads(transcript.notes.get(PARAMETERS, "{}"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise TranscriptError(f"{PARAMETERS}: expected a JSON object")
    return found


@define(eq=False)
class Replay:
    """
    See the module's docstring.  It is a L{cardgw.gateway.session.Course}.

    @ivar settings: of the operation.
    @ivar quirks: the entries of C{[[quirks]]}.
    @ivar time: when it happens, in seconds since 1970.
    @ivar reached: what the operation has achieved by now.
    """

    transcript: Transcript
    operation: IOperation
    settings: Any
    witness: Witness
    time: float
    quirks: Iterable[Quirks] = ()
    reached: Mapping[str, Any] | None = None
    identity: str = field(init=False)
    _info: ChannelInfo = field(init=False)

    def __attrs_post_init__(self) -> None:
        """
        @raise TranscriptError: what it says of its channel is wrong.
        """
        self._info = info_of(self.transcript)
        self.identity = self.transcript.notes.get(IDENTITY, "")

    def run(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """
        Run the operation.

        @param values: its parameters.
        @return: its result.
        @raise TranscriptDiffers: it says something else to the card than was recorded; the text names the line.
        @raise TranscriptRedacted: what the card answered is not in the transcript.
        @raise CardGatewayError: it failed.
        """
        card, clock = TranscriptChannel(self.transcript, self._info), Clock()
        clock.advance(self.time)
        parameters = parameters_from(self.operation, values)
        log = Logger(namespace=f"cardgw.operations.{self.operation.name}")
        quirks = quirks_of(card.info, self.quirks)
        session = Session(stack(card), parameters, self.settings, quirks, log, self, _tools(clock))
        found = _outcome(clock, Deferred.fromCoroutine(perform(self.operation, session)))
        if card.trouble is not None:  # the operation may have made something else of it
            raise self._advised(card.trouble)
        if isinstance(found, Failure):
            found.raiseException()
        if card.remaining:
            raise self._advised(TranscriptDiffers(f"{card.place}: the operation ended before this"))
        result: dict[str, Any] = found
        return result

    def _advised(self, error: CardGatewayError) -> CardGatewayError:
        """
        The error, with the advice that explains most differences.
        """
        if isinstance(error, TranscriptDiffers):
            notes, name = self.transcript.notes, self.operation.name
            if notes.get(OPERATION, name) != name:
                error.hint = f"It was recorded of {notes[OPERATION]}."
            elif notes.get(MADE_BY, VERSION) != VERSION:
                error.hint = f"It was recorded with cardgw {notes[MADE_BY]}, and this is {VERSION}."
        return error

    def stage(self, name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{cardgw.interfaces.IProgress.stage}.
        """
        self.witness.stage(name, facts)

    def percent(self, done: int) -> None:
        """
        See L{cardgw.interfaces.IProgress.percent}.
        """
        self.witness.percent(done)

    def identified(self, identity: str) -> None:
        """
        See L{cardgw.interfaces.ISession.identified}.
        """
        self.identity = identity

    def achieved(self, result: dict[str, Any]) -> Deferred[None]:
        """
        See L{cardgw.interfaces.ISession.achieved}.
        """
        self.reached = result
        return succeed(None)

    def ask(self, question: Question) -> Deferred[str]:
        """
        See L{cardgw.interfaces.ISession.ask}.
        """
        answer: Deferred[str] = Deferred()
        answer.addCallback(lambda _: self.witness.ask(question))
        answer.callback("")
        return answer


def _tools(clock: Clock) -> Tools:
    """
    What a session needs of a gateway: all of it in memory, and for this one session.
    """
    store, http = Store("sqlite://", Inline(), clock, NoSeal()), NoHttp()
    store.open()
    couriers = {NotificationCourier.kind: NotificationCourier()}
    outbox = Outbox(store, http, couriers, clock, EventHub(epoch="replay"), os.urandom)
    trust = Trust(HttpsSettings(), clock.seconds)
    return Tools(clock, http, trust, Observers([]), _no_secret, outbox, store.memory, connect=no_connection)


def _no_secret(name: str) -> bytes:
    raise SecretError(f"{name}: a replay has none")


def _outcome(clock: Clock, work: Deferred[Any]) -> Any:
    """
    What becomes of it: time passes as fast as can be.
    """
    found: list[Any] = []
    work.addBoth(found.append)
    while not found and (timers := clock.getDelayedCalls()):
        clock.advance(max(0.0, min(timer.getTime() for timer in timers) - clock.seconds()))
    if not found:
        work.cancel()  # nothing will ever come
    return found[0]
