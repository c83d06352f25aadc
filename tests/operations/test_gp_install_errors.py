"""
Tests of L{cardgw.operations.gp_install_errors}.
"""

from __future__ import annotations

from cardgw.errors import UnexpectedStatus
from cardgw.gp.resources import Resources
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_install_errors import InstallRefused, LoadRefused, NotEnoughMemory, PackageMissing, SignatureRefused
from tests.gp.cap_maker import make_components, zipped
from tests.operations.gp_card import GpTestCase

CAP = zipped(make_components()).hex()
DOMAIN = "A0000001510001"
BEGIN, LOAD, INSTALL = 0xE602, 0xE880, 0xE60C


class ReasonsTests(GpTestCase):
    """
    A card that refuses, and what is said of it.
    """

    operation = GpInstall

    def told(self, command: int, status: int, error: type[UnexpectedStatus], cap: str = CAP, **parameters: object) -> str:
        """
        The text when a command is refused.
        """
        self.card.refusing = {command: status}
        return self.failed(error, cap=cap, **parameters)

    def test_memory(self) -> None:
        """
        It begins with what is wrong, and tells how much there is, where the card does.
        """
        for command in (BEGIN, LOAD, INSTALL):
            text = self.told(command, 0x6A84, NotEnoughMemory, replace=True)
            self.assertTrue(text.startswith("The card has not enough memory: "), text)
            self.assertIn("The file has 135 bytes.", text)
        self.card.objects[0xFF21] = Resources(0, 100, 10).encode()
        self.assertIn("bytes, and the card has room for 100.", self.told(LOAD, 0x6A84, NotEnoughMemory, replace=True))

    def test_begin(self) -> None:
        """
        A security domain that is not there, or something that cannot be known; nothing is left.
        """
        self.assertIn(f"Is {DOMAIN} a security domain", self.told(BEGIN, 0x6A88, LoadRefused, for_domain=DOMAIN))
        self.assertIn("INSTALL [for load]: 6985", self.told(BEGIN, 0x6985, LoadRefused))
        self.assertEqual((self.session.results, self.memory), ([], {}))

    def test_load(self) -> None:
        """
        A package that is missing, if that is certain; else the signature; else what may be.
        """
        strange = zipped(make_components(imports=(bytes.fromhex("A00000009901"),))).hex()
        text = self.told(LOAD, 0x6985, PackageMissing, cap=strange)
        self.assertIn("The file needs package A00000009901 1.3 that the card does not list.", text)
        signed = {"dap": "issuer", "dap_domain": DOMAIN}
        text = self.told(LOAD, 0x6985, SignatureRefused, **signed)
        self.assertTrue(text.startswith("The card refuses the signature of the load file: LOAD in 1 blocks"), text)
        self.assertIn("package A0000000620101 1.3 that the card does not list", self.told(LOAD, 0x6A80, LoadRefused))
        alone = zipped(make_components(imports=())).hex()
        self.assertIn("may want a signature", self.told(LOAD, 0x6982, LoadRefused, cap=alone))
        self.told(LOAD, 0x6F00, LoadRefused, cap=alone)

    def test_notAllowed(self) -> None:
        """
        A refusal at once is no matter of signatures.
        """
        long = zipped(make_components(imports=(), code=900)).hex()
        self.assertIn("may not let this security domain load", self.told(0xE800, 0x6985, LoadRefused, cap=long))

    def test_install(self) -> None:
        """
        The applet, or what it is given.
        """
        self.assertIn("Is this applet", self.told(INSTALL, 0x6A88, InstallRefused))
        self.assertIn("other data", self.told(INSTALL, 0x6A80, InstallRefused))
        self.assertEqual(self.told(INSTALL, 0x6F00, InstallRefused)[-5:], "osis)")
