# -*- test-case-name: tests.bench.test_scp -*-
"""
What opening a secure channel costs the host: SCP03, and SCP11 in its three variants.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from statistics import median
from time import process_time

from cryptography.hazmat.primitives.asymmetric import ec

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_pso import Authority, Checks
from cardgw.scp.card_scp03 import CardScp03
from cardgw.scp.card_scp11 import CardKey, CardScp11, Domain
from cardgw.scp.certificate import Certificate, Usage
from cardgw.scp.chain import check_chain
from cardgw.scp.curves import PrivateKey
from cardgw.scp.gp_certificate import GpPlan
from cardgw.scp.keys import KeySet
from cardgw.scp.scp03 import scp03
from cardgw.scp.scp11 import Host, LocalKey, Scp11Plan, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.session import Handshake
from cardgw.scp.store import KeyReference

AID = bytes.fromhex("A000000151000000")
CURVES = (ec.SECP256R1(), ec.SECP384R1())
VERSION = 0x30
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_AUTHORITY = KeyReference(0x10, VERSION)

Card = Callable[[Command], Response]
Opening = Callable[[], tuple[Handshake, Card]]
"""Gives a handshake that has not begun, and a card for it."""


def scp03_opening(key: int) -> Opening:
    """
    @param key: bytes of the keys.
    """
    keys = KeySet.of_aes(VERSION, bytes(key))

    def make() -> tuple[Handshake, Card]:
        card = CardScp03({VERSION: keys}, application=AID, entropy=bytes, implementation=0x70)
        return scp03(keys, application=AID), partial(_answer, card)

    return make


class _Pki:
    """
    A root, an authority below it, and a leaf.
    """

    def __init__(self, owner: bytes, curve: ec.EllipticCurve) -> None:
        root, middle, self.key = (ec.generate_private_key(curve) for _ in range(3))
        self.root = _certificate(owner + b" root", owner + b" root", Usage.CERTIFICATES, root, root)
        above = _certificate(owner + b" CA", owner + b" root", Usage.CERTIFICATES, middle, root)
        self.chain = (above, _certificate(owner, owner + b" CA", Usage.AGREEMENT, self.key, middle))


def _certificate(subject: bytes, issuer: bytes, usage: Usage, key: PrivateKey, signer: PrivateKey) -> Certificate:
    return GpPlan(b"\x01", issuer, subject, usage, date(2026, 12, 31)).issue(key.public_key(), signer)


def scp11_opening(variant: Variant, curve: ec.EllipticCurve) -> Opening:
    """
    Both sides have chains of two certificates in GlobalPlatform's own form.
    """
    card_pki, host_pki = _Pki(b"card", curve), _Pki(b"host", curve)
    believed = Authority(host_pki.root.facts.key, host_pki.root.facts.subject)
    domain = Domain({KeyReference(variant.kid, VERSION): CardKey(card_pki.key, card_pki.chain)}, Checks({_AUTHORITY: believed}))
    host = Host(LocalKey(host_pki.key), host_pki.chain, _AUTHORITY) if variant.authenticates_host else None
    plan = Scp11Plan(Terms(variant), VERSION, partial(check_chain, roots=(card_pki.root,), now=NOW), host)
    return lambda: (scp11(plan), partial(_answer, CardScp11(domain)))


def _answer(card: CardScp03 | CardScp11, command: Command) -> Response:
    answer = card.take(command)
    assert isinstance(answer, Response)
    return answer


OPENINGS: dict[str, Callable[[], Opening]] = {
    **{f"SCP03 AES-{key * 8}": partial(scp03_opening, key) for key in (16, 32)},
    **{f"SCP11{each.value} P-{curve.key_size}": partial(scp11_opening, each, curve) for curve in CURVES for each in Variant},
}
"""By name."""


def open_once(opening: Opening) -> tuple[float, int]:
    """
    Let the host authenticate.

    @return: seconds of CPU time of the host, without those of the card; and how many commands it took.
    """
    handshake, card = opening()
    spent, commands = 0.0, 0
    answer: Response | None = None
    try:
        while True:
            began = process_time()
            command = next(handshake) if answer is None else handshake.send(answer)
            spent += process_time() - began
            commands += 1
            answer = card(command)
    except StopIteration:
        return spent + process_time() - began, commands


def cost(opening: Opening, rounds: int) -> dict[str, float]:
    """
    @return: milliseconds of CPU time, and the number of commands.
    """
    found = [open_once(opening) for _ in range(rounds + 1)][1:]
    return {"ms": median(spent for spent, _ in found) * 1000, "commands": found[0][1]}
