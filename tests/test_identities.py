# -*- test-case-name: tests.test_identities -*-
"""
L{cardgw.identities}.
"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.identities import FORMS, agent_identity, as_identity, is_identity, kind_of, psk_identity, psk_name, uid_identity
from cardgw.web.endpoint import NAME

GOOD = (
    "eid:89049032000000000000000000000163",
    "cuid:4790503278900612AB34",
    "iin-cin:42099999-3D5F8004132EDA",
    "uid:04A1B2C3",
    "uid:04A1B2C3D4E5F6",
    "uid:04A1B2C3D4E5F6A7B8C9",
    "uid:0114B34D9F1A2B3C",
)
AGENTS = ("agent:..se-id.iccid.8949000000000001", "agent:Admin-7~3Bx", "agent:a")
BAD = (
    "",
    "eid",
    "eid:",
    "eid:8904",
    "eid:890490320000000000000000000001AB",
    "89049032000000000000000000000163",
    "cuid:4790",
    "iin-cin:42-3",
    "iin-cin:4209999-3D5F8004132EDA",
    "iin-cin:42099999",
    "iin-cin:42099999-",
    "uid:04A1B2C3D4",
    "uid: 04A1B2C3",
    "uid:04A1B2C3\n",
    "imei:123",
    "agent:",
    "agent:..",
    "agent:a/b",
    "agent:a b",
    "agent:" + "a" * 95,
)


class FormTests(SynchronousTestCase):
    """
    What is an identity.
    """

    def test_good(self) -> None:
        """
        These are.
        """
        self.assertEqual([each for each in GOOD if not is_identity(each)], [])
        self.assertEqual([as_identity(each.swapcase()) for each in GOOD], list(GOOD))

    def test_agents(self) -> None:
        """
        What an agent calls itself is taken as it is; the scheme may be in capitals.
        """
        self.assertEqual([as_identity(each.replace("agent", "AGENT")) for each in AGENTS], list(AGENTS))
        self.assertEqual(as_identity("agent:A"), "agent:A")

    def test_bad(self) -> None:
        """
        These are not.
        """
        self.assertEqual([each for each in BAD if is_identity(each) or as_identity(each)], [])

    def test_kinds(self) -> None:
        """
        Each is of a kind of card.
        """
        kinds = ["euicc", "globalplatform", "globalplatform", *["contactless"] * 4, *["globalplatform"] * 3, ""]
        self.assertEqual([kind_of(each) for each in (*GOOD, *AGENTS, "")], kinds)

    @given(st.one_of(*(st.from_regex(re.compile(f"{scheme}:(?:{form})"), fullmatch=True) for scheme, form in FORMS.items())))
    def test_names(self, identity: str) -> None:
        """
        Whatever is one is a name that the API takes, and is of one kind.
        """
        self.assertTrue(is_identity(identity) and kind_of(identity))
        self.assertIsNotNone(re.fullmatch(NAME, identity))


class UidTests(SynchronousTestCase):
    """
    L{uid_identity}.
    """

    def test_uid(self) -> None:
        """
        A UID of four, seven or ten bytes is somebody's, unless it is random.
        """
        known = {
            "04A1B2C3": "uid:04A1B2C3",
            "08A1B2C3": "",
            "08A1B2C3D4E5F6": "uid:08A1B2C3D4E5F6",
            "": "",
            "04A1": "",
            "0114B34D9F1A2B3C": "uid:0114B34D9F1A2B3C",
        }
        self.assertEqual({text: uid_identity(bytes.fromhex(text)) for text in known}, known)
        self.assertEqual(uid_identity(None), "")

    @given(st.binary(max_size=12))
    def test_any(self, uid: bytes) -> None:
        """
        Whatever a reader tells makes an identity, or none.
        """
        found = uid_identity(uid)
        self.assertTrue(not found or is_identity(found))


class AgentTests(SynchronousTestCase):
    """
    L{agent_identity}.
    """

    def test_eid(self) -> None:
        """
        An EID is the identity, whatever else is told.
        """
        eid = "89049032000000000000000000000163"
        for name in (f"//se-id/eid/{eid}", f"//SE-ID/EID/{eid};//aa-id/aid/A000000559/1010FFFFFFFF8900000100"):
            self.assertEqual(agent_identity(name), f"eid:{eid}")

    def test_names(self) -> None:
        """
        Other names are written so that they can stand in a URL.
        """
        known = {
            "": "",
            "a": "agent:a",
            "Reader-7": "agent:Reader-7",
            "//se-id/iccid/8949;//aa-id": "agent:..se-id.iccid.8949~3B..aa-id",
            "a.b_c:d": "agent:a~2Eb_c~3Ad",
            "card_001": "agent:card_001",
            "a_": "agent:a~5F",
            "a/": "agent:a~2F",
            "ü": "agent:~C3~BC",
            "//se-id/eid/8904": "agent:..se-id.eid.8904",
        }
        self.assertEqual({name: agent_identity(name) for name in known}, known)

    def test_long(self) -> None:
        """
        Long names that differ at the end only are different.
        """
        one, other = agent_identity("x" * 200), agent_identity("x" * 201)
        self.assertNotEqual(one, other)
        self.assertEqual((len(one), len(other)), (100, 100))

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_any(self, one: str, other: str) -> None:
        """
        Whatever an agent calls itself makes an identity that stays as it is, and another name another one.
        """
        found = agent_identity(one)
        self.assertTrue(not one or (is_identity(found) and as_identity(found) == found))
        self.assertEqual(found == agent_identity(other), one == other)


class PskTests(SynchronousTestCase):
    """
    Identities of TLS-PSK.
    """

    def test_eid(self) -> None:
        """
        The EID in an identity of SGP.02 is found; other identities have none.
        """
        eid = "89001012012341234012345678901224"
        identity = f"800281108110{eid}4F10A0000005591010FFFFFFFF8900000100820101830140"
        self.assertEqual(psk_identity(identity.encode()), f"eid:{eid}")
        for other in (b"", b"card-1", b"80028110", b"8110" + b"FF" * 16, b"\xff"):
            self.assertEqual(psk_identity(other), "")

    def test_name(self) -> None:
        """
        Any other one is a name as it is, or in hexadecimal.
        """
        self.assertEqual([psk_name(each) for each in (b"card-1", b"\xff\x01", b"a\tb")], ["card-1", "FF01", "610962"])
