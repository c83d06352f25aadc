"""
Tests of L{cardgw.cli.completion}.
"""

from __future__ import annotations

import httpx
from click.shell_completion import ShellComplete

from cardgw.cli.completion import SHELLS
from cardgw.cli.main import root
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, CARD, EID, ICCID, OTHER_CARD, PROFILE, described, done


class CompletionTests(CliTestCase):
    """
    What Tab gives.
    """

    def complete(self, *words: str) -> list[str]:
        """
        @param words: those before, and what the last one begins with.
        """
        *before, begun = words
        shell = ShellComplete(root, {"obj": self.app()}, "cardgw", "_CARDGW_COMPLETE")
        return [each.value for each in shell.get_completions(before, begun)]

    def test_commands(self) -> None:
        """
        Commands and options.
        """
        self.assertEqual(self.complete("dis"), ["disable"])
        self.assertEqual(self.complete("jobs", "an"), ["answer"])
        self.assertIn("--dry-run", self.complete("enable", "--d"))

    def test_cards(self) -> None:
        """
        Cards by their ids and EIDs.
        """
        self.api.cards = [CARD, OTHER_CARD]
        self.assertEqual(self.complete("enable", "--card", "a"), ["a1b2c3d4"])
        self.assertEqual(self.complete("card", "show", "89"), [EID, OTHER_CARD.identity.removeprefix("eid:")])

    def test_operations(self) -> None:
        """
        Operations of the gateway, or those that are installed here where it cannot be asked.
        """
        self.api.operations = {"x.far": described("x.far")}
        self.assertEqual(self.complete("run", ""), ["x.far"])
        self.fail_all()
        self.assertIn("lpa.info", self.complete("run", "lpa."))

    def fail_all(self) -> None:
        """
        The gateway is away.
        """

        def before(_: httpx.Request) -> None:
            raise httpx.ConnectError("x")

        self.api.before = before

    def test_profiles(self) -> None:
        """
        Profiles that were seen lately.
        """
        self.api.scripts["lpa.profiles"] = [BEGUN, done(eidValue=EID, profiles=[PROFILE])]
        self.run_it("profiles")
        self.assertEqual(self.complete("enable", "89"), [ICCID])

    def test_others(self) -> None:
        """
        Jobs, entries of the outbox, tokens.
        """
        self.run_it("enable", "x", "--no-wait")
        self.assertEqual(self.complete("jobs", "show", ""), ["01JOB1"])
        self.assertEqual(self.complete("outbox", "deliver", ""), ["01OUT"])
        self.assertEqual(self.complete("token", "remove", ""), ["admin"])

    def test_silent(self) -> None:
        """
        Whatever goes wrong, there is nothing to choose from, and nothing is said.
        """
        self.fail_all()
        self.assertEqual(self.complete("enable", "--card", ""), [])
        self.environ["CARDGW_URL"] = "nonsense"
        self.assertEqual(self.complete("jobs", "show", ""), [])

    def test_scripts(self) -> None:
        """
        There is a script for each shell.
        """
        for shell in SHELLS:
            self.assertIn("_CARDGW_COMPLETE", self.run_it("completion", shell).stdout)
        self.run_it("completion", "tcsh", status=2)
