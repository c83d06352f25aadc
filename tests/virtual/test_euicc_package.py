# -*- test-case-name: tests.virtual.test_euicc_package -*-
"""
Tests for L{cardgw.virtual.euicc_package}.
"""

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode, only
from cardgw.virtual.euicc_options import Faults, Options
from tests.virtual.bpp import (
    ADDRESS,
    ICCID,
    OID_2_999_10,
    TRANSACTION,
    Package,
    Result,
    cut,
    flip,
    metadata,
    replacement,
    swapped,
    upp,
)
from tests.virtual.rig import Rig

ICCID_2 = "89999010000000000026"
PPR1, PPR2, UPDATE = encode(0x99, bytes.fromhex("0640")), encode(0x99, bytes.fromhex("0520")), encode(0x99, b"\x07\x80")


class Base(SynchronousTestCase):
    """
    One card.
    """

    def setUp(self) -> None:
        """
        Make it.
        """
        self.rig = Rig.make()

    def error(self, **changes: object) -> tuple[int, int] | None:
        """
        C{bppCommandId} and C{errorReason} of an otherwise good package.
        """
        self.rig.prepare()
        package = evolve(self.rig.package(), **changes)  # type: ignore[arg-type]
        return self.rig.install(package).error

    def good(self) -> list[bytes]:
        """
        The segments of a good package.
        """
        self.rig.prepare()
        return cut(self.rig.package().build())


class ResultTests(Base):
    """
    ProfileInstallationResult.
    """

    def test_success(self) -> None:
        """
        The last segment is answered with the signed result; all others with nothing.  The profile is there, disabled.
        """
        segments = self.good()
        result = Result.of(self.rig.load(segments))
        self.assertEqual([b""] * (len(segments) - 1), self.rig.answers[:-1])
        self.assertEqual((None, 0, ADDRESS, swapped(ICCID)), (result.error, result.sequence, result.address, result.iccid))
        self.assertTrue(self.rig.check(result.signature, result.data.raw))
        (profile,) = self.rig.card.profiles
        self.assertEqual((ICCID, "Provider", "Name", "", "disabled"), tuple(getattr(profile, each) for each in FIELDS))

    def test_fields(self) -> None:
        """
        It names transaction, notification, SM-DP+, the ISD-P's AID, and what the profile package interpreter said.
        """
        data = self.rig.install().data
        self.assertEqual([0x80, 0xBF2F, 0x06, 0xA2], [field.tag for field in data.children()])
        self.assertEqual((TRANSACTION, OID_2_999_10), (data.children().value(0x80), data.children().value(0x06)))
        outcome = only(data.children().value(0xA2), 0xA0).children()
        self.assertEqual("a0000005591010ffffffff8900001000", outcome.value(0x4F).hex())
        self.assertEqual("3007a0053003800100", outcome.value(0x04).hex())

    def test_kept(self) -> None:
        """
        The result, good or bad, is kept as a notification, byte for byte.
        """
        good = self.rig.install().raw
        self.rig.point = b""
        bad = self.rig.install()
        self.assertEqual((2, 9), bad.error)
        self.assertEqual([good, bad.raw], [each.raw for each in self.rig.card.notifications])
        retrieved = self.rig.send(bytes.fromhex("BF2B06A00481020780"))
        self.assertEqual(encode(0xBF2B, encode(0xA0, good, bad.raw)), retrieved)

    def test_failureSigned(self) -> None:
        """
        A bad result is signed and goes to the server; before metadata came it names no profile.
        """
        self.rig.prepare()
        result = self.rig.install(evolve(self.rig.package(), operation=b"\2"))
        self.assertTrue(self.rig.check(result.signature, result.data.raw))
        self.assertEqual((ADDRESS, b""), (result.address, result.iccid))

    def test_others(self) -> None:
        """
        Further addresses that want to hear of installations get a notification of their own; the server does not get two.
        """
        wishes = [encode(0x30, encode(0x80, b"\x07\x80"), encode(0x81, to)) for to in (ADDRESS.encode(), b"other.test")]
        self.rig.prepare()
        self.rig.install(evolve(self.rig.package(), metadata=metadata(wishes=encode(0xB6, *wishes))))
        self.assertEqual([(0, ADDRESS), (0, "other.test")], [(each.event, each.address) for each in self.rig.card.notifications])

    def test_sessionEnds(self) -> None:
        """
        With the result the session is over: segments are refused (6985), and there is nothing to cancel.
        """
        segments = self.good()
        self.rig.load(segments)
        self.rig.send(segments[-1])
        self.assertEqual(0x6985, self.rig.sw)
        self.assertEqual("BF4103810105", self.rig.ask(f"BF41158010{TRANSACTION.hex()}810105"))

    def test_lenient(self) -> None:
        """
        A lenient card takes a package however it is cut.
        """
        self.rig = Rig.make(Options(strict_segments=False))
        self.rig.prepare()
        whole = self.rig.package().build()
        answer = self.rig.load([whole[at : at + 333] for at in range(0, len(whole), 333)])
        self.assertIsNone(Result.of(answer).error)

    def test_replaceKeys(self) -> None:
        """
        Profile elements may be protected with keys of their own.
        """
        self.assertIsNone(self.error(replace=replacement()))

    def test_memory(self) -> None:
        """
        A profile takes the memory that its package has.
        """
        self.rig.install()
        resources = only(self.rig.send(bytes.fromhex("BF2200")), 0xBF22).children().need(0x84).children()
        self.assertEqual(512 * 1024 - len(upp()), int.from_bytes(resources.value(0x82), "big"))

    def test_bigElements(self) -> None:
        """
        Data objects of 1036 bytes, as one SM-DP+ makes them, are accepted.
        """
        self.assertIsNone(self.error(elements=upp(size=20_000)))


FIELDS = ("iccid", "provider", "name", "nickname", "state")


class OrderTests(Base):
    """
    Packages at the wrong time.
    """

    def test_notPrepared(self) -> None:
        """
        A package before PrepareDownload, and segments without a package: 6985.
        """
        segments = self.good()
        self.rig.authenticate()
        for segment in segments:
            self.rig.send(segment)
            self.assertEqual(0x6985, self.rig.sw)
        self.assertEqual([], self.rig.card.notifications)

    def test_interrupted(self) -> None:
        """
        Another function, a reset, or a new SELECT in the middle of a package ends it; the card keeps a notification of that
        (11), at the command that was reached.
        """
        for number, command, interrupt in ((1, 0, "BF2E00"), (4, 2, "BF2800"), (6, 5, "")):
            self.rig = Rig.make()
            segments = self.good()
            self.rig.load(segments[:number])
            if interrupt:
                self.rig.ask(interrupt)
            else:
                self.rig.card.reset()
            self.assertEqual("6985", self.rig.ask(segments[number].hex()))
            (kept,) = self.rig.card.notifications
            self.assertEqual((command, 11), Result.of(kept.raw).error)

    def test_cancelled(self) -> None:
        """
        A session whose package was interrupted can be cancelled, but takes no second package.
        """
        segments = self.good()
        self.rig.load(segments[:5])
        self.rig.ask("BF2000")
        self.assertEqual("6985", self.rig.ask(segments[0].hex()))
        answer = only(self.rig.send(bytes.fromhex(f"BF41158010{TRANSACTION.hex()}810105")), 0xBF41)
        self.assertEqual(0xA0, answer.children()[0].tag)

    def test_reloads(self) -> None:
        """
        A card that allows it takes an interrupted package again from its beginning, in the same session, and keeps no
        notification of what broke off; a new challenge or a reset ends that.
        """
        for interrupt in ("", "BF2000", "BF3E035C015A"):
            self.rig = Rig.make(Options(reloads=True))
            segments = self.good()
            self.rig.load(segments[:5])
            if interrupt:
                self.rig.ask(interrupt)
            self.assertIsNone(Result.of(self.rig.load(segments)).error)
            self.assertEqual(1, len(self.rig.card.notifications))

    def test_reloadsNoMore(self) -> None:
        """
        Such a card refuses the package once its session is over.
        """
        for end in ("BF2E00", "", f"BF41158010{TRANSACTION.hex()}810105"):
            self.rig = Rig.make(Options(reloads=True))
            segments = self.good()
            self.rig.load(segments[:5])
            if end:
                self.rig.ask(end)
            else:
                self.rig.card.reset()
            self.assertEqual("6985", self.rig.ask(segments[0].hex()))

    def test_again(self) -> None:
        """
        After a failure the download can be repeated from the beginning, with the package bound to the same key.
        """
        self.rig.prepare()
        package = self.rig.package()
        segments = cut(package.build())
        self.rig.load(segments[:4])
        self.rig.prepare(old_point=package.point)
        self.assertIsNone(Result.of(self.rig.load(segments)).error)
        self.rig.prepare(old_point=package.point)
        self.assertNotEqual(package.point, self.rig.point)


class FaultTests(Base):
    """
    Cards that do not behave.
    """

    def load(self, faults: Faults) -> bytes:
        """
        A good package on a bad card.
        """
        self.rig = Rig.make(Options(faults=faults))
        return self.rig.load(self.good())

    def test_badResult(self) -> None:
        """
        The result has a wrong signature.
        """
        result = Result.of(self.load(Faults(bad_result=True)))
        self.assertFalse(self.rig.check(result.signature, result.data.raw))

    def test_lostResponse(self) -> None:
        """
        The profile is there, its notification as well, but the card says 6F00.
        """
        self.assertEqual((b"", 0x6F00), (self.load(Faults(lost_response=True)), self.rig.sw))
        self.assertEqual((1, 1), (len(self.rig.card.profiles), len(self.rig.card.notifications)))

    def test_noResult(self) -> None:
        """
        The card says 9000 and nothing else.
        """
        self.assertEqual((b"", 0x9000), (self.load(Faults(no_result=True)), self.rig.sw))
        self.assertEqual(1, len(self.rig.card.profiles))

    def test_flip(self) -> None:
        """
        A bit of the result is wrong on its way.
        """
        answer = self.load(Faults(flip={0xBF36: -1}))
        self.assertEqual(flip(self.rig.card.notifications[0].raw, -1), answer)


class PackageHelperTests(SynchronousTestCase):
    """
    The helper itself.
    """

    def test_cut(self) -> None:
        """
        Segments joined are the package.
        """
        rig = Rig.make()
        rig.prepare()
        package: Package = rig.package()
        whole = evolve(package, replace=replacement()).build()
        self.assertEqual(whole, b"".join(cut(whole)))
