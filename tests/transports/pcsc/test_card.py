# -*- test-case-name: tests.transports.pcsc.test_card -*-
"""
Tests for L{cardgw.transports.pcsc.card}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.script import Step
from cardgw.errors import PeerMisbehaved, PeerSilent
from cardgw.transports.pcsc.card import NOTICED, TRIES, Card, Waits
from cardgw.transports.pcsc.codes import ATTRIBUTE_MAXINPUT, Code, Disposition, Protocol, Share
from cardgw.transports.pcsc.driver import PcscError
from cardgw.transports.pcsc.errors import CardInUse
from cardgw.transports.pcsc.facts import Facts
from cardgw.transports.pcsc.run import Run
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.worker import Job, Wait
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.stage import CONTACTLESS_ATR, EXTENDED_ATR, READER, T1_ATR, Stage

READ = Command(0, 0xB0, expected=256)
UID = bytes.fromhex("04112233445566")
GET_UID = bytes.fromhex("FFCA000000")


class CardCase(SynchronousTestCase):
    """
    A card in a reader, without worker and channel.
    """

    def stand(self, card: SoftCard | None = None, **settings: Any) -> Card:
        """
        A card that is not connected to.
        """
        self.stage = Stage(card)
        self.driver = self.stage.driver
        self.settings = PcscSettings(**settings)
        self.waits: list[Wait] = []
        return Card(self.driver, READER, Waits.of("bench", self.settings), self.settings, self.stage.memory)

    def opened(self, card: SoftCard | None = None, **settings: Any) -> Card:
        """
        One that is.
        """
        found = self.stand(card, **settings)
        self.do(found.open())
        self.driver.calls.clear()
        return found

    def do(self, job: Job[Any]) -> None:
        """
        Do all of a job.
        """
        self.waits.extend(job)

    def code(self, job: Job[Any]) -> int:
        """
        The code that a job fails with.
        """
        with self.assertRaises(PcscError) as caught:
            self.do(job)
        return int(caught.exception.code)

    def run_of(self, *commands: Command, slow: bool = False) -> Run:
        """
        A script.
        """
        return Run([(Step(each, slow=slow), each.encode()) for each in commands], Protocol.T0, None, self.stage.reactor)


class OpenTests(CardCase):
    """
    Connecting.
    """

    def test_facts(self) -> None:
        """
        Answer to reset, protocol, and what the reader tells, asked for in a transaction.
        """
        card = self.stand(SoftCard(atr=T1_ATR, protocols=Protocol.T1))
        self.stage.reader.attributes[ATTRIBUTE_MAXINPUT] = (2000).to_bytes(4, "little")
        self.do(card.open())
        self.assertEqual(card.facts, Facts(T1_ATR, Protocol.T1, 2000))
        names = ["establish", "connect", "begin", "control", "attribute", "status", "end"]
        self.assertEqual([call[0] for call in self.driver.calls], names)
        self.assertEqual([each.what for each in self.waits], ["connect", "begin", "begin"])

    def test_remembered(self) -> None:
        """
        A reader is asked once how long commands may be.
        """
        card = self.stand()
        self.stage.memory[READER] = 261
        self.do(card.open())
        self.assertEqual((card.facts.longest, self.stage.called("control", "attribute")), (261, []))

    def test_goneMeanwhile(self) -> None:
        """
        Where the card goes while the reader is asked, the reader has told nothing: it is asked again.
        """
        card = self.stand()
        self.patch(self.driver, "attribute", lambda handle, number: self.driver.remove(READER))
        self.assertEqual(self.code(card.open()), Code.SCARD_W_REMOVED_CARD)
        self.assertEqual(self.stage.memory, {})

    def test_settings(self) -> None:
        """
        Settings say with whom the card is shared, and how it is spoken to.
        """
        for word, protocol, expected in (
            ("shared", "auto", (Share.SHARED, 3)),
            ("exclusive", "t1", (Share.EXCLUSIVE, 2)),
            ("shared", "raw", (Share.SHARED, 4)),
            ("shared", "t0", (Share.SHARED, 1)),
        ):
            self.do(self.stand(SoftCard(protocols=7), share=word, protocol=protocol).open())
            self.assertEqual([call[3:] for call in self.driver.calls if call[0] == "connect"], [expected])

    def test_uid(self) -> None:
        """
        The UID is asked for where the ATR is one that readers make, and is one where it has the size of one.
        """
        for answer, expected in (
            (UID + b"\x90\x00", UID),
            (UID[:6] + b"\x90\x00", None),
            (b"\x6a\x81", None),
            (b"", None),
        ):
            card = self.opened(SoftCard({GET_UID: answer}.__getitem__, CONTACTLESS_ATR, Protocol.T1))
            self.assertEqual(card.facts.uid, expected)
        self.assertEqual(self.opened(SoftCard(atr=T1_ATR)).facts.uid, None)
        self.assertEqual(self.stage.card.commands, [])

    def test_uidRefused(self) -> None:
        """
        A reader that fails at this question has no UID to tell.
        """

        def answer(octets: bytes) -> bytes:
            raise PcscError(Code.SCARD_E_NOT_TRANSACTED)

        self.assertIsNone(self.opened(SoftCard(answer, CONTACTLESS_ATR, Protocol.T1)).facts.uid)

    def test_failures(self) -> None:
        """
        No card, a mute one, one that somebody else has, one of another protocol, no reader, no pcscd.
        """
        card = self.stand()
        self.driver.remove(READER)
        self.assertEqual(self.code(card.open()), Code.SCARD_E_NO_SMARTCARD)
        self.assertEqual(self.code(self.stand(SoftCard(mute=True)).open()), Code.SCARD_W_UNRESPONSIVE_CARD)
        card = self.stand()
        self.driver.other_owns(READER)
        self.assertEqual(self.code(card.open()), Code.SCARD_E_SHARING_VIOLATION)
        self.assertEqual(self.code(self.stand(protocol="t1").open()), Code.SCARD_E_PROTO_MISMATCH)
        card = self.stand()
        self.driver.unplug(READER)
        self.assertEqual(self.code(card.open()), Code.SCARD_E_UNKNOWN_READER)
        card = self.stand()
        self.driver.stop()
        self.assertEqual(self.code(card.open()), Code.SCARD_E_NO_SERVICE)
        self.do(card.leave())


class LeaveTests(CardCase):
    """
    Leaving a card.
    """

    def test_dispositions(self) -> None:
        """
        Settings say what becomes of the card; nothing of it is left in pcscd.
        """
        for word, expected in (("reset", [Disposition.RESET]), ("unpower", [Disposition.UNPOWER]), ("leave", [])):
            card = self.opened(close=word)
            self.do(card.hold())
            self.do(card.leave())
            self.assertEqual(self.stage.card.resets, expected)
            self.assertEqual((self.driver.handles, self.driver.contexts, self.stage.reader.holder), ({}, set(), 0))
            self.assertEqual(self.stage.called("end", "disconnect", "release"), ["disconnect", "release"])

    def test_again(self) -> None:
        """
        A card is left once.
        """
        card = self.opened()
        self.do(card.leave())
        self.driver.calls.clear()
        self.do(card.leave())
        self.do(card.release())
        self.assertEqual(self.driver.calls, [])

    def test_lost(self) -> None:
        """
        Neither a card that is gone nor a pcscd that is makes trouble.
        """
        card = self.opened()
        self.driver.remove(READER)
        self.do(card.leave())
        self.assertEqual(self.driver.contexts, set())
        card = self.opened()
        self.driver.stop()
        self.do(card.leave())

    def test_notConnected(self) -> None:
        """
        Where connecting failed, only the context is given back.
        """
        card = self.stand()
        self.driver.remove(READER)
        self.code(card.open())
        self.do(card.leave())
        self.assertEqual(self.stage.called("disconnect", "release"), ["release"])


class HoldTests(CardCase):
    """
    Transactions.
    """

    def test_hold(self) -> None:
        """
        A hold is a transaction; its end is the release, once.
        """
        card = self.opened()
        self.do(card.hold())
        self.assertTrue(self.stage.reader.holder)
        self.do(card.release())
        self.do(card.release())
        self.assertEqual((self.stage.reader.holder, self.stage.called("begin", "end")), (0, ["begin", "end"]))

    def test_reset(self) -> None:
        """
        When another program has reset the card meanwhile, it is begun with anew; it may be another card then.
        """
        card = self.opened()
        before = card.facts
        self.stage.card.atr = EXTENDED_ATR
        self.driver.other_resets(READER)
        self.do(card.hold())
        self.assertEqual(self.stage.called("begin", "reconnect", "status"), ["begin", "reconnect", "begin", "status"])
        self.assertEqual((card.facts.atr, before.atr == EXTENDED_ATR), (EXTENDED_ATR, False))
        self.assertEqual(
            [call[2:] for call in self.driver.calls if call[0] == "reconnect"], [(Share.SHARED, 3, Disposition.LEAVE)]
        )
        after = card.facts
        self.do(card.release())
        self.do(card.hold())
        self.assertIs(card.facts, after)

    def test_resetAlways(self) -> None:
        """
        A card that is reset again and again cannot be had.
        """
        card = self.opened()

        def begin(handle: int) -> None:
            self.driver.other_resets(READER)
            self.driver.status(handle)

        self.patch(self.driver, "begin", begin)
        self.assertEqual(self.code(card.hold()), Code.SCARD_W_RESET_CARD)
        self.assertEqual(len(self.stage.called("reconnect")), TRIES)

    def test_removed(self) -> None:
        """
        There is nothing to hold when the card is gone; a release of it is nothing.
        """
        card = self.opened()
        self.do(card.hold())
        self.driver.remove(READER)
        self.do(card.release())
        self.assertEqual(self.code(card.hold()), Code.SCARD_W_REMOVED_CARD)


class RunTests(CardCase):
    """
    Scripts.
    """

    def test_held(self) -> None:
        """
        In a transaction a script is its commands.
        """
        card = self.opened()
        self.do(card.hold())
        self.driver.calls.clear()
        run = self.run_of(READ, READ)
        self.do(card.run(run))
        self.assertEqual([call[0] for call in self.driver.calls], ["transmit", "transmit"])
        self.assertEqual((len(run.answers), run.begun), (2, 2))
        self.assertEqual(self.driver.calls[0][2:], (Protocol.T0, READ.encode()))

    def test_alone(self) -> None:
        """
        Elsewhere it has one of its own, unless the card is shared with nobody.
        """
        for word, expected in (("shared", ["begin", "transmit", "end"]), ("exclusive", ["transmit"])):
            card = self.opened(share=word)
            self.do(card.run(self.run_of(READ)))
            self.assertEqual([call[0] for call in self.driver.calls], expected)

    def test_limits(self) -> None:
        """
        Each command has its time; more of it where it may be slow.
        """
        card = self.opened(apdu_timeout=5.0, slow_timeout=50.0, busy_timeout=7.0)
        self.waits.clear()
        self.do(card.run(self.run_of(READ, slow=True)))
        self.do(card.run(self.run_of(READ)))
        self.assertEqual([each.limit for each in self.waits], [7.0, 50.0, 7.0, 5.0])
        self.assertEqual([type(each.error) for each in self.waits[:2]], [CardInUse, PeerSilent])
        self.assertIn("bench: the answer to a command did not come within 50 s", str(self.waits[1].error))

    def test_refused(self) -> None:
        """
        A script ends with an answer that is not allowed, and its transaction with it.
        """
        card = self.opened(SoftCard(lambda _: b"\x6a\x82"))
        run = self.run_of(READ, READ)
        self.do(card.run(run))
        self.assertEqual((len(run.answers), self.stage.reader.holder), (1, 0))

    def test_stopped(self) -> None:
        """
        A script that has been stopped sends nothing more.
        """
        card = self.opened()
        run = self.run_of(READ, READ)
        job = card.run(run)
        self.assertEqual([next(job).what, next(job).what], ["begin", "transmit"])
        run.stopped = True
        self.do(job)
        self.assertEqual((len(self.stage.card.commands), self.stage.reader.holder), (1, 0))

    def test_closed(self) -> None:
        """
        A job that is given up ends its transaction.
        """
        card = self.opened()
        job = card.run(self.run_of(READ, READ))
        next(job), next(job)
        job.close()
        self.assertEqual(self.stage.reader.holder, 0)

    def test_notSent(self) -> None:
        """
        What pcscd refuses by itself has not reached the card.
        """
        for happen, code in (
            (self.other_begins, Code.SCARD_E_SHARING_VIOLATION),
            (lambda: self.driver.other_resets(READER), Code.SCARD_W_RESET_CARD),
        ):
            card = self.opened()
            self.do(card.hold())
            happen()
            run = self.run_of(READ)
            self.assertEqual((self.code(card.run(run)), run.begun), (code, 0))

    def other_begins(self) -> None:
        """
        Another program has got a transaction in spite of ours.
        """
        self.driver.other_begins(READER)

    def test_removed(self) -> None:
        """
        A card that is taken out at a command may have got it.
        """
        card = self.opened()
        self.do(card.hold())
        self.driver.remove(READER)
        run = self.run_of(READ)
        self.assertEqual((self.code(card.run(run)), run.begun), (Code.SCARD_W_REMOVED_CARD, 1))

    def test_noticedLater(self) -> None:
        """
        It is noticed later that a card was taken out in the midst of a command: the job waits until it has.
        """
        for fail in (True, False):

            def answer(octets: bytes, fail: bool = fail) -> bytes:
                if fail:
                    raise PcscError(Code.SCARD_E_NOT_TRANSACTED)
                return b""

            card = self.opened(SoftCard(answer))
            changes = self.driver.changes

            def later(context: int, known: Any, seconds: float | None, changes: Any = changes) -> Any:
                if seconds:
                    self.assertEqual(seconds, NOTICED)
                    self.driver.remove(READER)
                return changes(context, known, seconds)

            self.patch(self.driver, "changes", later)
            self.assertEqual(self.code(card.run(self.run_of(READ))), Code.SCARD_W_REMOVED_CARD)

    def test_notNoticed(self) -> None:
        """
        Where the card is still there, it does not answer, or not as it should.
        """

        def mute(octets: bytes) -> bytes:
            raise PcscError(Code.SCARD_E_NOT_TRANSACTED)

        self.assertEqual(self.code(self.opened(SoftCard(mute)).run(self.run_of(READ))), Code.SCARD_E_NOT_TRANSACTED)
        card = self.opened(SoftCard(lambda _: b"\x90"))
        self.assertRaises(PeerMisbehaved, self.do, card.run(self.run_of(READ)))


class ResetTests(CardCase):
    """
    Resets.
    """

    def test_kinds(self) -> None:
        """
        Warm and cold ones, in a transaction, and what the card is afterwards.
        """
        for how in (Disposition.RESET, Disposition.UNPOWER):
            card = self.opened()
            self.stage.card.atr = T1_ATR
            self.do(card.reset(how))
            self.assertEqual((self.stage.card.resets, card.facts.atr), ([how], T1_ATR))
            self.assertEqual([call[0] for call in self.driver.calls], ["begin", "reconnect", "status", "end"])

    def test_held(self) -> None:
        """
        The transaction goes on.
        """
        card = self.opened()
        self.do(card.hold())
        self.do(card.reset(Disposition.RESET))
        self.do(card.run(self.run_of(READ)))
        self.assertEqual(self.stage.called("begin", "end"), ["begin"])
        self.assertTrue(self.stage.reader.holder)
