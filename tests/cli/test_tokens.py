"""
Tests of L{cardgw.cli.tokens}.
"""

from __future__ import annotations

import json

from cardgw.cli.settings import Claim, ClientFile, read_client
from tests.cli.case import CliTestCase
from tests.cli.fakes import TOKEN, URL


class KeptTests(CliTestCase):
    """
    C{cardgw login} and C{cardgw claim}.
    """

    def setUp(self) -> None:
        """
        No token is in the environment.
        """
        super().setUp()
        del self.environ["CARDGW_TOKEN"]

    def kept(self) -> ClientFile:
        """
        What is kept.
        """
        return read_client(self.directory / "cardgw" / "client.toml")

    def test_login(self) -> None:
        """
        The token comes from standard input, is tried, and is kept for this gateway; then commands have it.
        """
        result = self.run_it("login", input=f"{TOKEN}\n")
        self.assertIn(f"You are token:admin at {URL}, with the role admin.", result.stderr)
        self.assertEqual(self.kept(), ClientFile(URL, TOKEN))
        self.run_it("cards")
        self.run_it("cards", "--url", "https://other.example.com", status=2)
        self.assertEqual({each.url.host for each in self.api.requests if "Authorization" in each.headers}, {"127.0.0.1"})

    def test_prompt(self) -> None:
        """
        On a terminal it is asked for, and not shown.
        """
        asked = self.answers(TOKEN)
        self.run_it("login", "https://cards.example.com/", interactive=True)
        self.assertEqual(asked, [("token for https://cards.example.com", True)])
        self.assertEqual(self.kept().url, "https://cards.example.com")

    def test_file(self) -> None:
        """
        It may be in a file.
        """
        path = self.directory / "token"
        path.write_text(TOKEN)
        self.run_it("login", "--token-file", str(path))
        self.assertEqual(self.kept().token, TOKEN)

    def test_wrong(self) -> None:
        """
        One that is not valid is not kept.
        """
        self.run_it("login", input="wrong", status=2)
        self.assertIn("The gateway prints its first one", self.run_it("login", input="two words", status=2).stderr)
        self.run_it("login", "nonsense", input=TOKEN, status=2)
        self.assertEqual(self.kept(), ClientFile())

    def test_plain(self) -> None:
        """
        It is said that a token can be read on the way.
        """
        self.assertIn("is not encrypted", self.run_it("login", "http://cards.example.com", input=TOKEN).stderr)

    def test_claim(self) -> None:
        """
        The token that a code gives is kept for this card, and used for it.
        """
        result = self.run_it("claim", "ACDEFG")
        self.assertIn("--card a1b2c3d4", result.stderr)
        self.assertEqual(self.kept().claims, {"a1b2c3d4": Claim(URL, "cards-token")})
        self.run_it("enable", "travel", "--no-wait")
        self.assertEqual(self.api.requests[-1].headers["Authorization"], "Bearer cards-token")
        self.run_it("login", input=TOKEN)
        self.run_it("enable", "travel", "--card", "a1b2c3d4", "--no-wait")
        self.assertEqual(self.api.requests[-1].headers["Authorization"], "Bearer cards-token")
        self.run_it("cards")
        self.assertEqual(self.api.requests[-1].headers["Authorization"], f"Bearer {TOKEN}")

    def test_print(self) -> None:
        """
        It can be printed instead; a program does not get it unless it is asked for.
        """
        self.assertEqual(self.run_it("claim", "ACDEFG", "--print").stdout, "cards-token\n")
        self.assertEqual(self.kept(), ClientFile())
        self.assertEqual(json.loads(self.run_it("claim", "ACDEFG", "--print", "--json").stdout)["token"], "cards-token")
        self.assertNotIn("cards-token", self.run_it("claim", "ACDEFG", "--json").output)

    def test_wrongCode(self) -> None:
        """
        A wrong code is an error.
        """
        self.assertIn("This code is not valid", self.run_it("claim", "AAAAAA", status=1).stderr)


class TokenTests(CliTestCase):
    """
    C{cardgw token} and C{cardgw audit}.
    """

    def test_add(self) -> None:
        """
        The secret alone is on standard output.
        """
        result = self.run_it("token", "add", "ci", "--role", "operator", "--expires", "30d")
        self.assertEqual(result.stdout, "made-token\n")
        self.assertEqual(self.api.sent("POST", "tokens"), [{"name": "ci", "role": "operator", "lifetime": 30 * 86400}])
        self.assertEqual(json.loads(self.run_it("token", "add", "ci", "--json").stdout)["token"], "made-token")

    def test_wrong(self) -> None:
        """
        What is no duration or role is wrong usage.
        """
        self.assertIn("write it like 30d", self.run_it("token", "add", "ci", "--expires", "soon", status=2).stderr)
        self.run_it("token", "add", "ci", "--role", "king", status=2)

    def test_list(self) -> None:
        """
        Tokens are listed without secrets.
        """
        row = self.run_it("token", "list").stdout.splitlines()[1]
        self.assertEqual(" ".join(row.split()), "admin admin 1 d ago never never")

    def test_remove(self) -> None:
        """
        One is removed; one that is not there is an error.
        """
        self.assertEqual(self.run_it("token", "remove", "admin").stderr, "admin is not valid any more.\n")
        self.run_it("token", "remove", "nobody", status=1)

    def test_audit(self) -> None:
        """
        Changes are listed.
        """
        self.assertIn("job.submit", self.run_it("audit").stdout)
        self.assertEqual(json.loads(self.run_it("audit", "--json").stdout)["items"][0]["id"], 7)
