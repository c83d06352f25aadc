"""
Tests of L{cardgw.cli.choose}.
"""

from __future__ import annotations

from attrs import evolve

from cardgw.cli.app import App
from cardgw.cli.choose import Target, choose, filter_for
from cardgw.cli.errors import NoCard
from cardgw.lpa.eid import check_digits, is_eid
from tests.cli.case import CliTestCase
from tests.cli.fakes import CARD, EID, OTHER_CARD, OTHER_EID

ABSENT = "890490321234512345123456789099"
ABSENT += check_digits(ABSENT)


class ChooseTests(CliTestCase):
    """
    L{choose}.
    """

    def setUp(self) -> None:
        """
        Two cards are here.
        """
        super().setUp()
        self.api.cards = [CARD, OTHER_CARD]
        self.said: list[str] = []
        self.patch(App, "say", lambda app, text: self.said.append(text))

    def choose(self, text: str) -> Target:
        """
        As it was typed.
        """
        app = self.app()
        app.flags.card = text
        return choose(app)

    def test_names(self) -> None:
        """
        A card is named by its id, its EID in any form, or the end of it.
        """
        for text, address in (
            ("a1b2c3d4", "a1b2c3d4"),
            (f"eid:{EID}", f"eid:{EID}"),
            (f"EID:{EID}", f"eid:{EID}"),
            (" ".join((EID[:8], EID[8:])), f"eid:{EID}"),
            ("1235", "a1b2c3d4"),
            ("…9993", "0badcafe"),
        ):
            found = self.choose(text)
            self.assertEqual(found.address, address)
            self.assertIsNotNone(found.card)

    def test_others(self) -> None:
        """
        A card that has no EID is named by its identity in any form, or the end of it, in upper or lower case.
        """
        cuid, uid = "cuid:4790503278900612AB34", "uid:04A1B2C3"
        self.api.cards = [evolve(CARD, identity=cuid), evolve(OTHER_CARD, identity=uid)]
        for text, address in (
            (cuid, cuid),
            (cuid.lower(), cuid),
            ("612ab34", "a1b2c3d4"),
            ("…12AB34", "a1b2c3d4"),
            ("UID:04a1b2c3", uid),
            ("B2C3", "0badcafe"),
        ):
            found = self.choose(text)
            self.assertEqual((found.address, found.card is not None), (address, True))
        for text in ("iin-cin:42099999-3d5f8004132eda", "cuid:00000000000000000001"):
            found = self.choose(text)
            self.assertEqual((found.address.lower(), found.card, self.said), (text, None, []))
        self.api.cards = [evolve(CARD, identity="agent:Reader-7a")]
        for text, address in (("READER-7A", "a1b2c3d4"), ("agent:Reader-7a", "agent:Reader-7a")):
            self.assertEqual(self.choose(text).address, address)
        self.api.cards = [evolve(CARD, identity=cuid)]
        self.assertEqual(filter_for(self.app(), "uid:04a1b2c3d4e5f6"), "uid:04A1B2C3D4E5F6")
        self.assertEqual(filter_for(self.app(), "12ab34"), cuid)

    def test_absent(self) -> None:
        """
        A card that is not here is named by its whole EID; one with wrong check digits makes for a warning.
        """
        self.assertTrue(is_eid(ABSENT))
        found = self.choose(ABSENT)
        self.assertEqual((found.address, found.card, found.named, self.said), (f"eid:{ABSENT}", None, ABSENT, []))
        self.choose(ABSENT[:-1] + str((int(ABSENT[-1]) + 1) % 10))
        self.assertIn("is it typed right?", self.said[0])

    def test_unclear(self) -> None:
        """
        What could be two cards, or none, is neither; those that could be meant are listed.
        """
        self.api.cards = [CARD, evolve(OTHER_CARD, identity=f"eid:{OTHER_EID[:-4]}1235")]
        self.assertIn("the identities of 2 cards", str(self.assertRaises(NoCard, self.choose, "1235")))
        self.assertEqual(self.said[0].count("\n"), 1)
        for text in ("5", "nobody", "eid:12"):
            self.assertIn("no card that is here is called", str(self.assertRaises(NoCard, self.choose, text)))

    def test_filters(self) -> None:
        """
        Lists are filtered by an EID, an id that need not be here, or the end of the EID of a card that is.
        """
        for text, wanted in (
            (ABSENT, f"eid:{ABSENT}"),
            (f"eid:{EID}", f"eid:{EID}"),
            ("12345678", "12345678"),
            ("1235", f"eid:{EID}"),
            ("", ""),
            (None, ""),
        ):
            self.assertEqual(filter_for(self.app(), text), wanted)
        self.assertRaises(NoCard, filter_for, self.app(), "4321")

    def test_only(self) -> None:
        """
        If one card alone is here, it is meant; an unknown one has its id for a name.
        """
        self.api.cards = [evolve(CARD, identity="")]
        found = self.choose("")
        self.assertEqual((found.address, found.named), ("a1b2c3d4", "a1b2c3d4"))
        self.assertRaises(NoCard, self.choose, "1235")
