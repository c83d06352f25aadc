# -*- test-case-name: tests.operations.test_gp_certificates -*-
"""
C{gp.certificates.get} and C{gp.certificates.store}: what a security domain keeps for SCP11: certificates of its own keys, who may
certify those that speak to it, and whom of them it lets in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.apdu.script import NOT_FOUND, OK, Script, Step
from cardgw.errors import ParameterError
from cardgw.fields import boolean, each_of, integer, octets, option
from cardgw.gp import commands
from cardgw.gp.certificate_store import (
    MOST_COUNTER,
    OFF_CARD_ISSUERS,
    ON_CARD_ISSUERS,
    KeyReference,
    get_certificates,
    parse_certificates,
    parse_issuers,
    store_allow_list,
    store_certificates,
    store_issuer,
)
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_chain import certificate_json, certificates, check_chain
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import ChangeParameters, GpParameters
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_shown import hexadecimal, issuer_json
from cardgw.operations.gp_signing import KeySource

_IDENTIFIER = integer(0, 0x7F)
_VERSION = integer(0, 0xFF)
_IDENTIFIER_HELP = "the identifier of the key: 17, 19 and 21 are the card's own for SCP11a, b and c"


@frozen
class GetCertificatesParameters(GpParameters):
    """
    What the caller gives.
    """

    identifier: int = option(_IDENTIFIER, _IDENTIFIER_HELP)
    version: int = option(_VERSION, "the version of the key")
    issuers: bool = option(boolean, "also read who certifies hosts, and who certifies the card", default=False)


@implementer(IPlugin, IOperation)
class GetGpCertificates(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.certificates.get"
    summary = "read the certificates of a key of a security domain"
    help = """\
Reads the certificates with which a security domain shows that a key of SCP11 is its own, and with issuers the keys with which it
checks those of hosts (KLOC), and those with which the card was certified (KLCC).  Cards tell them to everybody: no keys are
needed.  Nothing is checked: whoever trusts them has to have their root.
"""
    parameters: Any = GetCertificatesParameters
    destructive = False

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{certificates}: each in hexadecimal, X.509 in DER or a data object 7F21, that of the key last; none if the card
            has none.  C{described}: of each what it says (L{certificate_json}), or C{None}.  With C{issuers} also C{issuers} and
            C{card_issuers}: of each key C{identifier}, C{version} and C{issuer}.
        """
        parameters: GetCertificatesParameters = session.parameters
        session.stage("gp_get_certificates")
        command = get_certificates(KeyReference(parameters.identifier, parameters.version))
        found = parse_certificates(await _read(domain, command, "GET DATA of BF21"))
        told: dict[str, Any] = {"certificates": [*map(hexadecimal, found)], "described": [*map(certificate_json, found)]}
        if parameters.issuers:
            told["issuers"] = await _issuers(domain, OFF_CARD_ISSUERS)
            told["card_issuers"] = await _issuers(domain, ON_CARD_ISSUERS)
        return told


async def _read(domain: Domain, command: Command, what: str) -> bytes:
    (answer,) = await domain.send(Script((Step(command, (OK, NOT_FOUND)),)), what)
    return answer.data if answer.status in OK else b""


async def _issuers(domain: Domain, tag: int) -> list[dict[str, Any]]:
    answer = await _read(domain, commands.get_data(tag), f"GET DATA of {tag:04X}")
    return [issuer_json(key, issuer) for key, issuer in parse_issuers(answer, tag).items()]


@frozen
class StoreCertificatesParameters(ChangeParameters):
    """
    What the caller gives.
    """

    identifier: int = option(_IDENTIFIER, f"{_IDENTIFIER_HELP}; 16 and 32 to 47 those of who certifies hosts")
    version: int = option(_VERSION, "the version of the key")
    certificates: tuple[bytes, ...] = option(
        certificates, "the certificates of the card's own key, that of the key last; hexadecimal, or PEM", default=()
    )
    serials: tuple[bytes, ...] | None = option(
        each_of(octets),
        "in place of them: serial numbers of certificates of hosts, in hexadecimal: the card lets in no others; an "
        "empty list: all that are certified with the key",
        default=None,
    )
    counter: int | None = option(
        integer(1, MOST_COUNTER), "of the serial numbers: in SCP11c the card takes only a list with a higher one", default=None
    )
    issuer: bytes = option(
        octets, "in place of them: who has the key: the subject key identifier, or the identifier of the authority", default=b""
    )
    on_card: bool = option(boolean, "issuer certifies the card, not those that speak to it", default=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if sum((bool(self.certificates), self.serials is not None, bool(self.issuer))) != 1:
            raise ParameterError("certificates: expected one of certificates, serials and issuer")
        if self.on_card and not self.issuer:
            raise ParameterError("on_card: there is no issuer")
        if self.counter is not None and self.serials is None:
            raise ParameterError("counter: there are no serials")
        self.script(self.usual_block)
        check_chain(self.certificates)

    def script(self, block: int) -> Script:
        """
        STORE DATA.

        @param block: most bytes in one.
        @raise ParameterError: something is none.
        """
        key = KeyReference(self.identifier, self.version)
        if self.serials is not None:
            return store_allow_list(key, self.serials, block, self.counter)
        if self.issuer:
            return store_issuer(key, self.issuer, block, on_card=self.on_card)
        return store_certificates(key, self.certificates, block)


@implementer(IPlugin, IOperation)
class StoreGpCertificates(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.certificates.store"
    summary = "store the certificates of a key of a security domain"
    help = """\
Stores the certificates with which a security domain shows that a key of SCP11 is its own, in place of those that it had.  Or who
has the key that certifies hosts (issuer); or the serial numbers of the certificates that are let in (serials), which are all when
there is none.
"""
    parameters: Any = StoreCertificatesParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{stored}: how many certificates, serial numbers or issuers.
        """
        parameters: StoreCertificatesParameters = session.parameters
        session.stage("gp_store_certificates")
        await domain.send(parameters.script(domain.block), "STORE DATA of certificates")
        return {"stored": len(parameters.certificates) + len(parameters.serials or ()) + bool(parameters.issuer)}

    def plan(self, parameters: StoreCertificatesParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.  Blocks are as long as they are with most cards.
        """
        return (each.command for each in parameters.script(parameters.usual_block).steps)

    def warnings(self, session: ISession) -> list[str]:
        """
        See L{GpOperation.warnings}.
        """
        none = session.parameters.serials == ()
        return ["Everybody whose certificate is good will be let in: the list of serial numbers is empty."] if none else []
