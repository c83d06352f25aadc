"""
Tests for L{cardgw.bridges.touch_pin}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.bridges.touch_pin import (
    Form,
    Pin,
    PinBlocked,
    PinNotEntered,
    Verified,
    WrongPin,
    typed,
    verify_pin,
)
from cardgw.errors import ParameterError, UnexpectedStatus
from tests.bridges.touches import INFO

PIN = b"648219"


class FakeHsm:
    """
    A SmartCard-HSM as far as its PIN goes.

    @ivar tries: how many are left.
    @ivar here: whether it is one.
    """

    def __init__(self, *, here: bool = True, verified: bool = False, tries: int = 3) -> None:
        self.here, self.verified, self.tries = here, verified, tries
        self.commands: list[str] = []

    def __call__(self, octets: bytes) -> bytes:
        """
        A command.
        """
        self.commands.append(octets.hex().upper())
        if octets[1] == 0xA4:
            return b"\x90\x00" if self.here else b"\x6a\x82"
        if len(octets) > 5 and self.tries:
            self.verified = octets[5:] == PIN
            self.tries = 3 if self.verified else self.tries - 1
        if not self.tries:
            return b"\x69\x83"
        return b"\x90\x00" if self.verified else bytes((0x63, 0xC0 | self.tries))


class VerifyTests(SynchronousTestCase):
    """
    L{verify_pin}.
    """

    def verify(self, card: FakeHsm, entered: bytes = PIN, pin: Pin | None = None) -> Deferred[Verified]:
        """
        Have it verified.
        """
        self.asked: list[int | None] = []
        channel = MemoryChannel(INFO, card)
        pin = pin or Pin()

        async def enter(tries: int | None) -> bytes:
            self.asked.append(tries)
            return entered

        return Deferred.fromCoroutine(verify_pin(channel, pin, typed(channel, pin, enter)))

    def test_right(self) -> None:
        """
        The application is selected, the state asked for, and the PIN verified.
        """
        card = FakeHsm()
        self.assertIs(self.successResultOf(self.verify(card)), Verified.NOW)
        self.assertEqual(card.commands, ["00A404000BE82B0601040181C31F020100", "00200081", "0020008106363438323139"])
        self.assertEqual(self.asked, [3])

    def test_before(self) -> None:
        """
        A PIN that is verified is not asked for.
        """
        self.assertIs(self.successResultOf(self.verify(FakeHsm(verified=True))), Verified.BEFORE)
        self.assertEqual(self.asked, [])

    def test_otherCards(self) -> None:
        """
        A card without the application is left alone, unless one has named it.
        """
        card = FakeHsm(here=False)
        self.assertIs(self.successResultOf(self.verify(card)), Verified.OTHER_CARD)
        self.assertEqual(len(card.commands), 1)
        self.failureResultOf(self.verify(card, pin=Pin(b"\xa0\0\0\0\3", optional=False)), UnexpectedStatus)

    def test_noApplication(self) -> None:
        """
        Nothing is selected where there is no AID.
        """
        card = FakeHsm()
        self.successResultOf(self.verify(card, pin=Pin(b"", 1)))
        self.assertEqual(card.commands, ["00200001", "0020000106363438323139"])

    def test_wrong(self) -> None:
        """
        A wrong PIN says how often one may try again, and not what it was.
        """
        error = self.failureResultOf(self.verify(FakeHsm(), b"999999"), WrongPin).value
        self.assertEqual(str(error), "The PIN is wrong: 2 tries left")
        self.failureResultOf(self.verify(FakeHsm(tries=1), b"999999"), PinBlocked)

    def test_blocked(self) -> None:
        """
        Nobody is asked for a PIN that is blocked.
        """
        self.failureResultOf(self.verify(FakeHsm(tries=0)), PinBlocked)
        self.assertEqual(self.asked, [])

    def test_others(self) -> None:
        """
        Whatever else card and reader say has a name.
        """
        for status, kind in (
            (0x6400, PinNotEntered),
            (0x6401, PinNotEntered),
            (0x63C0, PinBlocked),
            (0x6300, WrongPin),
            (0x6A88, UnexpectedStatus),
        ):

            async def verify(tries: int | None, status: int = status) -> Response:
                return Response(b"", status)

            self.failureResultOf(Deferred.fromCoroutine(verify_pin(MemoryChannel(INFO, FakeHsm()), Pin(), verify)), kind)


class FormTests(SynchronousTestCase):
    """
    L{Pin.command} and L{Pin.on_pad}.
    """

    def test_forms(self) -> None:
        """
        A PIN as cards want it, typed here and on a reader.
        """
        expected: dict[Form, tuple[str, tuple[Any, ...]]] = {
            Form.PLAIN: ("002000810431323334", ("0020008100", 0x82, 0x00, 0x00)),
            Form.FF: ("002000810831323334FFFFFFFF", ("0020008108FFFFFFFFFFFFFFFF", 0x82, 0x08, 0x00)),
            Form.ZERO: ("00200081083132333400000000", ("00200081080000000000000000", 0x82, 0x08, 0x00)),
            Form.BLOCK: ("0020008108241234FFFFFFFFFF", ("002000810820FFFFFFFFFFFFFF", 0x89, 0x47, 0x04)),
        }
        for form, (command, (apdu, *rest)) in expected.items():
            pin = Pin(form=form)
            self.assertEqual(pin.command(b"1234").encode().hex().upper(), command)
            self.assertEqual(pin.on_pad(), (bytes.fromhex(apdu), *rest))

    def test_refused(self) -> None:
        """
        A PIN that does not fit is refused without telling it.
        """
        for form, entered in (
            (Form.PLAIN, b""),
            (Form.PLAIN, b"7" * 65),
            (Form.FF, b"777777777"),
            (Form.BLOCK, b"7777x"),
            (Form.BLOCK, b"7" * 13),
        ):
            error = self.assertRaises(ParameterError, Pin(form=form).command, entered)
            self.assertNotIn("77", str(error))
