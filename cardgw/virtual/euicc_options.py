# -*- test-case-name: tests.virtual.test_euicc -*-
"""
What kind of card the software eUICC is, and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import Factory, field, frozen

ISD_R = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
"""AID of the ISD-R (SGP.02 2.2.3; SGP.22 2.4.3)."""
RULES = ("update-control", "ppr1", "ppr2")
"""Bits of C{PprIds} in their order (SGP.22 annex H): changing the rules; disabling forbidden; deletion forbidden."""
DEFAULT_MEMORY = 512 * 1024


class Delivery(Enum):
    """
    How the card hands over an answer.
    """

    T0 = "with GET RESPONSE only"
    T1 = "as much as fits in a short response, the rest with GET RESPONSE"
    WHOLE = "all at once, however long"


@frozen
class Faults:
    """
    Ways in which a card can be odd or broken; all off by default.

    @ivar chunks: the sizes that 61xx announces, in turn, where more is there.
    @ivar flip: tag of an ES10 request to the number of a bit that is wrong in its answer; negative ones count from the end.
    @ivar status: tag of an ES10 request to the status word that it gets in place of being done.
    @ivar bad_result: the ProfileInstallationResult has a wrong signature.
    @ivar lost_response: the profile is installed, but the last block ends in 6F00.
    @ivar no_result: the profile is installed, but the last block ends in 9000 without data.
    @ivar cat_busy: a proactive session keeps going: profiles cannot be switched; where it is a number, so many times only.
    @ivar select_once: a second SELECT of the ISD-R ends in 6985 until the card is reset.
    """

    chunks: tuple[int, ...] = ()
    flip: Mapping[int, int] = Factory(dict)
    status: Mapping[int, int] = Factory(dict)
    bad_result: bool = False
    lost_response: bool = False
    no_result: bool = False
    cat_busy: bool | int = False
    select_once: bool = False


@frozen
class Options:
    """
    What kind of card it is.

    @ivar pinned: channel 0 is bound to the ISD-R, and neither SELECT nor MANAGE CHANNEL exists, as on an eSTK.me card that
        dials in.
    @ivar aid: the AID of the ISD-R.
    @ivar channels: how many logical channels besides the basic one, up to 19.
    @ivar strict_segments: refuse a bound profile package that is not cut as SGP.22 2.5.5 says.
    @ivar reloads: a package whose loading broke off may be loaded once more, from its beginning, as long as its session lives
        (until a new challenge, or until power is lost); otherwise breaking off ends the session with the notification of a
        failure.
    @ivar refresh: switch profiles with a proactive REFRESH where the LPA asks for one (91xx).
    @ivar memory: bytes for profiles.
    @ivar first_sequence: the number of the first notification.
    @ivar forbidden_rules: policy rules of L{RULES} that the eUICC never accepts.
    @ivar authorised_rules: policy rules that its Rules Authorisation Table allows, for any operator, with the holder's consent.
    @ivar default_smdp: the default SM-DP+ address; empty for none.
    @ivar root_smds: the root SM-DS address.
    @ivar shy: the ISD-R is not to be found before a terminal has said, with TERMINAL CAPABILITY, that it has an LPA.
    """

    pinned: bool = False
    aid: bytes = ISD_R
    channels: int = 3
    delivery: Delivery = Delivery.T0
    strict_segments: bool = True
    reloads: bool = False
    refresh: bool = True
    memory: int = DEFAULT_MEMORY
    first_sequence: int = 0
    forbidden_rules: frozenset[str] = frozenset({"update-control"})
    authorised_rules: frozenset[str] = frozenset({"ppr1", "ppr2"})
    default_smdp: str = ""
    root_smds: str = "lpa.ds.example.test"
    shy: bool = False
    faults: Faults = field(factory=Faults)
