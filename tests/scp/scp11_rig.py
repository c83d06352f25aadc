"""
Certificates, a card and a host for the tests of SCP11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from typing import Any

from attrs import evolve, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_pso import Authority, Checks
from cardgw.scp.card_scp11 import CardKey, CardScp11, Domain
from cardgw.scp.certificate import Certificate, Usage
from cardgw.scp.chain import check_chain
from cardgw.scp.curves import CURVES, PrivateKey, PublicKey
from cardgw.scp.families import STRICT, Family
from cardgw.scp.gp_certificate import GpPlan
from cardgw.scp.level import S8
from cardgw.scp.scp11 import AgreedMessaging, Host, LocalKey, Scp11Plan, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.store import KeyReference
from cardgw.scp.x509_certificate import X509Certificate
from tests.scp.rig import run

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KVN = 0x03
AUTHORITY = KeyReference(0x10, KVN)
AGREEMENT = (0x82, 0x88)
"""INS of the commands that agree on keys."""


def private_key(name: str, curve: str = "secp256r1") -> PrivateKey:
    """
    A key of this name, always the same one in a run.
    """
    return _private_key(name, curve)


@cache
def _private_key(name: str, curve: str) -> PrivateKey:
    return ec.generate_private_key(CURVES[curve].group)


@frozen
class X509Plan:
    """
    What an X.509 certificate is to say.
    """

    subject: str
    issuer: str
    usage: Usage = Usage.AGREEMENT
    begins: datetime = NOW - DAY
    ends: datetime = NOW + DAY
    below: int | None = None
    says_usage: bool = True
    digest: SHA256 | SHA384 | SHA512 = field(factory=SHA256)
    extra: tuple[x509.ExtensionType, ...] = ()
    identifiers: bool = True

    def issue(self, key: PublicKey, signer: PrivateKey) -> X509Certificate:
        """
        Make it.
        """
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(self.subject))
            .issuer_name(_name(self.issuer))
            .public_key(key)
            .serial_number(0x1234)
            .not_valid_before(self.begins)
            .not_valid_after(self.ends)
        )
        for extension, critical in self._extensions(key, signer.public_key()):
            builder = builder.add_extension(extension, critical)
        return X509Certificate.decode(builder.sign(signer, self.digest).public_bytes(Encoding.DER))

    def _extensions(self, key: PublicKey, above: PublicKey) -> list[tuple[x509.ExtensionType, bool]]:
        authority = Usage.CERTIFICATES in self.usage
        found: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(authority, self.below), True)]
        if self.identifiers:
            found.append((x509.SubjectKeyIdentifier.from_public_key(key), False))
            found.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(above), False))
        if self.says_usage:
            agreement = Usage.AGREEMENT in self.usage
            found.append((x509.KeyUsage(False, False, False, False, agreement, authority, False, False, False), True))
        return found + [(extension, True) for extension in self.extra]


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def gp_plan(subject: str, issuer: str, usage: Usage = Usage.AGREEMENT) -> GpPlan:
    """
    What a certificate of GlobalPlatform's own form is to say.
    """
    return GpPlan(b"\x12\x34", issuer.encode(), subject.encode(), usage, date(2026, 12, 31), date(2026, 1, 1))


@frozen
class Pki:
    """
    A root, an authority below it, and a leaf; leaf last.
    """

    root: Certificate
    authority: Certificate
    leaf: Certificate
    key: PrivateKey

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """
        Without the root.
        """
        return self.authority, self.leaf


def make_pki(owner: str, curve: str = "secp256r1", form: str = "x509") -> Pki:
    """
    Always the same one in a run.

    @param owner: C{"card"} or C{"host"}.
    @param form: C{"x509"} or C{"gp"}.
    """
    return _make_pki(owner, curve, form)


@cache
def _make_pki(owner: str, curve: str, form: str) -> Pki:
    plan: Callable[[str, str, Usage], X509Plan | GpPlan] = X509Plan if form == "x509" else gp_plan
    root, middle, leaf = (private_key(f"{owner} {role}", curve) for role in ("root", "authority", "leaf"))
    names = (f"{owner} root", f"{owner} CA")
    return Pki(
        plan(names[0], names[0], Usage.CERTIFICATES).issue(root.public_key(), root),
        plan(names[1], names[0], Usage.CERTIFICATES).issue(middle.public_key(), root),
        plan(owner, names[1], Usage.AGREEMENT).issue(leaf.public_key(), middle),
        leaf,
    )


def domain(curve: str = "secp256r1", form: str = "x509") -> Domain:
    """
    A security domain with keys of all variants.
    """
    card, host = make_pki("card", curve, form), make_pki("host", curve, form)
    keys = {KeyReference(variant.kid, KVN): CardKey(card.key, card.chain) for variant in Variant}
    identifier = host.root.facts.key_identifier or host.root.facts.subject
    checks = Checks({AUTHORITY: Authority(host.root.facts.key, identifier)}, lambda: NOW)
    return Domain(keys, checks)


def plan(terms: Terms, form: str = "x509", curve: str = "secp256r1", family: Family = STRICT, mac_length: int = S8) -> Scp11Plan:
    """
    A host that knows the card's root, and is known.
    """
    card, host = make_pki("card", curve, form), make_pki("host", curve, form)
    accept = partial(check_chain, roots=(card.root,), now=NOW)
    return Scp11Plan(terms, KVN, accept, Host(LocalKey(host.key), host.chain, AUTHORITY), family, mac_length)


class Card:
    """
    A card that answers each command of its application with the command's own data.

    @ivar sent: the commands as they came.
    @ivar tamper: changes answers on their way to the host.
    """

    def __init__(self, scp: CardScp11) -> None:
        self.scp = scp
        self.sent: list[Command] = []
        self.tamper: Callable[[Command, Response], Response] = lambda command, response: response
        self.reply: Callable[[Command], Response] = lambda command: Response(command.data, 0x9000)

    def answer(self, command: Command) -> Response:
        """
        One command.
        """
        self.sent.append(command)
        plain = self.scp.take(command)
        response = plain if isinstance(plain, Response) else self.scp.answer(self.reply(plain))
        return self.tamper(command, response)


def open_session(
    card: Card, how: Scp11Plan, number: int = 0, make_key: Callable[[ec.EllipticCurve], PrivateKey] = ec.generate_private_key
) -> AgreedMessaging:
    """
    Let the handshake talk to the card.
    """
    session = run(scp11(how, number=number, make_key=make_key), card.answer)
    assert isinstance(session, AgreedMessaging)
    return session


def exchange(session: AgreedMessaging, card: Card, command: Command) -> Response:
    """
    One command through a session.
    """
    return session.unwrap(command, card.answer(session.wrap(command)))


def with_host(how: Scp11Plan, certificates: Sequence[Certificate], key: PrivateKey | None = None) -> Scp11Plan:
    """
    The same with other certificates of the host.
    """
    assert how.host is not None
    host = evolve(how.host, certificates=tuple(certificates))
    return evolve(how, host=host if key is None else evolve(host, key=LocalKey(key)))


def card(**changes: Any) -> Card:
    """
    One that does all variants.
    """
    return Card(CardScp11(evolve(domain(), **changes)))


def on_agreement(change: Callable[[Response], Response]) -> Callable[[Command, Response], Response]:
    """
    Change the answer to the key agreement.
    """
    return lambda command, response: change(response) if command.ins in AGREEMENT else response


def without_receipt(response: Response) -> Response:
    """
    An answer to the key agreement, without its last data object.
    """
    return Response(response.data[:-18], response.status)
