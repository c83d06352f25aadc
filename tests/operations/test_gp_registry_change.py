"""
Tests of L{cardgw.operations.gp_registry_change}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.gp.delegated import extradited, token_input, updated
from cardgw.gp.install import Install
from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import Privilege
from cardgw.gp.registry import Entry
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_registry_change import Extradite, RegistryParameters, SetPrivileges
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE
from tests.gp.cap_maker import APPLET, make_components, zipped
from tests.gp.card import ISD
from tests.operations.gp_card import DONE, HEAD, NEXT, GpOperationTests, GpTestCard, GpTestCase
from tests.operations.gp_virtual import VirtualTestCase
from tests.operations.test_gp_delegated import receipt

DOMAIN, AID = "A0000001510001", APPLET.hex().upper()


class ChangingCard(GpTestCard):
    """
    A card that takes these commands.
    """

    answer = DONE

    def _install(self, command: Command) -> Response:
        Install.decode(command)
        return self.answer


class ExtraditeTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.extradite} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "aid": AID, "to": DOMAIN}

    def make_operation(self) -> Extradite:
        """
        See L{OperationTestsMixin}.
        """
        return Extradite()

    def make_card(self) -> GpTestCard:
        """
        See L{OperationTestsMixin}.
        """
        return ChangingCard()


class SetPrivilegesTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.privileges.set} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "aid": AID, "privileges": ["CardReset"]}

    def make_operation(self) -> SetPrivileges:
        """
        See L{OperationTestsMixin}.
        """
        return SetPrivileges()

    def make_card(self) -> GpTestCard:
        """
        See L{OperationTestsMixin}.
        """
        return ChangingCard()


class DelegatedTests(GpTestCase):
    """
    Tokens and receipts.
    """

    operation = Extradite

    def setUp(self) -> None:
        """
        A card that answers with a receipt.
        """
        super().setUp()
        self.card: Any = ChangingCard()
        self.card.entries.append(Entry(Kind.APP, APPLET, 7, domain=ISD))
        self.key_sets["signing"] = NEXT

    def test_extradited(self) -> None:
        """
        The token is about the command, the receipt about what was done.
        """
        done = extradited(ISD, APPLET, bytes.fromhex(DOMAIN))
        self.card.answer = Response(receipt(done, NEXT), 0x9000)
        found = self.done(aid=AID, to=DOMAIN, token="signing", receipts="signing")
        (one,) = found["receipts"]
        self.assertEqual((one["counter"], one["verified"], found["warnings"], found["before"]), (5, True, [], ISD.hex().upper()))
        install = Install.decode(self.commands(0xE6)[0])
        self.assertEqual(install.token, NEXT.mac.cmac(token_input(install.with_token(b""))))
        self.card.entries.pop()
        self.card.answer = Response(receipt(b"else", NEXT), 0x9000)
        found = self.done(aid=AID, to=DOMAIN, receipts="signing")
        self.assertEqual((found["receipts"][0]["verified"], found["before"]), (False, ""))
        self.assertIn("receipt is wrong", found["warnings"][0])

    def test_updated(self) -> None:
        """
        Likewise of privileges.
        """
        self.operation = SetPrivileges  # type: ignore[assignment]
        self.card.answer = Response(receipt(updated(APPLET, b"\x04"), NEXT), 0x9000)
        found = self.done(aid=AID, privileges=["CardReset"], receipts="signing")
        self.assertTrue(found["receipts"][0]["verified"])

    def test_dryRun(self) -> None:
        """
        The command, with its token, and the check values of the keys.
        """
        found = self.done(aid=AID, to=DOMAIN, tokens=["01020304"], dry_run=True)
        self.assertTrue(found["commands"][0].startswith("80E61000"))
        self.assertTrue(found["commands"][0].endswith("040102030400"))
        found = self.done(aid=AID, to=DOMAIN, token="signing", dry_run=True)
        self.assertEqual([each["name"] for each in found["keys"]], ["issuer", "signing"])

    def test_refused(self) -> None:
        """
        What is missing, or none.
        """
        for wrong in ({"aid": "", "to": DOMAIN}, {"aid": AID, "to": ""}):
            self.assertRaises(ParameterError, self.start, **wrong)
        self.operation = SetPrivileges  # type: ignore[assignment]
        for privileges, parameters in ((None, ""), (["Flying"], ""), ([], "EF05")):
            given = {} if privileges is None else {"privileges": privileges}
            self.assertRaises(ParameterError, self.start, parameters=parameters, **given)
        self.assertRaises(NotImplementedError, RegistryParameters(keys="issuer").content)


class VirtualChangeTests(VirtualTestCase):
    """
    What the whole software card makes of it.
    """

    operation = Extradite

    def setUp(self) -> None:
        """
        A card with a security domain and an application.
        """
        super().setUp()
        self.operation = GpInstall  # type: ignore[assignment]
        self.done(package=DOMAIN_FILE.hex(), applet=DOMAIN_MODULE.hex(), instance=DOMAIN, privileges=["SecurityDomain"])
        self.done(cap=zipped(make_components()).hex())
        self.operation = Extradite

    def entry(self) -> Entry:
        """
        The application.
        """
        return self.virtual.entries[-1]

    def test_extradited(self) -> None:
        """
        It belongs to the other domain; one that is not there gets nothing.
        """
        self.assertEqual(self.done(aid=AID, to=DOMAIN)["before"], ISD.hex().upper())
        self.assertEqual(self.entry().domain.hex().upper(), DOMAIN)
        self.assertIn("extradition] of A0", self.failed(UnexpectedStatus, aid=AID, to="A000000099"))

    def test_privileges(self) -> None:
        """
        Those that are named are all that it has.
        """
        self.operation = SetPrivileges  # type: ignore[assignment]
        found = self.done(aid=AID, privileges=["CardReset", "CardLock"])
        self.assertEqual((found["aid"], found["privileges"]), (AID, ["CardReset", "CardLock"]))
        self.assertEqual(self.entry().privileges, Privilege.CardReset | Privilege.CardLock)
        self.done(aid=AID, privileges=[])
        self.assertEqual(self.entry().privileges, Privilege(0))
        self.assertIsNone(self.done(aid=AID, parameters="EF00")["privileges"])
