"""
Tests for L{cardgw.virtual.smds_command}.
"""

from __future__ import annotations

from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.pki import load_pki
from cardgw.virtual.smdp_command import make_smdp
from cardgw.virtual.smdp_command import parse as parse_smdp
from cardgw.virtual.smds import Record
from cardgw.virtual.smds_command import main, make_smds, parse

EID = "89049032000000000000000000000163"


class EventTests(SynchronousTestCase):
    """
    Events from the command line.
    """

    def test_events(self) -> None:
        """
        Any number, of any eUICC.
        """
        smds = make_smds(parse([f"--event={EID}=A@smdp.example.test", f"--event={EID}=B-2@smdp.example.test:8443"]))
        expected = (Record("A", "smdp.example.test"), Record("B-2", "smdp.example.test:8443"))
        self.assertEqual(smds.records(bytes.fromhex(EID)), expected)

    def test_wrong(self) -> None:
        """
        Anything else is told what is expected.
        """
        for text in ("A@smdp.example.test", f"{EID}=A", f"{EID[1:]}=A@h", f"{EID}=@h", ""):
            output = StringIO()
            with redirect_stderr(output):
                self.assertRaises(SystemExit, parse, ["--event", text])
            self.assertIn("expected an EID of 32 digits", output.getvalue())

    def test_twice(self) -> None:
        """
        The same event twice is refused with a line and exit status 1.
        """
        output = StringIO()
        with redirect_stderr(output):
            self.assertEqual(main([f"--event={EID}=A@h.test"] * 2), 1)
        self.assertEqual(output.getvalue(), "cardgw.virtual.smds_server: event A is registered already\n")


class PkiTests(SynchronousTestCase):
    """
    The PKI of the command line.
    """

    def test_shared(self) -> None:
        """
        An SM-DP+ and an SM-DS can have one directory.
        """
        directory = self.mktemp()
        smds = make_smds(parse(["--pki", directory, "--host", "ds.test"]))
        smdp = make_smdp(parse_smdp(["--pki", directory]))
        self.assertEqual((smds.host, smds.hierarchies[0].ci_id), ("ds.test", smdp.hierarchies[0].ci_id))
        self.assertEqual(load_pki(Path(directory)).smds_host, "ds.test")
