# -*- test-case-name: tests.scp.test_scp11_vectors -*-
"""
L{cardgw.scp.scp11}: published exchanges, byte by byte.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.curves import PrivateKey
from cardgw.scp.families import STRICT, Chaining, LePolicy
from cardgw.scp.scp11 import Host, LocalKey, Scp11Plan, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.session import Session
from cardgw.scp.store import KeyReference, parse_certificate
from tests.scp.vectors import exchanges, vectors

VARIANTS = {"11": Variant.A, "15": Variant.C}
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


def plan(vector: dict[str, Any]) -> Scp11Plan:
    """
    The host of a vector.  Its roots are unknown, so that the card is believed.
    """
    certificate = parse_certificate(bytes.fromhex(vector["cert_oce"]))
    authority = KeyReference(int(vector["oce_kid"], 16), int(vector["oce_kvn"], 16))
    host = Host(LocalKey(private(vector["sk_oce_pkcs8"])), (certificate,), authority)
    terms = Terms(VARIANTS[vector["kid"]], key_length=vector["session_key_bits"] // 8)
    return Scp11Plan(
        terms, int(vector["kvn"], 16), lambda chain: chain[-1], host, OPENSCP, int(vector["mode"][1:]), cla=0x00, expected=256
    )


class VectorTests(SynchronousTestCase):
    """
    SCP11a and SCP11c of OpenSCP.
    """

    def replay(self, vector: dict[str, Any]) -> tuple[Session, list[tuple[bytes, bytes]]]:
        """
        The handshake.

        @return: the session, and the exchanges that follow.
        """
        following = whole(vector)
        handshake = scp11(plan(vector), make_key=lambda group: private(vector["esk_oce_pkcs8"]))
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
        self.check("scp11-openscp")

    def test_others(self) -> None:
        """
        P-384 and Brainpool, AES-192 and AES-256, S16, certificates of GlobalPlatform's own form.
        """
        self.check("scp11-openscp-more")

    def check(self, name: str) -> None:
        """
        Every byte that the host sends, and every answer.
        """
        for vector in vectors(name):
            session, following = self.replay(vector)
            plain = zip(vector["plain_commands"], vector["plain_responses"], strict=True)
            for (command, response), (sent, came) in zip(plain, following, strict=True):
                wanted = Command.decode(bytes.fromhex(command))
                self.assertEqual(evolve(session.wrap(wanted), expected=None).encode().hex(), sent.hex())
                self.assertEqual(session.unwrap(wanted, Response.decode(came)).data.hex(), response)
