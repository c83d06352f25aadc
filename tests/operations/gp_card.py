"""
A card of GlobalPlatform for the tests of operations: issuer security domain, SCP03 by the card's role, and a registry of names.
"""

from __future__ import annotations

from typing import Any, ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.gp.commands import split_field
from cardgw.gp.delete import KEY_IDENTIFIER
from cardgw.gp.install import For, Install
from cardgw.gp.keys import KeyType, aes_check_value
from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import decode_privileges
from cardgw.gp.registry import Entry, Scope
from cardgw.interfaces import ICardChannel
from cardgw.scp.card_scp03 import CardScp03
from cardgw.scp.keys import KeySet
from cardgw.testing import FakeSession, OperationTestsMixin, session_for
from cardgw.values import ChannelInfo, Feature
from tests.gp.card import CPLC, CUID, ISD

KEYS = KeySet.of_aes(0x30, bytes(range(0x40, 0x50)), bytes(range(0x50, 0x60)), bytes(range(0x60, 0x70)))
OTHER = KeySet.of_aes(0x30, bytes(16))
NEXT = KeySet.of_aes(0x31, bytes(range(1, 33)))
HEAD = {"keys": "issuer"}
DONE, NOT_FOUND, CONDITIONS, UNKNOWN = (Response(b"", each) for each in (0x9000, 0x6A88, 0x6985, 0x6D00))
OPEN = {0xCA, 0xA4, 0x70}
"""INS of what everybody may send."""
INFO = ChannelInfo("memory", offers=frozenset({Feature.SELECT}))
_OID = bytes.fromhex("2A864886FC6B")
_RECOGNITION = (tlv.encode(6, _OID + b"\x01"), tlv.encode(0x64, tlv.encode(6, _OID + b"\x04\x03\x70")))
CARD_DATA = tlv.encode(0x66, tlv.encode(0x73, *_RECOGNITION))
"""SCP03 with i=70."""


class GpTestCard:
    """
    See the module's docstring.

    @ivar entries: its registry.
    @ivar objects: what GET DATA gives, by tag, whole.
    @ivar plain: the commands that came, as the application sees them.
    @ivar sent: the number of commands as they came.
    @ivar refusing: what is refused: INS and P1, and the status.
    """

    def __init__(self, keys: KeySet = KEYS, counters: dict[int, int] | None = None) -> None:
        self.entries = [Entry(Kind.ISD, ISD, 0x0F)]
        self.objects = {0x9F7F: tlv.encode(0x9F7F, CPLC)}
        self.plain: list[Command] = []
        self.sent = 0
        self.refusing: dict[int, int] = {}
        self.loading = b""
        self.scp = CardScp03({keys.version: keys}, application=ISD, entropy=bytes, counters=counters)

    def __call__(self, octets: bytes) -> bytes:
        """
        For L{MemoryChannel}.
        """
        self.sent += 1
        command = Command.decode(octets)
        if command.ins == 0xA4:
            self.scp.terminate()
            found = not command.data or ISD.startswith(command.data)
            return (Response(tlv.encode(0x6F, tlv.encode(0x84, ISD)), 0x9000) if found else Response(b"", 0x6A82)).encode()
        plain = self.scp.take(command)
        return (plain if isinstance(plain, Response) else self.scp.answer(self._answer(plain))).encode()

    def reset(self) -> None:
        """
        Start anew.
        """
        self.scp.terminate()

    def _answer(self, command: Command) -> Response:
        self.plain.append(command)
        refused = self.refusing.get(command.ins << 8 | command.p1)
        if refused is not None:
            return Response(b"", refused)
        if command.ins not in OPEN and self.scp.messaging is None:
            return Response(b"", 0x6982)
        if command.ins in (0xF0, 0xE2):
            return DONE
        known = {0xCA: self._data, 0xF2: self._status, 0xE6: self._install, 0xE8: self._load, 0xE4: self._delete}
        return {**known, 0xD8: self._put_key}.get(command.ins, lambda _: UNKNOWN)(command)

    def _data(self, command: Command) -> Response:
        found = self.objects.get(command.p1 << 8 | command.p2)
        return NOT_FOUND if found is None else Response(found, 0x9000)

    def _status(self, command: Command) -> Response:
        kinds: dict[int, tuple[Kind, ...]] = {Scope.ISD: (Kind.ISD,), Scope.APPLICATIONS: (Kind.APP, Kind.SSD)}
        found = [each.encode() for each in self.entries if each.kind in kinds.get(command.p1, (Kind.PKG,))]
        return Response(b"".join(found), 0x9000) if found else NOT_FOUND

    def _install(self, command: Command) -> Response:
        install = Install.decode(command)
        aids = [each.aid for each in self.entries]
        if install.purpose is For.LOAD:
            self.loading = install.fields[0]
            return CONDITIONS if self.loading in aids else DONE
        if install.purpose in (For.PERSONALIZATION, For.EXTRADITION, For.REGISTRY_UPDATE):
            return DONE
        load_file, _, aid, privileges, *_ = install.fields
        if load_file not in aids or aid in aids:
            return CONDITIONS
        self.entries.append(Entry(Kind.APP, aid, 0x07, decode_privileges(privileges), load_file, ISD))
        return DONE

    def _load(self, command: Command) -> Response:
        if command.p1 & 0x80:
            self.entries.append(Entry(Kind.PKG, self.loading, 0x01, domain=ISD))
        return Response(b"\0", 0x9000)

    def _put_key(self, command: Command) -> Response:
        version, at, checks = command.data[:1], 1, b""
        while at < len(command.data):
            kind, (part, at) = command.data[at], split_field(command.data, at + 1)
            check, at = split_field(command.data, at)
            decryptor = Cipher(AES(bytes(range(0x60, 0x70))), CBC(bytes(16))).decryptor()
            key = (decryptor.update(part[1:]) + decryptor.finalize())[: part[0]]
            if kind != KeyType.AES or aes_check_value(key) != check:
                return Response(b"", 0x6A80)
            checks += check
        return Response(version + checks, 0x9000)

    def _delete(self, command: Command) -> Response:
        first = tlv.decode(command.data)[0]
        if first.tag >= KEY_IDENTIFIER:
            return DONE
        left = [each for each in self.entries if first.value not in (each.aid, each.load_file)]
        if len(left) == len(self.entries):
            return NOT_FOUND
        self.entries = left
        return Response(b"\0", 0x9000)


class GpOperationTests(OperationTestsMixin):
    """
    The contract of operations, with that card.
    """

    parameters: ClassVar[dict[str, Any]] = HEAD

    def make_card(self) -> GpTestCard:
        """
        See L{OperationTestsMixin}.
        """
        return GpTestCard()

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return self.parameters

    def prepare(self, session: FakeSession) -> None:
        """
        See L{OperationTestsMixin}.
        """
        session.key_sets = {"issuer": KEYS, "next": NEXT}


class GpTestCase(SynchronousTestCase):
    """
    Runs an operation on that card.

    @ivar operation: which one.
    """

    operation: Any = None

    def setUp(self) -> None:
        """
        A card, and what is remembered of it.
        """
        self.card = GpTestCard()
        self.memory: dict[tuple[str, str], bytes] = {}
        self.key_sets: dict[str, Any] = {"issuer": KEYS, "next": NEXT, "wrong": OTHER}

    def start(self, card: Any = None, **parameters: Any) -> Deferred[dict[str, Any]]:
        """
        Run it.

        @param card: another one.
        @param parameters: besides the name of the keys.
        """
        operation = self.operation()
        channel = self.make_channel(self.card if card is None else card)
        self.session = session_for(operation, channel, {**HEAD, **parameters})
        self.session.key_sets, self.session.memory = self.key_sets, self.memory
        return Deferred.fromCoroutine(operation.run(self.session))

    def make_channel(self, card: Any) -> ICardChannel:
        """
        The way to a card.
        """
        return MemoryChannel(INFO, card)

    def done(self, **parameters: Any) -> dict[str, Any]:
        """
        Run it; it succeeds.
        """
        return self.successResultOf(self.start(**parameters))

    def failed(self, error: type[Exception], **parameters: Any) -> str:
        """
        Run it; it fails.
        """
        return str(self.failureResultOf(self.start(**parameters), error).value)

    def commands(self, ins: int) -> list[Command]:
        """
        The plain commands of an instruction that came.
        """
        return [each for each in self.card.plain if each.ins == ins]

    def remembered(self, key: str) -> bytes | None:
        """
        What is remembered of the card.
        """
        return self.memory.get((CUID, key))
