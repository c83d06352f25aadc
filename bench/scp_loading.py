# -*- test-case-name: tests.bench.test_scp -*-
"""
How many exchanges C{gp.install} takes to load a CAP file: over a channel that carries many commands at once, with limits of
several kinds, and over the transports, to cards that count what comes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from bench.cap import make_package
from bench.client import Client, environment, until
from bench.domain import Tally
from bench.kept import KeptGateway, quiet_port
from bench.lending import BOUND, DOMAIN, HOST, Lending
from bench.pcscd import FIRST_PORT, VARIABLE, Pcscd
from bench.processes import ROOT, Helper
from bench.scp_wrapping import LOAD_FILE
from cardgw.apdu.memory import MemoryChannel
from cardgw.gp.commands import Ins
from cardgw.operations.gp_install import GpInstall
from cardgw.scp.keys import KeySet
from cardgw.testing import session_for
from cardgw.transports.estk.channel import channel_info
from cardgw.values import CardRequest, ChannelInfo, Feature
from cardgw.virtual.pki import make_pki
from cardgw.virtual.security_domain import DEFAULT_KEY
from cardgw.virtual.security_domain_options import STRICT

KEYS = "issuer"
LEVELS = ("01", "33")
_OFFERS = frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS})
_SETTINGS = f"""\
[transports.vpcd]
listen = "tcp:{{port}}:interface=127.0.0.1"
{{more}}
[keys."{KEYS}"]
version = {STRICT.version}
master = "file:{{key}}"
"""
_READER = """
[transports.pcsc]
readers = ["{}"]
"""
_POLLED = """
[transports.ramhttp]
listen = "tcp:{}:interface=127.0.0.1"
"""


@frozen
class Limits:
    """
    Of a transport.

    @ivar commands: in one exchange.
    @ivar octets: of the commands in one exchange; C{None} for any number.
    """

    commands: int
    octets: int | None = None

    @property
    def name(self) -> str:
        """
        For people.
        """
        if self.octets is not None:
            return f"{self.octets} bytes at once"
        return "one at a time" if self.commands == 1 else f"{self.commands} commands at once"


MANY = 1_000_000
LIMITS = (Limits(1), Limits(8), Limits(64), Limits(MANY, 2_048), Limits(MANY, 8_192), Limits(MANY, 65_536))


def at_once(limits: Limits, level: str, size: int = LOAD_FILE) -> dict[str, int]:
    """
    Load over a channel that carries many commands in an exchange.

    @return: C{blocks}, the exchanges that they took (C{exchanges}), and those of the whole operation (C{all}).
    """
    tally, carried = Tally(), set[int]()

    def answer(command: bytes) -> bytes:
        if command[1] == Ins.LOAD:
            carried.add(channel.exchanges)
        return tally(command)

    channel = MemoryChannel(ChannelInfo("bench", offers=_OFFERS), answer, burst=limits.commands, burst_bytes=limits.octets)
    operation = GpInstall()
    session = session_for(operation, channel, _parameters(level, size))
    session.key_sets = {KEYS: KeySet.of_aes(STRICT.version, DEFAULT_KEY)}
    failures: list[Failure] = []
    Deferred.fromCoroutine(operation.run(session)).addErrback(failures.append)
    for failure in failures:
        failure.raiseException()
    return {"blocks": tally.loads, "exchanges": len(carried), "all": channel.exchanges}


def _parameters(level: str, size: int) -> dict[str, Any]:
    return {"keys": KEYS, "level": level, "cap": make_package(size).hex(), "load_only": True}


def refusal() -> str:
    """
    Why nothing is loaded over the transport estk; empty if something is.
    """
    lacking = GpInstall.requires - channel_info("", CardRequest("")).offers
    names = ", ".join(sorted(each.value for each in lacking))
    return f"its channel does not offer: {names}" if lacking else ""


class Counter:
    """
    A card in a process of its own, that counts.
    """

    def __init__(self, port: int, file: Path) -> None:
        self.file = file
        self.process = subprocess.Popen([sys.executable, "-m", "bench.domain", str(port), str(file)], cwd=ROOT)

    def read(self) -> dict[str, int]:
        """
        The numbers of commands so far.
        """
        found: dict[str, int] = json.loads(self.file.read_text())
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def over_transports(directory: Path, *, reader: bool, size: int = LOAD_FILE) -> dict[str, dict[str, dict[str, int]]]:
    """
    Load over real transports.

    @param directory: made.
    @param reader: also to a card in a reader; then this process is in namespaces of its own.
    @return: by the name of the transport and the level, as L{at_once} does.
    """
    directory.mkdir()
    with ExitStack() as stack:
        more = ""
        if reader:
            pcscd = stack.enter_context(Pcscd(directory / "pcscd", through=()))
            stack.enter_context(environment({VARIABLE: str(pcscd.socket)}))
            more = _READER.format(pcscd.names[0])
        port, polled = quiet_port(), quiet_port()
        more += _POLLED.format(polled)
        gateway = stack.enter_context(KeptGateway(directory / "gateway", _settings(directory, port, more)))
        gateway.start()
        gateway.wait()
        ports = {"vpcd": port, "pcsc": FIRST_PORT} if reader else {"vpcd": port}
        found = {name: _over(Client(gateway), name, each, directory, size) for name, each in ports.items()}
        return found | {"ramhttp": _over_http(Client(gateway), polled, directory, size)}


def _over_http(client: Client, port: int, directory: Path, size: int) -> dict[str, dict[str, int]]:
    """
    To a card that our own client lends; all exchanges of its session count, the first and the last one as well.
    """
    make_pki(host=HOST).save(directory / "pki")
    found = {}
    with Helper("bench.lender", str(directory / "pki"), str(BOUND)) as lender:
        lender.read()
        for level in LEVELS:
            done = Lending(client, lender, port).run("gp.install", _parameters(level, size), card=DOMAIN)
            found[level] = {"blocks": done["loads"], "exchanges": done["load_exchanges"], "all": done["exchanges"]}
    return found


def _settings(directory: Path, port: int, more: str) -> str:
    key = directory / "key"
    key.touch(0o600)
    key.write_text(DEFAULT_KEY.hex())
    return _SETTINGS.format(port=port, more=more, key=key)


def _over(client: Client, transport: str, port: int, directory: Path, size: int) -> dict[str, dict[str, int]]:
    found = {}
    for level in LEVELS:
        with Counter(port, directory / f"{transport}-{level}") as counter:
            card = _identified(client, transport)
            before = counter.read()
            client.run(card, "gp.install", **_parameters(level, size))
            after = counter.read()
        blocks = after["loads"] - before["loads"]
        found[level] = {"blocks": blocks, "exchanges": blocks, "all": after["commands"] - before["commands"]}
        until(lambda: None if client.ask("cards")["items"] else True)
    return found


def _identified(client: Client, transport: str) -> str:
    """
    Wait until the card of a transport is known: that takes commands, too.
    """
    card = client.card(transport)
    until(lambda: client.ask(f"cards/{card}")["identity"] or None)
    return card
