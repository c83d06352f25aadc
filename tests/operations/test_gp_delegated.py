"""
Tests of L{cardgw.operations.gp_delegated}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, SecretError
from cardgw.fields import build
from cardgw.gp import commands
from cardgw.gp.delegated import installed, loaded, token_input
from cardgw.gp.delete import Delete
from cardgw.gp.install import for_extradition, for_load
from cardgw.operations.gp_delegated import DelegatedParameters, Receipts, Tokens
from cardgw.scp.keys import KeySet
from tests.gp.card import ISD
from tests.operations.gp_card import KEYS

AID = bytes.fromhex("A000000099")
LOAD = for_load(AID)


def parameters(**given: Any) -> DelegatedParameters:
    """
    Those of a request.
    """
    return build(DelegatedParameters, {"keys": "issuer", **given}, "test", ParameterError)


def keys(name: str) -> Any:
    """
    Key sets: there is one.
    """
    if name != "signing":
        raise SecretError(name)
    return KEYS


def receipt(done: bytes, made_with: KeySet = KEYS, counter: int = 5) -> bytes:
    """
    What a card answers that has done this.
    """
    confirmation = commands.field(counter.to_bytes(2, "big")) + commands.field(b"card")
    return commands.field(commands.field(made_with.mac.cmac(confirmation + done)) + confirmation)


class TokensTests(SynchronousTestCase):
    """
    L{Tokens}.
    """

    def test_none(self) -> None:
        """
        Without any nothing changes.
        """
        self.assertIs(Tokens(parameters(), keys).on(LOAD), LOAD)

    def test_signed(self) -> None:
        """
        Each command has its own.
        """
        tokens = Tokens(parameters(token="signing"), keys)
        for each in (LOAD, for_extradition(ISD, AID)):
            self.assertEqual(tokens.on(each).token, KEYS.mac.cmac(token_input(each)))
        deletion = Delete((AID,))
        self.assertEqual(tokens.on(deletion).token, KEYS.mac.cmac(token_input(deletion)))
        self.assertRaises(SecretError, Tokens, parameters(token="nobody"), keys)

    def test_ready(self) -> None:
        """
        They are used up one by one; there are neither more nor less than commands.
        """
        tokens = Tokens(parameters(tokens=["0102", "03"]), keys)
        self.assertEqual(tokens.on(LOAD).token, b"\1\2")
        self.assertRaises(ParameterError, tokens.all_used)
        self.assertEqual(tokens.on(LOAD).token, b"\3")
        tokens.all_used()
        self.assertRaises(ParameterError, tokens.on, LOAD)

    def test_parameters(self) -> None:
        """
        Not both; and the data object about the token is one.
        """
        self.assertRaises(ParameterError, parameters, token="signing", tokens=["01"])
        self.assertRaises(ParameterError, parameters, control="4F01FF")
        self.assertNotIn("0102", repr(parameters(tokens=["0102"])))


class ReceiptsTests(SynchronousTestCase):
    """
    L{Receipts}.
    """

    def taken(self, answer: bytes, **given: Any) -> Receipts:
        """
        What an answer to LOAD becomes.
        """
        found = Receipts.of(parameters(**given), keys)
        taken = found.take("LOAD", AID, answer, lambda: loaded(AID, ISD))
        self.successResultOf(Deferred.fromCoroutine(taken))
        return found

    def test_none(self) -> None:
        """
        Most answers have none.
        """
        for answer in (b"", b"\0"):
            self.assertEqual(self.taken(answer, receipts="signing").found, [])

    def test_verified(self) -> None:
        """
        Right, wrong, or not checked.
        """
        for done, given, verified in (
            (loaded(AID, ISD), {"receipts": "signing"}, True),
            (installed(ISD, AID), {"receipts": "signing"}, False),
            (loaded(AID, ISD), {}, None),
        ):
            found = self.taken(receipt(done), **given)
            (one,) = found.found
            self.assertEqual((one["of"], one["aid"], one["counter"], one["verified"]), ("LOAD", "A000000099", 5, verified))
            self.assertEqual(len(found.warnings()), verified is False)

    def test_malformed(self) -> None:
        """
        What cannot be read is told as it is; it is done already.
        """
        for given, verified in (({"receipts": "signing"}, False), ({}, None)):
            (one,) = self.taken(b"\xff\xff\xff", **given).found
            self.assertEqual((one["counter"], one["receipt"], one["verified"]), (None, "FFFFFF", verified))
