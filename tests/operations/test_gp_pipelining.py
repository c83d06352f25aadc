"""
C{gp.install} over channels that carry one command or many at once: how often something is sent, and what becomes of a load that
is refused, or cut off, in its midst.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import PeerLost, UnexpectedStatus
from cardgw.gp.commands import Ins
from cardgw.gp.errors import TooManyBlocks
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_journal import Begun
from cardgw.scp.class_byte import is_marked
from cardgw.scp.keys import KeySet
from cardgw.testing import FakeSession, session_for
from cardgw.values import ChannelInfo, Feature
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.security_domain import DEFAULT_KEY, VirtualSecurityDomain
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped

CAP = zipped(make_components(code=30_000)).hex()
MANY = 1_000
EXTENDED_LE = 3
"""Bytes of Le where a command is extended without data."""
INFO = ChannelInfo("memory", offers=frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS}))
LEVELS = {"01": 30_000 // 247 + 1, "33": 30_000 // 239 + 1}
"""Blocks of the load file at each level: so many, or one more."""


class PipeliningTests(SynchronousTestCase):
    """
    One load.

    @ivar card: the card.
    @ivar sent: what came to it.
    @ivar carried: how often something was sent that had a LOAD in it.
    """

    def begin(self, burst: int = MANY, burst_bytes: int | None = None, info: ChannelInfo = INFO, **options: Any) -> None:
        """
        A card, and a channel to it.

        @param options: of the card.
        """
        self.card = VirtualSecurityDomain(SecurityDomainOptions(**options))
        self.entries = self.card.entries
        self.memory: dict[tuple[str, str], bytes] = {}
        self.burst, self.burst_bytes, self.info = burst, burst_bytes, info
        self.answer: Callable[[bytes], bytes] = self.card
        self.connect()

    def connect(self) -> None:
        """
        Reach the card, perhaps anew.
        """
        self.card.reset()
        self.sent: list[bytes] = []
        self.carried: set[int] = set()
        self.below = MemoryChannel(self.info, self.take, burst=self.burst, burst_bytes=self.burst_bytes)

    def take(self, command: bytes) -> bytes:
        """
        What comes to the card.
        """
        self.sent.append(command)
        if command[1] == Ins.LOAD:
            self.carried.add(self.below.exchanges)
        return self.answer(command)

    def run_load(self, level: str = "33") -> Deferred[dict[str, Any]]:
        """
        Load and install.
        """
        operation = GpInstall()
        parameters = {"keys": "issuer", "level": level, "cap": CAP}
        self.session: FakeSession = session_for(operation, GetResponse(self.below), parameters)
        self.session.key_sets = {"issuer": KeySet.of_aes(0x30, DEFAULT_KEY)}
        self.session.memory = self.memory
        return Deferred.fromCoroutine(operation.run(self.session))

    def loaded(self, level: str = "33") -> int:
        """
        Load and install; all goes well.

        @return: the number of blocks.
        """
        found = self.successResultOf(self.run_load(level))
        self.assertEqual((found["installed"], self.there()), ([APPLET.hex().upper()], [PACKAGE, APPLET]))
        return len(self.loads())

    def loads(self) -> list[bytes]:
        """
        The blocks that came.
        """
        return [each for each in self.sent if each[1] == Ins.LOAD]

    def there(self) -> list[bytes]:
        """
        What is on the card that was not there in the beginning.
        """
        return [each.aid for each in self.card.entries if each not in self.entries]

    def refuse(self, number: int, status: int) -> None:
        """
        One LOAD is not brought to the card, which refuses it; with those that follow it does what it does.
        """

        def answer(command: bytes) -> bytes:
            if command[1] == Ins.LOAD and len(self.loads()) == number:
                return status.to_bytes(2, "big")
            return self.card(command)

        self.answer = answer


class ExchangesTests(PipeliningTests):
    """
    How often something is sent.
    """

    def test_atOnce(self) -> None:
        """
        As few exchanges as the limits of the channel allow, at every level; one for each block where it carries one at a time.
        """
        for level, least in LEVELS.items():
            for burst in (1, 7, 50, MANY):
                self.begin(burst)
                blocks = self.loaded(level)
                self.assertIn(blocks, (least, least + 1))
                self.assertEqual(len(self.carried), -(-blocks // burst))

    def test_bytes(self) -> None:
        """
        Where the bytes in an exchange are limited, each has as many blocks as fit; the last block is a short one.
        """
        for level in LEVELS:
            for most in (1_000, 5_000, 20_000):
                self.begin(burst_bytes=most)
                blocks = self.loaded(level)
                fit = most // max(map(len, self.loads()))
                self.assertIn(len(self.carried), (-(-blocks // fit), -(-(blocks - 1) // fit)))

    def test_shortCommands(self) -> None:
        """
        Where a command cannot be so long, blocks are shorter, each still protected and sent as one, and no command is too long;
        extended length is not made use of.  If there were too many, nothing is begun.
        """
        self.begin(info=evolve(INFO, max_command=100))
        self.failureResultOf(self.run_load(), TooManyBlocks)
        self.assertEqual((self.memory, [each for each in self.sent if each[1] == Ins.INSTALL]), ({}, []))
        for most in (150, 200, 261, 65_544):
            offers = INFO.offers | ({Feature.EXTENDED_LENGTH} if most > 261 else set())
            self.begin(info=evolve(INFO, max_command=most, offers=offers))
            blocks = self.loaded()
            sizes = {len(each) for each in self.loads()[:-1]}
            self.assertLessEqual(max(map(len, self.sent)), most)
            self.assertTrue(all(is_marked(Command.decode(each).cla) for each in self.loads()))
            self.assertEqual((len(sizes), len(self.carried)), (1, 1), blocks)
            self.assertGreater(min(sizes), min(most, 261) - 16 - EXTENDED_LE)

    def test_fetched(self) -> None:
        """
        A card that lets answers be fetched (61xx) gets its blocks one by one: the protected answer to each is waited for, and
        nothing of it is lost, however many commands the channel carries.
        """
        for level in LEVELS:
            self.begin(delivery=Delivery.T0)
            self.assertEqual(self.loaded(level), len(self.carried))
            after = [self.sent[at + 1][1] for at, each in enumerate(self.sent) if each[1] == Ins.LOAD]
            self.assertEqual(set(after), {0xC0})

    def test_progress(self) -> None:
        """
        Whoever watches is told of each block, in the end of all.
        """
        for burst in (1, 50):
            self.begin(burst)
            blocks = self.loaded()
            percents = self.session.percents
            self.assertEqual((len(percents), percents, percents[-1]), (blocks, sorted(percents), 100))


class RefusedTests(PipeliningTests):
    """
    A load that does not come to its end.
    """

    def test_refused(self) -> None:
        """
        The card refuses a block, and with it all that follow: the failure names the first of them, and nothing is sent twice.
        """
        for burst in (1, 7, MANY):
            self.begin(burst)
            self.refuse(40, 0x6581)
            error = self.failureResultOf(self.run_load(), UnexpectedStatus).value
            self.assertRegex(str(error), f"LOAD.* 40 of {LEVELS['33'] + 1}: 6581")
            came = self.loads()
            self.assertEqual(len(came), {1: 40, 7: 42, MANY: LEVELS["33"] + 1}[burst])
            self.assertEqual(len({each[5:] for each in came}), len(came))
            self.assertEqual((self.there(), self.session.percents[-1]), ([], 39 * 100 // (LEVELS["33"] + 1)))
            self.assertEqual(self.session.results[-1]["blocks"], 39)

    def test_afterRefusal(self) -> None:
        """
        What is left of it is found in the next run, which deletes it, and loads anew.
        """
        for burst in (1, MANY):
            self.begin(burst)
            self.refuse(40, 0x6581)
            self.failureResultOf(self.run_load(), UnexpectedStatus)
            self.assertEqual([Begun.decode(each).file.aid for each in self.memory.values()], [PACKAGE])
            self.answer = self.card
            self.sent.clear()
            self.assertEqual(self.loaded(), LEVELS["33"] + 1)
            self.assertEqual(self.memory, {})

    def test_wrongLength(self) -> None:
        """
        A protected block is not sent again where a card wants another Le: it fails, and is named.
        """
        for burst in (1, MANY):
            self.begin(burst)
            self.refuse(40, 0x6C10)
            self.assertIn(", 40 of", str(self.failureResultOf(self.run_load(), UnexpectedStatus).value))
            came = self.loads()
            self.assertEqual(len({each[5:] for each in came}), len(came))

    def test_forged(self) -> None:
        """
        An answer with a wrong MAC in its midst ends the session: nothing more is said in it, the failure says what it is.
        """
        self.begin(burst=7)

        def answer(command: bytes) -> bytes:
            found = self.card(command)
            return bytes(len(found) - 2) + found[-2:] if command[1] == Ins.LOAD and len(self.loads()) == 10 else found

        self.answer = answer
        error = self.failureResultOf(self.run_load()).value
        self.assertEqual(error.code, "answer-not-authentic")
        self.assertFalse(any(is_marked(Command.decode(each).cla) for each in self.sent[self.sent.index(self.loads()[-1]) + 1 :]))

    def test_lost(self) -> None:
        """
        The card is lost in the midst of a burst: that is the failure, and the journal has it.
        """
        for burst in (1, 7, MANY):
            self.begin(burst)

            def answer(command: bytes) -> bytes:
                if len(self.loads()) == 40:
                    raise PeerLost
                return self.card(command)

            self.answer = answer
            self.failureResultOf(self.run_load(), PeerLost)
            self.assertEqual([Begun.decode(each).file.aid for each in self.memory.values()], [PACKAGE])
            self.answer = self.card
            self.connect()
            self.loaded()
