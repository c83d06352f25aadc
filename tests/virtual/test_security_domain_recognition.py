# -*- test-case-name: tests.virtual.test_security_domain_recognition -*-
"""
Tests for L{cardgw.virtual.security_domain_recognition}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.capabilities import parse_capabilities
from cardgw.gp.commands import get_data
from cardgw.gp.recognition_data import SecureChannel, parse_recognition_data
from cardgw.scp.blocking import ask
from cardgw.scp.store import KeyReference
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from cardgw.virtual.security_domain_recognition import capabilities
from tests.scp.scp11_rig import private_key
from tests.virtual.security_domain_rig import Wire, make_card


class RecognitionTests(SynchronousTestCase):
    """
    Data objects 66 and 67.
    """

    def test_channels(self) -> None:
        """
        Those that keys are there for.
        """
        card = make_card(implementation=0x71)
        card.add_own_key(KeyReference(0x11, 3), private_key("any"))
        found = parse_recognition_data(ask(Wire(card), get_data(0x66)).data)
        self.assertEqual((found.version, found.identified), ("2.3.1", True))
        self.assertEqual(found.channels, (SecureChannel(3, 0x71), SecureChannel(0x11, 0x49)))
        legacy = parse_recognition_data(ask(Wire(make_card("legacy")), get_data(0x66)).data)
        self.assertEqual(legacy.channels, (SecureChannel(2, 0x55),))

    def test_fixed(self) -> None:
        """
        A YubiKey says the same whatever keys it has, as one of version 5.7.4 from a shop does: i=60, and SCP11b in two bytes.
        """
        card = make_card("yubikey")
        card.add_own_key(KeyReference(0x11, 3), private_key("any"))
        found = ask(Wire(card), get_data(0x66)).data
        self.assertTrue(found.hex().endswith("640b06092a864886fc6b040360" + "640c060a2a864886fc6b04119b06"))

    def test_capabilities(self) -> None:
        """
        What it could have.
        """
        found = parse_capabilities(capabilities(SecurityDomainOptions()))
        self.assertEqual([each.protocol for each in found.channels], [3, 2])
