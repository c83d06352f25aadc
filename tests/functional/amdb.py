# -*- test-case-name: tests.functional.test_amdb -*-
"""
What the functional tests of GlobalPlatform Amendment B have in common: the service with its listeners, and cards that come
by themselves, over TLS with a pre-shared key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, wrapClientTLS

from cardgw.apdu.command import Command
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry, Scope
from cardgw.transports.ramhttp.tls_psk import PskClient
from cardgw.virtual.admin_agent import GOOD, UNKNOWN_APPLICATION, AdminAgent, Manners, Outcome, agent_identity
from cardgw.virtual.ram_slot import Slot
from tests.functional.operators import OperatorsTestCase, reactor

EID = "89001012012341234012345678901224"
OTHER_EID = "89001012012341234012345678901323"
ISD = bytes.fromhex("A000000151000000")
PACKAGE = bytes.fromhex("D27600002855010203")
WHO, OTHER = f"eid:{EID}", f"eid:{OTHER_EID}"
KEY, OTHER_KEY = "000102030405060708090A0B0C0D0E0F", "F0" * 32
AGENT, OTHER_AGENT = (agent_identity(eid, ISD) for eid in (EID, OTHER_EID))
OVER_TLS: Mapping[str, Any] = {"protocol": "scp81"}
OK, NOT_FOUND, UNKNOWN = bytes.fromhex("9000"), bytes.fromhex("6A88"), bytes.fromhex("6D00")
SETTINGS = """
[transports.ramhttp]
listen = ["psk:tcp:0:interface=127.0.0.1"]
{more}

[keys."card-1"]
identity = "card-1"
psk = "file:{directory}/card-1"
agent = "{agent}"

[keys."fleet"]
psk_file = "file:{directory}/psk.txt"
"""


class Administered(Protocol):
    """
    A card that comes by itself.
    """

    @property
    def targets(self) -> Callable[[bytes], str] | None:
        """
        See L{AdminAgent}.
        """

    def slot(self) -> Slot:
        """
        Where its agent finds it.
        """


class Card:
    """
    A card whose security domain is the end of the connection: it asks for no other secure channel.

    @ivar got: how often each instruction has come.
    """

    def __init__(self) -> None:
        self.got: Counter[int] = Counter()
        self.entries = [Entry(Kind.ISD, ISD, 0x0F), Entry(Kind.PKG, PACKAGE, 0x01, domain=ISD)]

    def __call__(self, octets: bytes) -> bytes:
        """
        What it answers.
        """
        command = Command.decode(octets)
        self.got[command.ins] += 1
        known = {0xF2: self._status, 0xE4: self._delete, 0xCA: lambda _: NOT_FOUND}
        return known.get(command.ins, lambda _: UNKNOWN)(command)

    def _status(self, command: Command) -> bytes:
        kinds = {Scope.ISD: Kind.ISD}.get(Scope(command.p1), Kind.PKG)
        found = [each.encode() for each in self.entries if each.kind is kinds and command.p1 != Scope.APPLICATIONS]
        return b"".join(found) + OK if found else NOT_FOUND

    def _delete(self, command: Command) -> bytes:
        before = len(self.entries)
        self.entries = [each for each in self.entries if each.aid != command.data[2:]]
        return b"\0" + OK if len(self.entries) < before else NOT_FOUND

    def slot(self) -> Slot:
        """
        See L{Administered}.
        """
        return Slot(reactor, self, bytes.fromhex("3B00"))

    def targets(self, aid: bytes) -> str:
        """
        See L{Administered}.
        """
        return GOOD if aid == ISD else UNKNOWN_APPLICATION


class AmdbTestCase(OperatorsTestCase):
    """
    A service to which such cards come.

    @ivar port: where.
    """

    async def start(self, more: str = "") -> None:
        """
        Start it.

        @param more: settings of C{[transports.ramhttp]}.
        """
        keys = self._new_directory()
        for name, text in (("card-1", KEY), ("psk.txt", f"card-2:{OTHER_KEY}\n")):
            (keys / name).write_text(text)
            (keys / name).chmod(0o600)
        self.keys = keys
        await super().start(SETTINGS.format(more=more, directory=keys, agent=AGENT))
        self.port = self.gateway.ports["ramhttp-listening"]

    def endpoint(self, identity: bytes = b"card-1", key: str = KEY, port: int | None = None) -> Any:
        """
        The way to it, for somebody with a key.
        """
        plain = TCP4ClientEndpoint(reactor, "127.0.0.1", port or self.port)
        return wrapClientTLS(PskClient(identity, bytes.fromhex(key)), plain)

    def comes(
        self, card: Administered, endpoint: Any = None, agent: str = AGENT, target: str = "/rt", **manners: Any
    ) -> Deferred[Outcome]:
        """
        A card comes, and does what it is told.
        """
        told = Manners(**manners)
        side = AdminAgent(
            reactor, endpoint or self.endpoint(), card.slot(), identity=agent, target=target, targets=card.targets, manners=told
        )
        return Deferred.fromCoroutine(side.run())
