# -*- test-case-name: tests.gateway.test_tokens -*-
"""
Tests for L{cardgw.gateway.tokens}.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.gateway.faults import Conflict, StoreError, Unauthenticated, UnknownToken
from cardgw.gateway.records import Principal, Role, Token
from cardgw.gateway.tokens import BELIEVED, MOST_BELIEVED, Tokens
from tests.gateway.stores import memory_store
from tests.gateway.watched import Watched

START = 1_700_000_040.0
"""The beginning of a minute."""
UNKNOWN = "cgw_" + "A" * 43


class TokensTestCase(SynchronousTestCase):
    """
    Tokens in a store in memory.
    """

    def setUp(self) -> None:
        """
        Tokens in a store of their own.
        """
        self.clock = Clock()
        self.clock.advance(START)
        self.store = memory_store(self.clock)
        self.addCleanup(self.store.close)
        self.tokens = Tokens(self.store, self.clock, random.Random(1).randbytes)
        self.table: Any = Watched(self.store.tokens)
        self.patch(self.store, "tokens", self.table)

    def added(self, name: str = "anna", role: Role = Role.OPERATOR, expires: float | None = None) -> str:
        """
        The secret of a new token.
        """
        return self.successResultOf(self.tokens.add(name, role, expires))

    def who(self, secret: str) -> Principal:
        """
        Who a token belongs to.
        """
        return self.successResultOf(self.tokens.authenticate(secret))

    def refused(self, secret: str) -> None:
        """
        Check that it belongs to nobody.
        """
        self.failureResultOf(self.tokens.authenticate(secret), Unauthenticated)


class TokensTests(TokensTestCase):
    """
    L{Tokens}.
    """

    def test_added(self) -> None:
        """
        A token says who somebody is and what they may do; only a digest of it is kept.
        """
        secret = self.added()
        self.assertRegex(secret, r"\Acgw_[A-Za-z0-9_-]{43}\Z")
        self.assertEqual(self.who(secret), Principal("token:anna", Role.OPERATOR))
        self.assertEqual(self.who(self.added("bert", Role.VIEWER)), Principal("token:bert", Role.VIEWER))
        (anna, _) = self.successResultOf(self.tokens.all())
        self.assertEqual(anna, Token("anna", Role.OPERATOR, START, None, START))
        self.assertNotIn(secret[4:], repr(self.tokens) + repr(self.successResultOf(self.tokens.all())))

    def test_taken(self) -> None:
        """
        A name is used once.
        """
        secret = self.added()
        self.failureResultOf(self.tokens.add("anna", Role.ADMIN), Conflict)
        self.assertEqual(self.who(secret).role, Role.OPERATOR)

    def test_names(self) -> None:
        """
        A name is what may stand in a URL and a log line.
        """
        for name in ("a", "0", "ci-runner_2.example", "x" * 63):
            self.added(name)
        for name in ("", "-a", ".a", "_a", "A", "a b", "a/b", "ä", "a\n", "x" * 64):
            self.failureResultOf(self.tokens.add(name, Role.VIEWER), ParameterError)

    def test_expires(self) -> None:
        """
        A token is worthless from its time on, also for somebody who was known a moment ago.
        """
        secret = self.added(expires=START + 3)
        self.assertEqual(self.who(secret).name, "token:anna")
        self.clock.advance(2)
        self.assertEqual(self.who(secret).name, "token:anna")
        self.clock.advance(1)
        self.refused(secret)

    def test_expiry(self) -> None:
        """
        It is a time to come, that calendars know.
        """
        for expires in (START, 0.0, -1.0, float("nan"), float("inf"), 1e15):
            self.failureResultOf(self.tokens.add("anna", Role.VIEWER, expires), ParameterError)

    def test_unknown(self) -> None:
        """
        A token that nobody has is refused; what cannot be one, without a look into the store.
        """
        secret = self.added()
        self.table.asked.clear()
        for text in (
            "",
            "cgw_",
            secret[:-1],
            secret + "A",
            secret.upper(),
            f" {secret}",
            secret + "\n",
            "cgw_" + "é" * 43,
            "\ud800",
        ):
            self.refused(text)
        self.assertEqual(self.table.asked, [])
        self.refused(UNKNOWN)
        self.assertEqual(self.table.asked, ["by_digest"])

    @given(st.text())
    def test_anyText(self, text: str) -> None:
        """
        Whatever somebody gives is answered.
        """
        self.refused(text)

    def test_busy(self) -> None:
        """
        A busy client costs a read every few seconds, and a write a minute.
        """
        secret = self.added()
        self.table.asked.clear()
        for _ in range(10):
            self.who(secret)
        self.assertEqual(self.table.asked, ["by_digest", "touch"])
        self.clock.advance(BELIEVED)
        self.who(secret)
        self.assertEqual(self.table.asked, ["by_digest", "touch", "by_digest"])
        self.clock.advance(60)
        self.who(secret)
        self.assertEqual(self.table.asked[3:], ["by_digest", "touch"])
        self.assertEqual(self.successResultOf(self.tokens.all())[0].used, START + 60)

    def test_usedBefore(self) -> None:
        """
        A use that is written down is not written again by the next process.
        """
        secret = self.added()
        self.who(secret)
        self.table.asked.clear()
        self.successResultOf(Tokens(self.store, self.clock, bytes).authenticate(secret))
        self.assertEqual(self.table.asked, ["by_digest"])

    def test_useNotWritten(self) -> None:
        """
        That the use of a token cannot be written down is logged, and keeps nobody out.
        """
        secret = self.added()
        self.table.answers["touch"] = lambda _: fail(StoreError("disk full"))
        with capturedLogs() as events:
            self.assertEqual(self.who(secret).name, "token:anna")
        self.assertEqual([event["event"] for event in events], ["token-use-not-stored"])

    def test_storeFails(self) -> None:
        """
        Where the store cannot be used, nobody is told that their token is wrong.
        """
        secret = self.added()
        self.table.answers["by_digest"] = lambda _: fail(StoreError("gone"))
        self.failureResultOf(self.tokens.authenticate(secret), StoreError)
        self.assertEqual(self.who(secret).name, "token:anna")

    def test_revoked(self) -> None:
        """
        A token that was revoked is worthless at once; its name is free.
        """
        secret = self.added()
        self.who(secret)
        self.successResultOf(self.tokens.revoke("anna"))
        self.refused(secret)
        self.failureResultOf(self.tokens.revoke("anna"), UnknownToken)
        self.assertEqual(self.who(self.added()).name, "token:anna")

    def test_revokedMeanwhile(self) -> None:
        """
        Who is looked up while the token is revoked is not believed any longer than that.
        """
        secret = self.added()
        late: list[Deferred[Any]] = []
        held: Deferred[Any] = Deferred()
        self.table.answers["by_digest"] = lambda ask: late.append(ask()) or held  # type: ignore[func-returns-value]
        asking = self.tokens.authenticate(secret)
        self.successResultOf(self.tokens.revoke("anna"))
        late[0].chainDeferred(held)
        self.successResultOf(asking)
        self.refused(secret)

    def test_bounded(self) -> None:
        """
        However many tokens are used, few are remembered.
        """
        for number in range(MOST_BELIEVED + 5):
            self.table.answers["by_digest"] = lambda _, number=number: _token(number)
            self.who("cgw_" + f"{number:043}")
        self.assertEqual(len(self.tokens._believed), MOST_BELIEVED)


def _token(number: int) -> Deferred[Token]:
    return succeed(Token(f"t{number}", Role.VIEWER, START, used=START))


class FirstTests(TokensTestCase):
    """
    L{Tokens.first}.
    """

    def test_first(self) -> None:
        """
        Where there is no token there is one for the administrator, and its secret is told once.
        """
        secret = self.successResultOf(self.tokens.first())
        assert secret is not None
        self.assertEqual(self.who(secret), Principal("token:admin", Role.ADMIN))
        self.assertIsNone(self.successResultOf(self.tokens.first()))

    def test_others(self) -> None:
        """
        Where there is any, there is none more.
        """
        self.added()
        self.assertIsNone(self.successResultOf(self.tokens.first()))
        self.assertEqual(len(self.successResultOf(self.tokens.all())), 1)

    def test_race(self) -> None:
        """
        Of two gateways that begin at once, one makes it.
        """
        self.table.answers["count"] = lambda _: succeed(0)
        self.added("admin", Role.ADMIN)
        self.assertIsNone(self.successResultOf(self.tokens.first()))
