"""
Tests for L{cardgw.bridges.touch_card}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_card import CANCELLED, masked
from cardgw.bridges.touch_errors import AnswersTooLong
from cardgw.values import Feature
from tests.bridges.touches import INFO, Touching

LONG = type(INFO)("pcsc", max_command=65544, max_response=65538, offers=frozenset((Feature.EXTENDED_LENGTH,)))


class MaskedTests(SynchronousTestCase):
    """
    L{masked}.
    """

    def test_pins(self) -> None:
        """
        Nothing of a PIN is left, whatever the command and its length.
        """
        for command in (
            "0020008106313233343536",
            "0C2400810431323334",
            "A028000104" + "31323334",
            "10200081043132333400",
            "002C00810000043132333400",
            "002C008100000431323334",
            "0021000081" + "31" * 129 + "000000",
        ):
            shown = masked(bytes.fromhex(command))
            self.assertEqual((shown[:4].hex().upper(), len(shown)), (command[:8], len(command) // 2))
            self.assertNotIn(b"1", shown)

    def test_form(self) -> None:
        """
        What is no PIN stays: the lengths, where they are right.
        """
        for command, expected in (
            ("00200081 04 31323334", "00200081 04 2A2A2A2A"),
            ("00200081 04 31323334 00", "00200081 04 2A2A2A2A 00"),
            ("00200081 000004 31323334", "00200081 000004 2A2A2A2A"),
            ("00200081 05 31323334", "00200081 2A 2A2A2A2A"),
            ("80500000 0C 8002 0001 8106 313131313131", "80500000 0C 2A2A2A2A2A2A2A2A2A2A2A2A"),
            ("80500000 0D 8002 0001 8106 313131313131", "80500000 2A 2A2A2A2A2A2A2A2A2A2A2A2A"),
        ):
            self.assertEqual(masked(bytes.fromhex(command)), bytes.fromhex(expected))

    def test_others(self) -> None:
        """
        Other commands are shown as they are.
        """
        for command in ("", "00", "00200081", "0020008100", "00A4040003A00000", "8050000008" + "81" * 8):
            self.assertEqual(masked(bytes.fromhex(command)), bytes.fromhex(command))


class CommandTests(SynchronousTestCase):
    """
    What becomes of commands.
    """

    def test_batch(self) -> None:
        """
        A status word that is no success does not stop the commands after it.
        """
        touching = Touching(lambda octets: b"\x6a\x82" if octets[1] == 0xA4 else b"\x90\x00")
        touching.line.say("220400A40000" + "220400100000")
        self.assertEqual(touching.last(), "AB0B23026A8223029000800102")

    def test_completed(self) -> None:
        """
        Answers that are not the last word are completed: 61xx, and 6Cxx.
        """

        def card(octets: bytes) -> bytes:
            if octets[1] == 0xC0:
                return b"\x01\x02\x90\x00"
            return b"\x61\x02" if octets[-1] == 5 else b"\x6c\x05"

        touching = Touching(card)
        touching.line.say("22050084000000")
        self.assertEqual(touching.commands, ["0084000000", "0084000005", "00C0000002"])
        self.assertEqual(touching.last(), "AB09230401029000800101")
        self.assertEqual(touching.watcher.told[1:], [("command", b"\0\x84\0\0\0"), ("answer", b"\x01\x02\x90\0")])

    def test_noCommand(self) -> None:
        """
        What is no command, or is too long, does not reach the card, and is answered for it.
        """
        touching = Touching()
        touching.line.say("22020084", "22070084000000FFFF")
        self.assertEqual(touching.line.sent[1:], ["AB0723026700800101"] * 2)
        self.assertEqual(touching.commands, [])
        self.assertEqual(touching.watcher.names().count("warned"), 2)

    def test_unknown(self) -> None:
        """
        What nobody knows is skipped, with a warning; so is the end, which only the card's side may tell.
        """
        touching = Touching()
        touching.line.say("990100" + "E1040C02" + "4F6B" + "220400100000")
        self.assertEqual(touching.last(), "AB0723029000800101")
        self.assertEqual(touching.watcher.names(), ["connected", "warned", "warned", "command", "answer"])
        touching.line.say("990100")
        self.assertEqual(touching.watcher.names().count("warned"), 2)

    def test_many(self) -> None:
        """
        A template of many elements for which no card is asked does not keep all others waiting; it can be cancelled in between.
        """
        touching, other = Touching(), Touching()
        for each in (touching, other):
            each.line.say("E003020101" * 150)
            self.assertEqual((each.watcher.names().count("notified"), len(each.line.sent)), (64, 1))
        touching.clock.advance(0)
        self.assertEqual((touching.watcher.names().count("notified"), len(touching.line.sent)), (150, 2))
        other.done.cancel()
        self.assertIn(CANCELLED.encode().hex().upper(), other.last())
        other.line.end()
        self.assertTrue(self.successResultOf(other.done).cancelled)
        self.assertEqual(other.watcher.names().count("notified"), 64)

    def test_pinsAreNotShown(self) -> None:
        """
        Whoever watches sees no PIN; the card does.
        """
        touching = Touching()
        touching.line.say("220900200081043132333400"[:-2])
        self.assertEqual(touching.commands, ["002000810431323334"])
        self.assertIn(("command", bytes.fromhex("0020008104") + b"****"), touching.watcher.told)

    def test_tooLong(self) -> None:
        """
        Answers that do not fit into one template end it, and the server is told so.
        """
        touching = Touching(lambda _: bytes(40000) + b"\x90\x00", info=LONG)
        touching.line.say("22070010000000FFFF22070011000000FFFF220700120000" + "00FFFF")
        self.assertEqual(touching.commands, ["0010000000FFFF", "0011000000FFFF"])
        sent = touching.last()
        self.assertLess(len(sent) // 2, 65535)
        self.assertEqual((sent[:16], sent[-6:]), ("AB829C812382" + "9C42", "800102"))
        self.assertIn("E1", sent[-200:])
        touching.line.end()
        self.failureResultOf(touching.done, AnswersTooLong)
