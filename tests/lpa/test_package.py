# -*- test-case-name: tests.lpa.test_package -*-
"""
Tests for L{cardgw.lpa.package}.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode, header
from cardgw.lpa.package import BLOCK_MAX, PackageError, check, segments

CHANNEL = encode(0xBF23, bytes(5))
TAGS = {0xA0: 0x87, 0xA1: 0x88, 0xA2: 0x87, 0xA3: 0x86}
"""Each sequence and what is in it (SGP.22 annex H, BoundProfilePackage)."""

Parts = list[tuple[int, list[bytes]]]
BLOCKS = st.lists(st.binary(max_size=300), min_size=1, max_size=4)


@st.composite
def packages(draw: st.DrawFn) -> Parts:
    """
    The sequences of any good package; the third may be missing.
    """
    return [
        (tag, [encode(block, value) for value in draw(BLOCKS)])
        for tag, block in TAGS.items()
        if tag != 0xA2 or draw(st.booleans())
    ]


def joined(parts: Parts) -> bytes:
    """
    The sequences as bytes.
    """
    return b"".join(encode(tag, *blocks) for tag, blocks in parts)


def build(parts: Parts, first: bytes = CHANNEL) -> bytes:
    """
    A package of these.
    """
    return encode(0xBF36, first, joined(parts))


def simple(*tags: int) -> Parts:
    """
    Sequences of one block each.
    """
    return [(tag, [encode(TAGS[tag], b"x")]) for tag in tags]


class SegmentTests(SynchronousTestCase):
    """
    How a package is cut.
    """

    def test_order(self) -> None:
        """
        The header goes with the first part, that of a sequence of 87 with its first block; all else is a segment of its own.
        """
        one, two, three = (bytes.fromhex(f"8701{each:02x}") for each in (1, 2, 3))
        meta, more = bytes.fromhex("880104"), bytes.fromhex("880105")
        data, last = bytes.fromhex("860106"), bytes.fromhex("860107")
        package = build([(0xA0, [one, two]), (0xA1, [meta, more]), (0xA2, [three]), (0xA3, [data, last])])
        self.assertEqual(
            [segment.hex() for segment in segments(package)],
            [
                "bf3625" + CHANNEL.hex(),
                "a006870101",
                "870102",
                "a106",
                "880104",
                "880105",
                "a203870103",
                "a306",
                "860106",
                "860107",
            ],
        )

    def test_withoutSecondKeys(self) -> None:
        """
        The second sequence of 87 is optional.
        """
        self.assertEqual(len(segments(build(simple(0xA0, 0xA1, 0xA3)))), 6)

    @given(packages())
    def test_joined(self, parts: Parts) -> None:
        """
        The segments are the package, byte for byte.
        """
        package = build(parts)
        check(package)
        self.assertEqual(b"".join(segments(package)), package)

    @given(packages())
    def test_count(self, parts: Parts) -> None:
        """
        There is one for the start, one for each block, and one for the header of each sequence of 88 and 86.
        """
        self.assertEqual(len(segments(build(parts))), 3 + sum(len(blocks) for _, blocks in parts))

    def test_longLengths(self) -> None:
        """
        Lengths that are not in their shortest form stay as they are.
        """
        body = build(simple(0xA0, 0xA1, 0xA3))[3:]
        package = bytes.fromhex("bf36820000")[:3] + len(body).to_bytes(2, "big") + body
        self.assertEqual(b"".join(segments(package)), package)

    def test_largestBlock(self) -> None:
        """
        Blocks of 86 a little over what the standard allows are taken, for a common server makes them; larger ones are not.
        """
        size = BLOCK_MAX - 4
        for extra in (0, 1):
            package = build([*simple(0xA0, 0xA1), (0xA3, [encode(0x86, bytes(size + extra))])])
            if extra:
                self.assertIn("1037 bytes", str(self.assertRaises(PackageError, segments, package)))
            else:
                self.assertEqual(len(segments(package)[-1]), 1036)


def dropped(parts: Parts, at: int) -> bytes:
    """
    Without one of the sequences that must be there.
    """
    needed = [tag for tag, _ in parts if tag != 0xA2]
    return build([part for part in parts if part[0] != needed[at % len(needed)]])


def emptied(parts: Parts, at: int) -> bytes:
    """
    With a sequence of nothing.
    """
    return build([(tag, [] if place == at % len(parts) else blocks) for place, (tag, blocks) in enumerate(parts)])


def doubled(parts: Parts, at: int) -> bytes:
    """
    With one sequence twice.
    """
    place = at % len(parts)
    return build([*parts[: place + 1], *parts[place:]])


def swapped(parts: Parts, at: int) -> bytes:
    """
    With two neighbours in the wrong order.
    """
    place = at % (len(parts) - 1)
    return build([*parts[:place], parts[place + 1], parts[place], *parts[place + 2 :]])


def alien(parts: Parts, at: int) -> bytes:
    """
    With a block of another kind in a sequence.
    """
    place = at % len(parts)
    tag, blocks = parts[place]
    return build([*parts[:place], (tag, [*blocks, encode(0x85, b"x")]), *parts[place + 1 :]])


def extended(parts: Parts, at: int) -> bytes:
    """
    With something between, before or after the sequences.
    """
    place = at % (len(parts) + 1)
    return build([*parts[:place], (0xA4, [encode(0x86, b"x")]), *parts[place:]])


def truncated(parts: Parts, at: int) -> bytes:
    """
    Without its end.
    """
    package = build(parts)
    return package[: at % len(package)]


def lengthened(parts: Parts, at: int) -> bytes:
    """
    With more behind it.
    """
    return build(parts) + bytes(1 + at % 4)


def misjudged(parts: Parts, at: int) -> bytes:
    """
    With a sequence that claims to be one byte longer or shorter than it is.
    """
    place = at % len(parts)
    tag, blocks = parts[place]
    whole = bytearray(encode(tag, *blocks))
    whole[header(bytes(whole))[2] - 1] ^= 1
    return encode(0xBF36, CHANNEL, joined(parts[:place]), bytes(whole), joined(parts[place + 1 :]))


def without_start(parts: Parts, at: int) -> bytes:
    """
    Without its first part, or with another in its place.
    """
    return build(parts, encode(0xBF24, b"x") if at % 2 else b"")


def renamed(parts: Parts, at: int) -> bytes:
    """
    Something else altogether.
    """
    return bytes.fromhex(("bf25", "bf37", "3f36")[at % 3]) + build(parts)[2:]


MISTAKES: tuple[Callable[[Parts, int], bytes], ...] = (
    dropped,
    emptied,
    doubled,
    swapped,
    alien,
    extended,
    truncated,
    lengthened,
    misjudged,
    without_start,
    renamed,
)


class CheckTests(SynchronousTestCase):
    """
    Nothing is sent to a card of a package that it would have to refuse halfway.
    """

    @given(packages(), st.sampled_from(MISTAKES), st.integers(0, 10**6))
    def test_mistakes(self, parts: Parts, mistake: Callable[[Parts, int], bytes], at: int) -> None:
        """
        Any mistake in the structure is found.
        """
        self.assertRaises(PackageError, check, mistake(parts, at))

    def test_sentences(self) -> None:
        """
        The error says which part it is about.
        """
        every = simple(0xA0, 0xA1, 0xA2, 0xA3)
        for package, words in (
            (b"", "expected one data object BF36, found nothing"),
            (build(every, b""), "does not begin with initialiseSecureChannelRequest"),
            (build(every[1:]), "firstSequenceOf87 is missing, A1 is in its place"),
            (build(every[:3]), "sequenceOf86 is missing"),
            (build([*every, *every]), "A0 follows the last part"),
            (emptied(every, 1), "sequenceOf88 is empty"),
            (alien(every, 3), "sequenceOf86 has a 85 in it"),
            (build(every)[:-1], "bytes announced"),
        ):
            self.assertIn(words, str(self.assertRaises(PackageError, check, package)))

    def test_brief(self) -> None:
        """
        The card holder need not know what a bound profile package is.
        """
        error = self.assertRaises(PackageError, check, b"")
        self.assertIn("Nothing was installed", error.brief)
        self.assertLessEqual(len(error.brief), 120)

    @given(st.binary(max_size=100))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever a server sends is refused without another error.
        """
        for sent in (octets, encode(0xBF36, octets), encode(0xBF36, CHANNEL, octets)):
            self.assertRaises(PackageError, check, sent)
