# -*- test-case-name: tests.virtual.test_security_domain_registry -*-
"""
Tests for L{cardgw.virtual.security_domain_registry}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.life_cycle import Kind
from cardgw.virtual.euicc_values import Refused
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from cardgw.virtual.security_domain_registry import OVERHEAD, CardRegistry, Item


class RegistryTests(SynchronousTestCase):
    """
    L{CardRegistry}.
    """

    def test_room(self) -> None:
        """
        Memory is counted, and comes back.
        """
        registry = CardRegistry(SecurityDomainOptions(memory=200))
        registry.add(Item(b"first", Kind.APP, 7, registry.isd.aid, size=100))
        self.assertEqual(registry.free, 100 - OVERHEAD)
        second = Item(b"other", Kind.APP, 7, registry.isd.aid)
        self.assertEqual(self.assertRaises(Refused, registry.add, second).status, 0x6A84)
        del registry.items[b"first"]
        self.assertEqual(registry.free, 200)

    def test_above(self) -> None:
        """
        Who belongs to whom, over more than one domain.
        """
        registry = CardRegistry(SecurityDomainOptions())
        domain = registry.add(Item(b"domain", Kind.SSD, 7, registry.isd.aid))
        inner = registry.add(Item(b"inner", Kind.APP, 7, domain.aid))
        self.assertEqual(list(registry.above(inner)), [domain, registry.isd])
        self.assertEqual(registry.belonging(domain), [inner])
        self.assertIs(registry.ring(domain), registry.isd.ring)
        self.assertEqual(self.assertRaises(Refused, registry.domain, b"inner").status, 0x6A88)
