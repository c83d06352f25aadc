# -*- test-case-name: tests.operations.test_gp_certificates -*-
"""
C{gp.certificates.get} and C{gp.certificates.store}: what a security domain shows of itself in SCP11.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import SHORT_DATA, Command
from cardgw.apdu.script import OK, Script, Step
from cardgw.fields import each_of, integer, octets, option
from cardgw.gp.certificate_store import KeyReference, get_certificates, parse_certificates, store_certificates
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import ChangeParameters, GpParameters
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_signing import KeySource

NOT_FOUND = range(0x6A88, 0x6A89)
_IDENTIFIER = integer(0, 0x7F)
_IDENTIFIER_HELP = "the identifier of the key: 17, 19 and 21 for SCP11a, b and c"


@frozen
class GetCertificatesParameters(GpParameters):
    """
    What the caller gives.
    """

    identifier: int = option(_IDENTIFIER, _IDENTIFIER_HELP)
    version: int = option(integer(0, 0xFF), "the version of the key")


@implementer(IPlugin, IOperation)
class GetGpCertificates(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.certificates.get"
    summary = "read the certificates of a key of a security domain"
    help = """\
Reads the certificates with which a security domain shows that a key of SCP11 is its own.  Cards tell them to everybody: no keys
are needed.  Nothing is checked: whoever trusts them has to have their root.
"""
    parameters: Any = GetCertificatesParameters
    destructive = False
    repeatable = True

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{certificates}: each in hexadecimal, X.509 in DER or a data object 7F21, that of the key last; none if the card
            has none.
        """
        parameters: GetCertificatesParameters = session.parameters
        session.stage("gp_get_certificates")
        command = get_certificates(KeyReference(parameters.identifier, parameters.version))
        (answer,) = await domain.send(Script((Step(command, (OK, NOT_FOUND)),)), "GET DATA of BF21")
        found = parse_certificates(answer.data) if answer.status in OK else ()
        return {"certificates": [each.hex().upper() for each in found]}


@frozen
class StoreCertificatesParameters(ChangeParameters):
    """
    What the caller gives.
    """

    identifier: int = option(_IDENTIFIER, _IDENTIFIER_HELP)
    version: int = option(integer(0, 0xFF), "the version of the key")
    certificates: tuple[bytes, ...] = option(
        each_of(octets), "the certificates in hexadecimal, X.509 in DER or a data object 7F21; that of the key last"
    )


@implementer(IPlugin, IOperation)
class StoreGpCertificates(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.certificates.store"
    summary = "store the certificates of a key of a security domain"
    help = """\
Stores the certificates with which a security domain shows that a key of SCP11 is its own, in place of those that it had.
"""
    parameters: Any = StoreCertificatesParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{stored}: how many certificates.
        """
        parameters: StoreCertificatesParameters = session.parameters
        session.stage("gp_store_certificates")
        await domain.send(_script(parameters, domain.block), "STORE DATA of certificates")
        return {"stored": len(parameters.certificates)}

    def plan(self, parameters: StoreCertificatesParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.  Blocks are as long as they can be without a secure channel.
        """
        return (each.command for each in _script(parameters, SHORT_DATA).steps)


def _script(parameters: StoreCertificatesParameters, block: int) -> Script:
    return store_certificates(KeyReference(parameters.identifier, parameters.version), parameters.certificates, block)
