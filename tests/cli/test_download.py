"""
Tests of L{cardgw.cli.download}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cardgw.cli import download
from cardgw.operations.profile import DownloadParameters
from cardgw.schema import build_strictly
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, ICCID, done

CODE = "LPA:1$smdp.example.com$ABC-123"


class DownloadTests(CliTestCase):
    """
    C{cardgw download}.
    """

    def download(self, *typed: str, status: int = 0, **more: Any) -> dict[str, Any]:
        """
        The parameters of the job.
        """
        self.api.scripts["profile.download"] = [BEGUN, done(iccid=ICCID)]
        self.run_it("download", *typed, status=status, **more)
        sent = self.api.sent("POST", "jobs")
        if not sent:
            return {}
        found: dict[str, Any] = sent[-1]["parameters"]
        build_strictly(DownloadParameters, found, "test:")
        return found

    def test_forms(self) -> None:
        """
        An activation code is taken in any form.
        """
        for text in (
            CODE,
            "1$SMDP.example.com$ABC-123",
            " lpa:1$smdp.example.com$ABC-123\n",
            f"https://x.example/?carddata={CODE}",
        ):
            self.assertEqual(self.download(text), {"activation_code": CODE})

    def test_parts(self) -> None:
        """
        A confirmation code and an IMEI in it are parameters of their own; what is typed goes before.
        """
        found = self.download(f"{CODE}$$4321#356938035643809")
        expected = {"activation_code": f"{CODE}$$1", "confirmation_code": "4321", "imei": "356938035643809"}
        self.assertEqual(found, expected)
        found = self.download(f"{CODE}$$4321#356938035643809", "--confirmation-code", "99", "--imei", "490154203237518")
        self.assertEqual((found["confirmation_code"], found["imei"]), ("99", "490154203237518"))

    def test_none(self) -> None:
        """
        Without a code the default SM-DP+ is asked.
        """
        self.assertEqual(self.download("--accept-policy-rules"), {"accept_policy_rules": True})

    def test_wrong(self) -> None:
        """
        A code that is none is wrong usage, found before anything is sent.
        """
        self.assertEqual(self.download("LPA:2$smdp.example.com$A", status=2), {})
        self.assertEqual(self.download(CODE, "--qr", "x.png", status=2), {})

    def test_input(self) -> None:
        """
        With a hyphen it comes from standard input, and is not in the list of processes.
        """
        self.assertEqual(self.download("-", input=f"{CODE}\n"), {"activation_code": CODE})

    def test_asked(self) -> None:
        """
        On a terminal it is asked for, and not shown; so is a confirmation code that is needed or wanted.
        """
        asked = self.answers(CODE, "77", "77")
        found = self.download("-", "--confirmation-code", "prompt", interactive=True)
        self.assertEqual(found, {"activation_code": CODE, "confirmation_code": "77"})
        self.assertEqual(self.download(f"{CODE}$$1", interactive=True)["confirmation_code"], "77")
        self.assertEqual(asked, [("activation code", True), ("confirmation code", True), ("confirmation code", True)])

    def test_picture(self) -> None:
        """
        It can be read from a picture.
        """
        self.patch(download, "read_activation_code", lambda path: CODE if path == Path("x.png") else "")
        self.assertEqual(self.download("--qr", "x.png"), {"activation_code": CODE})

    def test_secret(self) -> None:
        """
        Neither code is shown by --dry-run.
        """
        result = self.run_it("download", f"{CODE}$$4321", "--dry-run")
        self.assertNotIn("ABC-123", result.output)
        self.assertNotIn("4321", result.output)
