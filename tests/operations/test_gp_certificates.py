"""
Tests of L{cardgw.operations.gp_certificates}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.operations.gp_certificates import GetGpCertificates, StoreGpCertificates
from cardgw.scp.store import KeyReference
from tests.operations.gp_card import HEAD, GpOperationTests, GpTestCase
from tests.operations.gp_virtual import VirtualTestCase
from tests.operations.test_gp_signing import P256
from tests.scp.scp11_rig import make_pki

KEY = {"identifier": 0x13, "version": 1}
LEAF, ROOT = "3003020101", "3003020102"


class GetGpCertificatesTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.certificates.get} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = KEY

    def make_operation(self) -> GetGpCertificates:
        """
        See L{OperationTestsMixin}.
        """
        return GetGpCertificates()


class StoreGpCertificatesTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.certificates.store} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, **KEY, "certificates": [LEAF]}

    def make_operation(self) -> StoreGpCertificates:
        """
        See L{OperationTestsMixin}.
        """
        return StoreGpCertificates()


class GetTests(GpTestCase):
    """
    What C{gp.certificates.get} gives.
    """

    operation = GetGpCertificates

    def test_certificates(self) -> None:
        """
        The certificates in the order of the card, in their data object or bare; none of a key that has none.
        """
        self.assertEqual(self.done(keys="", **KEY), {"certificates": [], "described": []})
        for answer in ("BF210A" + ROOT + LEAF, ROOT + LEAF):
            self.card.objects[0xBF21] = bytes.fromhex(answer)
            self.assertEqual(self.done(keys="", **KEY), {"certificates": [ROOT, LEAF], "described": [None, None]})
        self.assertEqual(self.commands(0xCA)[-1].data.hex(), "a60483021301")

    def test_issuers(self) -> None:
        """
        Who certifies, too; nobody where the card does not tell.
        """
        self.card.objects[0xFF33] = bytes.fromhex("FF33084202ABCD83021003")
        found = self.done(keys="", issuers=True, **KEY)
        self.assertEqual(found["issuers"], [{"identifier": 16, "version": 3, "issuer": "ABCD"}])
        self.assertEqual(found["card_issuers"], [])

    def test_refused(self) -> None:
        """
        Another refusal is told.
        """
        self.card.refusing = {0xCABF: 0x6985}
        self.failed(UnexpectedStatus, keys="", **KEY)


class StoreTests(GpTestCase):
    """
    What C{gp.certificates.store} sends.
    """

    operation = StoreGpCertificates

    def test_stored(self) -> None:
        """
        The key, and its certificates, in BER-TLV.
        """
        self.assertEqual(self.done(**KEY, certificates=[ROOT, LEAF]), {"stored": 2})
        (command,) = self.commands(0xE2)
        self.assertEqual((command.p1, command.data.hex()), (0x90, "a60483021301bf210a" + ROOT + LEAF))

    def test_nonsense(self) -> None:
        """
        What is no certificate is not stored.
        """
        refused: tuple[dict[str, Any], ...] = (
            {"certificates": ["0102"]},
            {"certificates": []},
            {"certificates": [LEAF], "issuer": "AB"},
            {"serials": [], "issuer": "AB"},
            {"serials": [""]},
            {"certificates": [LEAF], "on_card": True},
        )
        for wrong in refused:
            self.assertRaises(ParameterError, self.start, **KEY, **wrong)

    def test_dryRun(self) -> None:
        """
        The command as it would be.
        """
        (command,) = self.done(**KEY, certificates=[LEAF], dry_run=True)["commands"]
        self.assertEqual(command[:8], "80E29000")
        self.assertEqual(self.card.sent, 0)
        found = self.done(**KEY, serials=[], dry_run=True)
        self.assertEqual((found["commands"], len(found["warnings"])), (["80E2900008A604830213017000"], 1))


class VirtualCertificatesTests(VirtualTestCase):
    """
    What the whole software card keeps.
    """

    operation = StoreGpCertificates

    def setUp(self) -> None:
        """
        A card with a key pair, and the key of who certifies hosts.
        """
        super().setUp()
        self.virtual.add_own_key(KeyReference(0x13, 1), P256)
        self.virtual.add_authority(KeyReference(0x10, 1), P256.public_key())

    def test_chain(self) -> None:
        """
        A chain is stored in as many blocks as it takes, and read again, with what it says.
        """
        chain = [each.raw.hex().upper() for each in make_pki("SD").chain]
        self.assertEqual(self.done(**KEY, certificates=chain), {"stored": len(chain)})
        self.operation = GetGpCertificates  # type: ignore[assignment]
        found = self.done(keys="", **KEY)
        self.assertEqual(found["certificates"], chain)
        self.assertEqual(found["described"][-1]["key"], "secp256r1")

    def test_allowed(self) -> None:
        """
        Whom the card lets in: some, or all.
        """
        ring = self.virtual._card.registry.isd.ring
        assert ring is not None
        authority = {"identifier": 0x10, "version": 1}
        self.assertEqual(self.done(**authority, serials=["0102", "03"]), {"stored": 2})
        self.assertEqual(list(ring.allowed.values()), [frozenset((b"\1\2", b"\3"))])
        self.assertEqual(self.done(**authority, serials=[]), {"stored": 0})
        self.assertEqual(ring.allowed, {})

    def test_counted(self) -> None:
        """
        Where lists are counted, no older one is taken again.
        """
        authority = {"identifier": 0x10, "version": 1}
        self.assertEqual(self.done(**authority, serials=["01"], counter=2), {"stored": 1})
        self.assertIn("6985", self.failed(UnexpectedStatus, **authority, serials=[], counter=2))
        ring = self.virtual._card.registry.isd.ring
        assert ring is not None
        self.assertEqual((list(ring.allowed.values()), list(ring.lists.values())), ([frozenset((b"\1",))], [2]))
        self.done(**authority, serials=[], counter=3)
        self.assertEqual(ring.allowed, {})
        self.assertRaises(ParameterError, self.start, **authority, issuer="AB", counter=1)

    def test_issuers(self) -> None:
        """
        Who certifies hosts, or the card.
        """
        authority = {"identifier": 0x10, "version": 1}
        self.assertEqual(self.done(**authority, issuer="ABCD"), {"stored": 1})
        self.done(**authority, issuer="EF01", on_card=True)
        self.operation = GetGpCertificates  # type: ignore[assignment]
        found = self.done(keys="", issuers=True, **KEY)
        self.assertEqual([found[name][0]["issuer"] for name in ("issuers", "card_issuers")], ["ABCD", "EF01"])
