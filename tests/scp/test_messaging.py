# -*- test-case-name: tests.scp.test_messaging -*-
"""
L{cardgw.scp.messaging}, with MACs computed here.
"""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable, SecureSessionOver
from cardgw.scp.families import LEGACY, STRICT, YUBIKEY, LePolicy
from cardgw.scp.level import Level
from cardgw.scp.messaging import SecureMessaging, begin_r_mac, end_r_mac, is_protected
from cardgw.scp.primitives import Cbc, Cmac, pad
from tests.scp.rig import DONE, GET_STATUS, both, fresh_keys

ZERO = bytes(16)
MAC_LEVEL = Level.C_MAC
ENC_LEVEL = Level.C_MAC | Level.C_DECRYPTION
R_LEVEL = Level.C_MAC | Level.R_MAC
KEYS = fresh_keys()


def host(level: Level, **options: object) -> SecureMessaging:
    """
    A session that has just begun.
    """
    return SecureMessaging(fresh_keys(), level, **options)  # type: ignore[arg-type]


class CommandTests(SynchronousTestCase):
    """
    C{wrap}.
    """

    def test_none(self) -> None:
        """
        At level 00 commands and answers go as they are.
        """
        session = host(Level.NONE)
        self.assertEqual(session.wrap(GET_STATUS), GET_STATUS)
        answer = Response(b"x", 0x6A88)
        self.assertEqual(session.unwrap(GET_STATUS, answer), answer)

    def test_mac(self) -> None:
        """
        The MAC is over chaining value, header with the final Lc, and data; all 16 bytes of it are the next chaining value.
        """
        for size in (8, 16):
            session, chain = host(MAC_LEVEL, mac_length=size), ZERO
            for data in (b"\x4f\x00", b"", b"abc"):
                wrapped = session.wrap(Command(0x80, 0xF2, 0x20, 0x02, data))
                chain = Cmac(KEYS.s_mac)(chain, bytes((0x84, 0xF2, 0x20, 0x02, len(data) + size)), data)
                self.assertEqual(wrapped, Command(0x84, 0xF2, 0x20, 0x02, data + chain[:size]))

    def test_first(self) -> None:
        """
        The first chaining value may be another one.
        """
        one, other = host(MAC_LEVEL), host(MAC_LEVEL, chain=b"\x01" * 16)
        self.assertNotEqual(one.wrap(GET_STATUS), other.wrap(GET_STATUS))

    def test_classes(self) -> None:
        """
        The logical channel is in the class, not in the MAC; the two kinds of classes differ in it.
        """
        for base, marked in ((0x80, 0x84), (0x00, 0x04)):
            macs = set()
            for number in range(20):
                cla = base | number if number < 4 else base | 0x40 | (number - 4)
                wrapped = host(MAC_LEVEL).wrap(Command(cla, 0xF2))
                self.assertEqual(wrapped.cla, marked | number if number < 4 else base | 0x60 | (number - 4))
                macs.add(wrapped.data)
            self.assertEqual(macs, {Cmac(KEYS.s_mac)(ZERO, bytes((marked, 0xF2, 0, 0, 8)))[:8]})

    def test_marked(self) -> None:
        """
        What is marked as protected or chained already is refused, and nothing has changed.
        """
        session = host(MAC_LEVEL)
        for cla in (0x84, 0x04, 0x0C, 0x88, 0x90, 0xE0, 0xD0, 0x60, 0x20):
            self.assertRaises(CommandNotProtectable, session.wrap, Command(cla, 0xF2))
        self.assertEqual(session.wrap(GET_STATUS), host(MAC_LEVEL).wrap(GET_STATUS))

    def test_encrypted(self) -> None:
        """
        Data are padded and encrypted, with the counter encrypted as initial chaining vector, before the MAC.
        """
        session, cipher = host(ENC_LEVEL), Cbc(KEYS.s_enc)
        for counter, data in ((1, b"abc"), (2, bytes(15)), (3, bytes(16))):
            wrapped = session.wrap(Command(0x80, 0xE2, 0, 0, data))
            initial = cipher.block(counter.to_bytes(16, "big"))
            self.assertEqual(wrapped.data[:-8], cipher.encrypt(initial, pad(data)))
        self.assertEqual(len(wrapped.data), 40)

    def test_counter(self) -> None:
        """
        A command without data is counted, though not encrypted; cards of one family do not count it, those of another want it
        encrypted.
        """
        for family, counter, size in ((STRICT, 2, 8), (LEGACY, 1, 8), (YUBIKEY, 2, 24)):
            session, cipher = host(ENC_LEVEL, family=family), Cbc(KEYS.s_enc)
            self.assertEqual(len(session.wrap(Command(0x80, 0xF2)).data), size)
            wrapped = session.wrap(Command(0x80, 0xE2, 0, 0, b"abc"))
            initial = cipher.block(counter.to_bytes(16, "big"))
            self.assertEqual(wrapped.data[:-8], cipher.encrypt(initial, pad(b"abc")), family.name)

    def test_long(self) -> None:
        """
        Lc in the MAC has three bytes as soon as it does not fit one, the MAC included.
        """
        for size, lc in ((247, "ff"), (248, "000100"), (300, "000134"), (65527, "00ffff")):
            wrapped = host(MAC_LEVEL).wrap(Command(0x80, 0xE8, 0, 0, bytes(size)))
            expected = Cmac(KEYS.s_mac)(ZERO, bytes.fromhex("84e80000" + lc), bytes(size))
            self.assertEqual((wrapped.data[-8:], wrapped.is_extended), (expected[:8], size > 247))

    def test_extended(self) -> None:
        """
        Lc has three bytes in the MAC wherever it is sent so: in a command of extended length with few data, too.
        """
        plain = Command(0x80, 0xF2, 0x20, 0x02, b"abc")
        for command in (evolve(plain, extended=True), evolve(plain, expected=1000)):
            wrapped = host(MAC_LEVEL).wrap(command)
            self.assertEqual(wrapped.encode()[4:7], b"\x00\x00\x0b")
            self.assertEqual(wrapped.data[3:], Cmac(KEYS.s_mac)(ZERO, wrapped.encode()[:10])[:8])

    def test_tooLong(self) -> None:
        """
        What does not fit 65535 bytes is refused, and nothing has changed.
        """
        for level, most in ((MAC_LEVEL, 65527), (ENC_LEVEL, 65519)):
            session = host(level)
            self.assertEqual(session.most_data(65535), most)
            self.assertRaises(CommandNotProtectable, session.wrap, Command(0x80, 0xE8, 0, 0, bytes(most + 1)))
            self.assertEqual(session.wrap(GET_STATUS), host(level).wrap(GET_STATUS))

    def test_expected(self) -> None:
        """
        Where answers have MACs, each command asks for one, if the family wants that; elsewhere Le stays as it is.
        """
        given = evolve(STRICT, le=LePolicy.AS_GIVEN)
        for level, family, le, expected in (
            (MAC_LEVEL, STRICT, None, None),
            (MAC_LEVEL, STRICT, 5, 5),
            (R_LEVEL, STRICT, None, 256),
            (R_LEVEL, STRICT, 5, 256),
            (R_LEVEL, given, None, None),
            (R_LEVEL, given, 5, 256),
            (R_LEVEL, STRICT, 65536, 65536),
        ):
            wrapped = host(level, family=family).wrap(evolve(GET_STATUS, expected=le))
            self.assertEqual(wrapped.expected, expected)
        self.assertEqual(host(R_LEVEL).wrap(Command(0x80, 0xE8, 0, 0, bytes(300))).expected, 65536)


class AnswerTests(SynchronousTestCase):
    """
    C{unwrap}.
    """

    def test_mac(self) -> None:
        """
        The MAC of an answer is over the whole MAC of the command, data, and status; it does not change the chain.
        """
        for size in (8, 16):
            session = host(R_LEVEL, mac_length=size)
            chain = ZERO
            for data, status in ((b"", 0x9000), (b"abc", 0x9000), (b"x", 0x6310), (b"", 0x6285)):
                wrapped = session.wrap(GET_STATUS)
                head = bytes((0x84, 0xF2, 0x20, 0x02, 2 + size)) + GET_STATUS.data
                chain = Cmac(KEYS.s_mac)(chain, head)
                self.assertEqual(wrapped.data[-size:], chain[:size])
                mac = Cmac(KEYS.s_rmac)(chain, data, status.to_bytes(2, "big"))[:size]
                self.assertEqual(session.unwrap(GET_STATUS, Response(data + mac, status)), Response(data, status))

    def test_decrypted(self) -> None:
        """
        Encrypted answers have the counter of their command, marked; no data are not encrypted.
        """
        session, card = both()
        for data in (b"", b"abc", bytes(16), b""):
            plain = card.unwrap(session.wrap(GET_STATUS))
            self.assertEqual(plain, GET_STATUS)
            answer = card.wrap(Response(data, 0x9000))
            self.assertEqual(len(answer.data), len(pad(data)) + 8 if data else 8)
            self.assertEqual(session.unwrap(GET_STATUS, answer), Response(data, 0x9000))

    def test_pipelined(self) -> None:
        """
        Any number of commands may be wrapped before the first answer; their order counts.
        """
        session, card = both()
        commands = [Command(0x80, 0xE8, 0, number, bytes(20 * number)) for number in range(5)]
        answers = []
        for wrapped in [session.wrap(command) for command in commands]:
            plain = card.unwrap(wrapped)
            assert isinstance(plain, Command)
            answers.append(card.wrap(Response(bytes((plain.p2,)), 0x9000)))
        self.assertRaises(ValueError, session.unwrap, commands[1], answers[0])
        found = [session.unwrap(command, answer) for command, answer in zip(commands, answers, strict=True)]
        self.assertEqual([each.data for each in found], [bytes((number,)) for number in range(5)])
        self.assertRaises(ValueError, session.unwrap, commands[0], answers[0])

    def test_wrong(self) -> None:
        """
        A wrong MAC ends the session: its keys are gone, and it says why.
        """
        keys = fresh_keys()
        session = SecureMessaging(keys, R_LEVEL)
        session.wrap(GET_STATUS)
        error = self.assertRaises(AnswerNotAuthentic, session.unwrap, GET_STATUS, Response(bytes(8), 0x9000))
        self.assertEqual(error.detail, "of the answer to command F2: its MAC is wrong")
        self.assertEqual((keys.s_enc, keys.s_mac, keys.s_rmac, keys.dek), (b"", b"", b"", None))
        error = self.assertRaises(SecureSessionOver, session.wrap, GET_STATUS)
        self.assertIn("an answer was not protected as it must be", str(error))
        self.assertRaises(SecureSessionOver, session.unwrap, GET_STATUS, DONE)
        self.assertRaises(SecureSessionOver, lambda: session.dek)

    def test_badlyEncrypted(self) -> None:
        """
        So do data that cannot be decrypted, though their MAC is right.
        """
        for data in (b"abc", bytes(16)):
            session = host(Level.FULL)
            wrapped = session.wrap(Command(0x80, 0xF2))
            chain = Cmac(KEYS.s_mac)(ZERO, wrapped.encode()[:4] + b"\x08")
            mac = Cmac(KEYS.s_rmac)(chain, data, b"\x90\x00")[:8]
            answer = Response(data + mac, 0x9000)
            self.assertRaises(AnswerNotAuthentic, session.unwrap, Command(0x80, 0xF2), answer)
            self.assertTrue(session.over)

    def test_statuses(self) -> None:
        """
        Which statuses are protected (Amendment D, 6.2.5).
        """
        protected = [status for status in range(0x6000, 0x9200) if is_protected(status)]
        self.assertEqual(protected, [*range(0x6200, 0x6400), 0x9000])


class SessionTests(SynchronousTestCase):
    """
    BEGIN and END R-MAC SESSION, and the end.
    """

    def test_commands(self) -> None:
        """
        As the document has them.
        """
        self.assertEqual(begin_r_mac(Level.R_MAC).encode().hex(), "807a1001")
        self.assertEqual(begin_r_mac(Level.R_MAC | Level.R_ENCRYPTION, b"ab").encode().hex(), "807a300103026162")
        self.assertEqual(end_r_mac().encode().hex(), "8078000300")

    def test_going(self) -> None:
        """
        The answer to BEGIN has no MAC, that to END has one, the next one has none; only a success counts.
        """
        session, card = both(ENC_LEVEL)
        begin, end = begin_r_mac(Level.R_MAC | Level.R_ENCRYPTION), end_r_mac()
        card.unwrap(session.wrap(begin))
        session.unwrap(begin, card.wrap(Response(b"", 0x6985)))
        self.assertEqual(session.level, ENC_LEVEL)
        for command, size, level in ((begin, 0, 0x33), (GET_STATUS, 8, 0x33), (end, 8, 0x03), (GET_STATUS, 0, 0x03)):
            card.unwrap(session.wrap(command))
            if command is begin:
                self.assertTrue(card.begin_r_mac(command.p1))
            elif command is end:
                self.assertTrue(card.end_r_mac())
            answer = card.wrap(DONE)
            self.assertEqual((len(answer.data), session.unwrap(command, answer)), (size, DONE))
            self.assertEqual(session.level, level)

    def test_pipelined(self) -> None:
        """
        A command that is wrapped behind BEGIN asks for its answer already.
        """
        session, card = both(MAC_LEVEL)
        begin, other = begin_r_mac(Level.R_MAC), Command(0x80, 0xE2)
        wrapped = [session.wrap(begin), session.wrap(other)]
        self.assertEqual([each.expected for each in wrapped], [None, 256])
        for sent, command in zip(wrapped, (begin, other), strict=True):
            card.unwrap(sent)
            if command is begin:
                card.begin_r_mac(0x10)
            self.assertEqual(session.unwrap(command, card.wrap(DONE)), DONE)

    def test_end(self) -> None:
        """
        The first reason counts.
        """
        session = host(Level.FULL)
        self.assertEqual(session.over, "")
        session.end("it is late")
        session.end("it is later")
        self.assertEqual(session.over, "it is late")

    def test_shown(self) -> None:
        """
        Keys are never shown.
        """
        for thing in (KEYS, host(Level.FULL), KEYS.dek):
            for key in (KEYS.s_enc, KEYS.s_mac, KEYS.s_rmac):
                self.assertNotIn(repr(key)[2:-1], repr(thing))
                self.assertNotIn(key.hex(), repr(thing))
