"""
Tests of L{cardgw.assembly}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw import gateway_service
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.record import Recorder
from cardgw.assembly import assemble, book_of, health_of
from cardgw.config import Config, load_config
from cardgw.errors import SecretError, SettingsError
from cardgw.gateway.discovery import Found
from cardgw.gateway.journal import Observers
from cardgw.gateway.registry import Registry, load_registry
from cardgw.gateway.settings import StoreSettings
from cardgw.gateway_service import GatewayService
from cardgw.interfaces import IOperation, ITransport
from cardgw.log import LogSettings, PrivacySettings, rules
from cardgw.secrets import Source
from cardgw.testing import FakeObserver, KnowingCard
from cardgw.texts.settings import TextSettings
from cardgw.values import CardRequest, ChannelInfo
from tests.dropins import NoOptions, Operation
from tests.gateway.test_webhook_settings import webhook


class Listener(Service):
    """
    The service of a transport that keeps what happened to it.
    """

    problem = ""

    def __init__(self, problem: Exception | None = None) -> None:
        self.happened: list[str] = []
        self.drained: Deferred[None] = Deferred()
        self._problem = problem

    def privilegedStartService(self) -> None:
        """
        Listen.
        """
        if self._problem is not None:
            raise self._problem
        self.happened.append("bound")

    def startService(self) -> None:
        """
        Start.
        """
        Service.startService(self)
        self.happened.append("started")

    def stopService(self) -> Deferred[None]:
        """
        Drain.
        """
        Service.stopService(self)
        self.happened.append("stopping")
        return self.drained


class LinkListener(Listener):
    """
    That of a transport whose cards come by links.
    """

    def link_url(self, token: str) -> str:
        """
        The URL of a link.
        """
        return f"https://cards.example.com/{token}"


class Transport:
    """
    A transport whose service is known.
    """

    name = "estk"
    summary = "cards of this test"
    settings: Any = NoOptions
    requests: Mapping[str, str] = {"download": "profile.download"}

    def __init__(self, service: Listener) -> None:
        self.service = service
        self.gateway: Any = None

    def make_service(self, settings: Any, gateway: Any) -> Listener:
        """
        See L{ITransport.make_service}.
        """
        self.gateway = gateway
        return self.service


class AssemblyTests(SynchronousTestCase):
    """
    L{assemble}.
    """

    def setUp(self) -> None:
        """
        A transport and an operation.
        """
        self.reactor = MemoryReactorClock()
        self.listener = Listener()
        self.transport = Transport(self.listener)
        self.patch(rules, "log", rules.log)
        self.patch(rules, "privacy", rules.privacy)
        self.patch(gateway_service, "_print", lambda secret: None)

    def registry(self) -> Registry:
        """
        What is installed.
        """
        operation = Operation("profile.download")
        return load_registry(
            [Found(ITransport, self.transport, "dropin:/x.py", "x"), Found(IOperation, operation, "dropin:/x.py", "x")]
        )

    def assemble(self, **different: Any) -> GatewayService:
        """
        The gateway with settings that are different from the defaults.
        """
        registry = self.registry()
        plain = load_config(None, registry)
        apart = {"store": StoreSettings(url="memory"), "web": evolve(plain.web, enabled=False)}
        config = evolve(plain, **{**apart, **different})
        observers = Observers([self.observer]) if hasattr(self, "observer") else None
        return assemble(config, registry, self.reactor, observers)

    def test_life(self) -> None:
        """
        Listeners are opened once; when all is stopped, the transports end first.
        """
        gateway = self.assemble()
        gateway.bind()
        gateway.privilegedStartService()
        gateway.startService()
        self.assertEqual(self.listener.happened, ["bound", "started"])
        stopped = gateway.stopService()
        self.assertNoResult(stopped)
        self.assertTrue(gateway.running)
        self.listener.drained.callback(None)
        self.successResultOf(stopped)
        self.assertFalse(gateway.running)
        self.assertEqual(self.listener.happened, ["bound", "started", "stopping"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_notBound(self) -> None:
        """
        Who does not bind beforehand has it done when the service starts with privileges.
        """
        self.assemble().privilegedStartService()
        self.assertEqual(self.listener.happened, ["bound"])

    def test_cannotBind(self) -> None:
        """
        However a transport says that it cannot listen, it is a mistake in the settings, in words.
        """
        problem = SettingsError("[transports.estk] listen: tcp:1: permission denied")
        self.transport.service = Listener(problem)
        self.assertIs(self.assertRaises(SettingsError, self.assemble().bind), problem)
        self.transport.service = Listener(CannotListenError("", 1, OSError(98, "Address already in use")))
        error = self.assertRaises(SettingsError, self.assemble().bind)
        self.assertEqual(error.detail, "a transport cannot start: Address already in use")

    def test_cannotBeSetUp(self) -> None:
        """
        So is whatever a transport raises while its service is made.
        """

        def broken(settings: Any, gateway: Any) -> Any:
            raise KeyError("socket")

        self.patch(self.transport, "make_service", broken)
        error = self.assertRaises(SettingsError, self.assemble)
        self.assertIn("[transports.estk]: it cannot be set up (KeyError: 'socket'", error.detail)

    def test_request(self) -> None:
        """
        A card that asks is given what the routes say, and observers are told.
        """
        self.observer = FakeObserver()
        self.assemble()
        channel = MemoryChannel(ChannelInfo("estk", "here", request=CardRequest("download")), KnowingCard({}))
        self.successResultOf(self.transport.gateway.arrived(channel))
        told = [each[0] for each in self.observer.events]
        self.assertEqual(told, ["card_arrived", "job_started", "job_ended"])

    def test_links(self) -> None:
        """
        Cards come by links to the first transport that has an address for these; where there is none, there are no links.
        """
        self.assertIsNone(self.assemble().inventory.links.address)
        self.transport.service = LinkListener()
        address = self.assemble().inventory.links.address
        assert address is not None
        self.assertEqual(address("abc"), "https://cards.example.com/abc")

    def test_noTransport(self) -> None:
        """
        A gateway that no card can reach is a mistake.
        """
        error = self.assertRaises(SettingsError, self.assemble, transports={})
        self.assertIn("no transport is enabled", str(error))

    def test_secret(self) -> None:
        """
        A secret that cannot be read is a mistake at the start, not in the middle of a job.
        """
        self.assertRaises(SecretError, self.assemble, secrets={"key": Source("file", "/no/such/file")})

    def test_webhooks(self) -> None:
        """
        Without webhooks nobody looks at what happens; certificates that cannot be read are a mistake.
        """
        self.assertIsNone(self.assemble().inventory.jobs.hub.witness)
        self.assertIsNotNone(self.assemble(webhooks=(webhook(name="desk"),)).inventory.jobs.hub.witness)
        self.assertRaises(SettingsError, self.assemble, webhooks=(webhook(name="desk", roots="/none"),))

    def test_language(self) -> None:
        """
        Card holders are spoken to in the language of the settings.
        """
        words = self.assemble(texts=TextSettings(language="es")).inventory.words
        self.assertEqual(words("No notifications."), "Sin notificaciones.")

    def test_log(self) -> None:
        """
        The log follows the settings.
        """
        self.assemble(log=LogSettings(level="warn"), privacy=PrivacySettings(identifiers="full"))
        self.assertEqual((rules.log.level, rules.privacy.identifiers), ("warn", "full"))

    def test_traffic(self) -> None:
        """
        Channels are recorded only while traffic is logged: it costs time.
        """
        inventory = self.assemble().inventory
        channel = MemoryChannel(ChannelInfo("memory"), KnowingCard({}))
        plain: Any = inventory.jobs.stack(channel)
        self.assertIs(plain.channel.channel, channel)
        rules.log = LogSettings(traffic=True)
        recorded: Any = inventory.jobs.stack(channel)
        self.assertIsInstance(recorded.channel, Recorder)

    def test_book(self) -> None:
        """
        An operation comes with its settings.
        """
        registry = self.registry()
        config: Config = load_config(None, registry, {"operations": {"profile.download": {"loud": True}}})
        operation, settings = book_of(config, registry).operation("profile.download")
        self.assertEqual(operation.name, "profile.download")
        self.assertTrue(settings.loud)

    def test_health(self) -> None:
        """
        A transport is ready while it runs, unless it tells of a problem.
        """
        self.listener.setName("estk")
        found = [health_of(self.listener)]
        self.listener.startService()
        found.append(health_of(self.listener))
        self.patch(self.listener, "problem", "nobody listens")
        found.append(health_of(self.listener))
        self.assertEqual([(each.part, each.ready) for each in found], [("transport:estk", at == 1) for at in range(3)])
        self.assertEqual([each.reason for each in found], ["not started", "", "nobody listens"])
