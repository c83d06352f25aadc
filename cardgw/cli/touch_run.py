# -*- test-case-name: tests.cli.test_touch_run,tests.functional.test_touch -*-
"""
Lending a card: from opening it to leaving it, with whatever ends that in between.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater, react
from twisted.logger import LogPublisher, globalLogBeginner
from twisted.python.failure import Failure

from cardgw.apdu.response import Response
from cardgw.bridges.touch import Outcome, touch
from cardgw.bridges.touch_errors import TouchReported, shown
from cardgw.bridges.touch_http import HttpLine
from cardgw.bridges.touch_pin import PinNotEntered, Verify, typed, verify_pin
from cardgw.cli.app import App, Style
from cardgw.cli.errors import DONE, INTERRUPTED
from cardgw.cli.touch_order import Order, tries_left
from cardgw.cli.touch_reader import LocalReader
from cardgw.cli.touch_trace import Screen
from cardgw.errors import ChannelError, NotSupported
from cardgw.interfaces import ICardChannel
from cardgw.transports.pcsc.channel import PcscChannel
from cardgw.transports.pcsc.driver import Driver
from cardgw.transports.pcsc.pad import VerifyOnPad

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def lend(app: App, driver: Driver, name: str, order: Order) -> int:
    """
    Lend the card that is in a reader.

    @param name: of the reader.
    @return: the exit status.
    @raise CardGatewayError: it did not end well.
    """
    globalLogBeginner.beginLoggingTo([LogPublisher()], redirectStandardIO=False)
    ended: list[Any] = []

    async def main(reactor: Any) -> None:
        await deferLater(reactor, 0)  # by then the reactor has set its own handlers of signals
        reader = LocalReader(driver, reactor, name, reset=order.reset)
        session = Deferred.fromCoroutine(run(app, reactor, reader, order))
        with _interruptible(reactor, session):
            await session.addBoth(ended.append)

    with suppress(SystemExit):
        react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
    (outcome,) = ended
    if isinstance(outcome, Failure):
        outcome.raiseException()
    return told(app, outcome)


@contextmanager
def _interruptible(reactor: Any, session: Deferred[Any]) -> Iterator[None]:
    """
    Meanwhile Control-C and SIGTERM end the session, and once more of them do not wait for the server.
    """

    def stop(*_: Any) -> None:
        reactor.callFromThread(session.cancel)

    before = {each: signal.signal(each, stop) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


async def run(app: App, reactor: Any, reader: LocalReader, order: Order) -> Outcome:
    """
    Open the card, lend it, and leave it.

    @raise CardGatewayError: it did not end well.
    """
    try:
        channel = await reader.open()
        out = app.err if app.style is Style.JSON else app.out
        screen = Screen(app, urlsplit(order.session.url).netloc, order.level, out, reactor.seconds)
        line = HttpLine(reactor, order.session, order.tls, order.timeout)
        return await touch(channel, line, reactor, screen, lambda held: _prepare(app, channel, held, order))
    except CancelledError:
        return Outcome(0, cancelled=True)
    except ChannelError as error:
        error.hint = ""  # it is for those who run a gateway
        raise
    finally:
        await reader.close()


async def _prepare(app: App, card: PcscChannel, held: ICardChannel, order: Order) -> None:
    if order.pin is not None:
        verified = await verify_pin(held, order.pin, _verify(app, card, order))
        app.say(verified.value)


def _verify(app: App, card: PcscChannel, order: Order) -> Verify:
    assert order.pin is not None
    if order.enter is not None:
        return typed(card, order.pin, order.enter)
    pad = VerifyOnPad(*order.pin.on_pad())

    async def verify(tries: int | None) -> Response:
        app.say(f"PIN on the reader{tries_left(tries)}")
        try:
            return await card.verify_on_pad(pad)
        except NotSupported as problem:
            raise PinNotEntered(problem.detail, hint="-p alone asks for it here.") from None

    return verify


def told(app: App, outcome: Outcome) -> int:
    """
    Tell how it was.

    @return: the exit status.
    @raise TouchReported: the server told of an error.
    """
    if app.style is Style.JSON:
        app.print_json({"commands": outcome.commands, "notice": outcome.notice, "good": outcome.good})
    if outcome.failed:
        raise TouchReported(shown(outcome.notice))
    counted = f"{outcome.commands} {'command' if outcome.commands == 1 else 'commands'}"
    app.say(f"taken back after {counted}" if outcome.cancelled else f"over after {counted}")
    return INTERRUPTED if outcome.cancelled else DONE
