# -*- test-case-name: tests.operations.test_gp_failures -*-
"""
Failed authentications are counted per card, key set and security domain, in what is remembered of the card: after
L{MOST_FAILURES} of them the next one is refused until an operator wants it nevertheless.

An authentication is written down before it begins, as one whose end is not known, so that neither a crash nor a lost answer
forgets a failure that the card may have counted.  Then all is cleared, or it is counted as refused.  If the host's proof (INS
82) was not sent, or the card has said that it did nothing with it, all is as it was before.

Cards that do not tell who they are have one count together.  That one of them takes the keys clears it only where an operator
has insisted.
"""

from __future__ import annotations

from typing import Self

from attrs import define, field, frozen

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.errors import UnexpectedStatus
from cardgw.interfaces import ICardChannel, ISession
from cardgw.operations.gp_errors import AuthenticationFailedBefore
from cardgw.operations.gp_warnings import times
from cardgw.scp.aside import Aside
from cardgw.scp.channel import run_handshake
from cardgw.scp.errors import ChallengeDiffers, HostRefused, KeysDiffer
from cardgw.scp.handshake_commands import INS_EXTERNAL_AUTHENTICATE
from cardgw.scp.scp11 import ReceiptWrong
from cardgw.scp.scp11_terms import INS_MUTUAL_AUTHENTICATE
from cardgw.scp.session import Handshake, Session

MOST_FAILURES = 2
UNKNOWN = "unknown"
"""Under this name failures are counted of all cards that do not tell who they are."""
_PROOFS = (INS_EXTERNAL_AUTHENTICATE, INS_MUTUAL_AUTHENTICATE)
"""By which a card counts."""
_REFUSED = (KeysDiffer, HostRefused, ChallengeDiffers, ReceiptWrong)


@frozen
class Count:
    """
    What is remembered.

    @ivar refused: how often card or host found that the other has other keys.
    @ivar open: how often nobody knows how it ended.
    """

    refused: int = 0
    open: int = 0

    @classmethod
    def decode(cls, octets: bytes | None) -> Self:
        """
        @param octets: as L{encode} gives them; C{None} for nothing.
        """
        return cls(*map(int, (octets or b"0").split()))

    def encode(self) -> bytes | None:
        """
        C{None} where there is nothing to remember.
        """
        if not self.open:
            return b"%d" % self.refused if self.refused else None
        return b"%d %d" % (self.refused, self.open)

    @property
    def total(self) -> int:
        """
        How many that may be on the card's side.
        """
        return self.refused + self.open

    def __str__(self) -> str:
        parts = [f"refused {times(self.refused)}"] if self.refused else []
        return " and ".join(parts + ([f"without a known end {times(self.open)}"] if self.open else []))


@define(eq=False)
class Failures:
    """
    Of one key set on one security domain of the card of a session.

    @ivar key_set: its name.
    @ivar aid: of the security domain.
    """

    session: ISession = field(repr=False)
    key_set: str
    aid: bytes
    _before: Count = Count()
    _forced: bool = False

    @property
    def _card(self) -> str:
        return self.session.identity or UNKNOWN

    @property
    def _place(self) -> str:
        return f"gp.failures:{self.key_set}:{self.aid.hex().upper()}"

    @property
    def count(self) -> int:
        """
        How many there were before, as far as L{look} has seen.
        """
        return self._before.total

    async def look(self, *, force: bool) -> None:
        """
        @param force: go on, whatever happened before.
        @raise AuthenticationFailedBefore: it has failed too often.
        """
        self._before, self._forced = await self._read(), force
        if self.count >= MOST_FAILURES and not force:
            cards = "cards that do not tell who they are, " if self._card == UNKNOWN else ""
            raise AuthenticationFailedBefore(f'{cards}[keys."{self.key_set}"]: {self._before}')

    async def run(self, channel: ICardChannel, handshake: Handshake, aside: Aside) -> Session:
        """
        Authenticate, and count it.

        @raise CardError: what the handshake raises.
        """
        watched = _Watched()
        await self._add(open=1)
        try:
            session = await run_handshake(channel, watched(handshake), aside)
        except _REFUSED:
            await self._add(open=-1, refused=1)
            raise
        except Exception as problem:
            if not watched.sent or isinstance(problem, UnexpectedStatus):
                await self._add(open=-1)
            raise
        if self._card != UNKNOWN or self._forced:
            await self._write(Count())
        else:  # what others of them have counted, this one does not know
            await self._add(open=-1)
        return session

    async def _add(self, *, open: int, refused: int = 0) -> None:
        """
        To what there is by now: cards that do not tell who they are may be here at the same time.
        """
        found = await self._read()
        await self._write(Count(found.refused + refused, max(0, found.open + open)))

    async def _read(self) -> Count:
        return Count.decode(await self.session.recall(self._card, self._place))

    async def _write(self, count: Count) -> None:
        await self.session.remember(self._card, self._place, count.encode())


@define(eq=False)
class _Watched:
    """
    Sees whether the host's proof was sent.
    """

    sent: bool = False

    def __call__(self, handshake: Handshake) -> Handshake:
        try:
            command: Command = next(handshake)
            while True:
                self.sent = self.sent or command.ins in _PROOFS
                answer: Response = yield command
                command = handshake.send(answer)
        except StopIteration as done:
            session: Session = done.value
            return session
        finally:
            handshake.close()
