"""
Tests of L{cardgw.operations.gp_shown}; most of it is tested with L{cardgw.operations.gp_get_data}.
"""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.cap import Hash
from cardgw.gp.capabilities import Capabilities, ChannelCapability, CodeCipher, Suite
from cardgw.gp.privileges import Privilege
from cardgw.operations.gp_shown import capabilities_json


class CapabilitiesTests(SynchronousTestCase):
    """
    L{capabilities_json}.
    """

    def test_all(self) -> None:
        """
        By names; a curve without one is its number.
        """
        found = capabilities_json(
            Capabilities(
                (ChannelCapability(3, b"\x70", (16, 32)),),
                Privilege.SecurityDomain,
                Privilege.CardReset,
                (Hash.SHA256,),
                CodeCipher.AES128 | CodeCipher.ICV,
                Suite.CMAC_AES128,
                Suite.RSA1024_SHA1,
                Suite.ECC256_SHA256,
                b"\x00\x99",
            )
        )
        self.assertEqual(json.loads(json.dumps(found)), found)
        self.assertEqual(found["secure_channels"], [{"protocol": "SCP03", "options": "70", "key_sizes": [128, 256]}])
        self.assertEqual(
            (found["ciphers"], found["tokens"], found["daps"]), (["AES128", "ICV"], ["CMAC_AES128"], ["ECC256_SHA256"])
        )
        self.assertEqual((found["curves"], found["domain_privileges"]), (["P256", "99"], ["SecurityDomain"]))
