# -*- test-case-name: tests.transports.pcsc.test_card -*-
"""
A card in a reader: what is done to it in the reader's thread.

What pcsc-lite does with a card that several programs use:

  1. while one has a transaction, C{connect}, C{begin}, C{transmit}, C{status}, C{reconnect}, and a C{disconnect} that resets the
     card, wait in all others, for ever if need be;
  2. who resets the card keeps its transaction, all others get SCARD_W_RESET_CARD until they have reconnected;
  3. C{disconnect} ends the transaction after the reset, so that nobody finds the card in between;
  4. a card that is pulled out in the midst of a command is noticed later: the command gets SCARD_E_NOT_TRANSACTED, or an empty
     answer.
"""

from __future__ import annotations

from contextlib import suppress

from attrs import frozen

from cardgw.errors import PeerMisbehaved, PeerSilent
from cardgw.identities import UID_SIZES
from cardgw.transports.pcsc.codes import FEATURE_VERIFY_PIN_DIRECT, Code, Disposition, Protocol, Share, State
from cardgw.transports.pcsc.driver import Driver, PcscError
from cardgw.transports.pcsc.errors import CardInUse
from cardgw.transports.pcsc.facts import GET_UID, Facts, encode, is_contactless
from cardgw.transports.pcsc.limits import feature, longest_command
from cardgw.transports.pcsc.run import Run
from cardgw.transports.pcsc.settings import AUTO, EXCLUSIVE, LEAVE, RAW, RESET, SHARED, T0, T1, UNPOWER, PcscSettings
from cardgw.transports.pcsc.worker import Job, Wait

SHARES = {SHARED: Share.SHARED, EXCLUSIVE: Share.EXCLUSIVE}
PROTOCOLS = {AUTO: Protocol.T0 | Protocol.T1, T0: Protocol.T0, T1: Protocol.T1, RAW: Protocol.RAW}
ENDS = {RESET: Disposition.RESET, UNPOWER: Disposition.UNPOWER, LEAVE: Disposition.LEAVE}
TRIES = 10
"""How often a card that other programs reset is begun with."""
NOTICED = 1.0
"""Seconds within which pcscd notices that a card was taken out; it looks every 0.4 s."""
_NOT_SENT = (Code.SCARD_E_SHARING_VIOLATION, Code.SCARD_W_RESET_CARD)
"""With these a command has not reached the card."""
_UNCLEAR = (Code.SCARD_E_NOT_TRANSACTED, Code.SCARD_W_UNRESPONSIVE_CARD, Code.SCARD_W_UNPOWERED_CARD)
"""These may mean that the card was taken out."""


@frozen
class Waits:
    """
    How long calls may take.
    """

    connect: Wait
    begin: Wait
    leave: Wait
    apdu: Wait
    slow: Wait

    @classmethod
    def of(cls, peer: str, settings: PcscSettings) -> Waits:
        """
        As settings say.

        @param peer: what people call the reader.
        """
        busy = CardInUse(f"{peer}: it was not to be had within {settings.busy_timeout:g} s")

        def answer(limit: float) -> Wait:
            return Wait("transmit", limit, PeerSilent(f"{peer}: the answer to a command did not come within {limit:g} s"))

        connect, begin, leave = (Wait(what, settings.busy_timeout, busy) for what in ("connect", "begin", "leave"))
        return cls(connect, begin, leave, answer(settings.apdu_timeout), answer(settings.slow_timeout))


class Card:
    """
    One card, from connecting to leaving it.  The methods make jobs for the thread of its reader.

    @ivar facts: what the card is; another value when that has changed.
    """

    facts = Facts(b"", 0)

    def __init__(self, driver: Driver, reader: str, waits: Waits, settings: PcscSettings, memory: dict[str, int | None]) -> None:
        """
        @param reader: its PC/SC name.
        @param memory: what L{longest_command} said, by PC/SC names.
        """
        self._driver = driver
        self._reader = reader
        self._waits = waits
        self._memory = memory
        self._share, self._protocols = SHARES[settings.share], PROTOCOLS[settings.protocol]
        self._end_with = ENDS[settings.close]
        self._context = self._handle = 0
        self._held = False

    def open(self) -> Job[None]:
        """
        Connect, and find out what the card is.
        """
        yield self._waits.connect
        self._context = self._driver.establish()
        self._handle, _ = self._driver.connect(self._context, self._reader, self._share, self._protocols)
        yield from self._explained(self._alone(self._look()))

    def hold(self) -> Job[None]:
        """
        Begin a transaction.  What other programs did before is forgotten: nothing was in progress.
        """
        yield from self._explained(self._begin())
        self._held = True

    def release(self) -> Job[None]:
        """
        End it.
        """
        yield from ()
        if self._held:
            self._held = False
            self._end()

    def run(self, run: Run) -> Job[None]:
        """
        Run a script; in a transaction of its own where there is none.
        """
        yield from self._explained(self._alone(self._run(run)))

    def reset(self, how: Disposition) -> Job[None]:
        """
        Start the card anew.
        """
        yield from self._explained(self._alone(self._reset(how)))

    def on_pad(self, structure: bytes, answers: list[bytes]) -> Job[None]:
        """
        Have a PIN typed on the reader, and verified: see L{cardgw.transports.pcsc.pad}.

        @param answers: is given the card's answer, or the reader's; nothing where the reader has no pad.
        """
        yield from self._explained(self._alone(self._on_pad(structure, answers)))

    def leave(self) -> Job[None]:
        """
        Leave the card as settings say.  Whatever state it is in, nothing of it is kept in pcscd.
        """
        handle, context, self._handle, self._context, self._held = self._handle, self._context, 0, 0, False
        if handle:
            yield self._waits.leave
            with suppress(PcscError):
                self._driver.disconnect(handle, self._end_with)
        if context:
            with suppress(PcscError):
                self._driver.release(context)

    def _begin(self) -> Job[None]:
        reset = False
        for _ in range(TRIES):
            yield self._waits.begin
            try:
                self._driver.begin(self._handle)
            except PcscError as error:
                if error.code != Code.SCARD_W_RESET_CARD:
                    raise
                reset = True
                yield self._waits.begin
                self._driver.reconnect(self._handle, self._share, self._protocols, Disposition.LEAVE)
            else:
                break
        else:
            raise PcscError(Code.SCARD_W_RESET_CARD)
        if reset:
            yield from self._look()

    def _end(self) -> None:
        with suppress(PcscError):  # if the card is gone, others say so
            self._driver.end(self._handle)

    def _alone(self, job: Job[None]) -> Job[None]:
        if self._held or self._share == Share.EXCLUSIVE:
            yield from job
            return
        yield from self._begin()
        try:
            yield from job
        finally:
            self._end()

    def _look(self) -> Job[None]:
        yield self._waits.begin
        known = self._reader in self._memory
        longest = self._memory[self._reader] if known else longest_command(self._driver, self._handle)
        protocol, atr = self._driver.status(self._handle)
        self._memory[self._reader] = longest  # only now: where the card is gone, the reader has told nothing
        uid = None
        if is_contactless(atr):
            yield self._waits.apdu
            uid = self._uid(protocol)
        self.facts = Facts(atr, protocol, longest, uid)

    def _uid(self, protocol: int) -> bytes | None:
        try:
            answer = self._driver.transmit(self._handle, protocol, encode(GET_UID, protocol))
        except PcscError:  # some readers know no such command; if the card is gone, others say so
            return None
        return answer[:-2] if answer[-2:] == b"\x90\x00" and len(answer) - 2 in UID_SIZES else None

    def _reset(self, how: Disposition) -> Job[None]:
        yield self._waits.begin
        self._driver.reconnect(self._handle, self._share, self._protocols, how)
        yield from self._look()

    def _on_pad(self, structure: bytes, answers: list[bytes]) -> Job[None]:
        yield self._waits.begin
        code = feature(self._driver, self._handle, FEATURE_VERIFY_PIN_DIRECT)
        if code is not None:
            yield self._waits.slow
            answers.append(self._driver.control(self._handle, code, structure) or b"")

    def _run(self, run: Run) -> Job[None]:
        transmit, take, handle, protocol = self._driver.transmit, run.take, self._handle, self.facts.protocol
        apdu, slow = self._waits.apdu, self._waits.slow
        for step, octets in run.for_protocol(protocol):
            run.begun += 1
            if run.stopped:
                return
            yield slow if step.slow else apdu
            try:
                answer = transmit(handle, protocol, octets)
            except PcscError as error:
                run.begun -= error.code in _NOT_SENT
                raise
            if not take(step, answer):
                return

    def _explained(self, job: Job[None]) -> Job[None]:
        """
        Where a failure may mean that the card was taken out, find out whether it was.
        """
        try:
            yield from job
        except PcscError as error:
            if error.code in _UNCLEAR:
                yield from self._look_for_card()
            raise
        except PeerMisbehaved:
            yield from self._look_for_card()
            raise

    def _look_for_card(self) -> Job[None]:
        """
        @raise PcscError: the card or the reader is gone, or pcscd.
        """
        yield self._waits.begin
        self._driver.status(self._handle)
        with suppress(PcscError):
            (now,) = self._driver.changes(self._context, [(self._reader, 0)], 0)
            self._driver.changes(self._context, [(self._reader, now.event & ~State.CHANGED)], NOTICED)
        self._driver.status(self._handle)
