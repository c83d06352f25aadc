"""
Tests of L{cardgw.operations.gp_install_plan}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.gp.cap import CapFile, Hash, code_hash
from cardgw.gp.delegated import token_input
from cardgw.gp.delete import Delete
from cardgw.gp.install import For, Install
from cardgw.operations.gp_install_plan import InstallPlan
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.operations.gp_card import KEYS
from tests.operations.test_gp_install_parameters import parameters
from tests.operations.test_gp_signing import RSA1024, pair

FILE = zipped(make_components())
CODE = CapFile.decode(FILE).code()
DOMAIN = "A0000001510001"
SETS: dict[str, Any] = {"aes": KEYS, "rsa": pair(RSA1024)}


def plan(**given: Any) -> InstallPlan:
    """
    That of a request.
    """
    return InstallPlan(parameters(**given), SETS.__getitem__)


class PlanTests(SynchronousTestCase):
    """
    What is sent.
    """

    def loading(self, **given: Any) -> tuple[Install, bytes]:
        """
        INSTALL [for load] without its token, and what is sent with LOAD.
        """
        found = plan(cap=FILE.hex(), **given)
        assert found.for_load is not None
        assert found.load_file is not None
        return found.for_load, found.load_file.encode()

    def test_plain(self) -> None:
        """
        Without signature and token there is no hash, unless it is wanted.
        """
        self.assertEqual(self.loading()[0].fields, (PACKAGE, b"", b"", b""))
        self.assertEqual(
            self.loading(hash="sha384", for_domain=DOMAIN)[0].fields[1:3], (bytes.fromhex(DOMAIN), self.hash(Hash.SHA384))
        )

    def hash(self, algorithm: Hash) -> bytes:
        """
        Of the file.
        """
        return code_hash(CODE, algorithm)

    def test_signed(self) -> None:
        """
        The signature stands before the code, with the domain that verifies it; its hash is in INSTALL.
        """
        install, sent = self.loading(dap="aes", dap_domain=DOMAIN)
        signature = KEYS.mac.cmac(self.hash(Hash.SHA256))
        self.assertTrue(sent.startswith(bytes.fromhex(f"E21B4F07{DOMAIN}C310") + signature + b"\xc4"))
        self.assertEqual(install.fields[2], self.hash(Hash.SHA256))
        self.assertEqual(self.loading(dap="rsa", dap_domain=DOMAIN)[0].fields[2], self.hash(Hash.SHA1))

    def test_tokens(self) -> None:
        """
        Every command that can have one has one, made by a key set or elsewhere; DELETE of what is replaced, too.
        """
        found = plan(cap=FILE.hex(), token="aes", replace=True, control="B600")
        assert found.for_load is not None
        self.assertEqual(found.for_load.fields[3], bytes.fromhex("B600"))
        for each in (found.for_load, found.instances[0].install, found.delete(PACKAGE)):
            self.assertEqual(each.token, KEYS.mac.cmac(token_input(each.with_token(b""))))
        found = plan(cap=FILE.hex(), tokens=["01", "02"])
        self.assertEqual(getattr(found.for_load, "token", b"") + found.instances[0].install.token, b"\1\2")
        for tokens in (["01"], ["01", "02", "03"]):
            self.assertRaises(ParameterError, plan, cap=FILE.hex(), tokens=tokens)

    def test_delete(self) -> None:
        """
        A load file goes with what was installed from it, an instance alone.
        """
        found = plan(cap=FILE.hex(), replace=True)
        self.assertEqual(found.delete(PACKAGE), Delete((PACKAGE,), related=True))
        self.assertEqual(found.delete(APPLET), Delete((APPLET,)))

    def test_installOnly(self) -> None:
        """
        From a load file on the card, or of an instance.
        """
        found = plan(package=PACKAGE.hex(), applet=APPLET.hex(), selectable=False)
        self.assertEqual((found.for_load, found.imports, [each.aid for each in found.instances]), (None, (), [APPLET]))
        self.assertIs(found.instances[0].install.purpose, For.INSTALL)
        found = plan(make_selectable=True, instance=APPLET.hex())
        self.assertEqual((found.package, found.instances[0].install.purpose), (b"", For.MAKE_SELECTABLE))
