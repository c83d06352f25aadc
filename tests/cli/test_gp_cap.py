"""
Tests of L{cardgw.cli.gp_cap}.
"""

from __future__ import annotations

import json
from hashlib import sha1, sha256

from cardgw.gp.cap import CapFile
from tests.cli.gp_case import GpCliTestCase
from tests.gp.cap_maker import APPLET, FRAMEWORK, PACKAGE

OWN = bytes.fromhex("F000000001")


class CapTests(GpCliTestCase):
    """
    C{cardgw gp cap}.
    """

    def test_people(self) -> None:
        """
        What is in it, in words; known packages have names.
        """
        path = self.cap(imports=(FRAMEWORK, OWN), minor=2, name=b"com/example")
        told = self.gp("cap", str(path)).stdout
        for each in (
            f"{PACKAGE.hex().upper()} 1.0 com/example",
            APPLET.hex().upper(),
            "CAP 2.2",
            "javacard.framework",
            OWN.hex().upper(),
        ):
            self.assertIn(each, told)
        code = CapFile.decode(path.read_bytes()).code()
        self.assertIn(sha256(code).hexdigest().upper(), told)
        self.assertEqual(self.api.requests, [])

    def test_programs(self) -> None:
        """
        The same as JSON.
        """
        path = self.cap()
        found = json.loads(self.gp("cap", str(path), "--json").stdout)
        code = CapFile.decode(path.read_bytes()).code()
        self.assertEqual(found["hashes"], {"SHA1": sha1(code).hexdigest().upper(), "SHA256": sha256(code).hexdigest().upper()})
        self.assertEqual((found["code"], found["descriptor"], found["debug"], found["packages"]), (len(code), True, False, []))
        self.assertEqual([each["component"] for each in found["components"] if not each["loaded"]], ["Descriptor"])

    def test_extended(self) -> None:
        """
        The extended format has several packages; an IJC file has no zip around it.
        """
        path = self.cap(extended=True, minor=3, name=b"a")
        path.write_bytes(CapFile.decode(path.read_bytes()).code(descriptor=True))
        told = self.gp("cap", str(path)).stdout
        self.assertIn("IJC 2.3, extended", told)
        self.assertIn("packages", told)

    def test_none(self) -> None:
        """
        Other files are refused.
        """
        path = self.directory / "x"
        path.write_bytes(b"x")
        self.gp("cap", str(path), status=2)
