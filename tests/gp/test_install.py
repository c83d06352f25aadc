# -*- test-case-name: tests.gp.test_install -*-
"""
L{cardgw.gp.install}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.errors import ParameterError
from cardgw.gp.commands import split_fields
from cardgw.gp.install import (
    For,
    Install,
    Part,
    for_extradition,
    for_install,
    for_load,
    for_make_selectable,
    for_personalization,
    for_registry_update,
)
from cardgw.gp.parameters import InstallParameters, LoadParameters
from cardgw.gp.privileges import Privilege
from tests.gp.strategies import aids

PACKAGE = bytes.fromhex("D0D1D2D3D4D501")
MODULE = bytes.fromhex("D0D1D2D3D4D50101")
DOMAIN = bytes.fromhex("D4D4D4D4D4010101")


class FormsTests(SynchronousTestCase):
    """
    The commands, byte by byte.
    """

    def check(self, install: Install, wanted: str) -> None:
        """
        The command is this, and is read back.
        """
        command = install.command()
        self.assertEqual(command.encode().hex(), wanted.replace(" ", ""))
        self.assertEqual(Install.decode(Command.decode(command.encode())), install)

    def test_load(self) -> None:
        """
        For loading: with nothing, and with all.
        """
        self.check(for_load(PACKAGE), "80e60200 0c 07d0d1d2d3d4d501 00 00 00 00 00")
        made = for_load(PACKAGE, DOMAIN, b"hash", LoadParameters(code=16)).with_token(b"token")
        self.check(made, "80e60200 23 07d0d1d2d3d4d501 08d4d4d4d4d4010101 0468617368 06ef04c6020010 05746f6b656e 00")

    def test_install(self) -> None:
        """
        For installing, making selectable too unless told otherwise.
        """
        fields = "07d0d1d2d3d4d501 08d0d1d2d3d4d50101 08d0d1d2d3d4d50101"
        self.check(for_install(PACKAGE, MODULE, MODULE), f"80e60c00 20 {fields} 0100 02c900 00 00")
        made = for_install(
            PACKAGE,
            MODULE,
            MODULE,
            Privilege.CardReset,
            parameters=InstallParameters(b"x"),
            purpose=For.INSTALL,
        )
        self.check(made, f"80e60400 21 {fields} 0104 03c90178 00 00")

    def test_makeSelectable(self) -> None:
        """
        For making selectable.
        """
        self.check(for_make_selectable(MODULE, Privilege.CardReset), "80e60800 0f 00 00 08d0d1d2d3d4d50101 0104 00 00 00")

    def test_extradition(self) -> None:
        """
        For extradition.
        """
        self.check(for_extradition(DOMAIN, MODULE), "80e61000 16 08d4d4d4d4d4010101 00 08d0d1d2d3d4d50101 00 00 00 00")

    def test_registryUpdate(self) -> None:
        """
        For an update of the registry: what is left as it is is empty.
        """
        self.check(for_registry_update(MODULE), "80e64000 0e 00 00 08d0d1d2d3d4d50101 00 00 00 00")
        made = for_registry_update(MODULE, Privilege.GlobalDelete, DOMAIN, b"\xef\0")
        self.check(made, "80e64000 1b 08d4d4d4d4d4010101 00 08d0d1d2d3d4d50101 03001000 02ef00 00 00")

    def test_personalization(self) -> None:
        """
        For personalisation.
        """
        self.check(for_personalization(MODULE), "80e62000 0e 00 00 08d0d1d2d3d4d50101 00 00 00 00")

    def test_combined(self) -> None:
        """
        Loading, installing and making selectable in one has a beginning and an end.
        """
        begin = for_load(PACKAGE, combined=True)
        self.check(begin, "80e60e01 0c 07d0d1d2d3d4d501 00 00 00 00 00")
        end = for_install(PACKAGE, MODULE, MODULE, purpose=For.LOAD_INSTALL_AND_MAKE_SELECTABLE)
        self.assertEqual((end.part, end.command().p1, end.command().p2), (Part.END, 0x0E, 0x03))
        self.assertEqual(Install.decode(end.command()), end)


class InstallTests(SynchronousTestCase):
    """
    Parameters, and other commands.
    """

    @given(aids, aids, aids, st.binary(max_size=300), st.binary(max_size=300))
    def test_roundTrip(self, package: bytes, module: bytes, application: bytes, value: bytes, token: bytes) -> None:
        """
        Fields of any length are read again.
        """
        made = for_install(package, module, application, parameters=InstallParameters(value)).with_token(token)
        command = made.command()
        self.assertEqual(Install.decode(Command.decode(command.encode())), made)
        self.assertEqual(split_fields(command.data)[:3], (package, module, application))
        self.assertEqual(command.is_extended, len(command.data) > 255)

    def test_wrong(self) -> None:
        """
        AIDs and privileges that none can be, and a purpose of another form.
        """
        for wrong in (
            lambda: for_load(b""),
            lambda: for_load(PACKAGE, b"1"),
            lambda: for_install(PACKAGE, b"", MODULE),
            lambda: for_install(PACKAGE, MODULE, bytes(17)),
            lambda: for_install(PACKAGE, MODULE, MODULE, Privilege.MandatedDAPVerification),
            lambda: for_install(PACKAGE, MODULE, MODULE, purpose=For.EXTRADITION),
            lambda: for_make_selectable(b""),
            lambda: for_extradition(b"", MODULE),
            lambda: for_registry_update(b"1"),
            lambda: for_personalization(b""),
            lambda: Install(For.LOAD, (b"",) * 5),
            for_load(PACKAGE).with_token(bytes(65535)).command,
        ):
            self.assertRaises(ParameterError, wrong)

    @given(st.sampled_from((0xE6, 0xE8)), st.sampled_from(For) | st.just(0xFF), st.integers(0, 3), st.binary(max_size=30))
    def test_anything(self, ins: int, p1: int, p2: int, data: bytes) -> None:
        """
        Any command is an INSTALL, or a C{ValueError}.
        """
        with contextlib.suppress(ValueError):
            self.assertTrue(data.startswith(Install.decode(Command(0x80, ins, p1, p2, data)).data))

    def test_shown(self) -> None:
        """
        Neither parameters nor token are in a C{repr}.
        """
        made = for_install(PACKAGE, MODULE, MODULE, parameters=InstallParameters(b"secret")).with_token(b"secret")
        self.assertNotIn("secret", repr(made))
