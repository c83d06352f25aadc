"""
Tests for L{cardgw.transports.pcsc.monitor}.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.pcsc.board import Change, What
from cardgw.transports.pcsc.codes import NEW_READERS, Code, State
from cardgw.transports.pcsc.driver import PcscError, ReaderState
from cardgw.transports.pcsc.monitor import AGAIN, BREATH, LATER, OLD, PATIENCE, RESTLESS, SOON, Monitor
from tests.logs import captured
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import ATR, SoftCard
from tests.transports.pcsc.lookout import Lookout


class Old(FakeDriver):
    """
    A pcscd that knows nothing of new readers.

    @ivar refuses: it says so by refusing; otherwise in the state.
    """

    refuses = False

    def changes(self, context: int, known: Sequence[tuple[str, int]], seconds: float | None) -> list[ReaderState]:
        """
        See L{FakeDriver.changes}.
        """
        if known[0][0] != NEW_READERS:
            return super().changes(context, known, seconds)
        if self.refuses:
            self.calls.append(("changes",))
            raise PcscError(Code.SCARD_E_UNKNOWN_READER)
        states = [self._state(name, event) for name, event in known[1:]]
        return [ReaderState(NEW_READERS, State.UNKNOWN | State.CHANGED), *states]


class Noisy(FakeDriver):
    """
    A pcscd that tells of changes where there are none.
    """

    def changes(self, context: int, known: Sequence[tuple[str, int]], seconds: float | None) -> list[ReaderState]:
        """
        See L{FakeDriver.changes}.
        """
        self.calls.append(("changes",))
        return [self._state(name, event) for name, event in known]


class Small(FakeDriver):
    """
    A pcscd that waits for two things at once.
    """

    def changes(self, context: int, known: Sequence[tuple[str, int]], seconds: float | None) -> list[ReaderState]:
        """
        See L{FakeDriver.changes}.
        """
        if len(known) > 2:
            raise PcscError(Code.SCARD_E_INVALID_PARAMETER)
        return super().changes(context, known, seconds)


class MonitorTestCase(SynchronousTestCase):
    """
    A monitor that keeps what it is told.
    """

    def start(self, driver: FakeDriver | None = None) -> None:
        """
        Begin to watch.
        """
        self.driver = driver or FakeDriver()
        self.clock = Clock()
        self.lookout = Lookout(self.driver, self.clock)
        self.told: list[Any] = []
        self.monitor = Monitor(self.driver, self.lookout.make, self.clock, 3, self)
        self.events = captured(self)
        self.monitor.start()

    def changed(self, changes: list[Change]) -> None:
        """
        See L{cardgw.transports.pcsc.monitor.Listener}.
        """
        self.told += [(each.what, each.reader.name) for each in changes]

    def service_lost(self) -> None:
        """
        See L{cardgw.transports.pcsc.monitor.Listener}.
        """
        self.told.append("lost")

    def heard(self) -> list[Any]:
        """
        What was told since the last call, after everything has gone on as far as it can.
        """
        self.lookout.go()
        told, self.told = self.told, []
        return told

    def stop(self) -> Deferred[None]:
        """
        End.
        """
        stopped = Deferred.fromCoroutine(self.monitor.stop())
        self.lookout.go()
        return stopped

    def named(self) -> list[str]:
        """
        The log's events.
        """
        return [each["event"] for each in self.events]


class MonitorTests(MonitorTestCase):
    """
    L{Monitor}.
    """

    def test_comesAndGoes(self) -> None:
        """
        Readers and cards come and go; nothing is called while nothing happens.
        """
        self.start()
        self.assertEqual((self.heard(), self.named()), ([], ["no-readers"]))
        self.driver.plug("R 00")
        self.assertEqual(self.heard(), [(What.READER_HERE, "R 00")])
        self.driver.insert("R 00", SoftCard(atr=ATR))
        self.assertEqual(self.heard(), [(What.CARD_IN, "R 00")])
        self.driver.unplug("R 00")
        self.assertEqual(self.heard(), [(What.READER_GONE, "R 00")])
        self.assertEqual((self.clock.getDelayedCalls(), self.monitor.problem), ([], ""))

    def test_waits(self) -> None:
        """
        A call waits short after something has changed, and long afterwards.
        """
        self.start()
        self.driver.plug("R 00")
        self.lookout.go()
        self.lookout.pass_time(SOON)
        self.lookout.pass_time(LATER)
        waited = [call[-1] for call in self.driver.calls if call[0] == "changes"]
        self.assertEqual([limit for at, limit in enumerate(waited) if waited[at - 1 : at] != [limit]], [SOON, LATER])

    def test_lookedFor(self) -> None:
        """
        An old pcscd does not tell of new readers: they are looked for, which is said once.
        """
        for refuses in (False, True):
            driver = Old()
            driver.refuses = refuses
            self.start(driver)
            driver.plug("R 00")
            if refuses:
                self.lookout.pass_time(BREATH)
            for _ in range(2):
                self.lookout.pass_time(OLD)
            self.assertEqual(self.heard(), [(What.READER_HERE, "R 00")])
            driver.plug("S 00")
            self.assertEqual(self.heard(), [])
            self.lookout.pass_time(OLD)
            self.assertEqual((self.heard(), self.named()), ([(What.READER_HERE, "S 00")], ["no-readers", "readers-looked-for"]))

    def test_full(self) -> None:
        """
        Where there are as many readers as pcscd can have, it is not asked for new ones, until one of them is gone.
        """
        driver = Small()
        for name in ("R 00", "S 00"):
            driver.plug(name)
        self.start(driver)
        self.assertEqual(self.heard(), [(What.READER_HERE, "R 00"), (What.READER_HERE, "S 00")])
        driver.insert("S 00", SoftCard())
        self.assertEqual((self.heard(), self.monitor.problem), ([(What.CARD_IN, "S 00")], ""))
        driver.unplug("R 00")
        self.assertEqual(self.heard(), [(What.READER_GONE, "R 00")])
        driver.plug("T 00")
        self.assertEqual((self.heard(), self.monitor.problem), ([(What.READER_HERE, "T 00")], ""))

    def test_tooMany(self) -> None:
        """
        Where that is still too much, pcscd cannot be used.
        """
        driver = Small()
        for name in ("R 00", "S 00", "T 00"):
            driver.plug(name)
        self.start(driver)
        self.assertIn("not reachable", self.monitor.problem)

    def test_noise(self) -> None:
        """
        A pcscd that tells of changes all the time, and there are none, does not keep the processor busy.
        """
        driver = Noisy()
        driver.plug("R 00")
        self.start(driver)
        calls = len(driver.calls)
        self.assertLess(calls, 3 * RESTLESS)
        self.lookout.pass_time(BREATH)
        self.assertEqual(len(driver.calls), calls + 2)


class AbsentTests(MonitorTestCase):
    """
    pcscd is not always there.
    """

    def test_absent(self) -> None:
        """
        Where pcscd is not there at the start, that is said once, and all is well when it comes.
        """
        driver = FakeDriver(running=False)
        driver.plug("R 00")
        self.start(driver)
        for _ in range(5):
            self.assertIn("not reachable since 1970-01-01T00:00:00Z; tried again every 3 s", self.monitor.problem)
            self.lookout.pass_time(3)
        driver.start()
        self.lookout.pass_time(3)
        self.assertEqual((self.heard(), self.monitor.problem), (["lost", (What.READER_HERE, "R 00")], ""))
        self.assertEqual(self.named(), ["pcscd-not-reachable", "pcscd-reachable"])

    def test_restart(self) -> None:
        """
        When pcscd ends, all is gone; when it is back, all comes again.
        """
        self.start()
        self.driver.plug("R 00")
        self.driver.insert("R 00", SoftCard())
        came = [(What.READER_HERE, "R 00"), (What.CARD_IN, "R 00")]
        self.assertEqual(self.heard(), came)
        self.driver.stop()
        self.assertEqual(self.heard(), ["lost"])
        self.driver.start()
        self.lookout.pass_time(3)
        self.assertEqual(self.heard(), came)

    def test_notAllowed(self) -> None:
        """
        Who is not let in is told why.
        """
        driver = FakeDriver()
        self.patch(driver, "establish", self._refuse)
        self.start(driver)
        self.assertIn("polkit", self.events[0]["hint"])

    def test_defect(self) -> None:
        """
        A defect ends the watching, and whoever asks is told.
        """
        driver = FakeDriver()
        driver.plug("R 00")
        self.patch(self, "changed", lambda changes: 1 // 0)
        self.start(driver)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertIn("not watched any more", self.monitor.problem)
        self.successResultOf(self.stop())
        self.assertEqual(driver.contexts, set())

    def _refuse(self) -> int:
        raise PcscError(Code.SCARD_W_SECURITY_VIOLATION)


class StopTests(MonitorTestCase):
    """
    L{Monitor.stop}.
    """

    def test_waiting(self) -> None:
        """
        The call that waits is ended; the context is released, and no thread is left.
        """
        self.start()
        self.successResultOf(self.stop())
        self.assertEqual((self.driver.contexts, self.clock.getDelayedCalls()), (set(), []))
        self.assertTrue(all(each.ended for each in self.lookout.all))

    def test_absent(self) -> None:
        """
        Nor is one where pcscd is being waited for.
        """
        self.start(FakeDriver(running=False))
        self.successResultOf(self.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertTrue(all(each.ended for each in self.lookout.all))

    def test_notHeard(self) -> None:
        """
        A call that was not waiting yet when it was to end is told again.
        """
        self.start()
        self.patch(self.driver, "cancel", lambda context: None)
        stopped = self.stop()
        self.assertNoResult(stopped)
        self.driver.cancelled = [*self.driver.contexts]
        self.lookout.go()
        self.successResultOf(stopped)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_hangs(self) -> None:
        """
        A pcscd that does not answer any more does not keep the service.
        """
        self.start()
        self.lookout.all[0].hangs = True
        stopped = self.stop()
        self.clock.pump([AGAIN] * PATIENCE)
        self.successResultOf(stopped)
        self.assertEqual(self.clock.getDelayedCalls(), [])
