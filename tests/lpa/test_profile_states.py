# -*- test-case-name: tests.lpa.test_profile_states -*-
"""
L{cardgw.lpa.profile_states}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.errors import MalformedAnswer
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.profile_states import (
    DELETE_PROFILE,
    DISABLE_PROFILE,
    ENABLE_PROFILE,
    MEMORY_RESET,
    RESET_OPTIONS,
    SET_DEFAULT_DP,
    SET_NICKNAME,
    check_result,
    default_dp_request,
    delete_request,
    nickname_request,
    reset_request,
    switch_request,
)
from cardgw.lpa.profiles import Profile
from cardgw.virtual.euicc_values import write_bits

TAGS = (ENABLE_PROFILE, DISABLE_PROFILE, DELETE_PROFILE, MEMORY_RESET, SET_NICKNAME, SET_DEFAULT_DP)
ICCID = "98990901000000000081"
HOME = Profile("89999010000000000018", aid=bytes(16), stored_iccid=bytes.fromhex(ICCID))


class RequestTests(SynchronousTestCase):
    """
    Requests, as lpac was seen to send them.
    """

    def test_switch(self) -> None:
        """
        EnableProfile and DisableProfile, with the refresh flag and without.
        """
        self.assertEqual(switch_request(ENABLE_PROFILE, HOME, refresh=True).hex(), f"bf3111a00c5a0a{ICCID}8101ff")
        self.assertEqual(switch_request(DISABLE_PROFILE, HOME, refresh=False).hex(), f"bf3211a00c5a0a{ICCID}810100")

    def test_byAid(self) -> None:
        """
        A profile of which the card told no ICCID is named by its AID.
        """
        request = switch_request(ENABLE_PROFILE, Profile("", aid=bytes(16)), refresh=False)
        self.assertEqual(request.hex(), f"bf3117a0124f10{'00' * 16}810100")

    def test_delete(self) -> None:
        """
        DeleteProfile.
        """
        self.assertEqual(delete_request(HOME).hex(), f"bf330c5a0a{ICCID}")

    def test_nickname(self) -> None:
        """
        SetNickname, in UTF-8; an empty one takes it away.
        """
        self.assertEqual(nickname_request(HOME, "Zoë").hex(), f"bf29125a0a{ICCID}90045a6fc3ab")
        self.assertEqual(nickname_request(HOME, "").hex(), f"bf290e5a0a{ICCID}9000")

    def test_address(self) -> None:
        """
        SetDefaultDpAddress; an empty one takes it away.
        """
        self.assertEqual(default_dp_request("a.b").hex(), "bf3f058003612e62")
        self.assertEqual(default_dp_request("").hex(), "bf3f028000")

    def test_reset(self) -> None:
        """
        All of eUICCMemoryReset as lpac has it; of parts, only the bits that are needed.
        """
        self.assertEqual(reset_request(RESET_OPTIONS).hex(), "bf3404820205e0")
        self.assertEqual(reset_request(()).hex(), "bf3403820100")

    @given(st.sets(st.sampled_from(range(3))))
    def test_resetBits(self, bits: set[int]) -> None:
        """
        The bits are those that the software eUICC would write.
        """
        request = reset_request([RESET_OPTIONS[bit] for bit in bits])
        self.assertEqual(request, encode(MEMORY_RESET, encode(0x82, write_bits(bits))))


class ResultTests(SynchronousTestCase):
    """
    L{check_result}.
    """

    def test_ok(self) -> None:
        """
        0 is good.
        """
        for tag in TAGS:
            check_result(tag, encode(tag, encode(0x80, b"\0")))

    def test_refused(self) -> None:
        """
        Every other number is a refusal, of which text and advice are known.
        """
        for tag in TAGS:
            for code in (1, 2, 3, 4, 5, 127, 99):
                problem = self.assertRaises(Es10Error, check_result, tag, encode(tag, encode(0x80, bytes((code,)))))
                self.assertEqual(problem.result, code)
                self.assertTrue(problem.hint)

    def test_empty(self) -> None:
        """
        A result without a value is not taken for a good one.
        """
        problem = self.assertRaises(MalformedAnswer, check_result, ENABLE_PROFILE, bytes.fromhex("BF31028000"))
        self.assertIn("EnableProfile", str(problem))

    @given(st.sampled_from(TAGS), st.one_of(st.binary(), st.binary().map(lambda data: encode(ENABLE_PROFILE, data))))
    def test_malformed(self, tag: int, answer: bytes) -> None:
        """
        Whatever comes, no other error.
        """
        with contextlib.suppress(MalformedAnswer, Es10Error):
            check_result(tag, answer)
