# -*- test-case-name: tests.transports.ramhttp.test_session_properties -*-
"""
Whatever network and client do: no command is executed twice, none is lost, and no answer is taken for another command's.

A client does what it is told, over a network that breaks wherever it can: before a request arrives, while it is held, before its
reply has gone out, and after that.  It sends its request again then.  What TCP knows of a connection is true, or nothing.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.errors import ChannelError
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.transports.ramhttp.wire import (
    Apdu,
    AtrGiven,
    Initiation,
    Rapdu,
    ResetCard,
    decode_request,
    encode_initiation,
    encode_response,
)
from cardgw.values import Reset
from tests.transports.ramhttp.fakes import ATR, HOST, PEER, House

ANSWERS = (b"\x90\x00", b"\x90\x00", b"\x6a\x80")
"""They are hardly ever different, as with cards."""


class Way(Enum):
    """
    How a client comes.
    """

    DIRECT = "directly"
    PROXY = "through a proxy with one connection, that says so"
    POOL = "through a proxy with many connections, that does not say so"
    NUMBERS = "with numbers"


class World:
    """
    A gateway, a network, a client and its card.

    @ivar executed: the numbers of the commands that the card has got, in order.
    @ivar told: the numbers of those whose answers the gateway's caller has got.
    @ivar way: how the client comes: directly; through a proxy that has one connection or many, and says so or not; or anyhow,
        with numbers.
    """

    def __init__(self, way: Way) -> None:
        self.house = House()
        self.way = way
        self.number = 1
        self.connection = 1
        self.cookie = ""
        self.body = encode_initiation(Initiation(ATR))
        self.waiting: Deferred[Reply] | None = None
        self.came: list[Any] = []
        self.executed: list[int] = []
        self.answered: dict[int, Response] = {}
        self.told: list[int] = []
        self.failed: list[ChannelError] = []
        self.resets = self.sent = self.over = 0
        self.running: list[Deferred[Any]] = []
        self.lost = False
        self.sent_before: Post | None = None
        self.post()
        if way is Way.POOL:  # one that is known to be one
            self.arrive()
            self.move_on(Fate.UNKNOWN)

    # The client.

    def post(self) -> None:
        """
        Send the body.
        """
        self.waiting, session = self.house.serve(self.request())
        waiting = self.waiting
        self.came = []
        waiting.addCallback(lambda reply: self.came.append((reply, session))).addErrback(
            lambda failure: failure.trap(CancelledError)
        )

    def request(self) -> Post:
        """
        What is sent.
        """
        headers = {"cookie": self.cookie} if self.cookie else {}
        if self.way is Way.NUMBERS:
            headers["x-cardgw-number"] = str(self.number)
        proxied = self.way is Way.PROXY
        return Post((), headers, self.body, peer=PEER, host=HOST, connection=self.connection, proxied=proxied)

    def arrive(self) -> None:
        """
        The reply, if there is one, gets to the client, which does what it is told, and posts what came of it.
        """
        if self.waiting is not None and not self.came:
            self.house.clock.advance(25)
        (reply, session), self.came = self.came[0], []
        if session is not None:
            session.delivered(reply, True)
        self.cookie = reply.headers.get("Set-Cookie", self.cookie).partition(";")[0]
        if reply.status != 200:
            self.over = reply.status
            return
        self.sent_before = self.request()
        self.body = self.execute(reply.body)
        self.number += 1

    def execute(self, template: bytes) -> bytes:
        """
        Do what a template says.
        """
        found: list[Rapdu | AtrGiven] = []
        for each in decode_request(template):
            if isinstance(each, Apdu):
                number = int.from_bytes(each.octets[5:7], "big")
                self.executed.append(number)
                answer = ANSWERS[number % len(ANSWERS)]
                self.answered[number] = Response.decode(answer)
                found.append(Rapdu(answer))
            elif isinstance(each, ResetCard):
                self.resets += 1
                found.append(AtrGiven(ATR))
        return encode_response(found, len(found))

    def move_on(self, fate: Fate | None) -> None:
        """
        Post over another connection, or the same.

        @param fate: what TCP knows of the old one.
        """
        if self.way is Way.POOL or (fate is not None and self.way is not Way.PROXY):
            self.house.fates[self.connection] = Fate.UNKNOWN if self.way is Way.POOL else fate or Fate.UNKNOWN
            self.connection += 1
        self.post()

    # The network.

    def goes_well(self) -> None:
        """
        A reply arrives, and the next request goes over the same connection.
        """
        self.arrive()
        if not self.over:
            self.move_on(None)

    def unknown(self) -> None:
        """
        So it is, but the client had closed its connection meanwhile, or it is gone.
        """
        self.arrive()
        if not self.over:
            self.move_on(Fate.UNKNOWN)

    def breaks_held(self) -> None:
        """
        The connection breaks while the request is held; or the client never gets what is there, which never went out.
        """
        assert self.waiting is not None
        if self.came:
            reply, session = self.came[0]
            if session is not None:
                session.delivered(reply, False)
        else:
            self.waiting.cancel()
        self.move_on(Fate.UNKNOWN)

    def breaks_unnoticed(self) -> None:
        """
        The connection breaks while the request is held, and only the client knows.
        """
        if self.came:
            self.breaks_late()
            return
        self.move_on(Fate.UNKNOWN)

    def breaks_late(self, fate: Fate = Fate.GONE_UNREAD) -> None:
        """
        The reply went out, and never arrived.
        """
        if not self.came:
            self.breaks_held()
            return
        reply, session = self.came[0]
        if session is not None:
            session.delivered(reply, True)
        self.move_on(fate)

    def breaks_unknown(self) -> None:
        """
        So it is, and nothing is known of the connection.
        """
        self.breaks_late(Fate.UNKNOWN)

    def comes_late(self) -> None:
        """
        The request before comes once more: it has been under way for long.
        """
        if self.sent_before is not None and self.way is Way.NUMBERS:
            self.house.serve(self.sent_before)

    # The gateway's side.

    @property
    def channel(self) -> Any:
        """
        The card's.
        """
        return self.house.gateway.channels[-1]

    def exchange(self, count: int, pipelined: bool, cancelled: bool = False) -> None:
        """
        Run a script.
        """
        numbers = range(self.sent, self.sent + count)
        self.sent += count
        steps = tuple(Step(Command(0x80, 0x10, 0, 0, each.to_bytes(2, "big")), (ANY,), data=False) for each in numbers)
        left = iter(numbers)

        def watch(response: Response) -> None:
            number = next(left)
            assert self.answered.get(number) == response, f"answer {response} for {number}: {self.executed}"
            self.told.append(number)

        running = self.channel.exchange(Script(steps, pipelined=pipelined), watch)
        running.addErrback(self._failed)
        if cancelled:
            running.cancel()
        self.running.append(running)

    def _failed(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            self.failed.append(failure.value)

    def reset(self) -> None:
        """
        Reset the card.
        """
        self.channel.reset(Reset.COLD).addErrback(self._failed)

    def show(self) -> None:
        """
        Show a text.
        """
        self.channel.show("text").addErrback(self._failed)

    def wait(self) -> None:
        """
        A second passes.
        """
        self.house.clock.advance(1)


UNKNOWN = ("unknown", "breaks_unknown")
NETWORK = (*(3 * ("goes_well",)), "comes_late", "breaks_held", "breaks_unnoticed", "breaks_late", *UNKNOWN)
GATEWAY = ("reset", "show", "wait")
STEPS = st.one_of(
    st.sampled_from(NETWORK),
    st.sampled_from(NETWORK),
    st.sampled_from(GATEWAY),
    st.tuples(st.integers(1, 3), st.booleans(), st.sampled_from((False, False, False, True))),
)


class PropertyTests(SynchronousTestCase):
    """
    See the module's docstring.
    """

    def run_world(self, steps: list[Any], way: Way, unknown: bool) -> World:
        """
        Do all that.
        """
        world = World(way)
        for step in steps:
            if world.over:
                break
            if isinstance(step, tuple):
                world.exchange(*step)
            elif unknown or step not in UNKNOWN:
                getattr(world, step)()
            self.check(world)
        return world

    def check(self, world: World) -> None:
        """
        Each command was executed once at most, in order, and before anybody was told its answer.
        """
        self.assertEqual(world.executed, sorted(set(world.executed)))
        self.assertEqual(world.told, sorted(set(world.told)))
        self.assertLessEqual(set(world.told), set(world.executed))

    def finish(self, world: World) -> None:
        """
        Let all that is still to be done be done.
        """
        for _ in range(200):
            if world.over or all(each.called for each in world.running):
                break
            world.goes_well()
            self.check(world)

    @settings(max_examples=300, deadline=None)
    @given(st.lists(STEPS, max_size=40), st.sampled_from(Way))
    def test_nothingTwice(self, steps: list[Any], way: Way) -> None:
        """
        Never.  The session may end where nothing else would be safe.
        """
        self.finish(self.run_world(steps, way, True))

    @settings(max_examples=300, deadline=None)
    @given(st.lists(STEPS, max_size=40), st.sampled_from(Way))
    def test_nothingLost(self, steps: list[Any], way: Way) -> None:
        """
        Where TCP knows what the client has not read, or a proxy hides it from the beginning, or requests have numbers, no session
        is lost by it, and all that is to be done is done.
        """
        world = self.run_world(steps, way, way is not Way.DIRECT)
        if len(world.house.gateway.channels) > 1:  # it was not heard of again before its first reply
            return
        self.finish(world)
        self.assertEqual((world.over, world.failed), (0, []), (steps, way))
        self.assertEqual([each for each in world.running if not each.called], [])
