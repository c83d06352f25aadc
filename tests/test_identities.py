# -*- test-case-name: tests.test_identities -*-
"""
L{cardgw.identities}.
"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.identities import FORMS, as_identity, is_identity, kind_of, uid_identity
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

    def test_bad(self) -> None:
        """
        These are not.
        """
        self.assertEqual([each for each in BAD if is_identity(each) or as_identity(each)], [])

    def test_kinds(self) -> None:
        """
        Each is of a kind of card.
        """
        kinds = ["euicc", "globalplatform", "globalplatform", *["contactless"] * 4, ""]
        self.assertEqual([kind_of(each) for each in (*GOOD, "")], kinds)

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
