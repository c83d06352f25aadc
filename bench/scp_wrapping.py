# -*- test-case-name: tests.bench.test_scp -*-
"""
What secure messaging of SCP03 costs the host: commands wrapped per second, and the CPU time of a load, beside the calls of
C{cryptography} that are in it, with the same data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from time import process_time

from attrs import frozen
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC
from twisted.internet.defer import Deferred, succeed

from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.gp.load_file import LoadFile, load
from cardgw.scp.card_messaging import CardMessaging
from cardgw.scp.channel import SecureChannel
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.level import S8, S16, Level, most_data
from cardgw.scp.messaging import SecureMessaging
from cardgw.scp.primitives import BLOCK, pad
from cardgw.values import ChannelInfo

LEVELS = tuple(Level(each) for each in (0x01, 0x03, 0x11, 0x13, 0x33))
LOAD_FILE = 30_000
"""Bytes in the load file."""
LONG = 239
"""Bytes of data in long commands; where fewer fit, so many."""
SHORT = 8
_CONFIRMED = Response(b"\0", 0x9000)
"""What a card answers to LOAD."""


@frozen
class Kind:
    """
    A kind of session.

    @ivar key: bytes of the keys.
    @ivar mac: bytes of the MACs.
    """

    level: Level
    key: int
    mac: int

    def keys(self) -> SessionKeys:
        """
        Always the same.
        """
        return SessionKeys(b"\x01" * self.key, b"\x02" * self.key, b"\x03" * self.key)

    def host(self) -> SecureMessaging:
        """
        A session that has just begun.
        """
        return SecureMessaging(self.keys(), self.level, mac_length=self.mac)

    def card(self) -> CardMessaging:
        """
        The card's end of it.
        """
        return CardMessaging(self.keys(), self.level, mac_length=self.mac)

    @property
    def name(self) -> str:
        """
        For people.
        """
        return f"{self.level.hexadecimal} AES-{self.key * 8} S{self.mac}"


KINDS = tuple(Kind(level, key, mac) for level in LEVELS for key in (16, 32) for mac in (S8, S16))


class Load:
    """
    The LOAD commands of a load file, and what a card answers.
    """

    def __init__(self, kind: Kind, size: int = LOAD_FILE) -> None:
        """
        @param size: bytes in the load file.
        """
        self.kind = kind
        self.script = load(LoadFile(bytes(index & 0xFF for index in range(size))), most_data(kind.level, kind.mac))
        self.plain = [step.command for step in self.script.steps]
        self.wrapped, self.answers = self._run()

    def _run(self) -> tuple[list[Command], list[Response]]:
        host, card = self.kind.host(), self.kind.card()
        wrapped, answers = [], []
        for command in self.plain:
            wrapped.append(host.wrap(command))
            assert isinstance(card.unwrap(wrapped[-1]), Command)
            answers.append(card.wrap(_CONFIRMED))
            assert host.unwrap(command, answers[-1]) == _CONFIRMED
        return wrapped, answers

    def by_session(self) -> list[bytes]:
        """
        Wrap all, and unwrap the answers.

        @return: the data of the wrapped commands.
        """
        host = self.kind.host()
        wrapped = [host.wrap(command) for command in self.plain]
        for command, answer in zip(self.plain, self.answers, strict=True):
            host.unwrap(command, answer)
        return [each.data for each in wrapped]

    def by_channel(self) -> int:
        """
        The same through a channel.

        @return: how many answers there were.
        """
        found: list[Answers] = []
        SecureChannel(_Answered(self.answers), self.kind.host()).exchange(self.script).addCallback(found.append)
        return len(found[0])


class Alone:
    """
    The calls of C{cryptography} that are in a load, as many and with the same data, and nothing else.
    """

    def __init__(self, load_file: Load) -> None:
        kind = load_file.kind
        self._kind = kind
        self._ciphered, self._deciphered = bool(kind.level & Level.C_DECRYPTION), bool(kind.level & Level.R_ENCRYPTION)
        self._heads = [bytes((0x84, each.ins, each.p1, each.p2, len(each.data))) for each in load_file.wrapped]
        self._data = [pad(each.data) if self._ciphered else each.data for each in load_file.plain]
        numbers = range(1, len(self._data) + 1)
        self._counters = [number.to_bytes(BLOCK, "big") for number in numbers]
        self._marked = [b"\x80" + counter[1:] for counter in self._counters]
        self._bodies = [each.data[: -kind.mac] for each in load_file.answers] if kind.level & Level.R_MAC else []
        self._status = (0x9000).to_bytes(2, "big")

    def __call__(self) -> list[bytes]:
        """
        Go through it once.

        @return: the data of the wrapped commands.
        """
        keys = self._kind.keys()
        aes = AES(keys.s_enc)
        mac, r_mac, single = CMAC(AES(keys.s_mac)), CMAC(AES(keys.s_rmac)), Cipher(aes, ECB()).encryptor()
        sent = self._send(aes, mac, single)
        self._receive(aes, r_mac, single, [chain for _, chain in sent])
        return [data + chain[: self._kind.mac] for data, chain in sent]

    def _send(self, aes: AES, mac: CMAC, single: CipherContext) -> list[tuple[bytes, bytes]]:
        chain, found = bytes(BLOCK), []
        for head, data, counter in zip(self._heads, self._data, self._counters, strict=True):
            if self._ciphered:
                encryptor = Cipher(aes, CBC(single.update(counter))).encryptor()
                data = encryptor.update(data) + encryptor.finalize()  # noqa: PLW2901
            turn = mac.copy()
            turn.update(chain)
            turn.update(head)
            turn.update(data)
            chain = turn.finalize()
            found.append((data, chain))
        return found

    def _receive(self, aes: AES, r_mac: CMAC, single: CipherContext, chains: Sequence[bytes]) -> None:
        for body, chain, counter in zip(self._bodies, chains, self._marked, strict=bool(self._bodies)):
            turn = r_mac.copy()
            turn.update(chain)
            turn.update(body)
            turn.update(self._status)
            turn.finalize()
            if self._deciphered:
                decryptor = Cipher(aes, CBC(single.update(counter))).decryptor()
                decryptor.update(body) + decryptor.finalize()


class _Answered(ChannelBase):
    """
    A channel whose answers are known beforehand.
    """

    def __init__(self, answers: Sequence[Response]) -> None:
        super().__init__(ChannelInfo("bench"))
        self._answers = tuple(answers)

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        for answer in self._answers:
            if watch is not None:
                watch(answer)
        return succeed(self._answers)


def timed(do: Callable[[], object], times: int = 1) -> float:
    """
    CPU seconds that it takes.
    """
    began = process_time()
    for _ in range(times):
        do()
    return (process_time() - began) / times


def rates(kind: Kind, count: int, rounds: int) -> dict[str, float]:
    """
    Commands wrapped in a second.

    @param count: commands in one turn.
    """
    long = min(LONG, most_data(kind.level, kind.mac))
    shapes = {"case_3": (SHORT, None), "case_4": (SHORT, SHORT_LE), "long": (long, SHORT_LE)}
    found = {}
    for name, (size, expected) in shapes.items():
        commands = [Command(0x80, 0xE2, 0x00, number & 0xFF, bytes(size), expected) for number in range(count)]
        found[name] = count / median(timed(partial(_wrap, kind, commands)) for _ in range(rounds))
    return found


def _wrap(kind: Kind, commands: Sequence[Command]) -> None:
    host = kind.host()
    for command in commands:
        host.wrap(command)


def cost(kind: Kind, loads: int, rounds: int) -> dict[str, float]:
    """
    What a load costs: milliseconds of CPU time of the calls of C{cryptography} alone, of the session, and of a channel with it;
    and how many times the first the others are: each turn is compared with the one beside it.

    @param loads: in one turn.
    """
    load_file = Load(kind)
    ways: dict[str, Callable[[], object]] = {
        "alone": Alone(load_file),
        "session": load_file.by_session,
        "channel": load_file.by_channel,
    }
    turns = [{name: timed(go, loads) for name, go in ways.items()} for _ in range(rounds + 1)][1:]
    found = {f"{name}_ms": median(turn[name] for turn in turns) * 1000 for name in ways}
    ratios = {f"{name}_ratio": median(turn[name] / turn["alone"] for turn in turns) for name in ("session", "channel")}
    return {"blocks": len(load_file.plain), **found, **ratios}
