# -*- test-case-name: tests.lpa.test_info -*-
"""
L{cardgw.lpa.info}.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.errors import ChannelError, MalformedAnswer, UnexpectedStatus
from cardgw.lpa.info import CATEGORIES, addresses_json, info1_json, info2_json, rat_json, read_info
from cardgw.virtual.euicc_options import Delivery, Faults
from tests.lpa.switching import TwoProfiles
from tests.lpa.test_policy import line, rat
from tests.lpa.world import pki_of

ADDRESSES, INFO1, INFO2, RAT, EID = 0xBF3C, 0xBF20, 0xBF22, 0xBF43, 0xBF3E


def info2(tag: int, value: str) -> dict[str, Any]:
    """
    EUICCInfo2 with one data object.
    """
    return info2_json(encode(INFO2, encode(tag, bytes.fromhex(value))))


class ReadTests(SynchronousTestCase):
    """
    L{read_info}.
    """

    def read(self, faults: Faults | None = None, **options: Any) -> tuple[TwoProfiles, Deferred[dict[str, Any]]]:
        """
        Of a software eUICC.
        """
        world = TwoProfiles(faults=faults, **options)
        return world, Deferred.fromCoroutine(read_info(world.isdr))

    def test_all(self) -> None:
        """
        The same that lpac was seen to print for such a card, and EUICCInfo1.
        """
        world, reading = self.read(default_smdp="smdp.example.com")
        keys = [pki_of("nist").ci_id.hex()]
        lists = {"euiccCiPKIdListForVerification": keys, "euiccCiPKIdListForSigning": keys}
        found = self.successResultOf(reading)
        self.assertEqual(found["EUICCInfo2"].pop("uiccCapability")[:2], ["usimSupport", "isimSupport"])
        self.assertEqual(
            found,
            {
                "eidValue": world.card.eid.hex(),
                "EuiccConfiguredAddresses": {"defaultDpAddress": "smdp.example.com", "rootDsAddress": "lpa.ds.example.test"},
                "EUICCInfo1": {"svn": "2.2.2", **lists},
                "EUICCInfo2": {
                    "profileVersion": "2.3.1",
                    "svn": "2.2.2",
                    "euiccFirmwareVer": "1.0.0",
                    "extCardResource": {
                        "installedApplication": 2,
                        "freeNonVolatileMemory": 524288,
                        "freeVolatileMemory": 8192,
                    },
                    "ts102241Version": "9.2.0",
                    "globalplatformVersion": "2.3.0",
                    "rspCapability": ["additionalProfile", "crlSupport", "testProfileSupport"],
                    **lists,
                    "euiccCategory": None,
                    "forbiddenProfilePolicyRules": ["pprUpdateControl"],
                    "ppVersion": "1.0.0",
                    "sasAcreditationNumber": "EX-VE-UP-0101",
                    "certificationDataObject": {"platformLabel": None, "discoveryBaseURL": None},
                },
                "rulesAuthorisationTable": [
                    {
                        "pprIds": ["ppr1", "ppr2"],
                        "allowedOperators": [{"plmn": "eeeeee", "gid1": None, "gid2": None}],
                        "pprFlags": ["consentRequired"],
                    }
                ],
                "problems": {},
            },
        )

    def test_oneScript(self) -> None:
        """
        A channel that carries many commands at once has to carry one script.
        """
        world, _ = self.read(delivery=Delivery.WHOLE)
        self.assertEqual([len(script.steps) for script in world.wire.scripts], [5])

    def test_refused(self) -> None:
        """
        What the card refuses or tells wrongly is null, and why is told; the rest is there.
        """
        for faults, problem in ((Faults(status={RAT: 0x6A88}), "GetRAT"), (Faults(flip={RAT: 0}), "GetRAT: expected one")):
            _, reading = self.read(faults)
            found = self.successResultOf(reading)
            self.assertIsNone(found["rulesAuthorisationTable"])
            self.assertIn(problem, found["problems"]["GetRAT"])
            self.assertEqual(found["EUICCInfo1"]["svn"], "2.2.2")

    def test_noEid(self) -> None:
        """
        A card without an EID is none to be told of.
        """
        _, reading = self.read(Faults(status={EID: 0x6A88}))
        self.assertIn("GetEID", str(self.failureResultOf(reading, UnexpectedStatus).value))

    def test_lost(self) -> None:
        """
        A card that is lost is not one that tells nothing.
        """
        world = TwoProfiles()
        world.lose_at(RAT, processed=True)
        self.failureResultOf(Deferred.fromCoroutine(read_info(world.isdr)), ChannelError)


class Info2Tests(SynchronousTestCase):
    """
    L{info2_json}.
    """

    def test_nothing(self) -> None:
        """
        What the card does not tell is C{None}.
        """
        found = info2_json(encode(INFO2))
        self.assertEqual(set(found.pop("extCardResource").values()), {None})
        self.assertEqual(set(found.pop("certificationDataObject").values()), {None})
        self.assertEqual(set(found.values()), {None})

    def test_capabilities(self) -> None:
        """
        Bits have names, those beyond the known ones have none.
        """
        self.assertEqual(info2(0x85, "0680000040")["uiccCapability"], ["contactlessSupport", "suciCalculatorApi"])
        self.assertEqual(info2(0x88, "00FF")["rspCapability"][1:3], ["crlSupport", "rpmSupport"])
        self.assertEqual(info2(0x88, "00")["rspCapability"], [])

    def test_category(self) -> None:
        """
        The category as the standard codes it, and explicitly tagged.
        """
        for number, name in CATEGORIES.items():
            self.assertEqual(info2(0x8B, f"{number:02x}")["euiccCategory"], name)
            self.assertEqual(info2(0xAB, f"0201{number:02x}")["euiccCategory"], name)
        self.assertIsNone(info2(0x8B, "63")["euiccCategory"])

    def test_certification(self) -> None:
        """
        Where more about the platform can be found.
        """
        found = info2(0xAC, "8003312F32810A68747470733A2F2F612E")["certificationDataObject"]
        self.assertEqual(found, {"platformLabel": "1/2", "discoveryBaseURL": "https://a."})


class OtherTests(SynchronousTestCase):
    """
    The smaller parts.
    """

    def test_addresses(self) -> None:
        """
        A card may have neither.
        """
        self.assertEqual(addresses_json(encode(ADDRESSES)), {"defaultDpAddress": None, "rootDsAddress": None})

    def test_rat(self) -> None:
        """
        Each line with its rules, operators and flags.
        """
        self.assertEqual(
            rat_json(rat(line("05E0", "62F210", "0780", b"\1"), line("0640", "EEEEEE", "00"))),
            [
                {
                    "pprIds": ["pprUpdateControl", "ppr1", "ppr2"],
                    "allowedOperators": [{"plmn": "62f210", "gid1": "01", "gid2": None}],
                    "pprFlags": ["consentRequired"],
                },
                {"pprIds": ["ppr1"], "allowedOperators": [{"plmn": "eeeeee", "gid1": None, "gid2": None}], "pprFlags": []},
            ],
        )

    @given(
        st.sampled_from(((INFO1, info1_json), (INFO2, info2_json), (ADDRESSES, addresses_json), (RAT, rat_json))),
        st.one_of(
            st.binary(),
            st.tuples(st.sampled_from((0x80, 0x82, 0x84, 0x85, 0x8B, 0xA0, 0xA9, 0xAB, 0xAC, 0x0C)), st.binary()).map(
                lambda found: encode(*found)
            ),
        ),
    )
    def test_malformed(self, part: tuple[int, Callable[[bytes], Any]], octets: bytes) -> None:
        """
        Whatever comes, no other error; and what is understood can be written as JSON.
        """
        tag, describe = part
        for answer in (octets, encode(tag, octets)):
            with contextlib.suppress(MalformedAnswer):
                json.dumps(describe(answer))
