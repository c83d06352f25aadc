"""
Tests of L{cardgw.operations.gp_operation}.
"""

from __future__ import annotations

from typing import Any

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.commands import Ins
from cardgw.operations.gp_certificates import StoreGpCertificates
from cardgw.operations.gp_data import StoreGpData
from cardgw.operations.gp_delete import DeleteGpKeys, GpDelete
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_registry_change import Extradite, SetPrivileges
from cardgw.operations.gp_script import RunGpScript
from cardgw.operations.gp_status import SetGpStatus
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.store import KeyReference
from cardgw.virtual import security_domain_apdu
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.operations.gp_card import KEYS, GpTestCase
from tests.operations.gp_virtual import VirtualTestCase
from tests.operations.test_gp_signing import P256

DOMAIN = "A0000001510001"
CAP = zipped(make_components(code=2000)).hex()
ASKING = (Ins.GET_STATUS, Ins.GET_DATA)
"""What a run sends besides, to know what is there."""


class DryRunTests(GpTestCase):
    """
    The dry run.
    """

    operation = GpDelete

    def test_commands(self) -> None:
        """
        It tells the plain commands, and the check values of the keys, and the card hears nothing.
        """
        found = self.done(dry_run=True, aid="A000000062")
        self.assertEqual((found["dry_run"], found["commands"]), (True, ["80E40000074F05A00000006200"]))
        values = [each.hex().upper() for each in KEYS.check_values()]
        self.assertEqual(found["keys"], [{"name": "issuer", "version": 48, "diversified": False, "check_values": values}])
        self.assertEqual(self.card.sent, 0)

    def test_master(self) -> None:
        """
        Of master keys, their own check values are told.
        """
        self.key_sets["issuer"] = MasterKeys(48, KEYS.enc, KEYS.mac, KEYS.dek, diversification("kdf3"))
        (found,) = self.done(dry_run=True, aid="A000000062")["keys"]
        self.assertEqual(found["check_values"], [each.hex().upper() for each in KEYS.check_values()])
        self.assertTrue(found["diversified"])

    def test_withoutKeys(self) -> None:
        """
        It needs no keys.
        """
        self.assertEqual(self.done(dry_run=True, aid="A000000062", keys="")["keys"], [])

    def test_abstract(self) -> None:
        """
        By itself an operation has no commands, and does nothing.
        """
        self.assertEqual(list(GpOperation().plan(None, str)), [])
        running = GpOperation().perform(None, None)  # type: ignore[arg-type]
        self.assertRaises(NotImplementedError, running.send, None)


class SameTests(VirtualTestCase):
    """
    What a dry run tells is what the card gets, out of the secure channel.
    """

    def setUp(self) -> None:
        """
        A card that writes down what it gets.
        """
        super().setUp()
        self.plain: list[Command] = []
        carry_out = security_domain_apdu._carried_out

        def watch(card: Any, channel: Any, command: Command) -> Response:
            self.plain.append(command)
            return carry_out(card, channel, command)

        self.patch(security_domain_apdu, "_carried_out", watch)

    def same(self, operation: type[GpOperation], **parameters: Any) -> list[tuple[int, int, int, bytes]]:
        """
        Try it dry, then do it; the commands are the same, and none has keys in it.

        @return: the commands.
        """
        self.operation = operation
        told = self.done(**parameters, dry_run=True)["commands"]
        self.plain.clear()
        self.done(**parameters)
        sent = [_parts(each) for each in self.plain if each.cla & 0x80 and each.ins not in ASKING]
        self.assertEqual([_parts(Command.decode(bytes.fromhex(each))) for each in told], sent, operation.name)
        return sent

    def test_content(self) -> None:
        """
        Loading, installing, what becomes of it, and deleting, at several levels.
        """
        self.assertEqual(len(self.same(GpInstall, cap=CAP, load_code=3000, data="0102")), 2 + -(-2113 // 239))
        self.same(GpDelete, aid=PACKAGE.hex(), related=True)
        self.same(GpInstall, cap=CAP, load_only=True, level="01")
        self.same(GpInstall, package=PACKAGE.hex(), applet=APPLET.hex(), selectable=False)
        self.same(GpInstall, make_selectable=True, instance=APPLET.hex())
        self.same(
            GpInstall, package=DOMAIN_FILE.hex(), applet=DOMAIN_MODULE.hex(), instance=DOMAIN, privileges=["SecurityDomain"]
        )
        self.same(SetPrivileges, aid=APPLET.hex(), privileges=["CardReset"])
        self.same(Extradite, aid=APPLET.hex(), to=DOMAIN)
        self.same(SetGpStatus, aid=DOMAIN, state="lock")

    def test_data(self) -> None:
        """
        Data, certificates, keys, and commands as they are.
        """
        self.same(StoreGpData, data="5F5081F0" + "41" * 240, structure="ber", level="03")
        self.same(RunGpScript, script="80E29000054203999912")
        self.virtual.add_own_key(KeyReference(0x13, 1), P256)
        self.same(StoreGpCertificates, identifier=0x13, version=1, certificates=["3082012C" + "00" * 300])
        self.same(DeleteGpKeys, version=1)
        self.same(SetGpStatus, state="initialized")


def _parts(command: Command) -> tuple[int, int, int, bytes]:
    return command.ins, command.p1, command.p2, command.data
