"""
Tests of L{cardgw.operations.gp_install}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.gp.cap import CapFile
from cardgw.operations.gp_delete import GpDelete
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_install_errors import AlreadyOnCard, LoadRefused, SignatureRefused
from cardgw.operations.gp_keys import PutGpKeys
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.operations.gp_card import HEAD, KEYS, GpOperationTests, GpTestCase
from tests.operations.gp_virtual import VirtualTestCase
from tests.operations.test_gp_signing import P256, P384, RSA1024, RSA2048, pair

OTHER = bytes.fromhex("A000000062030102")
ONE, TWO = (zipped(make_components(applets)).hex() for applets in ((APPLET,), (APPLET, OTHER)))
DOMAIN = "A0000001510001"
LOADING = "gp.loading:A000000151000000"


class GpInstallTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.install} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "cap": ONE}

    def make_operation(self) -> GpInstall:
        """
        See L{OperationTestsMixin}.
        """
        return GpInstall()


class InstallTests(GpTestCase):
    """
    What C{gp.install} does.
    """

    operation = GpInstall

    def there(self) -> list[str]:
        """
        The AIDs of what is on the card besides its domain.
        """
        return [each.aid.hex().upper() for each in self.card.entries[1:]]

    def test_installed(self) -> None:
        """
        Loaded, in blocks that the level allows, and all applets installed; nothing is remembered in the end.
        """
        found = self.done(cap=TWO)
        aids = [each.hex().upper() for each in (PACKAGE, APPLET, OTHER)]
        self.assertEqual((found["package"], found["installed"], found["cleaned_up"]), (aids[0], aids[1:], ""))
        self.assertEqual((self.there(), self.memory, found["journalled"]), (aids, {}, True))
        blocks = b"".join(each.data for each in self.commands(0xE8))
        self.assertTrue(blocks.endswith(CapFile.decode(bytes.fromhex(TWO)).code()))
        self.assertLessEqual(max(len(each.data) for each in self.commands(0xE8)), 239)
        self.assertEqual(self.session.percents[-1], 100)

    def test_chosen(self) -> None:
        """
        One applet, under another AID, as the default one, with its data.
        """
        found = self.done(cap=TWO, applet=OTHER.hex(), instance="A000000099", default=True, data="0102")
        self.assertEqual(found["installed"], ["A000000099"])
        self.assertIn("c9020102", self.commands(0xE6)[1].data.hex())
        self.assertEqual(self.card.entries[-1].privileges.name, "CardReset")

    def test_loadOnly(self) -> None:
        """
        Only loaded.
        """
        self.assertEqual((self.done(cap=ONE, load_only=True)["installed"], self.there()), ([], [PACKAGE.hex().upper()]))

    def test_wrong(self) -> None:
        """
        What contradicts the file, or is none, is found before anything is sent to be loaded.
        """
        for parameters in ({"applet": "A000000099"}, {"instance": "A000000099"}, {"default": True}):
            self.failed(ParameterError, cap=TWO, **parameters)
        self.failed(ParameterError, cap="00")
        self.assertEqual(self.card.sent, 0)

    def test_broken(self) -> None:
        """
        After a break the next run deletes what is left, be it nothing or the whole file, and begins anew.
        """
        for command, left in ((0xE880, ""), (0xE60C, PACKAGE.hex().upper())):
            self.card.refusing = {command: 0x6F00}
            self.failed(UnexpectedStatus, cap=ONE)
            self.assertIn(PACKAGE, self.remembered(LOADING) or b"")
            self.card.refusing = {}
            self.assertEqual(self.done(cap=ONE)["cleaned_up"], left)
            self.assertEqual((len(self.there()), self.memory), (2, {}))
            del self.card.entries[1:]

    def test_nameless(self) -> None:
        """
        Of a card that does not tell who it is nothing is remembered.
        """
        self.card.objects, self.card.refusing = {}, {0xE60C: 0x6F00}
        self.failed(UnexpectedStatus, cap=ONE)
        self.assertEqual(self.memory, {})
        self.card.refusing = {}
        self.card.entries.pop()
        self.assertFalse(self.done(cap=ONE, replace=True)["journalled"])

    def test_twice(self) -> None:
        """
        What is on the card already is not replaced, and never taken for something half loaded.
        """
        self.done(cap=ONE)
        self.assertIn("The card has this already: A0000000620301", self.failed(AlreadyOnCard, cap=ONE))
        self.assertEqual((len(self.there()), self.memory), (2, {}))

    def test_dryRun(self) -> None:
        """
        All commands, plain, and what the file needs.
        """
        found = self.done(cap=ONE, dry_run=True)
        commands = found["commands"]
        self.assertEqual((commands[0][:8], commands[1][:4], commands[-1][:8]), ("80E60200", "80E8", "80E60C00"))
        blocks = "Blocks of the file have 239 bytes, unless the card takes more or less."
        self.assertEqual(found["warnings"], [blocks])
        self.assertEqual(self.done(cap=ONE, dry_run=True, block_size=100)["warnings"], [])
        other = zipped(make_components(imports=(bytes.fromhex("F000000001"),))).hex()
        warning, _ = self.done(cap=other, dry_run=True)["warnings"]
        self.assertEqual(warning, "The card has to have package F000000001 1.3.")
        found = self.done(cap=ONE, dry_run=True, replace=True)
        self.assertEqual(found["commands"], [f"80E40080094F07{PACKAGE.hex().upper()}00", *commands])
        self.assertIn("DELETE is sent for what the card has.", found["warnings"])


class DelegatedTests(VirtualTestCase):
    """
    Signatures, tokens and receipts, with the whole software card: a security domain that verifies signatures and may manage what
    is on the card with tokens.
    """

    operation = GpInstall

    def setUp(self) -> None:
        """
        Keys, before any are on the card.
        """
        super().setUp()
        self.key_sets["token"], self.key_sets["receipt"] = pair(P256), KEYS

    def make_domain(self, privilege: str) -> None:
        """
        A domain with keys of its own.
        """
        factory = {"package": DOMAIN_FILE.hex(), "applet": DOMAIN_MODULE.hex()}
        self.done(**factory, instance=DOMAIN, privileges=[privilege])
        self.put(new="next", domain=DOMAIN)

    def put(self, **parameters: Any) -> None:
        """
        Put keys on the card.
        """
        self.operation = PutGpKeys  # type: ignore[assignment]
        self.done(**parameters)
        self.operation = GpInstall

    def there_after(self, **parameters: Any) -> list[str]:
        """
        What is on the card besides the domain.
        """
        self.done(cap=ONE, **parameters)
        return [each for each in self.there() if each != DOMAIN]

    def test_signed(self) -> None:
        """
        A load file for the domain needs its signature, of any kind; a wrong one is told, and what is left of it is nothing.
        """
        self.make_domain("DAPVerification")
        signed = {"for_domain": DOMAIN, "dap_domain": DOMAIN, "load_only": True, "replace": True}
        self.assertIn("want a signature (dap)", self.failed(LoadRefused, cap=ONE, for_domain=DOMAIN))
        for key, given in enumerate((KEYS, pair(RSA1024), pair(RSA2048), pair(P256), pair(P384)), 1):
            self.key_sets["signing"] = given
            self.assertIn("is it the right one", self.failed(SignatureRefused, cap=ONE, dap="signing", **signed))
            single = {"key": "mac"} if given is KEYS else {}
            self.put(keys="next", domain=DOMAIN, new="signing", version=0x73, identifier=key, part="public", **single)
            self.assertEqual(self.there_after(dap="signing", **signed), [PACKAGE.hex().upper()])
        self.failed(SignatureRefused, cap=ONE, dap="wrong", **signed)

    def test_delegated(self) -> None:
        """
        The domain loads and installs with tokens of the issuer, and the card's receipts are right; not so without tokens.
        """
        self.make_domain("DelegatedManagement")
        self.put(new="token", version=0x70, identifier=1, part="public")
        self.put(new="receipt", version=0x71, identifier=1, key="mac")
        head = {"keys": "next", "domain": DOMAIN}
        self.failed(LoadRefused, cap=ONE, **head)
        found = self.done(cap=ONE, token="token", receipts="receipt", **head)
        told = [(each["of"], each["counter"], each["verified"]) for each in found["receipts"]]
        self.assertEqual((told, found["warnings"]), ([("LOAD", 1, True), ("INSTALL", 2, True)], []))
        found = self.done(cap=ONE, token="token", receipts="wrong", replace=True, **head)
        self.assertEqual([each["of"] for each in found["receipts"]], ["DELETE", "LOAD", "INSTALL"])
        self.assertEqual((len(found["warnings"]), {each["verified"] for each in found["receipts"]}), (3, {False}))
        self.operation = GpDelete  # type: ignore[assignment]
        found = self.done(aid=PACKAGE.hex(), related=True, token="token", receipts="receipt", **head)
        self.assertTrue(found["receipts"][0]["verified"])
