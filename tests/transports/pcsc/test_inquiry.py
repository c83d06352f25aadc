"""
Tests of L{cardgw.transports.pcsc.inquiry}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.pcsc.codes import State
from cardgw.transports.pcsc.driver import ReaderState
from cardgw.transports.pcsc.inquiry import PcscUnreachable, look
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import ATR, SoftCard


class InquiryTests(SynchronousTestCase):
    """
    A look at the readers.
    """

    def setUp(self) -> None:
        """
        There is a machine without readers.
        """
        self.driver = FakeDriver()

    def states(self) -> dict[str, str]:
        """
        What is in each reader.
        """
        return {each.reader.name: each.state for each in look(self.driver)}

    def test_none(self) -> None:
        """
        No reader is no error; nothing is kept in pcscd.
        """
        self.assertEqual(look(self.driver), ())
        self.assertEqual(self.driver.contexts, set())

    def test_readers(self) -> None:
        """
        Readers are counted as they are sorted by name, from 0; of a card its ATR is told.
        """
        self.driver.plug("Reader B")
        self.driver.plug("Reader A")
        self.driver.insert("Reader B", SoftCard())
        found = look(self.driver)
        self.assertEqual(
            [(each.reader.index, each.reader.name, each.state) for each in found],
            [(0, "Reader A", "empty"), (1, "Reader B", "card")],
        )
        self.assertEqual([each.reader.atr for each in found], [b"", ATR])
        self.assertEqual((self.driver.contexts, self.driver.handles), (set(), {}))

    def test_states(self) -> None:
        """
        A card that does not answer, and one that another program keeps to itself, are told.
        """
        for name, card in (("mute", SoftCard(mute=True)), ("kept", SoftCard())):
            self.driver.plug(name)
            self.driver.insert(name, card)
        self.driver.other_owns("kept")
        self.assertEqual(self.states(), {"mute": "mute card", "kept": "card, another program has it to itself"})

    def test_notAvailable(self) -> None:
        """
        A reader that has just gone is not available.
        """
        self.driver.plug("gone")
        self.patch(self.driver, "changes", lambda context, known, seconds: [ReaderState("gone", State.UNAVAILABLE)])
        self.assertEqual(self.states(), {"gone": "not available"})

    def test_unreachable(self) -> None:
        """
        Where pcscd does not run, that is told, with the code.
        """
        self.driver.stop()
        error = self.assertRaises(PcscUnreachable, look, self.driver)
        self.assertIn("SCARD_E_NO_SERVICE", str(error))
