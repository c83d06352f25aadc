# -*- test-case-name: tests.gateway.store.test_tokens -*-
"""
L{cardgw.gateway.store.tokens}.
"""

from __future__ import annotations

from attrs import evolve

from cardgw.gateway.records import Role, Token
from tests.gateway.store.contract import MemoryCase, StoreMixin, everywhere

ANN = Token("ann", Role.ADMIN, 1.5)
BOB = Token("bob", Role.VIEWER, 2.5, expires=9.0, used=3.0)


class TokensMixin(StoreMixin):
    """
    What every store does with tokens.
    """

    @everywhere
    async def test_tokens(self) -> None:
        """
        Tokens are found by their digests, and listed by their names.
        """
        tokens = self.store.tokens
        self.assertEqual((await tokens.count(), await tokens.all()), (0, ()))
        self.assertTrue(await tokens.add(BOB, b"\1bob"))
        self.assertTrue(await tokens.add(ANN, b"\0ann"))
        self.assertEqual((await tokens.count(), await tokens.all()), (2, (ANN, BOB)))
        self.assertEqual(await tokens.by_digest(b"\0ann"), ANN)
        self.assertIsNone(await tokens.by_digest(b"\0an"))

    @everywhere
    async def test_tokenTaken(self) -> None:
        """
        A name that is taken stays whose it is.
        """
        tokens = self.store.tokens
        await tokens.add(ANN, b"ann")
        self.assertFalse(await tokens.add(evolve(BOB, name="ann"), b"bob"))
        self.assertEqual(await tokens.all(), (ANN,))
        self.assertIsNone(await tokens.by_digest(b"bob"))

    @everywhere
    async def test_tokenRemoved(self) -> None:
        """
        A token that was removed is not there any more.
        """
        tokens = self.store.tokens
        await tokens.add(ANN, b"ann")
        self.assertTrue(await tokens.remove("ann"))
        self.assertFalse(await tokens.remove("ann"))
        self.assertIsNone(await tokens.by_digest(b"ann"))

    @everywhere
    async def test_tokenUsed(self) -> None:
        """
        It is noted when a token was used.
        """
        tokens = self.store.tokens
        await tokens.add(ANN, b"ann")
        await tokens.touch("ann", 60.0)
        self.assertEqual(await tokens.all(), (evolve(ANN, used=60.0),))


class TokensTests(TokensMixin, MemoryCase):
    """
    On SQLite.
    """
