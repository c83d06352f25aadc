"""
Tests of L{cardgw.operations.gp_keys}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric import ec
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.errors import OperationRefused, ParameterError, SecretError
from cardgw.gp.errors import KeyCheckFailed
from cardgw.operations.gp_keys import PutGpKeys
from cardgw.scp.curves import encode_point
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.keys import KeySet
from cardgw.virtual.security_domain_keys import StoredKey
from tests.operations.gp_card import HEAD, KEYS, NEXT, GpOperationTests, GpTestCase
from tests.operations.gp_virtual import VirtualTestCase
from tests.operations.test_gp_signing import P256, P384, RSA2048, HasPublic, pair
from tests.virtual.security_domain_rig import make_card

P521 = ec.generate_private_key(ec.SECP521R1())


class PutGpKeysTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.keys.put} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "new": "next"}

    def make_operation(self) -> PutGpKeys:
        """
        See L{OperationTestsMixin}.
        """
        return PutGpKeys()


class Token:
    """
    A key that stays where it is.
    """

    length = block = 16


class PutKeysTests(GpTestCase):
    """
    What C{gp.keys.put} sends.
    """

    operation = PutGpKeys

    def test_put(self) -> None:
        """
        Three keys, which the card decrypts, and whose check values it confirms.
        """
        values = [each.hex().upper() for each in NEXT.check_values()]
        self.assertEqual(self.done(new="next", replaces=48), {"version": 49, "identifier": 1, "check_values": values})
        (command,) = self.commands(0xD8)
        self.assertEqual((command.p1, command.p2, command.data[0]), (48, 0x81, 49))

    def test_early(self) -> None:
        """
        What cannot be put is found out before the card is asked anything.
        """
        self.failed(ParameterError, new="next", key="mac")
        self.failed(SecretError, new="nobody")
        self.assertEqual(self.card.sent, 0)

    def test_version(self) -> None:
        """
        Another version than that of the settings; one that no card has is refused.
        """
        self.assertEqual(self.done(new="next", version=50)["version"], 50)
        self.key_sets["any"] = KeySet.of_aes(0, bytes(16))
        self.failed(ParameterError, new="any")

    def test_diversified(self) -> None:
        """
        The keys of this card, if each has its own.
        """
        self.key_sets["next"] = MasterKeys(49, KEYS.enc, KEYS.mac, KEYS.dek, diversification("kdf3"))
        expected = self.key_sets["next"].for_card(bytes(10)).check_values()
        self.assertEqual(self.done(new="next")["check_values"], [each.hex().upper() for each in expected])

    def test_other(self) -> None:
        """
        A card that has stored other keys is told from one that has not.
        """
        self.card._put_key = lambda command: Response(b"\x31" + bytes(9), 0x9000)  # type: ignore[method-assign]
        self.failed(KeyCheckFailed, new="next")

    def test_token(self) -> None:
        """
        Keys that do not leave their token are not put anywhere.
        """
        self.key_sets["next"] = KeySet(49, Token(), Token(), Token())  # type: ignore[arg-type]
        self.failed(ParameterError, new="next")

    def test_dryRun(self) -> None:
        """
        Both key sets are shown, by their check values; who would put keys that everybody knows is warned.
        """
        found = self.done(new="next", dry_run=True)
        self.assertEqual([each["name"] for each in found["keys"]], ["issuer", "next"])
        self.assertEqual((found["warnings"], self.card.sent), ([], 0))
        for known in (KeySet.of_aes(1, bytes(range(0x40, 0x60))), KeySet.of_des(1, bytes(range(0x40, 0x50)))):
            self.key_sets["next"] = known
            self.assertIn(
                "the keys next are those that cards for trial are sold with",
                "".join(self.done(new="next", dry_run=True)["warnings"]),
            )

    def test_dryRunOfCard(self) -> None:
        """
        The check values for one card are told; with another one nothing is put.
        """
        self.key_sets["next"] = master = MasterKeys(49, NEXT.enc, NEXT.mac, NEXT.dek, diversification("kdf3"))
        card = bytes(range(10))
        found = self.done(new="next", dry_run=True, diversification=card.hex())
        self.assertEqual(found["keys"][1]["check_values"], [each.hex().upper() for each in master.for_card(card).check_values()])
        self.assertEqual(found["warnings"], [])
        self.assertFalse(found["keys"][1]["diversified"])
        self.assertTrue(self.done(new="next", identifier=17, dry_run=True)["keys"][1]["diversified"])
        self.assertIn("another one", self.failed(OperationRefused, new="next", diversification=card.hex()))
        self.assertEqual(self.done(new="next", diversification=bytes(10).hex())["version"], 49)

    def test_pairs(self) -> None:
        """
        Key pairs are told by their kind; one without a public half by nothing.
        """
        self.key_sets["next"] = pair(P256)
        found = self.done(new="next", identifier=17, dry_run=True)
        self.assertEqual((found["keys"][1]["kind"], found["keys"][1]["check_values"]), ("secp256r1", []))
        self.key_sets["next"] = HasPublic(None)
        self.assertEqual(self.done(new="next", identifier=17, dry_run=True)["keys"][1]["kind"], "")


class PutOnVirtualTests(VirtualTestCase):
    """
    What the whole software card makes of it.
    """

    operation = PutGpKeys

    def stored(self, version: int) -> dict[int, StoredKey]:
        """
        The keys of a version on the card.
        """
        ring = self.virtual._card.registry.isd.ring
        assert ring is not None
        return ring.versions[version]

    def test_elliptic(self) -> None:
        """
        The private half where the card's own keys are, the public half elsewhere, or as it is said.
        """
        for private in (P256, P384, P521):
            self.key_sets["next"] = pair(private)
            for identifier in (0x11, 0x13, 0x15):
                found = self.done(new="next", version=3, identifier=identifier)
                self.assertEqual(found, {"version": 3, "identifier": identifier, "check_values": []})
                kept = self.stored(3)[identifier]
                self.assertEqual(int.from_bytes(kept.value, "big"), private.private_numbers().private_value)
            self.done(new="next", version=3, identifier=0x10)
            self.done(new="next", version=3, identifier=0x13, replaces=3, part="private", inner_length="always")
            self.assertEqual(self.stored(3)[0x10].value, encode_point(private.public_key()))
            self.virtual = make_card()

    def test_rsa(self) -> None:
        """
        The public half, for signatures; never the other one.
        """
        self.key_sets["next"] = HasPublic(RSA2048.public_key())
        self.done(new="next", version=0x73, identifier=1)
        self.assertEqual(len(self.stored(0x73)[1].value), 256)
        self.assertEqual(self.done(new="next", version=0x70)["identifier"], 1)
        self.failed(ParameterError, new="next", version=0x73, identifier=2, part="private")
        self.key_sets["next"] = pair(RSA2048)
        self.failed(ParameterError, new="next", version=0x73, identifier=2, part="private")

    def test_single(self) -> None:
        """
        One AES key of a set, with its check value.
        """
        found = self.done(new="next", version=0x73, identifier=2, key="mac")
        self.assertEqual(found, {"version": 0x73, "identifier": 2, "check_values": [NEXT.mac.kcv().hex().upper()]})
        self.assertEqual(list(self.stored(0x73)), [2])
        self.assertIn("identifier: missing", self.failed(ParameterError, new="next", version=0x20, key="mac"))

    def test_lacking(self) -> None:
        """
        A pair needs an identifier, and the half that is put.
        """
        self.key_sets["next"] = pair(P256)
        self.failed(ParameterError, new="next", version=3)
        self.failed(ParameterError, new="next", identifier=0x11)
        self.key_sets["next"] = HasPublic(None)
        self.failed(ParameterError, new="next", version=3, identifier=0x10)
        self.key_sets["next"] = HasPublic(P256.public_key())
        self.failed(ParameterError, new="next", version=3, identifier=0x11)

    def test_rotated(self) -> None:
        """
        A set of AES-192 keys in either form takes the place of the old one, and opens the next session.
        """
        for version, inner in ((1, "auto"), (2, "needed"), (3, "always")):
            self.key_sets["next"] = KeySet.of_aes(version, bytes(range(version, version + 24)))
            self.done(new="next", inner_length=inner, replaces=self.virtual.versions[0])
            self.key_sets["issuer"] = self.key_sets["next"]
