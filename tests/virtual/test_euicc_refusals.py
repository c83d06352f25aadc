# -*- test-case-name: tests.virtual.test_euicc_refusals -*-
"""
Tests for L{cardgw.virtual.euicc_package}: wrong packages.
"""

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode, only
from cardgw.virtual.bsp import BspKeys
from cardgw.virtual.certificates import Identity
from cardgw.virtual.euicc_options import Options
from tests.virtual.bpp import (
    ICCID,
    OID_2_999_10,
    Result,
    cut,
    flip,
    metadata,
    replacement,
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


class RefusalTests(Base):
    """
    Wrong packages: the command that fails and the reason, as SGP.22 has them.
    """

    def test_secureChannel(self) -> None:
        """
        InitialiseSecureChannel (0): signature 2, transaction 3, key type, length or host 4, operation 5.
        """
        key, size, host = encode(0x80, b"\x88"), encode(0x81, b"\x10"), encode(0x84, b"rig")
        self.assertEqual((0, 2), self.error(bad_signature=True))
        self.assertEqual((0, 3), self.error(transaction_id=bytes(16)))
        for template in (
            encode(0x80, b"\x80") + size + host,
            key + encode(0x81, b"\x20") + host,
            key + size + encode(0x84, bytes(17)),
            key + size + encode(0x84),
            key + size,
        ):
            self.assertEqual((0, 4), self.error(template=template))
        self.assertEqual((0, 5), self.error(operation=b"\2"))

    def test_signer(self) -> None:
        """
        A package signed by another key than that of CERT.DPpb: 0/2.
        """
        signer = Identity(self.rig.pki.dp_pb.certificate, self.rig.pki.dp_auth.key)
        self.assertEqual((0, 2), self.error(signer=signer))

    def test_otherKey(self) -> None:
        """
        A package that was bound to another one-time key: its signature does not cover ours.
        """
        self.rig.prepare()
        other = self.rig.point
        self.assertEqual((0, 2), self.error(point=other) if self.rig.prepare() else None)

    def test_otherEid(self) -> None:
        """
        A package that was bound to another card: the first MAC is wrong.
        """
        self.assertEqual((1, 8), self.error(eid=bytes(16)))

    def test_configuration(self) -> None:
        """
        ConfigureISDP (1): something else, or the OID of another SM-DP+: 1.
        """
        self.assertEqual((1, 1), self.error(configuration=encode(0xBF25)))
        self.assertEqual((1, 1), self.error(configuration=encode(0xBF24, encode(0xB8, encode(0x80, b"\x88\x37")))))
        self.assertIsNone(self.error(configuration=encode(0xBF24, encode(0xB8, encode(0x80, OID_2_999_10)))))

    def test_metadata(self) -> None:
        """
        StoreMetadata (2): malformed 1, an unknown class 6, an ICCID that is there already 9.
        """
        self.assertEqual((2, 1), self.error(metadata=metadata() + b"\0"))
        self.assertEqual((2, 6), self.error(metadata=metadata(ICCID, encode(0x95, b"\3"))))
        self.assertIsNone(self.error())
        self.assertEqual((2, 9), self.error())

    def test_rules(self) -> None:
        """
        A policy rule that the card never accepts, or that its table does not allow: 15.
        """
        self.assertEqual((2, 15), self.error(metadata=metadata(ICCID, UPDATE)))
        self.assertIsNone(self.error(metadata=metadata(ICCID, PPR2)))
        self.rig = Rig.make(Options(authorised_rules=frozenset({"ppr1"})))
        self.assertEqual((2, 15), self.error(metadata=metadata(ICCID, PPR2)))
        self.rig = Rig.make(Options(forbidden_rules=frozenset({"ppr1"})))
        self.assertEqual((2, 15), self.error(metadata=metadata(ICCID, PPR1)))

    def test_onlyFirst(self) -> None:
        """
        A profile that forbids to be disabled must be the first operational one.
        """
        self.assertIsNone(self.error(metadata=metadata(ICCID, PPR1)))
        self.assertEqual((2, 15), self.error(metadata=metadata(ICCID_2, PPR1), elements=upp(ICCID_2)))

    def test_replaceKeys(self) -> None:
        """
        ReplaceSessionKeys (4): something else, or keys of another size: 1.  Keys that are not used: 5/8.
        """
        self.assertEqual((4, 1), self.error(replace=encode(0xBF24)))
        self.assertEqual((4, 1), self.error(replace=replacement(BspKeys(bytes(16), bytes(16), bytes(24)))))
        self.assertEqual((5, 8), self.error(replace=replacement(BspKeys(bytes(16), bytes(16), bytes(16)))))

    def test_elements(self) -> None:
        """
        LoadProfileElements (5): too big 10, malformed 12, another ICCID 13.
        """
        self.assertEqual((5, 12), self.error(elements=upp()[:-1]))
        self.assertEqual((5, 12), self.error(elements=upp()[14:]))
        self.assertEqual((5, 13), self.error(elements=upp(ICCID_2)))
        self.rig = Rig.make(Options(memory=1500))
        self.assertEqual((5, 10), self.error())
        self.assertEqual([], self.rig.card.profiles)

    def test_interpreter(self) -> None:
        """
        A malformed profile package comes with what the interpreter says.
        """
        self.rig.prepare()
        result = self.rig.install(evolve(self.rig.package(), elements=upp()[:-1]))
        self.assertEqual("3009a00530038001058100", only(result.data.children().value(0xA2), 0xA1).children().value(0x82).hex())

    def test_flips(self) -> None:
        """
        A changed byte at the end of each segment with a MAC: 8, at the command to which it belongs.
        """
        self.rig.prepare()
        package = evolve(self.rig.package(), replace=replacement())
        segments = cut(package.build())
        for number, expected in ((1, 1), (3, 2), (4, 2), (5, 4), (7, 5), (8, 5)):
            self.rig.prepare(old_point=package.point)
            broken = [*segments[:number], flip(segments[number], -1)]
            self.assertEqual((expected, 8), Result.of(self.rig.load(broken)).error)

    @settings(max_examples=60)
    @given(st.data())
    def test_anyBit(self, data: st.DataObject) -> None:
        """
        Whatever bit of a package is changed, the profile is not installed.  A changed header at the very beginning is no
        package at all (6A88 or 6A80), all else has a result.
        """
        self.rig = Rig.make()
        segments = self.good()
        number = data.draw(st.integers(0, len(segments) - 1))
        broken = bytearray(segments[number])
        bit = data.draw(st.integers(0, 8 * len(broken) - 1))
        broken[bit // 8] ^= 0x80 >> bit % 8
        answer = self.rig.load([*segments[:number], bytes(broken), *segments[number + 1 :]])
        if answer:
            self.assertIsNotNone(Result.of(answer).error)
        else:
            self.assertEqual((0, True), (number, self.rig.sw in (0x6A80, 0x6A88, 0x6985)))
        self.assertEqual([], self.rig.card.profiles)

    def test_cuts(self) -> None:
        """
        Wrong cuts: 1 while the secure channel is set up, later 7.
        """
        segments = self.good()
        self.assertEqual((0, 1), Result.of(self.rig.load([segments[0][:-1]])).error)
        segments = self.good()
        self.assertEqual((2, 7), Result.of(self.rig.load([*segments[:2], segments[2] + segments[3]])).error)

    def test_leftOut(self) -> None:
        """
        A segment that is left out: the structure is wrong, or the chain of MACs.
        """
        for number, expected in ((1, (1, 7)), (2, (2, 7)), (3, (2, 8)), (6, (5, 8))):
            segments = self.good()
            self.assertEqual(expected, Result.of(self.rig.load(segments[:number] + segments[number + 1 :])).error)

    def test_afterFailure(self) -> None:
        """
        What follows a refused segment is refused (6985), so segments can be sent without waiting.
        """
        segments = self.good()
        answers = []
        for segment in [*segments[:3], flip(segments[3], -1), *segments[4:]]:
            answers.append((bool(self.rig.send(segment)), self.rig.sw))
        self.assertEqual([(False, 0x9000)] * 3 + [(True, 0x9000)] + [(False, 0x6985)] * (len(segments) - 4), answers)
