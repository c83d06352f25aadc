"""
Tests of L{cardgw.operations.gp_store_plan}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.fields import build
from cardgw.operations.gp_store_plan import StoreParameters
from cardgw.scp.keys import AesKey

DEK = AesKey(bytes(range(16)))
BLOCK = "00112233445566778899AABBCCDDEEFF"


def parameters(**given: Any) -> StoreParameters:
    """
    Those of a request.
    """
    return build(StoreParameters, {"keys": "issuer", **given}, "gp.data.store", ParameterError)


class PartsTests(SynchronousTestCase):
    """
    What is sent.
    """

    def parts(self, **given: Any) -> list[str]:
        """
        In hexadecimal.
        """
        return [each.hex().upper() for each in parameters(**given).parts(DEK)]

    def encrypted(self, value: str) -> str:
        """
        As the card would decrypt it.
        """
        return DEK.encrypt(bytes.fromhex(value)).hex().upper()

    def test_plain(self) -> None:
        """
        As they are given.
        """
        self.assertEqual(self.parts(data="0102"), ["0102"])
        self.assertEqual(self.parts(data="42020102 4501FF", structure="ber"), ["420201024501FF"])
        groups = ["01010100", "010200"]
        self.assertEqual(self.parts(data="".join(groups), structure="dgi"), groups)
        self.assertEqual(self.parts(groups="0101 0100 # first\n\n010200"), groups)

    def test_encrypted(self) -> None:
        """
        The values of data groupings and data objects; without a structure, all.
        """
        self.assertEqual(self.parts(data=BLOCK, encrypt=True), [self.encrypted(BLOCK)])
        self.assertEqual(self.parts(data=f"4210{BLOCK}", structure="ber", encrypt=True), [f"4210{self.encrypted(BLOCK)}"])
        self.assertEqual(self.parts(groups=f"010110{BLOCK}", encrypt=True), [f"010110{self.encrypted(BLOCK)}"])

    def test_padded(self) -> None:
        """
        To whole blocks, always.
        """
        self.assertEqual(self.parts(data="01", encrypt=True, pad=True), [self.encrypted("0180" + "00" * 14)])
        self.assertEqual(len(self.parts(data=BLOCK, encrypt=True, pad=True)[0]), 64)
        for wrong in ({"data": "01"}, {"groups": "010100"}):
            self.assertRaises(ParameterError, self.parts, encrypt=True, **wrong)

    def test_commands(self) -> None:
        """
        What P1 tells.
        """
        for given, p1 in (
            ({"data": "00"}, 0x80),
            ({"data": "420100", "structure": "ber"}, 0x90),
            ({"groups": "010100"}, 0x88),
            ({"data": "00", "encryption": "application"}, 0xA0),
            ({"data": "00", "encryption": "all"}, 0xE0),
            ({"data": BLOCK, "encrypt": True, "response": True}, 0xE1),
        ):
            (step,) = parameters(**given).script(255, DEK).steps
            self.assertEqual(step.command.p1, p1)

    def test_each(self) -> None:
        """
        One by one, none of them longer than a block.
        """
        wanted = parameters(groups=["0101020304", "010200"], each=True)
        self.assertEqual([each.command.data.hex() for each in wanted.script(255, None).steps], ["0101020304", "010200"])
        self.assertRaises(ParameterError, wanted.script, 4, None)

    def test_refused(self) -> None:
        """
        What contradicts itself, or is not what it is said to be; the data are not in the text.
        """
        for wrong in (
            {},
            {"data": "00", "groups": "010100"},
            {"groups": "010100", "structure": "ber"},
            {"data": "00", "encrypt": True, "encryption": "application"},
            {"data": "00", "pad": True},
            {"data": "00", "each": True},
            {"data": "4205AA", "structure": "ber"},
            {"data": "010105AA", "structure": "dgi"},
            {"groups": "010105AA"},
            {"groups": "not hexadecimal"},
        ):
            self.assertNotIn("AA", str(self.assertRaises(ParameterError, parameters, **wrong)))
        self.assertNotIn("010100", repr(parameters(groups="010100")))
