"""
Tests of L{cardgw.operations.gp_install_parameters}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.fields import build
from cardgw.gp.privileges import Privilege
from cardgw.operations.gp_install_parameters import InstallGpParameters

CAP, AID = {"cap": "DECA"}, "A000000099"


def parameters(**given: Any) -> InstallGpParameters:
    """
    Those of a request.
    """
    return build(InstallGpParameters, {"keys": "issuer", **given}, "gp.install", ParameterError)


class ParametersTests(SynchronousTestCase):
    """
    What fits together.
    """

    def refused(self, begins: str, **given: Any) -> None:
        """
        It does not, and the text begins with the parameter that is wrong.
        """
        detail = self.assertRaises(ParameterError, parameters, **given).detail
        self.assertTrue(detail.startswith(f"{begins}: "), detail)

    def test_oneOf(self) -> None:
        """
        A file, a load file on the card, or an instance.
        """
        self.refused("cap")
        self.refused("cap", **CAP, package=AID, applet=AID)
        self.refused("cap", **CAP, make_selectable=True, instance=AID)
        self.refused("applet", package=AID)
        self.refused("instance", make_selectable=True)
        self.refused("applet and data", make_selectable=True, instance=AID, data="00")
        for name, value in (("load_only", True), ("replace", True), ("for_domain", AID), ("load_code", 1)):
            self.refused(name, package=AID, applet=AID, **{name: value})

    def test_signature(self) -> None:
        """
        It is made with a key of a domain, of a hash.
        """
        self.refused("dap_domain", **CAP, dap="signing")
        self.refused("dap_domain", **CAP, dap_domain=AID)
        self.refused("hash", **CAP, dap="signing", dap_domain=AID, hash="none")
        self.refused("tokens", **CAP, tokens=["00"], replace=True)

    def test_privileges(self) -> None:
        """
        By name, in any case of letters; those that are not there are told at once.
        """
        self.refused("privileges", **CAP, privileges=["Flying"])
        found = parameters(**CAP, privileges=["cardlock"], default=True).granted()
        self.assertEqual(found, Privilege.CardLock | Privilege.CardReset)

    def test_quotas(self) -> None:
        """
        Memory and the other parameters, in their places.
        """
        found = parameters(
            **CAP,
            load_code=1,
            load_volatile=2,
            load_non_volatile=3,
            volatile=4,
            non_volatile=5,
            reserved_volatile=6,
            reserved_non_volatile=7,
            services=[0x8001],
            implicit=[0x81],
            sim="01",
            uicc="02",
            data="03",
        )
        self.assertEqual(found.of_load().encode().hex(), "ef0cc6020001c7020002c8020003")
        inner = "c7020004c8020005cb028001d7020006d8020007ca0101cf0181"
        self.assertEqual(found.of_install().encode().hex(), f"c90103ef{len(inner) // 2:02x}{inner}ea0102")
