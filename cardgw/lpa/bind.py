# -*- test-case-name: tests.lpa.test_bind -*-
"""
From the server's offer to a package that is bound to this eUICC: what is offered is checked, the confirmation code is got, the
eUICC prepares a key, the server encrypts for it (SGP.22 3.1.3, 3.1.3.2).
"""

from __future__ import annotations

from hashlib import sha256

from attrs import frozen
from twisted.internet.defer import Deferred

from cardgw.apdu.tlv import only
from cardgw.errors import NobodyToAsk
from cardgw.interfaces import ISession
from cardgw.lpa.activation import ActivationCode
from cardgw.lpa.download_errors import ConfirmationCodeNeeded, MemoryFull, MetadataMismatch, OtherServer, RejectedByUser
from cardgw.lpa.es9 import AuthenticateClient, Es9, WrongTransaction
from cardgw.lpa.es10 import Authenticated, EuiccInfo2, parse_prepared, prepare_download
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.metadata import Metadata, parse_metadata
from cardgw.lpa.package import segments
from cardgw.lpa.server_errors import MalformedServerAnswer
from cardgw.lpa.trust import Checked, Role, check_signature
from cardgw.values import Question

LEAST_MEMORY = 1024
"""Bytes: with less free, no profile fits, and the order is not touched."""
MAC_SIZE = 8
"""Bytes after the data of a protected block (SGP.22 2.6.4.4)."""
METADATA_BLOCK = 0x88
DEFAULTS = {"profile_class": "operational"}
"""What a field means that is left out (SGP.22 annex H, StoreMetadataRequest)."""


@frozen
class Agreement:
    """
    What eUICC and server agreed on.

    @ivar prepared: the answer to PrepareDownload, for getBoundProfilePackage.
    """

    transaction_id: str
    metadata: Metadata
    eid: str
    info2: EuiccInfo2
    prepared: bytes


def check_offer(session: ISession, host: str, card: Authenticated, server: Checked, answer: AuthenticateClient) -> bool:
    """
    Check the answer to authenticateClient.

    @param server: from L{cardgw.lpa.authenticate.check_server}.
    @return: whether a confirmation code is wanted.
    @raise WrongTransaction: what is signed is about another session.
    @raise OtherServer: the binding certificate is another SM-DP+'s.
    @raise CertificateRefused: the certificate or the signature is not authentic.
    """
    try:
        signed = only(answer.smdp_signed2, 0x30).children()
        identifier, flag = signed.need(0x80).value, signed.need(0x01).value
        proof = only(answer.smdp_signature2, 0x5F37).value
    except ValueError as problem:
        raise MalformedServerAnswer(f"authenticateClient: {problem}") from None
    if identifier.hex() != answer.transaction_id.lower():
        raise WrongTransaction("authenticateClient: the signed transactionId is not the one beside it")
    # Its CI has been found trustworthy for this card with the first certificate.
    trusted = frozenset({server.ci}) if server.ci else frozenset()
    binding: Checked = session.trust.check([answer.certificate], Role.DP_PB, host, card=trusted)
    if binding.ci != server.ci:
        raise OtherServer("its certificates for authentication and for binding have different issuers")
    if binding.oid != server.oid:
        raise OtherServer(f"it authenticates as {server.oid or 'none'} and binds as {binding.oid or 'none'}")
    check_signature(binding.key, proof, answer.smdp_signed2 + card.signature, "smdpSignature2")
    return any(flag)


def read_metadata(session: ISession, octets: bytes) -> Metadata:
    """
    The metadata of the offered profile, announced as a stage.
    """
    metadata = parse_metadata(octets)
    session.stage("es8p_metadata_parse", provider=metadata.provider, name=metadata.name, iccid=metadata.iccid)
    return metadata


def check_memory(info: EuiccInfo2, size: int = LEAST_MEMORY) -> None:
    """
    Whether that many bytes can fit, where the eUICC tells.

    @raise MemoryFull: they cannot.
    """
    if info.free_nvm is not None and info.free_nvm < size:
        raise MemoryFull(f"{info.free_nvm} bytes are free, at least {size} are needed")


async def confirmation_hash(session: ISession, code: ActivationCode, transaction_id: str, metadata: Metadata) -> bytes:
    """
    The hash of the confirmation code, which is asked for if it did not come with the activation code (SGP.22 5.7.5).

    @raise ConfirmationCodeNeeded: nobody can be asked.
    @raise RejectedByUser: the answer was empty.
    """
    secret = code.confirmation_code
    if not secret:
        text = f"Confirmation code for {metadata.provider} {metadata.name}?"
        facts = {"iccid": metadata.iccid, "provider": metadata.provider, "name": metadata.name}
        asked: Deferred[str] = session.ask(Question("confirmation-code", text, facts, secret=True))
        try:
            secret = (await asked).strip()
        except NobodyToAsk as nobody:
            raise ConfirmationCodeNeeded from nobody
    if not secret:
        raise RejectedByUser("no confirmation code was given")
    return sha256(sha256(secret.encode()).digest() + bytes.fromhex(transaction_id)).digest()


async def prepare(session: ISession, isdr: Isdr, answer: AuthenticateClient, hash_cc: bytes) -> bytes:
    """
    The eUICC makes a key for this package.

    @raise Es10Error: it does not accept what the server signed.
    """
    session.stage("es10b_prepare_download")
    request = prepare_download(answer.smdp_signed2, answer.smdp_signature2, hash_cc, answer.certificate)
    return parse_prepared(await isdr.command(request, slow=True))


async def fetch(session: ISession, es9: Es9, agreed: Agreement) -> tuple[bytes, ...]:
    """
    Get the bound profile package.

    @return: its segments, checked as far as they can be read.
    @raise PackageError: its structure is wrong.
    @raise MetadataMismatch: it is not the profile that was offered.
    @raise MemoryFull: it does not fit.
    """
    session.stage("es9p_get_bound_profile_package")
    package = await es9.get_bound_profile_package(agreed.transaction_id, agreed.prepared)
    parts = segments(package)
    check_memory(agreed.info2, len(package))
    _same_profile(parts, agreed.metadata)
    return parts


def _same_profile(parts: tuple[bytes, ...], metadata: Metadata) -> None:
    """
    The metadata in the package is not encrypted, only protected (SGP.22 2.5.3).
    """
    plain = b"".join(only(part, METADATA_BLOCK).value[:-MAC_SIZE] for part in parts if part[0] == METADATA_BLOCK)
    found = parse_metadata(plain)
    for what in ("iccid", "policy_rules", "provider", "name", "profile_class"):
        if (getattr(found, what) or DEFAULTS.get(what)) != (getattr(metadata, what) or DEFAULTS.get(what)):
            raise MetadataMismatch(f"another {what.replace('_', ' ')}")
