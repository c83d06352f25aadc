"""
Tests of L{cardgw.cli.lpa}.
"""

from __future__ import annotations

from typing import Any

from cardgw.operations import lpa_info, lpa_manage, lpa_switch
from cardgw.schema import build_strictly
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, EID, ICCID, PROFILE, done, failed

ABSENT = "89049032123451234512345678901136"
DECLARED: dict[str, Any] = {
    "lpa.info": lpa_info.InfoParameters,
    "lpa.profiles": lpa_info.ProfilesParameters,
    "lpa.enable": lpa_switch.EnableParameters,
    "lpa.disable": lpa_switch.DisableParameters,
    "lpa.delete": lpa_manage.DeleteParameters,
    "lpa.nickname": lpa_manage.NicknameParameters,
}


class LpaTests(CliTestCase):
    """
    C{cardgw profiles} and its kin.
    """

    def test_parameters(self) -> None:
        """
        Each command is an operation with parameters that it declares.
        """
        for typed, operation in (
            (["profiles"], "lpa.profiles"),
            (["info"], "lpa.info"),
            (["enable", "travel"], "lpa.enable"),
            (["disable", "travel"], "lpa.disable"),
            (["disable", "travel", "--accept-offline"], "lpa.disable"),
            (["delete", "travel", "--yes"], "lpa.delete"),
            (["nickname", "travel", ""], "lpa.nickname"),
        ):
            self.api.scripts[operation] = [BEGUN, done()]
            self.run_it(*typed)
            sent = self.api.sent("POST", "jobs")[-1]
            self.assertEqual(sent["operation"], operation)
            build_strictly(DECLARED[operation], sent["parameters"], "test:")
            self.assertEqual(sent.get("confirm"), True if operation == "lpa.delete" else None)

    def delete(self, *typed: str, answer: str = "4158", status: int = 0) -> list[str]:
        """
        What is asked when a profile is deleted.
        """
        asked = self.answers(answer)
        self.api.scripts["lpa.profiles"] = [BEGUN, done(eidValue=EID, profiles=[PROFILE])]
        self.api.scripts["lpa.delete"] = [BEGUN, done(iccid=ICCID, deleted=True)]
        self.run_it("delete", *typed, status=status, interactive=True, terminal=True)
        return [text for text, _ in asked]

    def deleted(self) -> list[str]:
        """
        Which profiles were to be deleted.
        """
        return [each["parameters"]["profile"] for each in self.api.sent("POST", "jobs") if each["operation"] == "lpa.delete"]

    def test_delete(self) -> None:
        """
        It is shown which profile a name means, and the last digits of its ICCID are asked for; then it is named by that.
        """
        asked = self.delete("Travel")
        self.assertIn(f"{ICCID} (travel, Example Mobile, Demo) for good. Type the last 4 digits", asked[0])
        self.assertEqual(self.deleted(), [ICCID])

    def test_notMeant(self) -> None:
        """
        With other digits nothing happens.
        """
        self.delete("travel", answer="1234", status=130)
        self.assertEqual(self.deleted(), [])

    def test_unknown(self) -> None:
        """
        What the card does not list is deleted if somebody says yes; the card will say what it thinks of it.
        """
        self.assertIn('This deletes "other" for good (card ', self.delete("other", answer="yes")[0])
        self.assertEqual(self.deleted(), ["other"])

    def test_absent(self) -> None:
        """
        A card that is not here is not asked; an ICCID has digits nevertheless.
        """
        asked = self.delete(ICCID, "--card", ABSENT)
        self.assertIn(f"This deletes {ICCID} for good.", asked[0])
        self.assertEqual(len(self.api.sent("POST", "jobs")), 1)

    def test_cannotBeListed(self) -> None:
        """
        If the profiles cannot be listed, nothing is asked, and nothing deleted.
        """
        self.api.scripts["lpa.profiles"] = [BEGUN, failed()]
        self.run_it("delete", "travel", status=1, interactive=True, terminal=True)
        self.assertEqual(self.deleted(), [])

    def test_noTerminal(self) -> None:
        """
        Without a terminal --yes is needed.
        """
        self.run_it("delete", "travel", status=2)
        self.run_it("delete", "travel", "--no-input", status=2, interactive=True)
        self.assertEqual(self.api.sent("POST", "jobs"), [])
