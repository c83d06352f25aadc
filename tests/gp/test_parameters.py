# -*- test-case-name: tests.gp.test_parameters -*-
"""
L{cardgw.gp.parameters}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.errors import ParameterError
from cardgw.gp.parameters import InstallParameters, LoadParameters

sizes = st.none() | st.integers(0, 0xFFFFFFFF)


class LoadParametersTests(SynchronousTestCase):
    """
    L{LoadParameters}.
    """

    def test_known(self) -> None:
        """
        Memory that there must be; nothing where nothing is asked for.
        """
        self.assertEqual(LoadParameters().encode(), b"")
        made = LoadParameters(code=0x1234, volatile=5, non_volatile=0x12345, control=bytes.fromhex("B6024200"))
        self.assertEqual(made.encode().hex(), "ef0ec6021234c7020005c80400012345" + "b6024200")

    def test_wrong(self) -> None:
        """
        Numbers that none can be, and a template that is none.
        """
        for wrong in (
            LoadParameters(code=-1),
            LoadParameters(volatile=1 << 32),
            LoadParameters(control=b"\xb6"),
            LoadParameters(control=b"\xb7\0"),
        ):
            self.assertRaises(ParameterError, wrong.encode)


class InstallParametersTests(SynchronousTestCase):
    """
    L{InstallParameters}.
    """

    def test_empty(self) -> None:
        """
        Cards insist on C9, also where there is nothing for the application.
        """
        self.assertEqual(InstallParameters().encode().hex(), "c900")

    def test_known(self) -> None:
        """
        All of them, in their order.
        """
        made = InstallParameters(
            b"app", 1, 2, 3, 4, services=(0x8001, 0x8102), implicit=(0x40, 0x80), sim=b"sim", uicc=b"\x80\x01u"
        )
        system = "c7020001c8020002cb0480018102d7020003d8020004ca0373696dcf0140cf0180"
        self.assertEqual(made.encode().hex(), f"c903617070ef{len(system) // 2:02x}{system}ea03800175")

    @given(st.binary(max_size=300), st.tuples(sizes, sizes, sizes, sizes), st.lists(st.integers(0, 0xFFFF), max_size=3))
    def test_roundTrip(self, application: bytes, memory: tuple[int | None, ...], services: list[int]) -> None:
        """
        Every number is in a data object of its own.
        """
        volatile, other, reserved, last = memory
        made = InstallParameters(application, volatile, other, reserved, last, services=tuple(services))
        found = tlv.decode(made.encode())
        self.assertEqual(found.value(0xC9), application)
        system = tlv.decode(found.value(0xEF))
        for tag, size in zip((0xC7, 0xC8, 0xD7, 0xD8), memory, strict=True):
            item = system.find(tag)
            self.assertEqual(None if item is None else int.from_bytes(item.value, "big"), size)
        self.assertEqual(len(system.value(0xCB)), 2 * len(services))

    def test_wrong(self) -> None:
        """
        Numbers that none can be.
        """
        for wrong in (
            InstallParameters(services=(0x10000,)),
            InstallParameters(implicit=(256,)),
            InstallParameters(reserved_volatile=-1),
            InstallParameters(control=b"\0"),
        ):
            self.assertRaises(ParameterError, wrong.encode)

    def test_shown(self) -> None:
        """
        What the application gets is in no C{repr}.
        """
        self.assertNotIn("secret", repr(InstallParameters(b"secret")))
