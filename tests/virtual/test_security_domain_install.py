# -*- test-case-name: tests.virtual.test_security_domain_install -*-
"""
Tests for L{cardgw.virtual.security_domain_install}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.gp.commands import field
from cardgw.gp.delete import delete
from cardgw.gp.get_status import get_status
from cardgw.gp.install import (
    For,
    Install,
    for_extradition,
    for_install,
    for_make_selectable,
    for_personalization,
    for_registry_update,
)
from cardgw.gp.keys import aes_key
from cardgw.gp.parameters import InstallParameters
from cardgw.gp.privileges import Privilege
from cardgw.gp.registry import Scope
from cardgw.gp.set_status import lock
from cardgw.gp.store_data import store_data
from cardgw.scp.keys import KeySet
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE
from tests.gp.cap_maker import APPLET, PACKAGE
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card

DOMAIN = bytes.fromhex("A000000151000001")


class Rig(SynchronousTestCase):
    """
    A card with a package on it.
    """

    def setUp(self) -> None:
        """
        Load it.
        """
        self.admin = Administrator(make_card())
        self.assertEqual(set(self.admin.load()), {0x9000})

    def send(self, install: Install) -> int:
        """
        The status of an INSTALL.
        """
        return self.admin.status(install.command())

    def domain(self, aid: bytes = DOMAIN, privileges: Privilege = Privilege.SecurityDomain) -> int:
        """
        Install a security domain.
        """
        return self.send(for_install(DOMAIN_FILE, DOMAIN_MODULE, aid, privileges))


class InstallTests(Rig):
    """
    INSTALL [for install], and make selectable.
    """

    def test_steps(self) -> None:
        """
        What is installed alone is not found by SELECT until it is made selectable, once.
        """
        self.assertEqual(self.send(for_install(PACKAGE, APPLET, INSTANCE, purpose=For.INSTALL)), 0x9000)
        self.assertEqual(self.admin.list()[0].state_name, "INSTALLED")
        select = bytes((0x00, 0xA4, 0x04, 0x00, len(INSTANCE))) + INSTANCE
        self.assertEqual(self.admin.card(select), bytes.fromhex("6A82"))
        admin = self.admin = Administrator(self.admin.card)
        self.assertEqual(self.send(for_make_selectable(INSTANCE)), 0x9000)
        self.assertEqual(self.send(for_make_selectable(INSTANCE)), 0x6985)
        self.assertEqual(admin.card(select), bytes.fromhex("9000"))
        self.assertEqual(admin.card(bytes.fromhex("80CA006600")), bytes.fromhex("6D00"))

    def test_refused(self) -> None:
        """
        What is there already, what is not there, and what an application cannot have.
        """
        self.assertEqual(self.admin.install(), 0x9000)
        self.assertEqual(self.admin.install(), 0x6985)
        self.assertEqual(self.send(for_install(APPLET, APPLET, INSTANCE + b"x")), 0x6A88)
        self.assertEqual(self.send(for_install(PACKAGE, PACKAGE, INSTANCE + b"x")), 0x6A88)
        self.assertEqual(self.send(for_install(PACKAGE, APPLET, INSTANCE + b"x", Privilege.SecurityDomain)), 0x6A80)
        self.assertEqual(self.domain(privileges=Privilege.CardReset), 0x6A80)
        mandated = (DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, b"\x81", b"\xc9\x00")
        self.assertEqual(self.send(Install(For.INSTALL, mandated)), 0x6A80)
        fields = (PACKAGE, APPLET, INSTANCE + b"x", b"\x00", b"")
        self.assertEqual(self.send(Install(For.INSTALL, fields)), 0x6A80)
        self.assertEqual(self.admin.status(Command(0x80, 0xE6, 0x0C, 0x00, b"\x05abc")), 0x6A80)
        self.assertEqual(self.admin.status(Command(0x80, 0xE6, 0x0C, 0x00, b"\x00\x00")), 0x6A80)
        self.assertEqual(self.admin.status(Command(0x80, 0xE6, 0x7F, 0x00, b"\x00")), 0x6A86)

    def test_memory(self) -> None:
        """
        What an application reserves must be there.
        """
        parameters = InstallParameters(reserved_non_volatile=0x20000)
        self.assertEqual(self.send(for_install(PACKAGE, APPLET, INSTANCE, parameters=parameters)), 0x6A84)
        parameters = InstallParameters(reserved_non_volatile=0x1000, implicit=(0x80,))
        self.assertEqual(self.send(for_install(PACKAGE, APPLET, INSTANCE, parameters=parameters)), 0x9000)
        self.assertEqual(self.admin.list()[0].implicit, (0x80,))

    def test_default(self) -> None:
        """
        One application alone is selected by itself.
        """
        self.assertEqual(self.send(for_install(PACKAGE, APPLET, INSTANCE, Privilege.CardReset)), 0x9000)
        self.assertEqual(self.send(for_install(PACKAGE, APPLET, INSTANCE + b"x", Privilege.CardReset)), 0x6985)
        self.admin.card.reset()
        self.assertEqual(self.admin.card(bytes.fromhex("80CA006600")), bytes.fromhex("6D00"))


class AnythingTests(SynchronousTestCase):
    """
    Whatever fields come, INSTALL is carried out or refused.
    """

    @given(
        st.sampled_from(For),
        st.lists(st.sampled_from((PACKAGE, APPLET, INSTANCE, DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, b"")) | st.binary(max_size=20)),
    )
    def test_anything(self, purpose: For, fields: list[bytes]) -> None:
        """
        On a card with a package.
        """
        admin = Administrator(make_card(), 0x00)
        admin.load()
        data = b"".join(map(field, fields))[:200]
        self.assertIn(admin.status(Command(0x80, 0xE6, purpose, 0x00, data)), (0x9000, 0x6A80, 0x6A84, 0x6A86, 0x6A88, 0x6985))


class DomainTests(Rig):
    """
    Security domains.
    """

    def test_keys(self) -> None:
        """
        A new one is entered with the keys of the one that it belongs to, until it gets its own; it sees what is its own.
        """
        self.assertEqual(self.domain(), 0x9000)
        inner = Administrator(self.admin.card, domain=DOMAIN)
        self.assertEqual(inner.put(0x40, b"n" * 16)[1].status, 0x9000)
        self.assertEqual(inner.list()[0].state_name, "PERSONALIZED")
        old = bytes.fromhex("8050300008") + bytes(8)
        self.assertEqual(self.admin.card(old), bytes.fromhex("6A88"))
        again = Administrator(self.admin.card, domain=DOMAIN, keys=KeySet.of_aes(0x40, b"n" * 16))
        self.assertEqual([each.aid for each in again.list()], [DOMAIN])
        self.assertEqual(again.list(Scope.ISD), ())
        self.assertEqual(again.status(delete(PACKAGE)), 0x6985)
        self.assertEqual(again.load(), [0x6985])

    def test_otherKeys(self) -> None:
        """
        Keys for other things do not let anybody in, so those of the parent still do.
        """
        self.assertEqual(self.domain(), 0x9000)
        inner = Administrator(self.admin.card, domain=DOMAIN)
        self.assertEqual(inner.put_one(0x73, aes_key(b"d" * 16, inner.connection.dek.encrypt)), 0x9000)
        again = Administrator(self.admin.card, domain=DOMAIN)
        self.assertEqual(again.list()[0].state_name, "SELECTABLE")

    def test_locked(self) -> None:
        """
        One that is locked is not selected, and who has selected it before can do nothing more with it.
        """
        self.assertEqual(self.domain(), 0x9000)
        self.admin.card(bytes.fromhex("00700001"))
        inner = Administrator(self.admin.card, domain=DOMAIN, number=1)
        self.assertEqual(self.admin.status(lock(DOMAIN)), 0x9000)
        self.assertEqual(inner.status(get_status(Scope.APPLICATIONS)), 0x6985)
        select = bytes((0x00, 0xA4, 0x04, 0x00, len(DOMAIN))) + DOMAIN
        self.assertEqual(self.admin.card(select), bytes.fromhex("6A82"))

    def test_itself(self) -> None:
        """
        A domain may belong to itself once it has keys of its own; the card's privileges still reach it.
        """
        self.assertEqual(self.domain(), 0x9000)
        self.assertEqual(self.send(for_extradition(DOMAIN, DOMAIN)), 0x6985)
        self.assertEqual(Administrator(self.admin.card, domain=DOMAIN).put(0x40, b"n" * 16)[1].status, 0x9000)
        self.admin = Administrator(self.admin.card)
        self.assertEqual(self.send(for_extradition(DOMAIN, DOMAIN)), 0x9000)
        self.assertEqual(self.admin.list()[0].domain, DOMAIN)
        own = Administrator(self.admin.card, domain=DOMAIN, keys=KeySet.of_aes(0x40, b"n" * 16))
        self.assertEqual([each.aid for each in own.list()], [DOMAIN])
        self.admin = Administrator(self.admin.card)
        self.assertEqual(self.admin.status(delete(DOMAIN)), 0x9000)

    def test_extradition(self) -> None:
        """
        What is given to a domain belongs to it, and goes with it.
        """
        self.assertEqual((self.domain(), self.admin.install()), (0x9000, 0x9000))
        self.assertEqual(self.send(for_extradition(DOMAIN, INSTANCE)), 0x9000)
        self.assertEqual({each.aid: each.domain for each in self.admin.list()}[INSTANCE], DOMAIN)
        self.assertEqual(self.send(for_extradition(INSTANCE, DOMAIN)), 0x6A88)
        self.assertEqual(self.send(for_extradition(DOMAIN, DOMAIN)), 0x6985)
        self.assertEqual(self.send(for_extradition(DOMAIN, self.admin.card.aid)), 0x6985)
        self.assertEqual(self.admin.status(delete(DOMAIN)), 0x6985)
        self.assertEqual(self.admin.status(delete(DOMAIN, related=True)), 0x9000)
        self.assertEqual(self.admin.list(), ())

    def test_update(self) -> None:
        """
        Privileges and domains can be changed.
        """
        self.assertEqual((self.domain(), self.admin.install()), (0x9000, 0x9000))
        self.assertEqual(self.send(for_registry_update(INSTANCE, Privilege.CardReset, DOMAIN)), 0x9000)
        found = {each.aid: each for each in self.admin.list()}[INSTANCE]
        self.assertEqual((found.privileges, found.domain), (Privilege.CardReset, DOMAIN))
        self.assertEqual(self.send(for_registry_update(INSTANCE, Privilege.SecurityDomain)), 0x6A80)
        self.assertEqual(self.send(for_registry_update(PACKAGE)), 0x6985)

    def test_personalization(self) -> None:
        """
        STORE DATA goes to an application, once.
        """
        self.assertEqual(self.admin.install(), 0x9000)
        self.assertEqual(self.send(for_personalization(INSTANCE)), 0x9000)
        self.assertEqual(self.admin.run(store_data(b"anything", 4)), [0x9000, 0x9000])
        self.assertEqual(self.admin.run(store_data(b"anything", 200)), [0x6A80])
        self.assertEqual(self.admin.card.stored(INSTANCE), {0: b"anything"})
        self.assertEqual(self.send(for_personalization(PACKAGE)), 0x6985)
        self.assertEqual(self.send(for_personalization(DOMAIN)), 0x6A88)
