"""
A host for the software card of GlobalPlatform, for its tests: the host's side of C{cardgw.scp} and the commands of C{cardgw.gp}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.gp import commands
from cardgw.gp.cap import CapFile
from cardgw.gp.get_status import MORE, get_status
from cardgw.gp.install import for_install, for_load
from cardgw.gp.keys import InnerLength, KeyField, aes_key, des_key
from cardgw.gp.load_file import LoadFile, load
from cardgw.gp.put_key import PutKey
from cardgw.gp.registry import Entry, Scope, parse_entries
from cardgw.scp.blocking import SecureConnection, ask, open_scp03, open_session
from cardgw.scp.keys import KeySet
from cardgw.scp.level import Level
from cardgw.scp.scp02 import scp02
from cardgw.virtual.security_domain import DEFAULT_KEY, VirtualSecurityDomain
from cardgw.virtual.security_domain_options import FAMILIES, CardFamily, SecurityDomainOptions
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped

INSTANCE = APPLET + b"\x01"
SELECT_ISD = Command(0x00, 0xA4, 0x04, 0x00, expected=256)
LEGACY = FAMILIES["legacy"]


class Wire:
    """
    A card as L{cardgw.scp.blocking} wants it.

    @ivar sent: the commands that the card got.
    @ivar got: its answers.
    """

    def __init__(self, card: Callable[[bytes], bytes], *, extended: bool = False) -> None:
        self.card = card
        self.extended = extended
        self.sent: list[bytes] = []
        self.got: list[bytes] = []

    def send_and_receive(self, command: bytes, /) -> bytes:
        """
        One command.
        """
        self.sent.append(command)
        self.got.append(self.card(command))
        return self.got[-1]

    def is_extended_length_apdu_supported(self) -> bool:
        """
        As was said.
        """
        return self.extended

    def close_connection(self) -> None:
        """
        Nothing to do.
        """


def make_card(family: CardFamily | str = "strict", key: bytes = DEFAULT_KEY, **changes: Any) -> VirtualSecurityDomain:
    """
    A card with some of its options changed.
    """
    found = FAMILIES[family] if isinstance(family, str) else family
    return VirtualSecurityDomain(evolve(SecurityDomainOptions(family=found), **changes), (key,))


def default_keys(card: VirtualSecurityDomain, key: bytes = DEFAULT_KEY) -> KeySet:
    """
    Those from the factory.
    """
    family = card.options.family
    return KeySet.of_des(family.version, key) if family.des else KeySet.of_aes(family.version, key)


class Administrator:
    """
    Somebody who has opened a secure channel to the issuer security domain, or to another one.
    """

    def __init__(
        self,
        card: VirtualSecurityDomain,
        level: int = Level.FULL,
        keys: KeySet | None = None,
        *,
        domain: bytes = b"",
        number: int = 0,
    ) -> None:
        self.card = card
        self.wire = Wire(card, extended=card.options.extended)
        self.number = number
        self.keys = keys or default_keys(card)
        answer = self.plain(commands_at(Command(0x00, 0xA4, 0x04, 0x00, domain, 256), number))
        assert answer.status in (0x9000, 0x6283), hex(answer.status)
        self.connection = self._open(level, domain or card.aid)

    def _open(self, level: int, application: bytes) -> SecureConnection:
        options = self.card.options
        if self.keys.enc.block == 8:
            handshake = scp02(self.keys, level, implementation=options.scp02, application=application, number=self.number)
            return open_session(self.wire, handshake, self.number)
        size = 16 if options.implementation & 1 else 8
        return open_scp03(
            self.wire,
            self.keys,
            level,
            number=self.number,
            application=application,
            mac_length=size,
            family=options.family.scp,
        )

    def plain(self, command: Command) -> Response:
        """
        A command outside the session.
        """
        return ask(self.wire, command)

    def send(self, command: Command) -> Response:
        """
        A command in it.
        """
        return self.connection.exchange(commands_at(command, self.number))

    def status(self, command: Command) -> int:
        """
        The status of its answer.
        """
        return self.send(command).status

    def run(self, script: Script) -> list[int]:
        """
        The status of each answer, up to the first that is none of success.
        """
        found: list[int] = []
        for step in script.steps:
            found.append(self.status(step.command))
            if found[-1] != 0x9000:
                break
        return found

    def load(self, octets: bytes | None = None, size: int = 200) -> list[int]:
        """
        INSTALL [for load], and LOAD.

        @param size: bytes of plain data in a block.
        """
        cap = CapFile.decode(zipped(make_components()) if octets is None else octets)
        begun = self.status(for_load(cap.package.aid).command())
        return [begun] if begun != 0x9000 else [begun, *self.run(load(LoadFile(cap.code()), size))]

    def install(self, instance: bytes = INSTANCE) -> int:
        """
        INSTALL [for install and make selectable] of the applet.
        """
        return self.status(for_install(PACKAGE, APPLET, instance).command())

    def put_one(self, version: int, key: KeyField, identifier: int = 1) -> int:
        """
        PUT KEY of one key of any kind.
        """
        return self.status(PutKey(version, (key,), identifier).command())

    def list(self, scope: Scope = Scope.APPLICATIONS, aid: bytes = b"") -> tuple[Entry, ...]:
        """
        A part of the registry, however many answers that takes.
        """
        data, following = b"", False
        while True:
            answer = self.send(get_status(scope, aid=aid, following=following))
            if answer.status == 0x6A88:
                return ()
            data += answer.data
            if answer.status != MORE:
                assert answer.status == 0x9000, hex(answer.status)
                return parse_entries(data, scope)
            following = True

    def put(self, version: int, key: bytes, replaces: int | None = None, *, des: bool = False) -> tuple[PutKey, Response]:
        """
        PUT KEY of three keys that are the same.
        """
        dek = self.connection.dek
        inner = InnerLength.NEEDED if self.card.options.family.short_keys else InnerLength.ALWAYS
        made = des_key(key, dek.encrypt, block=dek.block) if des else aes_key(key, dek.encrypt, inner, block=dek.block)
        command = PutKey(version, (made,) * 3, 1, replaces)
        return command, self.send(command.command())


def commands_at(command: Command, number: int) -> Command:
    """
    The same command on a logical channel.
    """
    (step,) = commands.at(Script.of(command), number).steps
    return step.command
