# -*- test-case-name: tests.transports.pcsc.test_driver -*-
"""
Tests for L{cardgw.transports.pcsc.driver}.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.transports.pcsc.codes import NEW_READERS, Code, Disposition, Protocol, Share
from cardgw.transports.pcsc.driver import Driver, PcscError, ReaderState, scard_driver

FAILED = Code.SCARD_E_NO_SERVICE.value


class FakeScard(ModuleType):
    """
    In place of C{smartcard.scard}: each function gives the next of the answers that are set for it, and what it is given is
    noted.
    """

    INFINITE = 0x7FFFFFFF
    SCARD_SCOPE_SYSTEM = 2

    def __init__(self) -> None:
        super().__init__("smartcard.scard")
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("SCard"):
            raise AttributeError(name)

        def function(*arguments: Any) -> Any:
            self.calls.append((name, *arguments))
            return self.answers[name]

        return function


def restore(name: str, module: ModuleType | None) -> None:
    """
    What was imported is imported again.
    """
    del sys.modules[name]
    if module is not None:
        sys.modules[name] = module


class DriverCase(SynchronousTestCase):
    """
    A machine where pyscard is what a test says.
    """

    def install(self, **modules: ModuleType | None) -> None:
        """
        Put modules in place of those that are installed.
        """
        for name, module in modules.items():
            full = name.replace("_", ".")
            self.addCleanup(restore, full, sys.modules.get(full))
            sys.modules[full] = module  # type: ignore[assignment]

    def driver(self) -> Driver:
        """
        The driver over the fake.
        """
        self.scard = FakeScard()
        package: Any = ModuleType("smartcard")
        package.scard = self.scard
        self.install(smartcard=package, smartcard_scard=self.scard)
        return scard_driver(lambda _: None)

    def raised(self, call: Any, *arguments: Any) -> int:
        """
        The code of what a call raises.
        """
        with self.assertRaises(PcscError) as caught:
            call(*arguments)
        return int(caught.exception.code)


class MissingTests(DriverCase):
    """
    What is not there is told.
    """

    def test_notInstalled(self) -> None:
        """
        Pyscard is an extra; the hint says how it is got.
        """
        self.install(smartcard=None)
        with self.assertRaises(SettingsError) as caught:
            scard_driver()
        self.assertIn("pyscard is not installed", str(caught.exception))
        self.assertIn('pip install "cardgw[pcsc]"', caught.exception.hint)

    def test_noLibrary(self) -> None:
        """
        Without the library of PC/SC there is nothing to be done, either.
        """

        def load(name: str) -> None:
            raise OSError(f"{name}: cannot open shared object file")

        self.patch(sys, "platform", "linux")
        self.driver()
        with self.assertRaises(SettingsError) as caught:
            scard_driver(load)
        self.assertIn("libpcsclite.so.1: cannot open", str(caught.exception))

    def test_otherPlatforms(self) -> None:
        """
        Elsewhere the library has other names, and pyscard knows them.
        """
        self.driver()
        self.patch(sys, "platform", "darwin")
        self.assertTrue(scard_driver(lambda _: self.fail("loaded")))


class CallTests(DriverCase):
    """
    Each call gives bytes and numbers, or raises.
    """

    def test_context(self) -> None:
        """
        A context is made for the system, cancelled and released.
        """
        driver = self.driver()
        self.scard.answers = {"SCardEstablishContext": [0, 7], "SCardReleaseContext": 0, "SCardCancel": 0}
        context = driver.establish()
        driver.cancel(context)
        driver.release(context)
        self.assertEqual(self.scard.calls, [("SCardEstablishContext", 2), ("SCardCancel", 7), ("SCardReleaseContext", 7)])
        self.scard.answers = {"SCardEstablishContext": [FAILED, 0], "SCardReleaseContext": FAILED, "SCardCancel": FAILED}
        codes = [self.raised(driver.establish), self.raised(driver.cancel, 7), self.raised(driver.release, 7)]
        self.assertEqual(codes, [FAILED] * 3)

    def test_readers(self) -> None:
        """
        No reader is no error.
        """
        driver = self.driver()
        for answer, expected in (([0, ["A", "B"]], ["A", "B"]), ([Code.SCARD_E_NO_READERS_AVAILABLE.value, []], [])):
            self.scard.answers = {"SCardListReaders": answer}
            self.assertEqual(driver.readers(7), expected)
        self.scard.answers = {"SCardListReaders": [FAILED, []]}
        self.assertEqual(self.raised(driver.readers, 7), FAILED)

    def test_changes(self) -> None:
        """
        States are 32 bits; no limit is the longest there is.
        """
        driver = self.driver()
        self.scard.answers = {"SCardGetStatusChange": [0, [("A", 0x00010022, [0x3B, 0x00]), (NEW_READERS, 0x80000002, [])]]}
        states = driver.changes(7, [("A", 0), (NEW_READERS, 0)], None)
        self.assertEqual(states, [ReaderState("A", 0x00010022, b"\x3b\x00"), ReaderState(NEW_READERS, 0x80000002)])
        driver.changes(7, [("A", 0)], 1.5)
        self.assertEqual([call[2] for call in self.scard.calls], [0x7FFFFFFF, 1500])
        self.scard.answers = {"SCardGetStatusChange": [Code.SCARD_E_TIMEOUT.value, [("A", 0, [])]]}
        self.assertEqual(self.raised(driver.changes, 7, [("A", 0)], 0), Code.SCARD_E_TIMEOUT)

    def test_connect(self) -> None:
        """
        Connecting gives a handle, and the protocol.
        """
        driver = self.driver()
        self.scard.answers = {"SCardConnect": [0, 9, 2], "SCardReconnect": [0, 1], "SCardStatus": [0, "A", 4, 1, [0x3B, 0]]}
        self.assertEqual(driver.connect(7, "A", Share.SHARED, Protocol.T0 | Protocol.T1), (9, 2))
        self.assertEqual(driver.reconnect(9, Share.SHARED, Protocol.T0, Disposition.UNPOWER), 1)
        self.assertEqual(driver.status(9), (1, b"\x3b\x00"))
        self.assertEqual(self.scard.calls, [("SCardConnect", 7, "A", 2, 3), ("SCardReconnect", 9, 2, 1, 2), ("SCardStatus", 9)])
        self.scard.answers = {
            "SCardConnect": [FAILED, 0, 0],
            "SCardReconnect": [FAILED, 0],
            "SCardStatus": [FAILED, "", 0, 0, []],
        }
        self.assertEqual(self.raised(driver.connect, 7, "A", 2, 3), FAILED)
        self.assertEqual(self.raised(driver.reconnect, 9, 2, 3, 0), FAILED)
        self.assertEqual(self.raised(driver.status, 9), FAILED)

    def test_transmit(self) -> None:
        """
        Commands and answers are bytes.
        """
        driver = self.driver()
        self.scard.answers = {"SCardTransmit": [0, [1, 0x90, 0x00]]}
        self.assertEqual(driver.transmit(9, 2, b"\x00\xb0\x00\x00\x00"), b"\x01\x90\x00")
        self.assertEqual(self.scard.calls, [("SCardTransmit", 9, 2, [0, 0xB0, 0, 0, 0])])
        self.scard.answers = {"SCardTransmit": [Code.SCARD_W_REMOVED_CARD.value - (1 << 32), []]}
        self.assertEqual(self.raised(driver.transmit, 9, 2, b"\0"), Code.SCARD_W_REMOVED_CARD)

    def test_transactions(self) -> None:
        """
        A transaction ends with the card left as it is; disconnecting says what becomes of it.
        """
        driver = self.driver()
        names = ("SCardBeginTransaction", "SCardEndTransaction", "SCardDisconnect")
        self.scard.answers = dict.fromkeys(names, 0)
        driver.begin(9)
        driver.end(9)
        driver.disconnect(9, Disposition.RESET)
        self.assertEqual(self.scard.calls, [(names[0], 9), (names[1], 9, 0), (names[2], 9, 1)])
        self.scard.answers = dict.fromkeys(names, FAILED)
        codes = [self.raised(driver.begin, 9), self.raised(driver.end, 9), self.raised(driver.disconnect, 9, 0)]
        self.assertEqual(codes, [FAILED] * 3)

    def test_questions(self) -> None:
        """
        What a reader does not know is no error.
        """
        driver = self.driver()
        self.scard.answers = {"SCardGetAttrib": [0, [1, 2]], "SCardControl": [0, [3]]}
        self.assertEqual((driver.attribute(9, 5), driver.control(9, 6, b"\1")), (b"\1\2", b"\3"))
        self.assertEqual(self.scard.calls, [("SCardGetAttrib", 9, 5), ("SCardControl", 9, 6, [1])])
        self.scard.answers = {"SCardGetAttrib": [FAILED, []], "SCardControl": [FAILED, []]}
        self.assertEqual((driver.attribute(9, 5), driver.control(9, 6, b"")), (None, None))
