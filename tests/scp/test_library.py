# -*- test-case-name: tests.scp.test_library -*-
"""
L{cardgw.scp} as a library: C{docs/library.md}, what is imported, and where randomness comes from.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import CardGatewayError
from cardgw.scp import certificate_errors, errors, scp11
from cardgw.scp.store import KeyReference
from cardgw.values import ChannelInfo
from tests.scp import rig
from tests.scp.scp11_rig import NOW, card, domain, make_pki
from tests.scp.test_sessions_on_channels import Device
from tests.source import ROOT, modules

PAGE = (ROOT / "docs" / "library.md").read_text("utf-8")
SESSIONS = "cardgw.scp.blocking, cardgw.scp.scp11, cardgw.scp.scp02, cardgw.scp.diversification, cardgw.scp.chain"
RANDOM = {"token_bytes", "urandom", "generate_private_key", "randbytes", "SystemRandom", "getrandbits", "uuid4"}


class Told(list[str]):
    """
    What an example prints.
    """

    def __call__(self, *things: object) -> None:
        """
        In place of C{print}.
        """
        self.append(" ".join(str(thing) for thing in things))


class PageTests(SynchronousTestCase):
    """
    C{docs/library.md}.
    """

    def setUp(self) -> None:
        """
        What the examples take as given.
        """
        self.blocks: list[str] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
        self.told = Told()
        keys = rig.keys_of(16)
        self.card = rig.Card()
        given = {name: getattr(keys, name).put(bytes) for name in ("enc", "mac", "dek")}
        self.names: dict[str, Any] = {**given, "aid": rig.AID, "device": Device(self.card), "print": self.told}

    def run_block(self, start: str, **names: Any) -> None:
        """
        Run the block with an import of this.
        """
        (block,) = [each for each in self.blocks if start in each]
        self.names |= names
        exec(compile(block.replace("datetime.now(UTC)", "now"), "docs/library.md", "exec"), self.names)

    def test_all(self) -> None:
        """
        Every example is run here.
        """
        self.assertEqual(len(self.blocks), 4)

    def test_blocking(self) -> None:
        """
        Without a reactor.
        """
        self.run_block("from cardgw.scp.blocking import open_scp03")
        self.assertEqual((self.told, len(self.card.plain)), (["9000 4f00"], 1))

    def test_channel(self) -> None:
        """
        With a channel.
        """
        self.run_block("from cardgw.scp.channel", keys=rig.keys_of(16), Command=Command)
        reading = self.names["registry"](MemoryChannel(ChannelInfo("memory"), self.card))
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(reading)), b"\x4f\x00")

    def test_plan(self) -> None:
        """
        SCP11, with a host that shows who it is.
        """
        host, peer = make_pki("host"), make_pki("card")
        target = card(keys={KeyReference(0x11, 0x03): domain().keys[KeyReference(0x11, 0x03)]})
        given = {"roots": [peer.root], "private_key": host.key, "certificates": host.chain}
        self.run_block("from cardgw.scp.blocking import open_scp11", device=Device(target), **given, now=NOW)
        self.assertEqual(self.names["connection"].over, "")

    def test_masters(self) -> None:
        """
        Check values, which are no keys.
        """
        self.run_block("from cardgw.scp.diversification", master=bytes(range(16)), diversification_data=bytes(10))
        self.assertEqual(len(self.told), 1)
        self.assertEqual(self.told[0].count("'"), 6)

    def test_errors(self) -> None:
        """
        The errors of the page exist, and are what it says.
        """
        names = set(re.findall(r"`([A-Z]\w+)`", PAGE[PAGE.index("| error |") : PAGE.index("## What it never")]))
        found = {**vars(errors), **vars(certificate_errors), **vars(scp11)}
        self.assertGreater(len(names), 8)
        for name in names:
            self.assertTrue(issubclass(found[name], CardGatewayError), name)


class ImportTests(SynchronousTestCase):
    """
    What comes with it.
    """

    def loaded(self, what: str) -> list[str]:
        """
        Modules of others that are there after an import, in a process of its own.
        """
        program = f"import sys, {what}; print(*sorted(sys.modules), sep='\\n')"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
        return done.stdout.split()

    def test_blocking(self) -> None:
        """
        Sessions without a reactor import none; nor do they import anything else of Twisted.
        """
        names = self.loaded(SESSIONS)
        self.assertIn("cardgw.scp.blocking", names)
        self.assertNotIn("twisted.internet.reactor", names)
        self.assertEqual([name for name in names if name.split(".")[0] in ("twisted", "zope")], [])

    def test_channel(self) -> None:
        """
        Channels need Deferreds, and no reactor either.
        """
        self.assertNotIn("twisted.internet.reactor", self.loaded("cardgw.scp.channel"))


class RandomnessTests(SynchronousTestCase):
    """
    Where it comes from.
    """

    def test_parameters(self) -> None:
        """
        Nothing in L{cardgw.scp} and L{cardgw.gp} takes randomness but as the default of a parameter.
        """
        defaults = 0
        for source in modules():
            if not source.path.startswith(("cardgw/scp/", "cardgw/gp/")):
                continue
            allowed = {id(default) for node in ast.walk(source.tree) for default in _defaults(node)}
            for node in ast.walk(source.tree):
                name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
                if name in RANDOM:
                    self.assertIn(id(node), allowed, f"{source.path}:{getattr(node, 'lineno', 0)}: {name}")
                    defaults += 1
        self.assertGreaterEqual(defaults, 4)


def _defaults(node: ast.AST) -> list[ast.expr]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return []
    return [default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None]
