# -*- test-case-name: tests.bridges.test_touch_card -*-
"""
What a RAMOverHTTP server asks for, done to a card: the elements of one template after another.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, field

from cardgw.apdu.base import Answers
from cardgw.apdu.command import Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.script import Script, Step
from cardgw.apdu.wrong_length import WrongLength
from cardgw.bridges.touch_errors import AnswersTooLong, shown
from cardgw.bridges.touch_waiting import StoppedError, Waiting
from cardgw.bridges.touch_watcher import Watcher
from cardgw.errors import CardGatewayError, ChannelError, NotSupported
from cardgw.interfaces import ICardChannel
from cardgw.transports.ramhttp.wire import (
    DEFAULT_ATR,
    TEMPLATE_MAX,
    Apdu,
    AtrGiven,
    Closed,
    Initiation,
    Notify,
    Rapdu,
    RequestElement,
    ResetCard,
    encode_initiation,
    encode_response,
)
from cardgw.values import Reset

WRONG_LENGTH = bytes.fromhex("6700")
"""In place of the card's answer to what is no command, or one that is too long for card or reader (ISO/IEC 7816-4, 5.6)."""
_WITH_PINS = frozenset(bytes((each,)) for each in (0x20, 0x21, 0x24, 0x25, 0x26, 0x28, 0x2C, 0x2D))
"""
INS of commands whose data are PINs and the like: VERIFY, CHANGE REFERENCE DATA, DISABLE and ENABLE VERIFICATION REQUIREMENT,
RESET RETRY COUNTER (ISO/IEC 7816-4, 11.5).
"""
CANCELLED = "Session canceled"
"""What a server is told; the OpenCard Framework's client says so, too."""
_INITIALIZE = bytes.fromhex("80500000")
"""INITIALIZE DEVICE of a SmartCard-HSM: a template of options (80), PIN (81) and more; INITIALIZE UPDATE has no such data."""
_OPTIONS = b"\x80\x02"
_HEADER = 4
_FRAME = 4
"""Most bytes around an answer in a template."""
_GOODBYE = 512
"""Bytes of a template that are kept free for its own frame, the last word and the count."""
_RESETS = (Reset.COLD, Reset.WARM)
_AT_ONCE = 64
"""Elements that are done before others have their turn: a template may hold many that no card has to be asked for."""


def masked(octets: bytes) -> bytes:
    """
    A command as it may be shown: where its data are a PIN, asterisks instead.
    """
    if octets[1:2] not in _WITH_PINS and not (octets.startswith(_INITIALIZE) and _OPTIONS in octets):
        return octets
    try:
        command = Command.decode(octets)
    except ValueError:
        return octets[:_HEADER] + b"*" * len(octets[_HEADER:])
    return evolve(command, data=b"*" * len(command.data)).encode()


def last_word(error: CardGatewayError | None) -> bytes:
    """
    A template that tells a server nothing but that the session is over.

    @param error: why, or C{None} where it was cancelled.
    """
    return encode_response([Closed(_reason(error))], 0)


def _reason(error: CardGatewayError | None) -> str:
    return CANCELLED if error is None else f"{error.sentence}."


@define(eq=False)
class TouchedCard:
    """
    A card.

    @ivar commands: how many commands it has answered.
    @ivar notice: what the server has said: see L{cardgw.bridges.touch.Outcome}.
    @ivar failed: likewise.
    @ivar problem: why the session has to end after a template; C{None} where it was cancelled.
    @ivar over: it has to end.
    """

    channel: ICardChannel
    watcher: Watcher
    waiting: Waiting
    commands: int = field(default=0, init=False)
    notice: str = field(default="", init=False)
    failed: bool = field(default=False, init=False)
    problem: CardGatewayError | None = field(default=None, init=False)
    over: bool = field(default=False, init=False)
    _complete: ICardChannel = field(init=False)
    _answers: list[Rapdu | AtrGiven | Closed] = field(factory=list, init=False)
    _executed: int = field(default=0, init=False)
    _size: int = field(default=0, init=False)
    _skipped: set[int] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._complete = WrongLength(GetResponse(self.channel))

    @property
    def atr(self) -> bytes:
        """
        The answer to reset.
        """
        return self.channel.info.atr or DEFAULT_ATR

    def initiation(self) -> bytes:
        """
        The template with which a session begins.
        """
        info = self.channel.info
        return encode_initiation(Initiation(self.atr, info.max_command, info.max_response))

    async def run(self, elements: Iterable[RequestElement]) -> bytes:
        """
        Do what a template says, up to where that is not possible.

        @return: the template that answers it.
        """
        self._answers, self._executed, self._size = [], 0, 0
        try:
            for number, element in enumerate(elements, 1):
                await self._do(element)
                if number % _AT_ONCE == 0:
                    await self.waiting.others()
        except (ChannelError, NotSupported, AnswersTooLong) as error:
            self._stop(error)
        except StoppedError:
            self._stop(None)
        return encode_response(self._answers, self._executed)

    def _stop(self, error: CardGatewayError | None) -> None:
        self.over, self.problem = True, error
        self._answers.append(Closed(_reason(error)))

    async def _do(self, element: RequestElement) -> None:
        if isinstance(element, Apdu):
            await self._command(element.octets)
        elif isinstance(element, ResetCard):
            await self._reset()
        elif isinstance(element, Notify):
            self._notify(element)
        elif isinstance(element, Closed):
            self.watcher.warned(f"the server closes: {shown(element.reason)}")
        elif element.tag not in self._skipped:
            self._skipped.add(element.tag)
            self.watcher.warned(f"elements {element.tag:X}, which nobody here knows, are skipped")

    async def _command(self, octets: bytes) -> None:
        self.watcher.command(masked(octets))
        self._executed += 1
        try:
            step = Step(Command.decode(octets), slow=True)
        except ValueError as error:
            self._refuse(error)
            return
        exchange = self._complete.exchange(Script((step,)))
        try:
            answers = await self.waiting.card(exchange)
            self._answered(answers)
        except NotSupported as error:
            self._refuse(error)
        except ChannelError:
            self._add(b"")
            raise
        except StoppedError:
            late = await self.waiting.briefly(exchange)
            self._answered(late or ())
            raise

    def _refuse(self, error: Exception) -> None:
        self.watcher.warned(f"not sent to the card: {error}")
        self._add(WRONG_LENGTH)

    def _answered(self, answers: Answers) -> None:
        if answers:
            self.commands += 1
        self._add(answers[0].encode() if answers else b"")

    def _add(self, octets: bytes) -> None:
        self.watcher.answer(octets)
        self._size += len(octets) + _FRAME
        if self._size > TEMPLATE_MAX - _GOODBYE:
            raise AnswersTooLong(f"more than {TEMPLATE_MAX - _GOODBYE} bytes")
        self._answers.append(Rapdu(octets))

    async def _reset(self) -> None:
        kind = next((each for each in _RESETS if each in self.channel.info.resets), _RESETS[0])
        await self.waiting.card(self.channel.reset(kind))
        self.watcher.reset(self.atr)
        self._answers.append(AtrGiven(self.atr))

    def _notify(self, notice: Notify) -> None:
        self.watcher.notified(notice.id, notice.text, notice.seconds)
        if notice.id < 0 or (notice.id == 0 and not self.failed):
            self.failed = notice.id < 0
            self.notice = notice.text
