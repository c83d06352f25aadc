# -*- test-case-name: tests.virtual.test_security_domain -*-
"""
Tests for L{cardgw.virtual.security_domain}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.gp.commands import get_data
from cardgw.gp.delete import delete, delete_key
from cardgw.gp.get_status import read_registry
from cardgw.gp.registry import Scope
from cardgw.scp.channel import open_scp03
from cardgw.scp.errors import KeysDiffer
from cardgw.scp.keys import KeySet
from cardgw.scp.level import LEVELS
from cardgw.values import ChannelInfo, Feature
from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.security_domain_options import FAMILIES
from tests.gp.cap_maker import PACKAGE, make_components, zipped
from tests.virtual.security_domain_rig import INSTANCE, LEGACY, Administrator, default_keys, make_card

NEW = bytes(range(0x70, 0x80))


class LevelTests(SynchronousTestCase):
    """
    A host administers the card, at every level.
    """

    def administer(self, card: VirtualSecurityDomain, level: int) -> None:
        """
        Load, install, list, delete, rotate keys, and come in with the new ones.
        """
        admin = Administrator(card, level)
        self.assertEqual(set(admin.load(size=60)), {0x9000})
        self.assertEqual(admin.install(), 0x9000)
        if card.options.family.tagged:
            (found,) = admin.list()
            self.assertEqual((found.aid, found.state_name, found.load_file), (INSTANCE, "SELECTABLE", PACKAGE))
        self.assertEqual(admin.status(delete(PACKAGE)), 0x6985)
        self.assertEqual(admin.status(delete(PACKAGE, related=True)), 0x9000)
        self.rotate(card, admin, level)

    def rotate(self, card: VirtualSecurityDomain, admin: Administrator, level: int) -> None:
        """
        New keys, with which alone one comes in.
        """
        des, old = card.options.family.des, card.options.family.version
        command, answer = admin.put(0x31, NEW, None if old == 0xFF else old, des=des)
        self.assertEqual(answer.status, 0x9000)
        command.check(answer.data)
        self.assertEqual(card.versions, (0x31,))
        keys = KeySet.of_des(0x31, NEW) if des else KeySet.of_aes(0x31, NEW)
        again = Administrator(card, level, keys)
        self.assertEqual(again.load()[0], 0x9000)

    def test_scp03(self) -> None:
        """
        SCP03 with MACs of 8 and of 16 bytes.
        """
        for implementation in (0x70, 0x71, 0x60):
            for level in LEVELS:
                self.administer(make_card(implementation=implementation), level)

    def test_scp02(self) -> None:
        """
        SCP02, with R-MAC where the card has it.
        """
        for form, levels in ((0x55, (0, 1, 3)), (0x75, (0, 1, 3, 0x11, 0x13))):
            for level in levels:
                self.administer(make_card(LEGACY, scp02=form), level)

    def test_errorsOfScp02(self) -> None:
        """
        In SCP02 errors have an R-MAC, too, unlike in SCP03: hosts such as GlobalPlatformPro and gpshell expect it.
        """
        for family, level, length in ((LEGACY, 0x13, 8), ("strict", 0x33, 0)):
            admin = Administrator(make_card(family, scp02=0x75), level)
            self.assertEqual(admin.status(get_data(0x5F50)), 0x6A88)
            self.assertEqual(len(admin.wire.got[-1]), length + 2)

    def test_keyLengths(self) -> None:
        """
        AES with 24 and with 32 bytes.
        """
        for size in (24, 32):
            key = bytes(range(size))
            admin = Administrator(make_card(key=key), keys=KeySet.of_aes(0x30, key))
            self.assertEqual(set(admin.load()), {0x9000})

    def test_families(self) -> None:
        """
        Each family is opened with what the host knows of it; one that has no applications says so.
        """
        for name in FAMILIES:
            card = make_card(name)
            admin = Administrator(card, 0x03 if card.options.family.des else 0x33)
            self.assertEqual(admin.load()[0], 0x6D00 if name == "yubikey" else 0x9000, name)

    def test_extended(self) -> None:
        """
        With extended length, blocks may be as long as the card says, and no longer.
        """
        octets = zipped(make_components(code=5000))
        for level in LEVELS:
            card = make_card(extended=True, block=2000)
            self.assertEqual(set(Administrator(card, level).load(octets, 2000)), {0x9000})
            self.assertEqual(Administrator(make_card(extended=True, block=2000), level).load(octets, 2001)[-1], 0x6700)

    def test_counting(self) -> None:
        """
        Cards that count only commands with data, and those that encrypt no data as one block.
        """
        for name in ("legacy", "yubikey"):
            card = make_card(evolve(FAMILIES[name], des=False, without=frozenset(), tagged=True))
            admin = Administrator(card)
            for _ in range(3):
                self.assertEqual(admin.status(get_data(0x66)), 0x9000)
            self.assertEqual(set(admin.load()), {0x9000})

    def test_channels(self) -> None:
        """
        Each logical channel has a session of its own.
        """
        card = make_card()
        first = Administrator(card)
        for number in (1, 5, 19):
            self.assertEqual(card(bytes((0x00, 0x70, 0x00, number))), bytes.fromhex("9000"))
            other = Administrator(card, number=number)
            self.assertEqual(len(other.list(Scope.ISD)), 1)
        self.assertEqual(set(first.load()), {0x9000})
        self.assertEqual(other.install(), 0x9000)

    def test_reactor(self) -> None:
        """
        The channel of a gateway does as well.
        """
        card = make_card()
        below = MemoryChannel(ChannelInfo("memory", offers=frozenset({Feature.SELECT})), card)
        opening = open_scp03(below, default_keys(card), application=card.aid)
        channel = self.successResultOf(Deferred.fromCoroutine(opening))
        registry = self.successResultOf(Deferred.fromCoroutine(read_registry(channel)))
        self.assertEqual([each.aid for each in registry.entries][:1], [card.aid])


class ConnectionTests(SynchronousTestCase):
    """
    A card that is reached over a connection which is a secure channel.
    """

    def test_connected(self) -> None:
        """
        Its host need not authenticate any more; elsewhere it must.
        """
        status = bytes.fromhex("80F28002024F0000")
        options = make_card().options
        self.assertEqual(VirtualSecurityDomain(options)(status), bytes.fromhex("6982"))
        self.assertTrue(VirtualSecurityDomain(evolve(options, connected=True))(status).endswith(b"\x90\x00"))


class RefusedTests(SynchronousTestCase):
    """
    Who does not come in.
    """

    def test_otherKeys(self) -> None:
        """
        Neither side accepts the other; and a version that is not there is said to be so.
        """
        card = make_card()
        for implementation in (0x70, 0x60):
            made = make_card(implementation=implementation)
            self.assertRaises(KeysDiffer, Administrator, made, keys=KeySet.of_aes(0x30, NEW))
        self.assertEqual(card(bytes.fromhex("8050440008") + bytes(8)), bytes.fromhex("6A88"))

    def test_tries(self) -> None:
        """
        After so many failures the keys are blocked; a success before begins the count anew.
        """
        card = make_card("jcop")
        for _ in range(9):
            self.fail_once(card)
        Administrator(card)
        for _ in range(10):
            self.fail_once(card)
        self.assertEqual(card(bytes.fromhex("8050000008") + bytes(8)), bytes.fromhex("6983"))

    def fail_once(self, card: VirtualSecurityDomain) -> None:
        """
        EXTERNAL AUTHENTICATE with nonsense.
        """
        self.assertEqual(card(bytes.fromhex("8050000008") + bytes(8))[-2:], bytes.fromhex("9000"))
        self.assertEqual(card(bytes.fromhex("8482330010") + bytes(16)), bytes.fromhex("6988"))

    def test_level(self) -> None:
        """
        A level that there is not.
        """
        card = make_card(implementation=0x10)
        self.assertEqual(card(bytes.fromhex("8050000008") + bytes(8))[-2:], bytes.fromhex("9000"))
        self.assertEqual(card(bytes.fromhex("8482330010") + bytes(16)), bytes.fromhex("6A86"))

    def test_unknownKeysDeleted(self) -> None:
        """
        Keys can be deleted, but not those of the session.
        """
        admin = Administrator(make_card())
        self.assertEqual(admin.put(0x31, NEW)[1].status, 0x9000)
        self.assertEqual(admin.status(delete_key(version=0x30)), 0x6985)
        self.assertEqual(admin.status(delete_key(version=0x31)), 0x9000)
        self.assertEqual(admin.status(delete_key(version=0x31)), 0x6A88)
        self.assertEqual(admin.card.versions, (0x30,))

    def test_reset(self) -> None:
        """
        The session and the logical channels are gone; what is on the card stays.
        """
        admin = Administrator(make_card())
        admin.load()
        admin.card.reset()
        self.assertEqual(admin.card(bytes.fromhex("80F28002024F00")), bytes.fromhex("6982"))
        self.assertEqual(len(Administrator(admin.card).list(Scope.LOAD_FILES)), 2)

    def test_keysNotShown(self) -> None:
        """
        No key is in what is written about the card.
        """
        card = make_card(key=NEW)
        self.assertNotIn(NEW.hex(), repr(vars(card)).lower())
        self.assertNotIn(repr(NEW), repr(vars(card)))
