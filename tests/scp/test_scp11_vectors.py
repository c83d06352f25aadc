# -*- test-case-name: tests.scp.test_scp11_vectors -*-
"""
L{cardgw.scp.scp11}: published exchanges, and frozen ones, byte by byte.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_pso import Authority, Checks
from cardgw.scp.card_scp11 import CardKey, CardScp11, Domain
from cardgw.scp.curves import PrivateKey
from cardgw.scp.families import STRICT, Chaining, LePolicy
from cardgw.scp.level import Level
from cardgw.scp.scp11 import Host, LocalKey, Scp11Plan, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.session import Session
from cardgw.scp.store import KeyReference, parse_certificate
from tests.scp.vectors import exchanges, frozen, vectors

VARIANTS = {"11": Variant.A, "13": Variant.B, "15": Variant.C}
GET_RESPONSE = bytes.fromhex("00c00000")
OPENSCP = evolve(STRICT, certificates=Chaining.BOTH, le=LePolicy.AS_GIVEN)
"""How that library writes."""


def private(octets: str) -> PrivateKey:
    """
    A key of a vector.
    """
    key = load_der_private_key(bytes.fromhex(octets), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def known(octets: str, group: ec.EllipticCurve) -> PrivateKey:
    """
    The same in place of one that is made.
    """
    return private(octets)


def whole(vector: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """
    The exchanges above GET RESPONSE.
    """
    found: list[tuple[bytes, bytes]] = []
    for command, response in exchanges(vector):
        if command == GET_RESPONSE:
            first, before = found[-1]
            found[-1] = (first, before[:-2] + response)
        else:
            found.append((command, response))
    return found


def terms(vector: dict[str, Any]) -> Terms:
    """
    What is agreed on.  Published ones are of level 33, and nobody is named.
    """
    identifiers = tuple(bytes.fromhex(each) for each in vector.get("card_ids", ()))
    level, host = Level(int(vector.get("security_level", "33"), 16)), bytes.fromhex(vector.get("host_id", ""))
    return Terms(VARIANTS[vector["kid"]], level, vector["session_key_bits"] // 8, host, identifiers)


def authority(vector: dict[str, Any]) -> KeyReference:
    """
    Where the card keeps the key above the host.
    """
    return KeyReference(int(vector["oce_kid"], 16), int(vector["oce_kvn"], 16))


def plan(vector: dict[str, Any]) -> Scp11Plan:
    """
    The host of a vector.  Its roots are unknown, so that the card is believed.
    """
    certificate = parse_certificate(bytes.fromhex(vector["cert_oce"]))
    host = Host(LocalKey(private(vector["sk_oce_pkcs8"])), (certificate,), authority(vector))
    known = host if VARIANTS[vector["kid"]].authenticates_host else None
    version, mac_length = int(vector["kvn"], 16), int(vector["mode"][1:])
    return Scp11Plan(terms(vector), version, lambda chain: chain[-1], known, OPENSCP, mac_length, cla=0x00, expected=256)


class VectorTests(SynchronousTestCase):
    """
    SCP11a and SCP11c of OpenSCP, and others of our own.
    """

    def replay(self, vector: dict[str, Any]) -> tuple[Session, list[tuple[bytes, bytes]]]:
        """
        The handshake.

        @return: the session, and the exchanges that follow.
        """
        following = whole(vector)
        handshake = scp11(plan(vector), make_key=partial(known, vector["esk_oce_pkcs8"]))
        command = next(handshake)
        while True:
            expected, response = following.pop(0)
            self.assertEqual(command.encode().hex(), expected.hex())
            try:
                command = handshake.send(Response.decode(response))
            except StopIteration as done:
                return done.value, following

    def test_openscp(self) -> None:
        """
        P-256, AES-128, S8.
        """
        self.check(vectors("scp11-openscp"))

    def test_frozen(self) -> None:
        """
        SCP11b, too; P-384, P-521 and Brainpool, AES-192 and AES-256, S16, level 11, certificates of GlobalPlatform's own form,
        host and card named.
        """
        self.check(frozen("scp11"))

    def check(self, found: list[dict[str, Any]]) -> None:
        """
        Every byte that the host sends, and every answer.
        """
        for vector in found:
            session, following = self.replay(vector)
            plain = zip(vector["plain_commands"], vector["plain_responses"], strict=True)
            for (command, response), (sent, came) in zip(plain, following, strict=True):
                wanted = Command.decode(bytes.fromhex(command))
                self.assertEqual(evolve(session.wrap(wanted), expected=None).encode().hex(), sent.hex())
                self.assertEqual(session.unwrap(wanted, Response.decode(came)).data.hex(), response)

    def test_card(self) -> None:
        """
        Every byte that the card answers to the same.
        """
        for vector in frozen("scp11"):
            agreed, following = terms(vector), list(exchanges(vector))
            own = CardKey(private(vector["sk_sd_pkcs8"]), (parse_certificate(bytes.fromhex(vector["cert_sd"])),))
            believed = {authority(vector): Authority(private(vector["ca_oce_pkcs8"]).public_key())}
            reference = KeyReference(agreed.variant.kid, int(vector["kvn"], 16))
            domain = Domain({reference: own}, Checks(believed), {agreed.variant: agreed.card_ids})
            card = CardScp11(domain, make_key=partial(known, vector["esk_sd_pkcs8"]), mac_length=int(vector["mode"][1:]))
            count = len(vector["plain_commands"])
            for command, response in following[:-count]:
                answer = card.take(Command.decode(command))
                self.assertEqual(answer.encode().hex(), response.hex())
            plain = zip(vector["plain_commands"], vector["plain_responses"], strict=True)
            for (sent, came), (command, response) in zip(following[-count:], plain, strict=True):
                taken = card.take(Command.decode(sent))
                assert isinstance(taken, Command)
                self.assertEqual((taken.ins, taken.data), (int(command[2:4], 16), Command.decode(bytes.fromhex(command)).data))
                self.assertEqual(card.answer(Response(bytes.fromhex(response), 0x9000)).encode().hex(), came.hex())
