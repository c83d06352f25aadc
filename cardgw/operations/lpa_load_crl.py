# -*- test-case-name: tests.operations.test_lpa_load_crl -*-
"""
C{lpa.load-crl}: an eUICC learns which servers it must not trust any more (SGP.22 5.7.12).
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.fields import checked, option
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.crl import RevocationList, load_crl, read_crl
from cardgw.lpa.identity import SCHEME, identify
from cardgw.lpa.isdr import ISD_R
from cardgw.operations.settings import LpaSettings, segment_size
from cardgw.values import Feature


@frozen
class CrlParameters:
    """
    What the caller gives.
    """

    crl: RevocationList = option(
        checked("a list of revoked certificates (CRL)", read_crl), "the list: DER in hexadecimal or base64, or a PEM text"
    )


@implementer(IPlugin, IOperation)
class LoadRevocations:
    """
    See L{IOperation}.
    """

    name = "lpa.load-crl"
    summary = "give an eUICC a list of revoked certificates"
    help = """\
Loads a certificate revocation list (CRL) of a certificate issuer of the GSMA.  From then on the eUICC refuses servers whose
certificates the list names.  It checks the issuer's signature, and does not take a list that is older than the one it has.  A
list may come in parts, each of which is given alone; "missingParts" tells which are still to come.
"""
    parameters: Any = CrlParameters
    settings: Any = LpaSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = True

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: C{eidValue}, and see L{load_crl}.
        """
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            identity = await identify(session, isdr)
            return {"eidValue": identity.removeprefix(SCHEME)} | await load_crl(session, isdr, session.parameters.crl)
        finally:
            await isdr.close()
