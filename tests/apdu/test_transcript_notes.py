# -*- test-case-name: tests.apdu.test_transcript_notes -*-
"""
Tests for L{cardgw.apdu.transcript_notes}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.transcript import Transcript, TranscriptError, channel_info, parse, write
from cardgw.apdu.transcript_notes import info_of, notes_of
from cardgw.values import ChannelInfo, Feature, Reset

infos = st.builds(
    ChannelInfo,
    st.just("estk"),
    application=st.none() | st.binary(min_size=1, max_size=16),
    offers=st.frozensets(st.sampled_from(list(Feature))),
    resets=st.frozensets(st.sampled_from(list(Reset))),
    self_carried=st.booleans(),
)


class NotesTests(SynchronousTestCase):
    """
    L{notes_of} and L{info_of}.
    """

    @given(infos)
    def test_roundTrip(self, info: ChannelInfo) -> None:
        """
        What a channel is and offers is the same again from the text of a transcript.
        """
        found = info_of(parse(write(Transcript(transport="estk", notes=notes_of(info)))))
        for name in ("transport", "application", "offers", "resets", "self_carried"):
            self.assertEqual(getattr(found, name), getattr(info, name), name)

    def test_text(self) -> None:
        """
        The words are those of the features, in lower case.
        """
        info = ChannelInfo("pcsc", offers=frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS}), resets=frozenset({Reset.COLD}))
        self.assertEqual(notes_of(info), {"OFFERS": "logical-channels select", "RESETS": "cold"})

    def test_silent(self) -> None:
        """
        A transcript of somebody else says nothing of this.
        """
        transcript = parse("# ATR: 3B00\n80CA0000\n9000\n")
        self.assertEqual(info_of(transcript), channel_info(transcript))

    def test_wrong(self) -> None:
        """
        What is not known is a L{TranscriptError}.
        """
        for text in ("# OFFERS: select magic", "# RESETS: kick", "# APPLICATION: A0x"):
            self.assertRaises(TranscriptError, info_of, parse(text))
