# -*- test-case-name: tests.functional.test_pcsc_programs,tests.functional.test_pcsc_attached -*-
"""
Programs for smart cards that were not written here, and what they say of an eUICC in a reader.
"""

from __future__ import annotations

import re
import shutil
from typing import Any

from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

from cardgw.virtual.euicc import VirtualEuicc
from tests.functional.cli_process import Running
from tests.functional.commands import environment
from tests.functional.operators import reactor, until

SELECT_ISD_R = "00A4040010A0000005591010FFFFFFFF890000010000"
GET_EID = "80E2910006BF3E035C015A00"
_NOT_DIGITS = re.compile(r"[^0-9A-F]")


def missing(*programs: str) -> str | None:
    """
    Why tests must be skipped, or C{None}.
    """
    lacking = [each for each in programs if shutil.which(each) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else None


async def run(program: str, *arguments: str) -> str:
    """
    Run one to its end, which must be a good one.

    @return: what it has printed.
    """
    path = shutil.which(program)
    assert path is not None
    result: Any = await getProcessOutputAndValue(path, arguments, environment(), reactor=reactor)
    out, errors, status = result
    assert status == 0, (status, out, errors)
    text: str = out.decode()
    return text


class ForeignTestCase(TestCase):
    """
    Looks at a card in a reader with these programs.
    """

    async def scan(self, reader: str, atr: bytes) -> None:
        """
        C{pcsc_scan} lists the reader, and tells of the card.
        """
        self.assertIn(f": {reader}\n", await run("pcsc_scan", "-r"))
        scanning = Running(None)
        reactor.spawnProcess(scanning, shutil.which("pcsc_scan"), ["pcsc_scan", "-n"], environment())
        try:
            await until(lambda: f"ATR: {atr.hex(' ').upper()}" in scanning.out)
        finally:
            scanning.end()
            await scanning.done

    async def tool(self, reader: str, atr: bytes, card: VirtualEuicc) -> None:
        """
        C{opensc-tool} lists the reader with its card, shows its ATR, and asks an eUICC for its EID.
        """
        lines = (await run("opensc-tool", "-l")).splitlines()
        (line,) = [each for each in lines if each.endswith(reader)]
        number, there = line.split()[:2]
        self.assertEqual(there, "Yes")
        chosen = ("-r", number)
        self.assertEqual((await run("opensc-tool", *chosen, "-a")).strip(), atr.hex(":"))
        said = await run("opensc-tool", *chosen, "-s", SELECT_ISD_R, "-s", GET_EID)
        self.assertEqual(said.count("(SW1=0x90, SW2=0x00)"), 2, said)
        dump = "".join(_NOT_DIGITS.sub("", each[:48]) for each in said.rpartition("Received")[2].splitlines()[1:])
        self.assertEqual(dump, "BF3E125A10" + card.eid.hex().upper())
