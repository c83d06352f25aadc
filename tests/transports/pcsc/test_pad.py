"""
Tests for L{cardgw.transports.pcsc.pad}, and for what the channel does with it.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import NotSupported
from cardgw.transports.pcsc.codes import GET_FEATURES
from cardgw.transports.pcsc.pad import VerifyOnPad
from tests.transports.pcsc.stage import Stage

CODE = 0x42330006
PAD = VerifyOnPad(bytes.fromhex("0020008100"), 0x82)
STRUCTURE = "3C3C82000010040201090400000000" + "0500000000200081" + "00"


class EncodeTests(SynchronousTestCase):
    """
    L{VerifyOnPad.encode}.
    """

    def test_structure(self) -> None:
        """
        Numbers of more than one byte have their last byte first.
        """
        self.assertEqual(PAD.encode().hex().upper(), STRUCTURE)


class ChannelTests(SynchronousTestCase):
    """
    L{cardgw.transports.pcsc.channel.PcscChannel.verify_on_pad}.
    """

    def setUp(self) -> None:
        """
        A card in a reader.
        """
        self.stage = Stage()
        self.channel = self.stage.channel()

    def test_verified(self) -> None:
        """
        The reader is asked for the code, given the structure, and says what the card answered.
        """
        self.stage.reader.controls = {GET_FEATURES: bytes((6, 4)) + CODE.to_bytes(4, "big"), CODE: b"\x63\xc2"}
        answer = self.successResultOf(self.channel.verify_on_pad(PAD))
        self.assertEqual(answer.status, 0x63C2)
        controls = [call[2:] for call in self.stage.driver.calls if call[0] == "control"]
        self.assertEqual(controls[-1], (CODE, bytes.fromhex(STRUCTURE)))

    def test_noPad(self) -> None:
        """
        A reader without a pad says so, and the card is still here.
        """
        self.failureResultOf(self.channel.verify_on_pad(PAD), NotSupported)
        self.assertNoResult(self.channel.when_gone())

    def test_failed(self) -> None:
        """
        What the reader could not do is an answer, too.
        """
        self.stage.reader.controls = {GET_FEATURES: bytes((6, 4)) + CODE.to_bytes(4, "big")}
        self.assertEqual(self.successResultOf(self.channel.verify_on_pad(PAD)).status, 0x6F00)
