"""
Tests of L{cardgw.operations.gp_protocol}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.atr import make_atr
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.gp.recognition_data import RecognitionData, SecureChannel
from cardgw.operations.gp_head import SCP02, GpParameters
from cardgw.operations.gp_info import GpRegistry
from cardgw.operations.gp_protocol import Place, look_around, protocol_of, static_level
from cardgw.scp import families
from cardgw.scp.host_keys import HostKeys
from cardgw.scp.keys import KeySet
from cardgw.scp.level import Level
from cardgw.scp.scp11_terms import Variant
from cardgw.testing import FakeSession
from cardgw.virtual.security_domain import DEFAULT_KEY
from cardgw.virtual.security_domain_options import FAMILIES, STRICT
from tests.operations.gp_card import INFO, GpTestCase
from tests.operations.scp11_card import STATIC, host_keys, scp11_card, stranger

DES = KeySet.of_des(0x30, DEFAULT_KEY)


class ProtocolTests(SynchronousTestCase):
    """
    L{protocol_of}.
    """

    def protocol(self, keys: Any, protocol: str = "auto") -> str:
        """
        That with some keys.
        """
        return protocol_of(GpParameters(keys="issuer", protocol=protocol), keys)

    def test_byKeys(self) -> None:
        """
        By itself it is the one that the keys are for.
        """
        found = [self.protocol(each) for each in (STATIC, DES, host_keys(), stranger(), host_keys(variant=Variant.C))]
        self.assertEqual(found, ["scp03", "scp02", "scp11a", "scp11b", "scp11c"])

    def test_wanted(self) -> None:
        """
        What is wanted counts, where the keys are of its kind.
        """
        self.assertEqual(self.protocol(host_keys(variant=Variant.C), "scp11b"), "scp11b")
        self.assertEqual(self.protocol(DES, "scp02"), "scp02")

    def test_refused(self) -> None:
        """
        Keys of another kind are refused, and so is a host that believes nobody.
        """
        others = ((STATIC, "scp02"), (DES, "scp03"))
        for keys, protocol in (*others, (STATIC, "scp11a"), (host_keys(), "scp03"), (host_keys(), "scp02"), (HostKeys(), "auto")):
            text = str(self.assertRaises(ParameterError, self.protocol, keys, protocol))
            self.assertIn('[keys."issuer"]', text)


class LookTests(SynchronousTestCase):
    """
    L{look_around}.
    """

    def look(self, card: Any, atr: bytes | None = None, **parameters: Any) -> Place:
        """
        At a card.
        """
        channel = MemoryChannel(evolve(INFO, atr=atr), card)
        session = FakeSession(channel=channel, parameters=GpParameters(**parameters))
        return self.successResultOf(Deferred.fromCoroutine(look_around(session, channel, card.aid, 0)))

    def test_family(self) -> None:
        """
        Of which family it is, by its answer to reset, or by what it tells; unless somebody says.
        """
        yubikey = make_atr(b"\x80\x73\xc0\x21\xc0\x57YubiKey", 1)
        card = scp11_card()
        self.assertEqual(self.look(card, yubikey).family.name, "yubikey")
        self.assertEqual(self.look(card, yubikey, family="jcop").family.name, "jcop")
        self.assertEqual(self.look(scp11_card(family=FAMILIES["euicc"])).family.name, "euicc")
        self.assertEqual(self.look(scp11_card(cplc=bytes.fromhex("4790D3214700") + bytes(36))).family.name, "jcop")
        self.assertEqual(self.look(scp11_card()).family.name, "strict")

    def test_legacy(self) -> None:
        """
        A card that speaks SCP02 alone is an old one.
        """
        card = scp11_card(family=FAMILIES["legacy"], variants="")
        self.assertEqual(self.look(card).family.name, "legacy")

    def test_told(self) -> None:
        """
        What it has is known.
        """
        self.assertEqual([each.protocol for each in self.look(scp11_card()).told.channels], [3, 0x11])


class StaticTests(GpTestCase):
    """
    SCP03 and SCP02 with the software card.
    """

    operation = GpRegistry

    def test_macLength(self) -> None:
        """
        S8 or S16 by the card data, or as somebody says.
        """
        self.key_sets["issuer"] = STATIC
        for implementation, size, family in ((0x71, "auto", "auto"), (0x71, "16", "strict"), (0x70, "8", "auto")):
            self.done(card=scp11_card(implementation=implementation), mac_length=size, family=family)
        self.failed(UnexpectedStatus, card=scp11_card(implementation=0x71), mac_length="8")

    def test_old(self) -> None:
        """
        An old card, with nothing said: SCP02.
        """
        self.key_sets["issuer"] = KeySet.of_des(0, DEFAULT_KEY)
        self.done(card=scp11_card(family=FAMILIES["legacy"], variants=""))

    def test_oldLevel(self) -> None:
        """
        The highest level of SCP02 is that with an R-MAC, where the card has it.
        """
        for form, level in ((0x55, 0x03), (0x75, 0x13)):
            told = RecognitionData(channels=(SecureChannel(2, form),))
            place = Place(MemoryChannel(INFO, lambda _: b""), b"", 0, told, families.LEGACY)
            self.assertEqual(static_level(GpParameters(), SCP02, place), level)

    def test_levels(self) -> None:
        """
        Levels in the words of SCP11 are for it alone.
        """
        self.key_sets["issuer"] = STATIC
        self.assertIn("3C is one of SCP11", self.failed(ParameterError, card=scp11_card(family=STRICT), level="3C"))
        self.assertEqual(Level.FULL.hexadecimal, "33")

    def test_curveUnused(self) -> None:
        """
        A card with keys for SCP11 still speaks SCP03.
        """
        self.key_sets["issuer"] = STATIC
        self.done(card=scp11_card(curve=ec.SECP384R1().name))
