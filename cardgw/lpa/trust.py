# -*- test-case-name: tests.lpa.test_trust -*-
"""
Whose certificates are believed.

The chains of SM-DP+ servers end in CIs of the GSMA whose roots no server sends.  Trust is in key identifiers instead: those of
the settings, and for one card alone those that it lists itself.  The topmost certificate received is authentic if the key that
its signature fits (see L{cardgw.lpa.recovery}) has its authority key identifier, and that identifier is trusted.  Roots in PEM
files work too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import sha256

from attrs import Factory, define, field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from zope.interface import implementer

from cardgw.interfaces import ITrust
from cardgw.lpa.certificates import (
    WORDS,
    Facts,
    Role,
    check_dates,
    check_issuer,
    check_role,
    examine,
    key_identifier,
    load_roots,
)
from cardgw.lpa.lru import Lru
from cardgw.lpa.recovery import recover, signed_by
from cardgw.lpa.server_errors import (
    ALLOW_CI,
    CertificateRefused,
    CiNotTrusted,
    MalformedCertificate,
    SignatureInvalid,
    WrongCertificate,
    shown,
)
from cardgw.lpa.settings import KNOWN_CI, TEST_CI, HttpsSettings

__all__ = ["Checked", "Role", "Trust", "Verdict", "check_signature"]

MAX_CHAIN = 8
REMEMBERED_CHAINS = 256
REMEMBERED_KEYS = 64


@frozen
class Checked:
    """
    An authentic certificate.

    @ivar key: its public key.
    @ivar oid: the SM-DP+ OID, dotted, where it has one.
    @ivar ci: key identifier of the issuer that vouches for it: 20 bytes, or C{b""} for a root with another kind of key.
    """

    key: EllipticCurvePublicKey
    oid: str | None
    ci: bytes


@frozen
class Verdict:
    """
    Why a chain is believed.

    @ivar leaf: the certificate in question.
    @ivar ci: see L{Checked}.
    @ivar card_only: only this card vouches for the issuer, the settings do not.
    """

    leaf: Facts
    ci: bytes
    card_only: bool


@frozen(eq=False)
class _Path:
    """
    @ivar links: certificates, each signed by the next; no root.
    @ivar others: all other certificates that came along.
    """

    links: tuple[Facts, ...]
    others: tuple[Facts, ...]


@frozen(eq=False)
class _Anchor:
    """
    @ivar above: how many of the path's certificates the trusted issuer stands above.
    @ivar gsma: it is one of the GSMA's.
    """

    above: int
    ci: bytes
    gsma: bool
    card_only: bool


def _load(settings: HttpsSettings) -> dict[str, tuple[Facts, ...]]:
    found = {"": load_roots(settings.roots, "[https] roots")}
    for name, each in settings.hosts.items():
        found[name.lower()] = load_roots(each.roots, f'[https.hosts."{name}"] roots')
    return found


@implementer(ITrust)
@define(eq=False, repr=False)
class Trust:
    """
    See L{ITrust}.

    @ivar now: gives the time, seconds since 1970.
    """

    settings: HttpsSettings
    now: Callable[[], float] = time.time
    _trusted: frozenset[bytes] = field(init=False, repr=False)
    _roots: dict[str, tuple[Facts, ...]] = field(init=False, repr=False)
    _paths: Lru[tuple[bytes, ...], _Path] = field(init=False, repr=False, default=Factory(lambda: Lru(REMEMBERED_CHAINS)))
    _signed: Lru[tuple[bytes, bytes], bool] = field(init=False, repr=False, default=Factory(lambda: Lru(REMEMBERED_CHAINS)))
    _keys: Lru[bytes, EllipticCurvePublicKey] = field(init=False, repr=False, default=Factory(lambda: Lru(REMEMBERED_KEYS)))

    def __attrs_post_init__(self) -> None:
        test = TEST_CI if self.settings.test_ci else ()
        self._trusted = frozenset(self.settings.trusted_ci) | frozenset(test)
        self._roots = _load(self.settings)

    def check(self, chain: Sequence[bytes], role: Role, host: str, card: frozenset[bytes] = frozenset()) -> Checked:
        """
        See L{ITrust.check}.
        """
        verdict = self.judge(chain, role, host, card)
        key = verdict.leaf.certificate.public_key()
        if not isinstance(key, EllipticCurvePublicKey):
            raise WrongCertificate(f"{verdict.leaf.name} has no elliptic curve key")
        return Checked(key, verdict.leaf.oid, verdict.ci)

    def judge(self, chain: Sequence[bytes], role: Role, host: str, card: frozenset[bytes] = frozenset()) -> Verdict:
        """
        See L{ITrust.check}; the key may be of any kind.
        """
        try:
            return self._judge(chain, role, host, card)
        except WrongCertificate:
            raise
        except CertificateRefused as problem:  # a server has three certificates, often with the same name
            problem.detail += f" (the one for {WORDS[role.value]})"
            raise

    def _judge(self, chain: Sequence[bytes], role: Role, host: str, card: frozenset[bytes]) -> Verdict:
        path, now = self._path(chain), self.now()
        leaf = path.links[0]
        check_dates(leaf, now)
        anchor = self._anchor(path, host, card if self.settings.card_ci else frozenset(), now)
        gsma = anchor.gsma or any(each.gsma for each in path.links)
        for below, each in enumerate(path.links[1 : anchor.above]):
            check_dates(each, now)
            check_issuer(each, below, role, gsma=gsma)
        check_role(leaf, role, gsma=gsma)
        return Verdict(leaf, anchor.ci, anchor.card_only)

    def _path(self, chain: Sequence[bytes]) -> _Path:
        if not 0 < len(chain) <= MAX_CHAIN:
            raise MalformedCertificate(f"a chain of {len(chain)} certificates")
        name = tuple(sha256(each).digest() for each in chain)
        return self._paths.get(name) or self._paths.put(name, _arrange([examine(each) for each in chain]))

    def _anchor(self, path: _Path, host: str, card: frozenset[bytes], now: float) -> _Anchor:
        roots = self._roots[""] + self._roots.get(_name(host), ())
        for above, each in enumerate(path.links, 1):
            if each.authority and each.authority in self._trusted:
                self._check_signed(each, path)
                return _Anchor(above, each.authority, gsma=True, card_only=False)
            root = next((root for root in roots if self._is_below(each, root)), None)
            if root is not None:
                check_dates(root, now)
                return _Anchor(above, _key_identifier(root), root.gsma, card_only=False)
            if each.authority and each.authority in card:
                self._check_signed(each, path)
                return _Anchor(above, each.authority, gsma=True, card_only=True)
        raise _not_trusted(path.links[-1])

    def _check_signed(self, facts: Facts, path: _Path) -> None:
        known = self._signed.get((facts.fingerprint, facts.authority))
        if known is None:
            known = self._signed.put((facts.fingerprint, facts.authority), self._fits(facts, path))
        if not known:
            raise SignatureInvalid(f"{facts.name} is not signed by {_called(facts.authority)}, as it says")

    def _fits(self, facts: Facts, path: _Path) -> bool:
        key = self._keys.get(facts.authority) or _sent(facts.authority, path)
        if key is not None:
            self._keys.put(facts.authority, key)
            return signed_by(facts.certificate, key)
        key = recover(facts.certificate, facts.authority)
        if key is not None:
            self._keys.put(facts.authority, key)
        return key is not None

    def _is_below(self, facts: Facts, root: Facts) -> bool:
        if root.fingerprint == facts.fingerprint:
            return True
        name = (facts.fingerprint, root.fingerprint)
        known = self._signed.get(name)
        return self._signed.put(name, root.authority_allowed and root.issued(facts)) if known is None else known


def _name(host: str) -> str:
    """
    A host's name, without the port that an activation code may give.
    """
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() and ":" not in name else host).rstrip(".").lower()


def _arrange(chain: list[Facts]) -> _Path:
    """
    Order what a server sent: certificates may come in any order and with others that do not matter (RFC 8446, 4.4.2).
    """
    links, rest = [chain[0]], chain[1:]
    while not links[-1].self_issued:
        above = next((each for each in rest if each.issued(links[-1])), None)
        if above is None or above.self_issued:
            break
        links.append(above)
        rest.remove(above)
    return _Path(tuple(links), tuple(rest))


def _sent(identifier: bytes, path: _Path) -> EllipticCurvePublicKey | None:
    for each in (*path.others, *path.links):
        key = each.certificate.public_key()
        if isinstance(key, EllipticCurvePublicKey) and key_identifier(key) == identifier:
            return key
    return None


def _key_identifier(root: Facts) -> bytes:
    key = root.certificate.public_key()
    return key_identifier(key) if isinstance(key, EllipticCurvePublicKey) else b""


def _called(ci: bytes) -> str:
    name = KNOWN_CI.get(ci) or TEST_CI.get(ci)
    return f"the CI {ci.hex()}{f' ({name})' if name else ''}"


def _not_trusted(top: Facts) -> CiNotTrusted:
    if not top.authority:
        issuer = shown(top.certificate.issuer.rfc4514_string())
        hint = "To trust it, put its root into the directory that the setting roots in the table [https] of cardgw.toml names."
        return CiNotTrusted(b"", f"{top.name} was issued by {issuer} and names no key identifier", hint=hint)
    hint = f"{ALLOW_CI} For a test network, test_ci = true does it." if top.authority in TEST_CI else ALLOW_CI
    return CiNotTrusted(top.authority, f"{top.name} was issued by {_called(top.authority)}", hint=hint)


def check_signature(key: EllipticCurvePublicKey, signature: bytes, message: bytes, name: str = "it") -> None:
    """
    Check an ECDSA signature of SGP.22 (2.6.7.2).

    @param signature: r and s joined, each as long as the key: 64 bytes for P-256.
    @param message: the bytes as they were received.
    @param name: what the signature is called, for people.
    @raise SignatureInvalid: it is not the key's.
    """
    size = (key.key_size + 7) // 8
    if len(signature) != 2 * size:
        raise SignatureInvalid(f"{name} has {len(signature)} bytes, expected {2 * size}")
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    try:
        key.verify(encode_dss_signature(r, s), message, ECDSA(SHA256() if size <= SHA256.digest_size else SHA384()))
    except InvalidSignature:
        raise SignatureInvalid(f"{name} was not made with the certificate's key, or something was changed after it") from None
