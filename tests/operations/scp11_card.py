# -*- test-case-name: tests.operations.test_gp_protocol,tests.operations.test_gp_agreement -*-
"""
The software card of GlobalPlatform with key pairs for SCP11, for the tests of operations.
"""

from __future__ import annotations

from typing import Any

from cardgw.scp.host_keys import HostKeys
from cardgw.scp.key_pair import LocalKeyPair
from cardgw.scp.keys import KeySet
from cardgw.scp.scp11_terms import Variant
from cardgw.scp.store import KeyReference
from cardgw.testing import FakeSession
from cardgw.virtual.security_domain import DEFAULT_KEY, VirtualSecurityDomain
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from tests.scp.scp11_rig import AUTHORITY, KVN, NOW, make_pki

STATIC = KeySet.of_aes(0x30, DEFAULT_KEY)


def scp11_card(curve: str = "secp256r1", form: str = "x509", variants: str = "abc", **options: Any) -> VirtualSecurityDomain:
    """
    A card.

    @param variants: for which it has keys.
    @param options: of L{SecurityDomainOptions}.
    """
    card = VirtualSecurityDomain(SecurityDomainOptions(**options))
    own, host = make_pki("card", curve, form), make_pki("host", curve, form)
    for variant in map(Variant, variants):
        card.add_own_key(KeyReference(variant.kid, KVN), own.key, [each.raw for each in own.chain])
    card.add_authority(AUTHORITY, host.root.facts.key, host.root.facts.key_identifier or host.root.facts.subject)
    return card


def host_keys(curve: str = "secp256r1", form: str = "x509", **changes: Any) -> HostKeys:
    """
    A host that this card knows.
    """
    own, card = make_pki("host", curve, form), make_pki("card", curve, form)
    given: dict[str, Any] = {"pair": LocalKeyPair(own.key), "certificates": own.chain, "roots": (card.root,)}
    return HostKeys(**{**given, **changes})


def stranger(**changes: Any) -> HostKeys:
    """
    A host that only believes.
    """
    return HostKeys(roots=(make_pki("card").root,), **changes)


def at_noon(session: FakeSession) -> None:
    """
    The certificates are valid now.
    """
    session.clock.advance(NOW.timestamp() - session.clock.seconds())
