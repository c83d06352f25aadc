# -*- test-case-name: tests.virtual.test_security_domain_load -*-
"""
Tests for L{cardgw.virtual.security_domain_load}.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.gp.cap import CapFile
from cardgw.gp.install import For, for_install, for_load
from cardgw.gp.load_file import Dap, LoadFile, load
from cardgw.gp.parameters import LoadParameters
from cardgw.gp.registry import Scope
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card

CODE = CapFile.decode(zipped(make_components())).code()
FILE = LoadFile(CODE)


class LoadTests(SynchronousTestCase):
    """
    INSTALL [for load] and LOAD.
    """

    def begin(self, **changes: Any) -> Administrator:
        """
        A host that has begun to load.
        """
        admin = Administrator(make_card(**changes))
        self.assertEqual(admin.status(for_load(PACKAGE).command()), 0x9000)
        return admin

    def files(self, admin: Administrator) -> list[bytes]:
        """
        Load files on the card, but that of the factory.
        """
        return [each.aid for each in admin.list(Scope.LOAD_FILES)][1:]

    def test_entry(self) -> None:
        """
        The registry knows version and applets.
        """
        admin = self.begin()
        admin.run(load(FILE, 100))
        found = admin.list(Scope.LOAD_FILES_AND_MODULES)[1]
        self.assertEqual((found.aid, found.version, found.modules), (PACKAGE, b"\x01\x00", (APPLET,)))

    def test_order(self) -> None:
        """
        A block out of order ends it, and nothing is left.
        """
        for number in (0, 2):
            admin = self.begin()
            first = load(FILE, 40).steps[0].command
            self.assertEqual(admin.status(first), 0x9000)
            self.assertEqual(admin.status(Command(0x80, 0xE8, 0x00, number, CODE[:20])), 0x6A86)
            self.assertEqual(admin.status(Command(0x80, 0xE8, 0x00, 1, CODE[:20])), 0x6985)
            self.assertEqual(self.files(admin), [])

    def test_interrupted(self) -> None:
        """
        Another command ends it; asking for data does not.
        """
        admin = self.begin()
        steps = [each.command for each in load(FILE, 40).steps]
        self.assertEqual(admin.status(steps[0]), 0x9000)
        self.assertEqual(admin.status(Command(0x80, 0xCA, 0x00, 0x66, expected=256)), 0x9000)
        self.assertEqual(admin.status(steps[1]), 0x9000)
        self.files(admin)
        self.assertEqual(admin.status(steps[2]), 0x6985)

    def test_partial(self) -> None:
        """
        On some cards there is a part of it then, which must be deleted first.
        """
        admin = Administrator(make_card("legacy"), 0x01)
        self.assertEqual(admin.load(size=40)[-1], 0x9000)
        admin = Administrator(make_card("legacy"), 0x01)
        admin.status(for_load(PACKAGE).command())
        admin.status(load(FILE, 40).steps[0].command)
        admin.card.reset()
        self.assertIn(PACKAGE, [each.aid for each in admin.card.entries])
        self.assertEqual(Administrator(admin.card, 0x01).load(), [0x6985])

    def test_sizes(self) -> None:
        """
        No empty block, none that is too long, no more and no less than was announced.
        """
        for commands, status in (
            ([Command(0x80, 0xE8, 0x80, 0)], 0x6700),
            ([Command(0x80, 0xE8, 0x00, 0, bytes(101))], 0x6700),
            ([Command(0x80, 0xE8, 0x80, 0, FILE.encode()[:60])], 0x6A80),
            ([Command(0x80, 0xE8, 0x80, 0, b"\xc4\x02\x01\x02\x03")], 0x6A80),
            ([Command(0x80, 0xE8, 0x80, 0, b"\xc4\x02\x01\x02")], 0x6A80),
            ([Command(0x80, 0xE8, 0x80, 0, b"\xc5\x01\x01")], 0x6A80),
            ([Command(0x80, 0xE8, 0x01, 0, b"\xc4\x01\x01")], 0x6A86),
        ):
            admin = self.begin(block=100)
            self.assertEqual([admin.status(each) for each in commands][-1], status)
            self.assertEqual(self.files(admin), [])

    def test_memory(self) -> None:
        """
        What does not fit is refused when that is known: by parameters, or by the first block.
        """
        admin = self.begin(memory=260)
        self.assertEqual(admin.status(load(FILE, 40).steps[0].command), 0x9000)
        big = Command(0x80, 0xE8, 0x00, 0, b"\xc4\x82\x01\x00" + bytes(16))
        self.assertEqual(admin.status(for_load(PACKAGE).command()), 0x9000)
        self.assertEqual(admin.status(big), 0x6A84)
        self.assertEqual(admin.status(for_load(PACKAGE, parameters=LoadParameters(code=200)).command()), 0x6A84)

    def test_hash(self) -> None:
        """
        Where a hash was given it must be that of the code.
        """
        for digest, status in ((sha256(CODE).digest(), 0x9000), (bytes(32), 0x6A80)):
            admin = Administrator(make_card())
            self.assertEqual(admin.status(for_load(PACKAGE, b"", digest).command()), 0x9000)
            self.assertEqual(admin.run(load(FILE, 200))[-1], status)
        self.assertEqual(admin.status(for_load(PACKAGE, b"", b"short").command()), 0x6A80)

    def test_other(self) -> None:
        """
        Another package than was announced, one that is there, a domain that is not, and signatures that nobody can verify.
        """
        admin = Administrator(make_card())
        self.assertEqual(admin.status(for_load(APPLET).command()), 0x9000)
        self.assertEqual(admin.run(load(FILE, 200))[-1], 0x6A80)
        self.assertEqual(admin.status(for_load(PACKAGE, INSTANCE).command()), 0x6A88)
        self.assertEqual(admin.status(for_load(PACKAGE).command()), 0x9000)
        signed = LoadFile(CODE, (Dap(admin.card.aid, bytes(16)),))
        self.assertEqual(admin.run(load(signed, 200))[-1], 0x6985)
        self.assertEqual(admin.load(), [0x9000, 0x9000])
        self.assertEqual(admin.load(), [0x6985])
        self.assertEqual(admin.status(Command(0x80, 0xE8, 0x80, 0, CODE[:9])), 0x6985)

    def test_combined(self) -> None:
        """
        Loading, installing and making selectable in one.
        """
        admin = Administrator(make_card())
        together = For.LOAD_INSTALL_AND_MAKE_SELECTABLE
        end = for_install(PACKAGE, APPLET, INSTANCE, purpose=together).command()
        self.assertEqual(admin.status(end), 0x6985)
        self.assertEqual(admin.status(for_load(PACKAGE, combined=True).command()), 0x9000)
        self.assertEqual(admin.run(load(FILE, 200)), [0x9000])
        self.assertEqual(admin.status(end), 0x9000)
        self.assertEqual([each.aid for each in admin.list()], [INSTANCE])
