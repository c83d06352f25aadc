# -*- test-case-name: tests.testing.test_session -*-
"""
L{ISession}: what it does, and one for the tests of an operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.logger import Logger, LogPublisher
from zope.interface import implementer

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import NobodyToAsk, ParameterError, SecretError, Unreachable
from cardgw.fields import build
from cardgw.interfaces import ICardChannel, IHTTPClient, IOperation, IOutbox, ISession, ITrust
from cardgw.quirks import Quirks
from cardgw.testing.card import KnowingCard
from cardgw.testing.contract import ContractMixin
from cardgw.testing.http import FakeHTTP
from cardgw.testing.outbox import FakeOutbox
from cardgw.testing.trust import FakeTrust
from cardgw.values import ChannelInfo, Feature, Question, Reset

_CARD = "eid:89049032000000000000000000000163"


@implementer(ISession)
@define(eq=False)
class FakeSession:
    """
    A session that keeps what the operation does with it.

    @ivar answers: what L{ask} gives, by the kind of question.
    @ivar secrets: what L{secret} gives, by name.
    @ivar key_sets: what L{keys} gives, by name.
    @ivar stages: the names and facts that L{stage} was told.
    @ivar percents: the numbers that L{percent} was told.
    @ivar shown: the texts that L{show} has shown; where the channel cannot, there are none.
    @ivar questions: what L{ask} was asked.
    @ivar farewells: the texts that L{farewell} was told; the last one counts.
    @ivar resets: the resets that it was told with them.
    @ivar results: what L{achieved} was told.
    @ivar memory: what L{remember} was told, by card and key.
    @ivar endpoints: where L{connect} leads to, by their strings; nobody answers elsewhere.
    """

    channel: ICardChannel = field(factory=lambda: MemoryChannel(ChannelInfo("memory"), KnowingCard({})))
    parameters: Any = None
    settings: Any = None
    quirks: Quirks = field(factory=Quirks)
    clock: Any = field(factory=Clock)
    http: IHTTPClient = field(factory=FakeHTTP)
    trust: ITrust = field(factory=FakeTrust)
    outbox: IOutbox = field(factory=FakeOutbox)
    identity: str = ""
    log: Logger = field(factory=lambda: Logger("cardgw.testing", observer=LogPublisher()))
    answers: Mapping[str, str] = field(factory=dict)
    secrets: Mapping[str, bytes] = field(factory=dict, repr=False)
    key_sets: Mapping[str, Any] = field(factory=dict, repr=False)
    stages: list[tuple[str, dict[str, Any]]] = field(factory=list)
    percents: list[int] = field(factory=list)
    shown: list[str] = field(factory=list)
    questions: list[Question] = field(factory=list)
    farewells: list[str] = field(factory=list)
    resets: list[Reset | None] = field(factory=list)
    results: list[dict[str, Any]] = field(factory=list)
    memory: dict[tuple[str, str], bytes] = field(factory=dict)
    endpoints: dict[str, IStreamClientEndpoint] = field(factory=dict)

    def stage(self, name: str, /, **facts: Any) -> None:
        """
        See L{cardgw.interfaces.IProgress.stage}.
        """
        self.stages.append((name, facts))

    def percent(self, done: int) -> None:
        """
        See L{cardgw.interfaces.IProgress.percent}.

        @raise ValueError: it is not between 0 and 100.
        """
        if not 0 <= done <= 100:
            raise ValueError(f"expected 0 to 100 percent, got {done}")
        self.percents.append(done)

    def show(self, text: str) -> Deferred[None]:
        """
        See L{ISession.show}.
        """
        if Feature.SHOW not in self.channel.info.offers:
            return succeed(None)
        self.shown.append(text)
        return self.channel.show(text)

    def farewell(self, text: str, reset: Reset | None = None) -> None:
        """
        See L{ISession.farewell}.
        """
        self.farewells.append(text)
        self.resets.append(reset)

    def identified(self, identity: str) -> None:
        """
        See L{ISession.identified}.
        """
        self.identity = self.identity or identity

    def achieved(self, result: dict[str, Any]) -> Deferred[None]:
        """
        See L{ISession.achieved}.
        """
        self.results.append(result)
        return succeed(None)

    def ask(self, question: Question) -> Deferred[str]:
        """
        See L{ISession.ask}.
        """
        self.questions.append(question)
        answer = self.answers.get(question.kind)
        return fail(NobodyToAsk(question.text)) if answer is None else succeed(answer)

    def connect(self, endpoint: str, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        See L{ISession.connect}.
        """
        found = self.endpoints.get(endpoint)
        return fail(Unreachable(endpoint)) if found is None else found.connect(factory)

    def recall(self, card: str, key: str) -> Deferred[bytes | None]:
        """
        See L{ISession.recall}.
        """
        return succeed(self.memory.get((card, key)))

    def remember(self, card: str, key: str, value: bytes | None, *, sealed: bool = False) -> Deferred[None]:
        """
        See L{ISession.remember}.
        """
        if value is None:
            self.memory.pop((card, key), None)
        else:
            self.memory[card, key] = value
        return succeed(None)

    def secret(self, name: str) -> bytes:
        """
        See L{ISession.secret}.
        """
        try:
            return self.secrets[name]
        except KeyError:
            raise SecretError(f"{name}: it is not set") from None

    def keys(self, name: str) -> Any:
        """
        See L{ISession.keys}.
        """
        if name not in self.key_sets:
            raise SecretError(f"{name}: there is no key set of this name")
        return self.key_sets[name]


def session_for(
    operation: IOperation, channel: ICardChannel, parameters: Mapping[str, Any], settings: Mapping[str, Any] | None = None
) -> FakeSession:
    """
    A session for one run of an operation.

    @param parameters: as a request has them: validated here as the gateway does.
    @param settings: as TOML has them.
    @raise ParameterError: a parameter is wrong.
    @raise SettingsError: a setting is wrong.
    """
    return FakeSession(
        channel,
        build(operation.parameters, parameters, operation.name, ParameterError),
        build(operation.settings, settings or {}, f'[operations."{operation.name}"]'),
    )


class SessionTestsMixin(ContractMixin):
    """
    Tests of an L{ISession}.  Subclasses provide L{make_session}, whose channel is a L{cardgw.apdu.memory.MemoryChannel}, and
    L{shown}.
    """

    def make_session(self, *, show: bool) -> Any:
        """
        A hook.

        @param show: whether the channel offers messages.
        @return: L{ISession}, or a C{Deferred} of it.
        """
        raise NotImplementedError("make_session")

    def shown(self) -> list[str]:
        """
        A hook: the texts that the card holder has seen.
        """
        raise NotImplementedError("shown")

    def test_interface(self) -> Any:
        """
        It provides L{ISession}, and so does what it gives.
        """
        return self.contract(self._interface())

    async def _interface(self) -> None:
        session = await self.hook(lambda: self.make_session(show=True))
        self.verify(ISession, session)
        self.verify(ICardChannel, session.channel)
        self.verify(IHTTPClient, session.http)
        self.verify(ITrust, session.trust)
        self.verify(IOutbox, session.outbox)
        self.assertIsInstance(session.quirks, Quirks)

    def test_progress(self) -> Any:
        """
        Stages, with facts or without, and percents are taken.
        """
        return self.contract(self._progress())

    async def _progress(self) -> None:
        session = await self.hook(lambda: self.make_session(show=False))
        session.stage("es10b_get_euicc_challenge_and_info")
        session.stage("es8p_metadata_parse", provider="A provider")
        for done in (0, 100):
            session.percent(done)

    def test_show(self) -> Any:
        """
        A text is shown at once.
        """
        return self.contract(self._show())

    async def _show(self) -> None:
        session = await self.hook(lambda: self.make_session(show=True))
        await self.settled(session.show("Patience."))
        self.assertEqual(self.shown(), ["Patience."])

    def test_showNowhere(self) -> Any:
        """
        Where the channel has no messages, nothing happens, and it is no error.
        """
        return self.contract(self._show_nowhere())

    async def _show_nowhere(self) -> None:
        session = await self.hook(lambda: self.make_session(show=False))
        await self.settled(session.show("Patience."))
        self.assertEqual(self.shown(), [])

    def test_farewell(self) -> Any:
        """
        A farewell is not shown while the operation runs.
        """
        return self.contract(self._farewell())

    async def _farewell(self) -> None:
        session = await self.hook(lambda: self.make_session(show=True))
        session.farewell("All done.")
        await self.hook(self.flush)
        self.assertEqual(self.shown(), [])

    def test_nobodyToAsk(self) -> Any:
        """
        A question that nobody answers is L{NobodyToAsk}.
        """
        return self.contract(self._nobody())

    async def _nobody(self) -> None:
        session = await self.hook(lambda: self.make_session(show=False))
        await self.failed(session.ask(Question("text", "What is the airspeed of an unladen swallow?")), NobodyToAsk)

    def test_identified(self) -> Any:
        """
        Who the card is, is known when an operation has said so.
        """
        return self.contract(self._identified())

    async def _identified(self) -> None:
        session = await self.hook(lambda: self.make_session(show=False))
        self.assertEqual(session.identity, "")
        session.identified(_CARD)
        self.assertEqual(session.identity, _CARD)

    def test_memory(self) -> Any:
        """
        What is remembered about a card can be recalled, until it is forgotten.
        """
        return self.contract(self._memory())

    async def _memory(self) -> None:
        session = await self.hook(lambda: self.make_session(show=False))
        self.assertIsNone(await self.settled(session.recall(_CARD, "key")))
        for value in (b"first", b"second"):
            await self.settled(session.remember(_CARD, "key", value, sealed=True))
            self.assertEqual(await self.settled(session.recall(_CARD, "key")), value)
        self.assertIsNone(await self.settled(session.recall(_CARD, "another")))
        await self.settled(session.remember(_CARD, "key", None))
        self.assertIsNone(await self.settled(session.recall(_CARD, "key")))

    def test_achieved(self) -> Any:
        """
        What has been done can be written down in the midst of the work.
        """
        return self.contract(self._achieved())

    async def _achieved(self) -> None:
        session = await self.hook(lambda: self.make_session(show=False))
        await self.settled(session.achieved({"iccid": "8999"}))

    def test_noConnection(self) -> Any:
        """
        What is no endpoint is L{Unreachable}, and the text names it.
        """
        return self.contract(self._no_connection())

    async def _no_connection(self) -> None:
        session = await self.hook(lambda: self.make_session(show=False))
        for endpoint in ("", "nonsense", "tcp:127.0.0.1", "tcp:127.0.0.1:port=x"):
            error = await self.failed(session.connect(endpoint, Factory()), Unreachable)
            self.assertIn(endpoint, str(error))

    def test_noSecret(self) -> Any:
        """
        A secret or a key set that is not set is a L{SecretError} that names it.
        """
        return self.contract(self._no_secret())

    async def _no_secret(self) -> None:
        session = await self.hook(lambda: self.make_session(show=False))
        error = self.assertRaises(SecretError, session.secret, "no-such-secret")
        self.assertIn("no-such-secret", str(error))
        self.assertIn("no-such-keys", str(self.assertRaises(SecretError, session.keys, "no-such-keys")))
