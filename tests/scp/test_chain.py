# -*- test-case-name: tests.scp.test_chain -*-
"""
L{cardgw.scp.chain}.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.certificate import Certificate, Usage
from cardgw.scp.certificate_errors import (
    ScpCertificateExpired,
    ScpCertificateForged,
    ScpCertificateMisused,
    ScpCertificateNotYetValid,
    ScpChainBroken,
    ScpRootUnknown,
)
from cardgw.scp.chain import arrange, check_chain
from tests.scp.scp11_rig import DAY, NOW, X509Plan, gp_plan, make_pki, private_key

SECOND = timedelta(seconds=1)
LEAF = X509Plan("card", "CA")
AUTHORITY = X509Plan("CA", "root", Usage.CERTIFICATES)
ROOT = X509Plan("root", "root", Usage.CERTIFICATES)
ROOT_KEY, CA_KEY, LEAF_KEY = (private_key(name) for name in ("chain root", "chain CA", "chain leaf"))
THE_ROOT = ROOT.issue(ROOT_KEY.public_key(), ROOT_KEY)


def chain(leaf: X509Plan = LEAF, authority: X509Plan = AUTHORITY) -> list[Certificate]:
    """
    Leaf last.
    """
    return [authority.issue(CA_KEY.public_key(), ROOT_KEY), leaf.issue(LEAF_KEY.public_key(), CA_KEY)]


class ChainTests(SynchronousTestCase):
    """
    What is believed, and what is not.
    """

    def test_right(self) -> None:
        """
        Leaf last or first, with the root or without, in either form: the leaf is returned.
        """
        for form in ("x509", "gp"):
            pki = make_pki("card", form=form)
            for certificates in (
                pki.chain,
                pki.chain[::-1],
                (pki.root, *pki.chain),
                (*pki.chain[::-1], pki.root),
            ):
                self.assertEqual(check_chain(certificates, [pki.root], NOW), pki.leaf)

    def test_authorityTrusted(self) -> None:
        """
        The root that is given may be in the midst of the chain, and may be the leaf itself.
        """
        pki = make_pki("card")
        self.assertEqual(check_chain((pki.root, *pki.chain), [pki.authority], NOW), pki.leaf)
        self.assertEqual(check_chain([pki.leaf], [pki.authority], NOW), pki.leaf)
        self.assertEqual(check_chain(pki.chain, [pki.leaf], NOW), pki.leaf)

    def test_none(self) -> None:
        """
        No certificates are no chain.
        """
        self.assertRaises(ScpChainBroken, check_chain, [], [THE_ROOT], NOW)

    def test_unlinked(self) -> None:
        """
        Certificates that do not name each other, or in a muddle, are no chain.
        """
        pki, other = make_pki("card"), make_pki("host")
        for certificates in (
            [pki.authority, other.leaf],
            [pki.authority, pki.root, pki.leaf],
            [pki.leaf, pki.leaf],
            [make_pki("card", form="gp").authority, pki.leaf],
        ):
            problem = self.assertRaises(ScpChainBroken, check_chain, certificates, [pki.root], NOW)
            self.assertIn(certificates[0].facts.name, str(problem))

    def test_unknownRoot(self) -> None:
        """
        A chain to somebody else's root is not believed, nor one that brings its own, nor any without roots.
        """
        pki, other = make_pki("card"), make_pki("host")
        self.assertRaises(ScpRootUnknown, check_chain, pki.chain, [other.root], NOW)
        self.assertRaises(ScpRootUnknown, check_chain, (pki.root, *pki.chain), [other.root], NOW)
        self.assertRaises(ScpRootUnknown, check_chain, pki.chain, [], NOW)

    def test_forged(self) -> None:
        """
        Who names the right issuer without its signature is found, in the midst and at the top.
        """
        forger = private_key("forger")
        plan = evolve(LEAF, identifiers=False)
        leaf = plan.issue(LEAF_KEY.public_key(), forger)
        authority = AUTHORITY.issue(CA_KEY.public_key(), ROOT_KEY)
        self.assertRaises(ScpCertificateForged, check_chain, [authority, leaf], [THE_ROOT], NOW)
        authority = evolve(AUTHORITY, identifiers=False).issue(CA_KEY.public_key(), forger)
        right = LEAF.issue(LEAF_KEY.public_key(), CA_KEY)
        self.assertRaises(ScpCertificateForged, check_chain, [authority, right], [THE_ROOT], NOW)

    def test_sameName(self) -> None:
        """
        Of two roots of the same name, the one that has signed counts.
        """
        other = private_key("other")
        plan = evolve(ROOT, identifiers=False)
        roots = [plan.issue(other.public_key(), other), plan.issue(ROOT_KEY.public_key(), ROOT_KEY)]
        certificates = chain()
        self.assertIs(check_chain(certificates, roots, NOW), certificates[-1])

    def test_dates(self) -> None:
        """
        The first and the last instant count; before and after, the certificate is named.
        """
        for now in (NOW - DAY, NOW + DAY):
            check_chain(chain(), [THE_ROOT], now)
        problem = self.assertRaises(ScpCertificateExpired, check_chain, chain(), [THE_ROOT], NOW + DAY + SECOND)
        self.assertIn("2026-11-22", str(problem))
        self.assertRaises(ScpCertificateNotYetValid, check_chain, chain(), [THE_ROOT], NOW - DAY - SECOND)

    def test_anyDate(self) -> None:
        """
        Every certificate is looked at, the root too.
        """
        old: dict[str, Any] = {"begins": NOW - 3 * DAY, "ends": NOW - 2 * DAY}
        self.assertRaises(ScpCertificateExpired, check_chain, chain(evolve(LEAF, **old)), [THE_ROOT], NOW)
        self.assertRaises(ScpCertificateExpired, check_chain, chain(authority=evolve(AUTHORITY, **old)), [THE_ROOT], NOW)
        root = evolve(ROOT, **old).issue(ROOT_KEY.public_key(), ROOT_KEY)
        self.assertRaises(ScpCertificateExpired, check_chain, chain(), [root], NOW)

    def test_usage(self) -> None:
        """
        A leaf must be for key agreement; what stands above must be for certificates.
        """
        for leaf in (evolve(LEAF, usage=Usage.CERTIFICATES), evolve(LEAF, says_usage=False)):
            self.assertRaises(ScpCertificateMisused, check_chain, chain(leaf), [THE_ROOT], NOW)
        wrong = evolve(AUTHORITY, usage=Usage.AGREEMENT)
        problem = self.assertRaises(ScpCertificateMisused, check_chain, chain(authority=wrong), [THE_ROOT], NOW)
        self.assertIn("CN=CA", str(problem))

    def test_leafAsAuthority(self) -> None:
        """
        A leaf cannot issue another, in GlobalPlatform's own form neither.
        """
        for make in (X509Plan, gp_plan):
            leaf = make("card", "root").issue(LEAF_KEY.public_key(), ROOT_KEY)
            below = make("other", "card").issue(CA_KEY.public_key(), LEAF_KEY)
            root = make("root", "root", Usage.CERTIFICATES).issue(ROOT_KEY.public_key(), ROOT_KEY)
            self.assertRaises(ScpCertificateMisused, check_chain, [leaf, below], [root], NOW)

    def test_pathLength(self) -> None:
        """
        A root that allows no authorities below has none.
        """
        root = evolve(ROOT, below=0).issue(ROOT_KEY.public_key(), ROOT_KEY)
        self.assertRaises(ScpCertificateMisused, check_chain, chain(), [root], NOW)
        root = evolve(ROOT, below=1).issue(ROOT_KEY.public_key(), ROOT_KEY)
        check_chain(chain(), [root], NOW)

    def test_arrange(self) -> None:
        """
        The leaf comes first.
        """
        pki = make_pki("card")
        for certificates in (pki.chain, pki.chain[::-1]):
            self.assertEqual(arrange(certificates), [pki.leaf, pki.authority])
