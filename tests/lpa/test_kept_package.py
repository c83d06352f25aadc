# -*- test-case-name: tests.lpa.test_kept_package -*-
"""
Tests for L{cardgw.lpa.kept_package}, alone and in downloads that broke off.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import CardGatewayError
from cardgw.lpa.activation import ActivationCode, parse_activation_code
from cardgw.lpa.conclude import About
from cardgw.lpa.download_errors import InstallationInterrupted
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.kept_package import CARD, KEPT_FOR, PACKAGE, KeptPackage, digest
from cardgw.lpa.package import segments
from cardgw.testing.session import FakeSession
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp_orders import Order
from tests.lpa.card import BOUND
from tests.lpa.world import CODE, SlowCard, World, pki_of

CARD_ID = f"eid:{pki_of('nist').eid.hex()}"
NOTE = f"code:{digest(parse_activation_code(CODE))}"
GET_EID, CHALLENGE, LOAD = b"\xbf\x3e", b"\xbf\x2e", b"\xbf\x36"
texts = st.text(max_size=20)


class ValueTests(SynchronousTestCase):
    """
    What is remembered.
    """

    @given(texts, st.binary(max_size=100), st.frozensets(st.binary(max_size=20)), st.floats(0, 1e10))
    def test_roundTrip(self, name: str, package: bytes, trusted: frozenset[bytes], when: float) -> None:
        """
        It is the same when it is recalled.
        """
        about = About(name, name + "1", name + "2", name + "3", name + "4", trusted)
        kept = KeptPackage(name + "5", name + "6", about, package, when)
        self.assertEqual(KeptPackage.decode(kept.encode()), kept)

    @given(st.one_of(st.binary(max_size=40), st.sampled_from([b"{}", b"[]", b'{"about": {}}', b'{"about": 1}', b"1"])))
    def test_rubbish(self, octets: bytes) -> None:
        """
        Anything else is C{ValueError}.
        """
        self.assertRaises(ValueError, KeptPackage.decode, octets)

    def test_secret(self) -> None:
        """
        The package is not printed, and the activation code cannot be read from its digest.
        """
        kept = KeptPackage("aa", "bb", About("", "", "", "", ""), b"PACKAGE", 0.0)
        self.assertNotIn("PACKAGE", repr(kept))
        self.assertRegex(digest(parse_activation_code(CODE)), "^[0-9a-f]{64}$")

    def test_digest(self) -> None:
        """
        Activation codes differ by server, matching id and OID; a confirmation code and an IMEI change nothing.
        """
        code = ActivationCode("a.example", "M", "1.2")
        for other in (evolve(code, host="b.example"), evolve(code, matching_id="N"), evolve(code, oid="1.3")):
            self.assertNotEqual(digest(other), digest(code))
        self.assertEqual(digest(evolve(code, confirmation_code="4711", imei="356938035643809")), digest(code))


class KeptTestCase(SynchronousTestCase):
    """
    A download that breaks off, and what comes after it.
    """

    def setUp(self) -> None:
        self.world = self.broken()

    def broken(self, blocks: int = 5, *, reloads: bool = True, keep: bool = True, identity: str = "") -> World:
        """
        A world in which the card was lost after so many blocks of the package, and has come back.
        """
        world = World(options=Options(pinned=True, reloads=reloads))
        world.session.identity = identity
        world.wire.lose_after = self.begin() + blocks
        self.failureResultOf(world.download(keep_package=keep), InstallationInterrupted)
        return self.back(world, identity)

    def begin(self) -> int:
        """
        How many commands come before the package.
        """
        world = World()
        self.successResultOf(world.download())
        self.blocks = world.blocks()
        return next(at for at, command in enumerate(world.wire.sent) if command[5:7] == LOAD)

    def back(self, world: World, identity: str = "") -> World:
        """
        The same world, to which the card has come back.
        """
        world.again()
        world.http.calls.clear()
        world.session.identity = identity
        return world

    def again(self, code: str = CODE, *, keep: bool = True) -> dict[str, Any]:
        """
        The second download, which must succeed.
        """
        result = self.successResultOf(self.world.download(code, keep_package=keep))
        self.assertEqual([each.iccid for each in self.world.card.profiles], [result["iccid"]])
        return result

    def sent(self, start: bytes) -> int:
        """
        How many requests that begin so the card got in the present session.
        """
        return sum(command[5:7] == start for command in self.world.wire.sent)


class KeepTests(KeptTestCase):
    """
    What is kept.
    """

    def test_kept(self) -> None:
        """
        The package is remembered with the card, and under the activation code there is only which card it is.
        """
        memory = self.world.session.memory
        self.assertEqual(memory.keys(), {(CARD_ID, PACKAGE), (NOTE, CARD)})
        self.assertEqual(memory[NOTE, CARD], CARD_ID.encode())
        kept = KeptPackage.decode(memory[CARD_ID, PACKAGE])
        self.assertEqual(kept.package[:2], LOAD)
        self.assertEqual((kept.about.provider, kept.about.iccid), ("Example", self.world.order.iccid))
        self.assertNotIn(b"PROFILE-1", b"".join(memory.values()))

    def test_sealed(self) -> None:
        """
        It is kept encrypted.
        """
        found: list[tuple[str, bool]] = []

        def remember(_: Any, card: str, key: str, value: bytes | None, *, sealed: bool = False) -> Deferred[None]:
            found.append((key, sealed))
            return succeed(None)

        self.patch(FakeSession, "remember", remember)
        self.broken()
        self.assertEqual(found, [(PACKAGE, True), (CARD, False)])

    def test_settingOff(self) -> None:
        """
        Where settings do not want it, nothing is kept, and nothing is looked for.
        """
        self.world = self.broken(keep=False)
        self.assertEqual(self.world.session.memory, {})
        self.again(keep=False)
        self.assertEqual(self.sent(GET_EID), 0)

    def test_notRemembered(self) -> None:
        """
        A store that fails changes nothing about the download.
        """
        self.patch(FakeSession, "remember", lambda *values, **more: fail(CardGatewayError("disk full")))
        self.assertEqual(self.broken().session.memory, {})

    def test_noIdentity(self) -> None:
        """
        A package for a card that nobody knows cannot be kept.
        """
        self.patch(FakeSession, "identified", lambda session, identity: None)
        self.assertEqual(self.broken().session.memory, {})


class TakeTests(KeptTestCase):
    """
    What the next download makes of it.
    """

    def test_loadedAgain(self) -> None:
        """
        An eUICC that still has the session takes the package from the beginning, wherever it broke off; the SM-DP+ is asked for
        nothing, and hears of the result.
        """
        for blocks in range(self.blocks):
            self.world = self.broken(blocks)
            result = self.again()
            self.assertEqual((result["notification"], result["eid"]), ("delivered", CARD_ID[4:]))
            self.assertEqual((result["provider"], result["name"]), ("Example", "Example profile"))
            self.assertEqual(self.world.http.calls, ["handleNotification"])
            self.assertTrue(self.world.smdp.notifications[-1].verified)
            self.assertEqual(self.world.session.memory, {})
            self.assertIn("Installed: Example Example profile.", self.world.session.farewells[-1])

    def test_identityIsKnown(self) -> None:
        """
        A card that is known already is not asked who it is.
        """
        self.world = self.broken(identity=CARD_ID)
        self.again()
        self.assertEqual((self.sent(GET_EID), self.world.http.calls), (0, ["handleNotification"]))

    def test_sessionGone(self) -> None:
        """
        An eUICC that has given up the session refuses, and the download begins anew.
        """
        for reset in (False, True):
            self.world = self.broken(reloads=False)
            if reset:
                self.world.card.reset()
            self.assertEqual(self.again()["notification"], "delivered")
            self.assertEqual(self.world.http.calls[0], "initiateAuthentication")
            self.assertEqual(self.world.session.memory, {})

    def test_resultWasLost(self) -> None:
        """
        Where all was loaded and only the answer lost, the second download finds the profile installed, and says so.
        """
        self.world = self.broken(self.blocks - 1, reloads=False)
        self.world.card.transmit(self.last_block())
        self.assertEqual(self.again()["notification"], "delivered")
        self.assertEqual(self.world.http.calls, ["handleNotification"])

    def last_block(self) -> bytes:
        """
        The block that was under way when the card was lost.
        """
        kept = KeptPackage.decode(self.world.session.memory[CARD_ID, PACKAGE])
        return Isdr(self.world.wire).package(segments(kept.package)).steps[-1].command.encode()

    def test_oneTry(self) -> None:
        """
        There is one more try: if the card is lost again, the next download begins anew.
        """
        self.world.wire.lose_after = 5
        self.failureResultOf(self.world.download(keep_package=True), InstallationInterrupted)
        self.assertEqual(self.world.session.memory, {})
        self.world.again()
        self.again()
        self.assertIn("initiateAuthentication", self.world.http.calls)

    def test_forgottenFirst(self) -> None:
        """
        It is forgotten before the first block is written.
        """
        card = SlowCard(self.world.card.transmit)
        self.world.session.channel = GetResponse(MemoryChannel(BOUND, card))
        downloading = self.world.download(keep_package=True)
        while not (card.waiting and card.waiting[0][1][5:7] == LOAD):
            card.go_on(1)
        self.assertEqual(self.world.session.memory, {})
        downloading.cancel()
        card.go_on()
        self.world.clock.advance(60)
        self.failureResultOf(downloading, CancelledError)
        self.assertEqual(self.world.cancelled, [1])

    def test_otherCode(self) -> None:
        """
        Another activation code has nothing to do with it: where the card is known, the package is forgotten; its session ends.
        """
        for identity in ("", CARD_ID):
            self.world = self.broken(identity=identity)
            self.world.smdp.add(Order("PROFILE-2", make_package(make_iccid(2), 2000)))
            self.again("LPA:1$smdp.example.test$PROFILE-2")
            self.assertEqual((CARD_ID, PACKAGE) in self.world.session.memory, not identity)
            self.assertEqual(self.sent(GET_EID), 0)

    def test_otherCard(self) -> None:
        """
        Another card with the same activation code does not get it.
        """
        memory = self.world.session.memory
        memory[NOTE, CARD] = b"eid:1"
        self.again()
        self.assertEqual(self.world.http.calls[0], "initiateAuthentication")

    def test_tooOld(self) -> None:
        """
        After a day it is not tried any more.
        """
        self.world.clock.advance(KEPT_FOR + 1)
        self.again()
        self.assertEqual(self.world.http.calls[0], "initiateAuthentication")

    def test_unreadable(self) -> None:
        """
        What cannot be read or recalled any more does not keep the download from beginning anew.
        """
        self.world.session.memory[CARD_ID, PACKAGE] = b"written by somebody else"
        self.again()
        self.world = self.broken()
        self.patch(FakeSession, "recall", lambda session, card, key: fail(CardGatewayError("disk full")))
        self.again()

    def test_brokenPackage(self) -> None:
        """
        Nor does a package that is not one.
        """
        memory = self.world.session.memory
        kept = KeptPackage.decode(memory[CARD_ID, PACKAGE])
        memory[CARD_ID, PACKAGE] = evolve(kept, package=b"\xbf\x36\x00").encode()
        self.again()
        self.assertEqual(self.world.http.calls[0], "initiateAuthentication")

    def test_noMoreCommands(self) -> None:
        """
        A download that none has gone before sends the same commands as without all this.
        """
        counts = []
        for keep in (False, True):
            world = World()
            self.successResultOf(world.download(keep_package=keep))
            counts.append(len(world.wire.sent))
        self.assertEqual(counts[0], counts[1])

    def test_noMatchingId(self) -> None:
        """
        An activation code without a matching id says nothing about which card it is: only one that is known gets its package.
        """
        code = "LPA:1$smdp.example.test$"
        for identity in ("", CARD_ID):
            world = World(options=Options(pinned=True, reloads=True))
            world.smdp.add(Order("", make_package(make_iccid(2), 2000), eid=world.card.eid))
            world.session.identity = identity
            world.wire.lose_after = self.begin() + 4
            self.failureResultOf(world.download(code, keep_package=True), InstallationInterrupted)
            self.assertEqual(world.session.memory.keys(), {(CARD_ID, PACKAGE)})
            self.world = self.back(world, identity)
            self.again(code)
            self.assertEqual(self.sent(CHALLENGE), 0 if identity else 1)
