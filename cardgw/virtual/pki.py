# -*- test-case-name: tests.virtual.test_pki -*-
"""
A test PKI, made at run time: CI, EUM, eUICC, the three certificates of an SM-DP+, and the two of an SM-DS (SGP.22 4.5.2).

    >>> pki = make_pki(host="smdp.example.test")
    >>> pki.save(Path("/tmp/pki"))  # roots/ holds the CI certificates alone, for clients

Any identity can be another one: C{attrs.evolve(pki, euicc=load_identity(certificate, key))}.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import evolve, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from cardgw.virtual.certificates import Fault, Identity, Plan, Policy, issue, spoil

__all__ = ["Fault", "Identity", "Pki", "eid_digits", "load_identity", "load_pki", "make_pki"]

CURVES: dict[str, type[ec.SECP256R1] | type[ec.BrainpoolP256R1]] = {"nist": ec.SECP256R1, "brainpool": ec.BrainpoolP256R1}
HOST = "smdp.example.test"
SMDS_HOST = "lpa.ds.example.test"
SGP26_HOST = "testsmdpplus1.example.com"
"""The SM-DP+ of the SGP.26 certificates."""
SMDP_OID = "2.999.10"
"""The OID of the SM-DP+ in SGP.26; 2.999 is the arc for examples."""
SMDS_OID = "2.999.15"
"""Likewise, of the SM-DS."""
OTHER_OID = "2.999.10.1"
IIN = "89049032"
"""The first eight digits of the EID that the EUM may issue (SGP.26)."""
EUM_NAME = "Example EUM"
DAY = timedelta(days=1)
LIFETIME = 365 * DAY
CA_LIFETIME = 30 * LIFETIME
SMDS_ROLES = ("ds_auth", "ds_tls")
ROLES = ("ci", "eum", "euicc", "dp_auth", "dp_pb", "dp_tls", "tls_ci", *SMDS_ROLES)
SGP26_FILES = {
    "ci": "CI_ECDSA_NIST",
    "eum": "EUM_ECDSA_NIST",
    "euicc": "EUICC_ECDSA_NIST",
    "dp_auth": "S_SM_DPauth_ECDSA_NIST",
    "dp_pb": "S_SM_DPpb_ECDSA_NIST",
}


@frozen
class Pki:
    """
    All identities of one test hierarchy.

    @ivar dp_tls: always on NIST P-256: TLS libraries do not offer Brainpool.
    @ivar tls_ci: the CI above C{dp_tls} and C{ds_tls}; the same as C{ci} but for Brainpool.
    @ivar ds_tls: on NIST P-256, like C{dp_tls}.
    """

    ci: Identity
    eum: Identity
    euicc: Identity
    dp_auth: Identity
    dp_pb: Identity
    dp_tls: Identity
    tls_ci: Identity
    ds_auth: Identity
    ds_tls: Identity

    @property
    def ci_id(self) -> bytes:
        """
        The key identifier of the CI, 20 bytes.
        """
        return self.ci.key_id

    @property
    def tls_ci_id(self) -> bytes:
        """
        The key identifier of the CI above the TLS certificate, 20 bytes.
        """
        return self.tls_ci.key_id

    @property
    def eid(self) -> bytes:
        """
        The EID of the eUICC, 16 bytes: the serial number in the subject of its certificate.
        """
        (attribute,) = self.euicc.certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        return bytes.fromhex(str(attribute.value))

    @property
    def smdp_oid(self) -> str:
        """
        The RegisteredID of the SM-DP+, dotted.
        """
        (oid,) = _names(self.dp_auth, x509.RegisteredID)
        return oid

    @property
    def host(self) -> str:
        """
        The DNS name in the TLS certificate of the SM-DP+.
        """
        return _names(self.dp_tls, x509.DNSName)[0]

    @property
    def smds_host(self) -> str:
        """
        The DNS name in the TLS certificate of the SM-DS.
        """
        return _names(self.ds_tls, x509.DNSName)[0]

    def replaced(self, role: str, fault: Fault, *, now: datetime | None = None) -> Pki:
        """
        The same hierarchy with a wrong certificate, with a new key, in place of one of the SM-DP+ or the SM-DS.

        @param role: C{"dp_auth"}, C{"dp_pb"}, C{"dp_tls"}, C{"ds_auth"} or C{"ds_tls"}.
        """
        key, issuer, plan = _server_plans(self, _instant(now), self.host, self.smds_host)[role]
        if fault is Fault.OTHER_CA:
            issuer = issue(_ci_plan(_instant(now)), ec.generate_private_key(issuer.key.curve))
        return evolve(self, **{role: issue(spoil(plan, fault), key, issuer)})

    def another_euicc(self, number: int, *, now: datetime | None = None) -> Pki:
        """
        The same hierarchy with another eUICC.

        @param number: the individual identification number, up to 22 digits: the EID's digits between IIN and check digits.
        """
        return evolve(self, euicc=_issue_euicc(self.eum, number, _instant(now)))

    def save(self, directory: Path) -> None:
        """
        Write all certificates and keys, keys readable by their owner alone; C{roots/} holds just the CI certificates.
        """
        roots = directory / "roots"
        roots.mkdir(parents=True, exist_ok=True)
        for role in ROLES:
            identity: Identity = getattr(self, role)
            pem = identity.certificate.public_bytes(Encoding.PEM)
            (directory / f"{role}.pem").write_bytes(pem)
            write_secret(directory / f"{role}.key", identity.key)
            if role in ("ci", "tls_ci"):
                (roots / f"{role}.pem").write_bytes(pem)


def write_secret(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """
    A private key as PEM, which is not encrypted, readable by its owner alone.
    """
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _names(identity: Identity, kind: type[x509.DNSName] | type[x509.RegisteredID]) -> list[str]:
    names = identity.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [
        str(name.value.dotted_string if isinstance(name, x509.RegisteredID) else name.value)
        for name in names
        if isinstance(name, kind)
    ]


def _instant(now: datetime | None) -> datetime:
    return (now or datetime.now(UTC)).replace(microsecond=0)


def eid_digits(number: int, iin: str = IIN) -> str:
    """
    An EID, 32 digits, whose check digits are right (SGP.02 2.2.2: the number modulo 97 is 1).

    @param number: what stands between the IIN and the check digits.
    """
    body = f"{iin}{number:0{30 - len(iin)}d}"
    return f"{body}{98 - int(body + '00') % 97:02d}"


def make_pki(
    curve: str = "nist", host: str = HOST, now: datetime | None = None, *, number: int = 1, smds_host: str = SMDS_HOST
) -> Pki:
    """
    Make a new hierarchy.

    @param curve: C{"nist"} or C{"brainpool"}.
    @param host: the SM-DP+'s name in its TLS certificate.
    @param now: certificates are valid from the day before on, for a year; CAs for thirty.
    @param number: of the eUICC, see L{eid_digits}.
    @param smds_host: the SM-DS's name in its TLS certificate.
    """
    moment, group = _instant(now), CURVES[curve]()
    ci = issue(_ci_plan(moment), ec.generate_private_key(group))
    tls_ci = ci if curve == "nist" else issue(_ci_plan(moment), ec.generate_private_key(ec.SECP256R1()))
    eum = issue(_eum_plan(moment), ec.generate_private_key(group), ci)
    euicc = _issue_euicc(eum, number, moment)
    pki = Pki(ci, eum, euicc, ci, ci, ci, tls_ci, ci, ci)
    plans = _server_plans(pki, moment, host, smds_host)
    return evolve(pki, **{role: issue(plan, key, issuer) for role, (key, issuer, plan) in plans.items()})


def _server_plans(
    pki: Pki, now: datetime, host: str, smds_host: str
) -> dict[str, tuple[ec.EllipticCurvePrivateKey, Identity, Plan]]:
    subject = ((NameOID.ORGANIZATION_NAME, "Example"), (NameOID.COMMON_NAME, "Example SM-DP+"))
    plan = Plan(Policy.DP_AUTH, subject, now - DAY, now + LIFETIME, oid=SMDP_OID)
    discovery = ((NameOID.ORGANIZATION_NAME, "Example"), (NameOID.COMMON_NAME, "Example SM-DS"))
    smds = evolve(plan, policy=Policy.DS_AUTH, subject=discovery, oid=SMDS_OID)
    plans = {
        "dp_auth": (pki.ci, plan),
        "dp_pb": (pki.ci, evolve(plan, policy=Policy.DP_PB)),
        "dp_tls": (pki.tls_ci, evolve(plan, policy=Policy.DP_TLS, host=host)),
        "ds_auth": (pki.ci, smds),
        "ds_tls": (pki.tls_ci, evolve(smds, policy=Policy.DS_TLS, host=smds_host)),
    }
    return {role: (ec.generate_private_key(issuer.key.curve), issuer, plan) for role, (issuer, plan) in plans.items()}


def _ci_plan(now: datetime) -> Plan:
    subject = ((NameOID.COMMON_NAME, "Example CI"), (NameOID.ORGANIZATION_NAME, "Example"))
    return Plan(Policy.CI, subject, now - DAY, now + CA_LIFETIME, oid="2.999.1", path_length=-1)


def _eum_plan(now: datetime) -> Plan:
    subject = ((NameOID.ORGANIZATION_NAME, EUM_NAME), (NameOID.COMMON_NAME, "Example EUM CA"))
    lifetime = (now - DAY, now + CA_LIFETIME)
    return Plan(Policy.EUM, subject, *lifetime, oid="2.999.5", path_length=0, constraint=(EUM_NAME, IIN))


def _issue_euicc(eum: Identity, number: int, now: datetime) -> Identity:
    (organization,) = eum.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    subject = (
        (NameOID.ORGANIZATION_NAME, str(organization.value)),
        (NameOID.SERIAL_NUMBER, eid_digits(number)),
        (NameOID.COMMON_NAME, "Example eUICC"),
    )
    plan = Plan(Policy.EUICC, subject, now - DAY, now + LIFETIME, crl=None)
    return issue(plan, ec.generate_private_key(eum.key.curve), eum)


def load_identity(certificate: Path, key: Path) -> Identity:
    """
    Read a certificate (DER or PEM) and its private key (PEM, not encrypted).

    @raise ValueError: they cannot be read, are not of elliptic curves, or do not belong together.
    """
    octets = certificate.read_bytes()
    read = x509.load_pem_x509_certificate if octets.startswith(b"-----") else x509.load_der_x509_certificate
    parsed, secret = read(octets), load_pem_private_key(key.read_bytes(), None)
    if not isinstance(secret, ec.EllipticCurvePrivateKey) or secret.public_key() != parsed.public_key():
        raise ValueError(f"{key} is not the private key of {certificate}")
    return Identity(parsed, secret)


def load_pki(directory: Path, *, host: str | None = None, smds_host: str | None = None, now: datetime | None = None) -> Pki:
    """
    Read what L{Pki.save} wrote, or the SGP.26 test certificates (NIST), which have no TLS certificate.

    @param host: the CI issues a new TLS certificate for it, if there is none for it yet.
    @param smds_host: likewise, for the SM-DS.
    @raise ValueError: see L{load_identity}.
    @raise OSError: a file is missing; those of an SM-DS may be: the CI issues new ones.
    """
    moment = _instant(now)
    if not (directory / "ci.pem").exists():
        given = {role: _read(directory, f"CERT_{name}.der", f"SK_{name}.pem") for role, name in SGP26_FILES.items()}
        ci = given["ci"]
        pki = Pki(**given, dp_tls=ci, tls_ci=ci, ds_auth=ci, ds_tls=ci)
        return _reissued(pki, moment, host or SGP26_HOST, smds_host or SMDS_HOST, "dp_tls", *SMDS_ROLES)
    there = [role for role in ROLES if role not in SMDS_ROLES or (directory / f"{role}.pem").exists()]
    found = {role: _read(directory, f"{role}.pem", f"{role}.key") for role in there}
    missing = [role for role in SMDS_ROLES if role not in found]
    pki = Pki(**found, **dict.fromkeys(missing, found["ci"]))
    stale = [] if host in (None, pki.host) else ["dp_tls"]
    if "ds_tls" in found and smds_host not in (None, pki.smds_host):
        stale.append("ds_tls")
    return _reissued(pki, moment, host or pki.host, smds_host or SMDS_HOST, *missing, *stale)


def _read(directory: Path, certificate: str, key: str) -> Identity:
    return load_identity(directory / certificate, directory / key)


def _reissued(pki: Pki, now: datetime, host: str, smds_host: str, *roles: str) -> Pki:
    """
    With new certificates for these roles.
    """
    plans = _server_plans(pki, now, host, smds_host)
    issued = {role: issue(plan, key, issuer) for role, (key, issuer, plan) in plans.items() if role in roles}
    return evolve(pki, **issued)
